"""Ways through a run, one step after the other: mini-batches, or iterations over all rows.

A place is a value. From a place of a mini-batch run its way goes on with the same bits wherever it is cut, because a
run state is a value and a step a function of it. A full-batch solver cannot be asked for the state between two
iterations, so its way is walked by a thread of its own that waits in its callback, and is walked again from the
beginning to come back to where it was.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError
from deltarule.engines import Engine
from deltarule.play.problem import Problem
from deltarule.play.searches import Searches, searches_a_line
from deltarule.play.walker import Walker
from deltarule.training.mini_batch_run import MiniBatchRun
from deltarule.training.record import Recorder, RunState

__all__ = ["FullBatchWay", "Place", "Way", "way_of"]


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
    searches : Searches or None
        The line searches of the way, for solvers that choose their own step.
    """

    step: int
    theta: Array
    epoch: int = 0
    batch: int = 0
    run: RunState | None = None
    since: int = 0
    searches: Searches | None = None


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
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # a cost that overflows ends the way, as any that is not finite
            return self._onward(at, steps)

    def _onward(self, at: Place, steps: int) -> tuple[Place, str]:
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
        self.searches = Searches(problem, start) if searches_a_line(problem.settings) else None
        self.start = self._place(0, start.state.theta)
        self._most = max(2, room // max(1, start.state.theta.nbytes))
        self._kept: dict[int, Array] = {0: start.state.theta}
        self._spacing = 1
        self._walker: Walker | None = None
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
            self._walker = Walker(self.problem, self.engine, self._begin, self._keep)
        theta = self._walker.go_to(goal)
        if theta is None:
            self._ends = self._walker.step, self._walker.ended
            goal, reason = self._ends
            theta = self._walker.theta
            self._kept[goal] = theta
        return self._place(goal, theta), reason

    def close(self) -> None:
        """End the threads."""
        self._leave()
        if self.searches is not None:
            self.searches.close()

    def _place(self, step: int, theta: Array) -> Place:
        return Place(step, theta, self._begin.loop_state.epochs + step, searches=self.searches)

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


def way_of(problem: Problem, engine: Engine, start: RunState | None = None) -> Way:
    """Return the way of a problem's solver, from its start or from another run state."""
    begin = problem.start if start is None else start
    return MiniBatchWay(problem, engine, begin) if problem.is_mini_batch else FullBatchWay(problem, engine, begin)
