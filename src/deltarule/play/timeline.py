"""Time that goes both ways: every step of a run can be gone to, with the bits that it had when it was trained.

A timeline is a list of stretches. Each begins at a step, with a network and settings of its own; whoever edits a weight
or changes a setting begins a new one, and gives up what lay beyond. Within a stretch, key frames lie `spacing` steps
apart, and a step is replayed from the one before it. When they are too many, every second one is dropped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import Engine
from deltarule.play.places import Place, Way, way_of
from deltarule.play.problem import Problem
from deltarule.training.mini_batch_run import first_state
from deltarule.training.record import LoopState, RunState

__all__ = ["Timeline"]

MOST_FRAMES = 256

MOST_BYTES = 2**26
"""Most bytes of the key frames of all stretches together."""


@dataclass(eq=False)
class _Stretch:
    """A part of the timeline: the way that is walked from a step on."""

    base: int
    problem: Problem
    way: Way
    frames: dict[int, Place] = field(default_factory=dict)
    spacing: int = 1
    is_edited: bool = False
    newest: int = 0

    def frame_before(self, step: int) -> int:
        """Return the step of the last frame that does not lie beyond a step."""
        if step >= self.newest:  # a run that goes on: looking through all frames would take longer than many steps
            return self.newest
        return max(n for n in self.frames if n <= step)

    def keep(self, place: Place) -> None:
        """Keep a place of the way as a frame."""
        self.frames[place.step] = place
        self.newest = max(self.newest, place.step)

    def drop(self, steps: Iterable[int]) -> None:
        """Drop the frames of some steps."""
        for step in steps:
            del self.frames[step]
        self.newest = max(self.frames)


class Timeline:
    """The steps of a run, and where one is.

    Attributes
    ----------
    at : Place
        Where one is; its `step` counts from the beginning of the timeline.
    last : int
        The last step that was ever reached.
    diverged_at : int or None
        The step that the run did not survive; None as long as no such step was met.
    """

    at: Place

    def __init__(self, problem: Problem, engine: Engine, *, most_frames: int = MOST_FRAMES) -> None:
        self.engine = engine
        self.diverged_at: int | None = None
        self._most_frames = most_frames
        self._stretches: list[_Stretch] = []
        self.last = 0
        self._begin(0, problem, None)

    @property
    def problem(self) -> Problem:
        """What is learnt where one is."""
        return self._stretch.problem

    @property
    def steps_of_an_epoch(self) -> int:
        """Number of steps of an epoch where one is."""
        return self._stretch.way.steps_of_an_epoch

    @property
    def is_one_run(self) -> bool:
        """Whether seed and settings alone lead here: no weight was edited, no setting changed on the way."""
        return self._number == 0 and not self._stretch.is_edited

    @property
    def frames(self) -> int:
        """Number of key frames."""
        return sum(len(stretch.frames) for stretch in self._stretches)

    def forward(self, steps: int) -> str:
        """Go so many steps on, or less where the run ends before; return why: "converged", "diverged" or ""."""
        goal = self.at.step + steps
        while True:
            end = self._end_of_stretch
            reason = self._onward(min(goal, end) - self.at.step)
            if reason == "diverged":
                self._go_back_to_finite()
            elif self.at.step == end:
                self._enter(self._number + 1)
            self.last = max(self.last, self.at.step)
            if reason or self.at.step >= goal:
                return reason

    def seek(self, step: int) -> str:
        """Go to a step, back or forward; return why it was not reached, as `forward`."""
        step = max(0, step)
        if step < self.at.step:
            number = max(n for n, stretch in enumerate(self._stretches) if stretch.base <= step)
            self._number = number
            frames = self._stretch.frames
            self.at = self._shown(frames[self._stretch.frame_before(step - self._stretch.base)])
        reason = ""
        while self.at.step < step and reason != "diverged":
            before = self.at.step
            reason = self.forward(step - self.at.step)
            if reason == "converged" and self.at.step == before:  # a full-batch solver has nothing beyond
                break
        return "" if self.at.step == step else reason

    def edit(self, layer: int, i: int, j: int, value: float) -> None:
        """Set Θ⁽ˡ⁾_ij, counted from 1 (j = 0 is the bias), and begin a new stretch here."""
        theta = np.array(self.at.theta)
        self.problem.network.roll(theta)[layer - 1][i - 1, j] = value
        self._begin(self.at.step, self.problem, theta, is_edited=True)

    def change(self, problem: Problem) -> None:
        """Go on from here with other settings, in a new stretch."""
        self._begin(self.at.step, problem, self.at.theta)

    def close(self) -> None:
        """Close the engines of all stretches of the timeline."""
        for stretch in self._stretches:
            stretch.way.close()

    @property
    def _stretch(self) -> _Stretch:
        return self._stretches[self._number]

    @property
    def _end_of_stretch(self) -> int:
        n = self._number + 1
        return self._stretches[n].base if n < len(self._stretches) else 2**62

    def _onward(self, steps: int) -> str:
        """Walk within the stretch, and keep a frame where one is due."""
        stretch = self._stretch
        here = replace(self.at, step=self.at.step - stretch.base)
        there, reason = stretch.way.onward(here, steps)
        last = stretch.frame_before(there.step)
        if there.step - last >= stretch.spacing:
            stretch.keep(there)
            self._thin()
        self.at = self._shown(there)
        return reason

    def _go_back_to_finite(self) -> None:
        """Go to the last place whose θ and cost are finite, after a step within the next epoch had no finite cost."""
        while self._onward(1) != "diverged":
            pass
        step = self.at.step
        self.diverged_at = step if self.at.run is not None else step + 1
        problem = self.problem
        while step > self._stretch.base:
            theta = self.at.theta
            with np.errstate(all="ignore"):  # whether it overflows is the question
                cost = self.engine.cost(theta, problem.training, problem.settings.alpha)
            if np.isfinite(theta).all() and np.isfinite(cost) and step < self.diverged_at:
                return
            step -= 1
            self.seek(step)

    def _thin(self) -> None:
        """Drop every second frame, but the first of a stretch, while there are too many."""
        size = self.at.theta.nbytes * (3 if self.at.run is not None else 1)
        most = max(4, min(self._most_frames, MOST_BYTES // max(1, size)))
        while self.frames > most:
            largest = max(self._stretches, key=lambda stretch: len(stretch.frames))
            if len(largest.frames) < 3:
                return
            largest.drop(sorted(largest.frames)[1::2])
            largest.spacing *= 2

    def _begin(self, step: int, problem: Problem, theta: Array | None, is_edited: bool = False) -> None:
        """Begin a stretch at a step; what lies beyond is given up."""
        is_edited = is_edited or (step == 0 and any(stretch.is_edited for stretch in self._stretches[:1]))
        start = problem.start if theta is None else self._state_for(problem, theta)
        way = way_of(problem, self.engine, start)
        keep = [stretch for stretch in self._stretches if stretch.base < step]
        for stretch in self._stretches[len(keep) :]:
            stretch.way.close()
        for stretch in keep:
            stretch.drop([n for n in stretch.frames if n + stretch.base > step])
        self._stretches = [*keep, _Stretch(step, problem, way, {0: way.start}, is_edited=is_edited)]
        self._enter(len(keep))
        self.last, self.diverged_at = step, None

    def _enter(self, number: int) -> None:
        self._number = number
        self.at = self._shown(self._stretch.frames[0])

    def _shown(self, place: Place) -> Place:
        """Return a place with its step counted from the beginning of the timeline."""
        return replace(place, step=place.step + self._stretch.base, since=place.step)

    def _state_for(self, problem: Problem, theta: Array) -> RunState:
        """Return the run state in which a stretch goes on with parameters and settings that may be new."""
        theta = np.asarray(theta, dtype=problem.start.state.theta.dtype)
        run, old = self.at.run, self.problem.settings
        if run is None or not problem.is_mini_batch:
            state = replace(first_state(problem.settings, theta, problem.start.state.key), epoch=self.at.epoch)
            return RunState(state, LoopState(epochs=self.at.epoch, began=self.at.epoch))
        new = problem.settings
        state, loop_state = run.state, run.loop_state
        if (old.batch_size, old.shuffle) != (new.batch_size, new.shuffle) and state.position:
            state = state.between_epochs()
            loop_state = replace(loop_state, epochs=loop_state.epochs + 1)
        if old.solver != new.solver:
            state = replace(
                first_state(new, theta, state.key), epoch=state.epoch, position=state.position, costs=state.costs
            )
        schedule = ("learning_rate", "learning_rate_init", "solver")
        if any(getattr(old, name) != getattr(new, name) for name in schedule):
            loop_state = replace(loop_state, divisor=1.0)
        loop_state = replace(loop_state, best=np.inf, best_epoch=0, idle=0)
        vectors = tuple(vector.astype(theta.dtype) for vector in state.vectors)
        return RunState(replace(state, theta=theta, vectors=vectors), loop_state)
