"""What a session does, one thing after the other: commands, chunks of steps, measuring, and reasons to pause.

A player belongs to one thread. It takes steps, goes to a step, begins a stretch for an edit, and makes snapshots.
"""

from collections.abc import Callable
from time import thread_time

from deltarule.common.errors import InputError
from deltarule.network.parts import Dense
from deltarule.play.curve import Curve
from deltarule.play.opening import OF_SCENE, Opening
from deltarule.play.pacing import Pace
from deltarule.play.requests import Edit, Pause, Run, Seek, Set, Step
from deltarule.play.snapshot import Costs, Snapshot, measured
from deltarule.play.timeline import Timeline

__all__ = ["Command", "Player"]

Command = Edit | Pause | Run | Seek | Set | Step

UNWATCHED = 2.0
"""A run pauses after so many seconds without a request for a frame: nobody is looking."""

LONGEST = 600.0
"""A run pauses after so many seconds without a command: nobody is at the page."""

PATIENCE, PATIENT_SECONDS = 2000, 20.0
"""A run pauses if the held-out cost has not been lower for so many epochs and so many seconds. Both count, because a
small network takes 2 000 epochs in a moment."""

PROGRESS = 1e-4
"""Share by which a held-out cost must be lower to count."""

MEASURING = 0.04
"""Largest share of its time that a run spends on measuring its costs."""

PUBLISHED = 0.03
"""Seconds between two snapshots of a run at full speed."""

FARTHEST = 10**12

LARGEST = 1e6


