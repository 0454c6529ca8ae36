"""Ways through a run, one step after the other: mini-batches, or iterations over all rows.

A place is a value. From a place of a mini-batch run its way goes on with the same bits wherever it is cut, because a
run state is a value and a step a function of it. A full-batch solver cannot be asked for the state between two
iterations, so its way is walked by a thread of its own that waits in its callback, and is walked again from the
beginning to come back to where it was.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError
from deltarule.engines import Engine
from deltarule.play.problem import Problem
from deltarule.training.full_batch_run import full_batch
from deltarule.training.history import Progress
from deltarule.training.mini_batch_run import MiniBatchRun
from deltarule.training.record import LoopState, Recorder, RunState

__all__ = ["FullBatchWay", "Place", "Way", "way_of"]

ENDLESS = 2**62


@dataclass(frozen=True, eq=False)
class Place:
    """A network between two steps.

    Attributes
    ----------
    step : int
        Steps from the beginning of the way.
    theta : array of shape (n_parameters,)
    epoch, batch : int
        Whole epochs so far, and batches of the present one; of full-batch solvers, an iteration is an epoch.
    run : RunState or None
        Everything that a mini-batch run needs to go on.
    since : int
        Steps since the stretch of the timeline began.
    """

    step: int
    theta: Array
    epoch: int = 0
    batch: int = 0
    run: RunState | None = None
    since: int = 0


class Way(Protocol):
    """A run that is walked step by step."""

    @property
    def steps_of_an_epoch(self) -> int:
        """Number of steps of an epoch."""

    @property
    def start(self) -> Place:
        """The place before the first step."""

    def onward(self, at: Place, steps: int) -> tuple[Place, str]:
        """Return the place so many steps on, or where the run ended before, and why: "converged" or "diverged"."""

    def close(self) -> None:
        """Free threads and engines."""


class MiniBatchWay:
    """A way of mini-batch steps."""

    def __init__(self, problem: Problem, engine: Engine, start: RunState) -> None:
        self.problem, self.engine = problem, engine
        rows = problem.training.rows
        run = self._run(start, 1)
        self.steps_of_an_epoch = run.per_epoch
        self.batch_rows, self.rows = run.plan.batches.size, rows
        self._first = start.state.step
        self.start = self._place(start)

    def onward(self, at: Place, steps: int) -> tuple[Place, str]:
        """Return the place so many steps on; see `Way`."""
        assert at.run is not None
        now = at.run
        while steps > 0:
            left = self.steps_of_an_epoch - len(now.state.costs)
            if steps < left:
                run = self._run(now, 1)
                call = run.next_call()
                taken = self.engine.steps(call.state, call.data, call.plan.cut(0, steps))
                if not np.isfinite(taken.costs[-1]):
                    return self._place(now), "diverged"
                return self._place(replace(now, state=taken.state)), ""
            epochs = 1 + (steps - left) // self.steps_of_an_epoch
            run = self._run(now, epochs)
            stopped = "max_iter"
            try:
                for moment in run:
                    now, stopped = moment.run_state, moment.stopped
            except DivergedError:
                return self._place(now), "diverged"
            taken_epochs = run.recorder.taken
            steps -= left + (taken_epochs - 1) * self.steps_of_an_epoch
            if stopped == "converged":
                # The rule would stop each further epoch at once; whoever goes on gives it a new start.
                now = replace(now, loop_state=replace(now.loop_state, idle=0))
                return self._place(now), "converged"
        return self._place(now), ""

    def close(self) -> None:
        """Do nothing: the engine belongs to who made it."""

    def _run(self, at: RunState, epochs: int) -> MiniBatchRun:
        problem = self.problem
        recorder = Recorder(self.engine, problem.settings, problem.training.m, at.loop_state, None, (), epochs)
        run = MiniBatchRun(self.engine, problem.training, problem.settings, at.state, recorder)
        run.epochs_a_call = epochs  # the caller has chosen a number of steps that fits into its time
        return run

    def _place(self, run: RunState) -> Place:
        state = run.state
        return Place(state.step - self._first, state.theta, state.epoch, len(state.costs), run)


class FullBatchWay:
    """A way of iterations over all rows; every θ on it is kept while there is room."""

    steps_of_an_epoch = 1

    def __init__(self, problem: Problem, engine: Engine, start: RunState, room: int = 2**25) -> None:
        self.problem, self.engine, self._begin = problem, engine, start
        self.start = self._place(0, start.state.theta)
        self._most = max(2, room // max(1, start.state.theta.nbytes))
        self._kept: dict[int, Array] = {0: start.state.theta}
        self._spacing = 1
        self._walker: _Walker | None = None
        self._ends: tuple[int, str] | None = None

    def onward(self, at: Place, steps: int) -> tuple[Place, str]:
        """Return the place so many iterations on; see `Way`."""
        goal, reason = at.step + steps, ""
        if self._ends is not None and goal > self._ends[0]:
            goal, reason = self._ends
        goal = max(goal, at.step)
        if goal in self._kept:
            return self._place(goal, self._kept[goal]), reason
        if self._walker is None or self._walker.step > goal:
            self._leave()
            self._walker = _Walker(self.problem, self.engine, self._begin, self._keep)
        theta = self._walker.go_to(goal)
        if theta is None:
            self._ends = self._walker.step, self._walker.ended
            goal, reason = self._ends
            theta = self._walker.theta
            self._kept[goal] = theta
        return self._place(goal, theta), reason

    def close(self) -> None:
        """End the thread."""
        self._leave()

    def _place(self, step: int, theta: Array) -> Place:
        return Place(step, theta, self._begin.loop_state.epochs + step)

    def _keep(self, step: int, theta: Array) -> None:
        if step % self._spacing == 0:
            self._kept[step] = theta
        if len(self._kept) > self._most:
            self._spacing *= 2
            self._kept = {n: kept for n, kept in self._kept.items() if n % self._spacing == 0}

    def _leave(self) -> None:
        if self._walker is not None:
            self._walker.close()
            self._walker = None


class _Walker:
    """A thread that runs a full-batch solver, and waits in its callback until it is asked for more iterations."""

    def __init__(self, problem: Problem, engine: Engine, start: RunState, keep: Callable[[int, Array], None]) -> None:
        self.problem, self.engine, self.keep = problem, engine, keep
        self.step, self.theta, self.ended = 0, start.state.theta, ""
        self._goal, self._is_closed = 0, False
        begin = LoopState(epochs=start.loop_state.epochs, began=start.loop_state.epochs)
        settings, m = problem.settings, problem.training.m
        self._recorder = Recorder(engine, settings, m, begin, None, [self._tell], ENDLESS)
        self._asked, self._there = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._walk, args=(start,), name="deltarule solver", daemon=True)
        self._thread.start()

    def go_to(self, step: int) -> Array | None:
        """Walk on to an iteration and return its θ; None if the solver ended before."""
        if self.step < step and not self.ended:
            self._goal = step
            self._asked.release()
            self._there.acquire()
        return self.theta if self.step == step else None

    def close(self) -> None:
        """End the thread."""
        self._is_closed = True
        self._asked.release()
        self._thread.join(60)

    def _walk(self, start: RunState) -> None:
        problem = self.problem
        self._asked.acquire()
        if not self._is_closed:
            try:
                with np.errstate(all="ignore"):
                    _, self.ended = full_batch(
                        self.engine, problem.training, problem.settings, start.state.theta, self._recorder
                    )
            except DivergedError:
                self.ended = "diverged"
            except BaseException:  # whatever the solver raises ends the way, and not the session
                self.ended = "failed"
                raise
            finally:
                self._there.release()

    def _tell(self, progress: Progress) -> bool:
        if self._is_closed:
            return True
        for column in self._recorder.columns.values():  # only the last entry is looked at: memory stays the same
            del column[:-1]
        # The solver may write into its array in the next iteration.
        self.step, self.theta = progress.epoch, np.array(progress.theta)
        self.keep(self.step, self.theta)
        if self.step >= self._goal:
            self._there.release()
            self._asked.acquire()
        return self._is_closed


def way_of(problem: Problem, engine: Engine, start: RunState | None = None) -> Way:
    """Return the way of a problem's solver, from its start or from another run state."""
    begin = problem.start if start is None else start
    return MiniBatchWay(problem, engine, begin) if problem.is_mini_batch else FullBatchWay(problem, engine, begin)
