"""A full-batch solver that is walked iteration by iteration: a thread runs it, and waits where it calls back."""

import threading
from collections.abc import Callable

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError
from deltarule.engines import Engine
from deltarule.play.problem import Problem
from deltarule.training.full_batch_run import full_batch
from deltarule.training.history import Progress
from deltarule.training.record import LoopState, Recorder, RunState

__all__ = ["Walker"]

ENDLESS = 2**62


class Walker:
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