class Player:
    """A network in training, for one thread.

    Attributes
    ----------
    goal : int or None
        The step that it is on its way to.
    looked, touched : float
        When a frame and a command last came.
    """

    def __init__(self, opening: Opening, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pace = Pace(clock)
        self.goal: int | None = None
        self.running, self._speed, self._because, self._message = False, 0.0, "start", ""
        self._revision = self._generation = self._branch = 0
        self.looked = self.touched = clock()
        self._published = self._measures_from = float("-inf")
        self._costs: Costs | None = None
        self._best = (float("inf"), 0, clock())
        self._take(opening)

    def open(self, opening: Opening) -> None:
        """Begin with something else, paused."""
        timeline, engine = self._timeline, self._engine
        self._take(opening)
        timeline.close()
        engine.close()
        self._pause("start")

    def close(self) -> None:
        """Free engine and threads."""
        self._timeline.close()
        self._engine.close()

    def seconds_to_next(self) -> float | None:
        """Return how long there is nothing to do; None: until a command comes."""
        if self.goal is not None:
            return 0.0
        return self._pace.seconds_to_next() if self.running else None

    def carry_out(self, command: Command) -> None:
        """Carry a command out; one to go somewhere only sets the goal.

        Raises
        ------
        DeltaruleError
            If the command does not fit; nothing is changed then.
        """
        match command:
            case Run():
                self._run(command.speed)
            case Pause():
                self.goal = None
                self._pause("asked")
            case Step():
                self._head_for(self._place_of(command))
            case Seek():
                self._head_for(command.step)
            case Edit():
                self._edit(command)
            case Set():
                self._set(command)

    def work(self) -> bool:
        """Take a chunk of steps; return whether there is a snapshot to publish."""
        if self.goal is not None:
            self._go_on(self.goal)
        elif self.running:
            if self._must_wait():
                return True
            count = self._pace.due()
            if count == 0:
                return False
            if not self._speed and count > (size := self._timeline.steps_of_an_epoch):
                count -= (self._timeline.at.batch + count) % size  # a chunk of whole epochs is a single call
            self._forward(count)
            if self._speed:
                return True
        return not self.is_busy or self._clock() - self._published > PUBLISHED

    @property
    def is_busy(self) -> bool:
        """Whether it takes steps."""
        return self.running or self.goal is not None

    def fail(self, error: Exception) -> None:
        """Pause after an error that no command asked for."""
        self.goal = None
        self._pause("failed", f"{type(error).__name__}: {error}")

    def snapshot(self) -> Snapshot:
        """Measure if there is time for it, and return what is true now."""
        timeline, now = self._timeline, self._clock()
        if not self.is_busy or now > self._measures_from:
            costs = self._costs = measured(timeline.problem, self._engine, timeline.at.theta)
            ended = self._clock()
            self._measures_from = ended + (ended - now) * (1 / MEASURING - 1)
            held_out = float("nan") if costs.held_out is None else costs.held_out
            self._curve.add(timeline.at.step, costs.data, costs.penalty, held_out)
            self._points = self._curve.points()
            self._watch_progress(costs)
        else:
            self._costs = None
        self._revision += 1
        self._published = self._clock()
        return Snapshot(
            revision=self._revision,
            generation=self._generation,
            branch=self._branch,
            opening=self._opening,
            problem=timeline.problem,
            place=timeline.at,
            steps_per_epoch=timeline.steps_of_an_epoch,
            last_step=timeline.last,
            running=self.running,
            speed=self._speed,
            rate=self._pace.rate if self.running else 0.0,
            paused_because=self._because,
            message=self._message,
            diverged_at=timeline.diverged_at,
            costs=self._costs,
            curve=self._points,
            is_one_run=timeline.is_one_run,
        )

    def _take(self, opening: Opening) -> None:
        problem = opening.problem()
        self._opening = opening
        self._engine = problem.new_engine()
        self._timeline = Timeline(problem, self._engine)
        self._curve = Curve()
        self._generation += 1
        self._branch += 1
        self.goal = min(opening.scene.at.step, FARTHEST) or None

    def _run(self, speed: float) -> None:
        if not 0 <= speed <= LARGEST:
            raise InputError(f"speed={speed:g} cannot be: 0 to 10⁶ steps a second, where 0 is as fast as it goes.")
        self.goal = None
        self.running, self._speed, self._because, self._message = True, speed, "", ""
        self._best = (float("inf"), self._timeline.at.epoch, self._clock())
        self._pace.begin(speed)

    def _pause(self, because: str, message: str = "") -> None:
        self.running, self._because, self._message = False, because, message

    def _place_of(self, command: Step) -> int:
        """Return the step that is so many steps, or whole epochs, away; from where it is already on its way to."""
        timeline = self._timeline
        here = timeline.at.step if self.goal is None else self.goal
        if command.level == "step":
            return here + command.by
        size, batch = timeline.steps_of_an_epoch, timeline.at.batch
        if batch and command.by < 0:
            return here - batch + (command.by + 1) * size
        return here - batch + command.by * size

    def _head_for(self, step: int) -> None:
        if step > FARTHEST:
            raise InputError(f"Step {step} is too far: {FARTHEST} is the last that can be gone to.")
        self._pause("asked")
        self.goal = max(0, step)

    def _edit(self, command: Edit) -> None:
        network = self._timeline.problem.network
        is_a_layer = 1 <= command.layer < network.L
        if is_a_layer and not isinstance(network.parts[command.layer - 1], Dense):
            raise InputError(f"Layer {command.layer + 1} of {network} has no weights that can be edited here.")
        rows, columns = network.shapes[command.layer - 1] if is_a_layer else (0, 0)
        if not (1 <= command.i <= rows and 0 <= command.j < columns):
            raise InputError(
                f"Θ({command.layer}) has no entry ({command.i}, {command.j}). The network {network} has Θ of the "
                f"shapes {', '.join(map(str, network.shapes))}; i counts from 1, and j = 0 is the bias."
            )
        if abs(command.value) > LARGEST:
            raise InputError(f"{command.value:g} is too large for a weight here: 10⁶ is the most.")
        self.goal = None
        self._timeline.edit(command.layer, command.i, command.j, command.value)
        self._branched()

    def _set(self, command: Set) -> None:
        name = command.setting
        if name == "view":
            self._opening = self._opening.with_view(command.value)
        elif name in OF_SCENE:
            self.open(self._opening.with_part(name, command.value))
        else:
            opening = self._opening.with_training(name, command.value)
            self._timeline.change(opening.problem())
            self._opening = opening
            self._branched()

    def _branched(self) -> None:
        self._branch += 1
        self._curve.cut(self._timeline.at.step - 1)
        self._best = (float("inf"), self._timeline.at.epoch, self._clock())
        if not self.running:
            self._pause("asked")

    def _go_on(self, goal: int) -> None:
        timeline = self._timeline
        if goal < timeline.at.step:
            timeline.seek(goal)
        else:
            before = timeline.at.step
            reason = self._forward(min(self._pace.chunk(), goal - before), quietly=True)
            # A mini-batch run can go through the place where its progress ended; a full-batch solver stays there.
            if reason and not (reason == "converged" and timeline.at.step > before):
                self._say(reason)
                self.goal = None
        if timeline.at.step >= goal:
            self.goal = None

    def _forward(self, steps: int, quietly: bool = False) -> str:
        before, began, worked = self._timeline.at.step, self._clock(), thread_time()
        reason = self._timeline.forward(steps)
        self._pace.took(self._timeline.at.step - before, self._clock() - began, thread_time() - worked)
        if reason and not quietly:
            self._say(reason)
        return reason

    def _say(self, reason: str) -> None:
        step, problem = self._timeline.at.step, self._timeline.problem
        message = f"The solver ended at step {step}: {reason}."
        if reason == "diverged":
            message = (
                f"The cost became non-finite at step {self._timeline.diverged_at}. This is step {step}, the last with "
                f"a finite one. Take a step size below {problem.settings.learning_rate_init:g}, or scale the inputs to "
                "about unit variance."
            )
        elif reason == "converged":
            message = f"No more progress at step {step}, by the tol of {problem.settings.tol:g}."
        self._pause(reason, message)

    def _must_wait(self) -> bool:
        """Pause a run that nobody looks at."""
        now = self._clock()
        if now - self.looked > UNWATCHED:
            self._pause("unwatched", "It paused because nobody was looking.")
        elif now - self.touched > LONGEST:
            self._pause("ten minutes", "It paused after ten minutes without a hand on it.")
        return not self.running

    def _watch_progress(self, costs: Costs) -> None:
        """Pause where the held-out cost has not been lower for too many epochs."""
        if not self.running or costs.held_out is None:
            return
        epoch = self._timeline.at.epoch
        if costs.held_out < self._best[0] * (1 - PROGRESS):
            self._best = (costs.held_out, epoch, self._clock())
        elif epoch - self._best[1] > PATIENCE and self._clock() - self._best[2] > PATIENT_SECONDS:
            self._pause(
                "no progress",
                f"It paused because the held-out cost was lowest in epoch {self._best[1]} ({self._best[0]:.4g}), "
                f"and was no lower in {PATIENCE} epochs.",
            )
