"""A run of mini-batch steps as an iterator of moments.

The run is cut into calls of the engine, and after each call there is a moment. If nothing looks at single epochs, a
call covers as many of them as fit into `CALL_SECONDS`. If the stopping rule then says that the run should have ended
inside a call, the call is repeated up to that epoch. The result is bit-identical, because a training state is a value,
a step is a pure function of it, and the engine says that it is `exact`. If epochs are long compared to the overhead of
a call, or the engine is not exact, a call instead ends with the earliest epoch at which the rule may end the run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite
from time import perf_counter

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import Engine, Member, StepsTaken, TrainingState
from deltarule.network.data import TrainingSet
from deltarule.training.divergence import diverged_at_last, diverged_in_batch
from deltarule.training.record import Recorder, RunState
from deltarule.training.settings import Settings
from deltarule.training.solvers import plan_of, rates_of, rule_of, shares_done, step_sizes
from deltarule.training.solvers.full_batch import MOST_DIVISION

__all__ = ["MiniBatchRun", "Moment", "first_state"]

CALL_SECONDS = 0.05
"""Target length of a call: calls then cost no time (about 20 µs each), and repeating one is not noticed."""

CALL_OVERHEAD = 50e-6
"""Upper bound for the seconds that a call takes besides its steps."""

_LAST_FINITE = "the parameters before the epoch with the lowest cost"


@dataclass(frozen=True, eq=False)
class Moment:
    """A run between two steps.

    Attributes
    ----------
    run_state : RunState
        Everything that the run needs to go on from here with bit-identical results.
    stopped : str
        Why the run ends here, as `History.stopped`; `"running"`: it goes on.
    """

    run_state: RunState
    stopped: str = "running"


def first_state(settings: Settings, theta: Array, key: int) -> TrainingState:
    """Return the state of a mini-batch run before its first step."""
    return TrainingState(theta=theta, vectors=rule_of(settings).init(theta), key=key)


class MiniBatchRun:
    """An iterator over the moments of one run, one after each call; the last one says why the run stopped.

    A caller that makes one call of the engine for several runs (`members.py`) does not iterate: it uses `next_call` and
    `take_in` while `is_running`, and then `end`.

    Ctrl-C between two calls, or in the caller's code, leaves the iterator by KeyboardInterrupt. `interrupted` then
    returns the moment after the last epoch that the recorder took in.
    """

    def __init__(
        self,
        engine: Engine,
        data: TrainingSet,
        settings: Settings,
        state: TrainingState,
        recorder: Recorder,
        *,
        epoch_by_epoch: bool = False,
    ) -> None:
        self.engine, self.data, self.settings, self.recorder = engine, data, settings, recorder
        self.state = state
        self.plan = plan_of(settings, engine.network, data.rows)
        self.per_epoch = self.plan.batches.steps_of_an_epoch(data.rows)
        self.batch_rows = np.full(self.per_epoch, self.plan.batches.size)
        self.batch_rows[-1] = data.rows - self.plan.batches.size * (self.per_epoch - 1)
        restores = settings.on_divergence == "restore"
        if restores and recorder.loop_state.last_finite is None:
            recorder.loop_state = replace(recorder.loop_state, last_finite=(np.inf, state.theta))
        self.call_grows = not (recorder.sees_every_epoch or restores or epoch_by_epoch)
        self.epochs_a_call, self.seconds_an_epoch = 1, 0.0
        self.stopped = "running"
        # The last call of the engine: its state, its plan, η of its epochs and steps, the epochs taken in before it,
        # and its result.
        self.before, self.call, self.sizes, self.epochs_before = state, self.plan, np.empty((0, 0)), 0
        self.taken: StepsTaken | None = None

    def __iter__(self) -> Iterator[Moment]:
        while self.is_running:
            call = self.next_call()
            began = perf_counter()
            taken = self.engine.steps(*call)
            if self.take_in(taken, began, perf_counter() - began):
                yield Moment(RunState(self.state, self.recorder.loop_state))
        yield self.end()

    @property
    def is_running(self) -> bool:
        """Whether the run has a next call."""
        return self.stopped == "running" and self.recorder.taken < self.recorder.epochs

    def interrupted(self) -> Moment:
        """Return the moment at which Ctrl-C leaves the run: after the last epoch that was taken in."""
        if self.taken is not None:
            self.state = self._state_after(self.recorder.taken - self.epochs_before, self.taken)
        return self._end("interrupted")

    def next_call(self) -> Member:
        """Prepare the next call of the engine, and return its arguments."""
        recorder, loop_state = self.recorder, self.recorder.loop_state
        count = min(self.epochs_a_call, recorder.epochs - recorder.taken)
        if not self.engine.exact or self.seconds_an_epoch * recorder.soonest_end > 20 * CALL_OVERHEAD:
            count = int(min(count, recorder.soonest_end))
        sizes = step_sizes(self.settings, loop_state.done, count, self.per_epoch, self.data.rows, loop_state.seen)
        sizes = sizes / loop_state.divisor
        self.before, self.taken, self.epochs_before = self.state, None, recorder.taken
        left = slice(len(self.before.costs), None)
        shares = None
        if "flat_cos" in (self.settings.weight_decay_schedule, self.settings.dropout_schedule):
            shares = shares_done(self.settings, loop_state.done, count, self.per_epoch).ravel()[left]
        rates = rates_of(self.settings, self.engine.network, sizes.ravel()[left], shares)
        self.sizes, self.call = sizes, replace(self.plan, rates=rates)
        return Member(self.before, self.data, self.call)

    def take_in(self, taken: StepsTaken, began: float, took: float, own: float | None = None) -> bool:
        """Take in the result of the call that `next_call` prepared.

        Parameters
        ----------
        taken : StepsTaken
        began, took : float
            When the call began, by `perf_counter`, and its seconds.
        own : float, optional
            The seconds of this run alone, where the call took steps of other runs too.

        Returns
        -------
        bool
            Whether the run goes on from the state after this call. False after a divergence, and at the end.

        Raises
        ------
        DivergedError
            If the cost became non-finite, and the settings do not say how to go on.
        """
        self.taken = taken
        if len(taken.costs) and not isfinite(taken.costs[-1]):
            self.stopped = self._after_divergence()
            return False
        self.stopped = self._record(taken, began, took, took if own is None else own)
        if self.stopped != "running":
            return False
        self._lengthen_calls(took)
        return True

    def end(self, stopped: str = "") -> Moment:
        """Return the last moment of a run: one that is not running any more, or one that ends for the reason given."""
        if self.is_running and stopped:
            return self._end(stopped)
        return self._end("max_iter" if self.stopped == "running" else self.stopped)

    def _record(self, taken: StepsTaken, began: float, took: float, own: float) -> str:
        """Record the complete epochs of a call; return why the run ends, or "running"."""
        recorder, rows, sizes = self.recorder, self.data.rows, self.sizes
        costs = np.concatenate([self.before.costs, taken.costs]) if self.before.costs else taken.costs
        full = len(costs) // self.per_epoch
        self.seconds_an_epoch = own / max(1, full)
        means = (costs[: full * self.per_epoch].reshape(full, self.per_epoch) * self.batch_rows).sum(axis=1) / rows
        count, verdict = 0, ""
        if full:
            lowest = recorder.loop_state.last_finite
            if lowest is not None and means[0] < lowest[0]:  # one epoch a call
                recorder.loop_state = replace(recorder.loop_state, last_finite=(float(means[0]), self.before.theta))
            since = began - recorder.began
            seconds = [since + took * n / full for n in range(1, full + 1)]
            theta = self.plan.rule.found(taken.state.theta, taken.state.vectors)
            count, verdict = recorder.take(means.tolist(), theta, sizes[:, -1].tolist(), seconds, rows)
        # What came after the verdict in this call is given up.
        self.state = self._state_after(count, taken) if verdict else taken.state
        if verdict in ("converged", "callback"):
            return verdict
        return "interrupted" if taken.interrupted else "running"

    def _state_after(self, epochs: int, taken: StepsTaken) -> TrainingState:
        """Return the state after some epochs of the last call."""
        steps = max(0, epochs * self.per_epoch - len(self.before.costs))
        if steps in (0, len(taken.costs)):
            return taken.state if steps else self.before
        again = self.engine.steps(self.before, self.data, self.call.cut(0, steps))
        if again.interrupted:
            raise KeyboardInterrupt
        return again.state

    def _lengthen_calls(self, took: float) -> None:
        if self.call_grows and took < CALL_SECONDS / 2:
            fitting = min(self.recorder.soonest_end, CALL_SECONDS / 8 / self.seconds_an_epoch)
            self.epochs_a_call = max(4 * self.epochs_a_call, int(fitting))

    def _after_divergence(self) -> str:
        """Go back to a state from which a diverged run can continue, or end it; return "running" or "diverged"."""
        if len(self.sizes) > 1:  # the stopping rule may end the run before the epoch that diverged
            self.epochs_a_call = 1
            return "running"
        recorder = self.recorder
        assert self.taken is not None
        error = diverged_in_batch(self.settings, self.data.m, self.before, self.taken, recorder.loop_state.done)
        if (theta := self._last_finite()) is not None:
            self._restore(
                theta, self.before, f"{error} Training went on from {_LAST_FINITE}, with a tenth of the step."
            )
            return "running"
        best = recorder.loop_state.best_theta
        if best is None:
            raise error
        self._begin_anew(best, self.before)
        recorder.diverge(float(self.sizes[0, -1]), str(error))
        return "diverged"

    def _end(self, stopped: str) -> Moment:
        """Return the last moment; if the last step left non-finite parameters, go back to the last finite ones."""
        loop_state = self.recorder.loop_state
        if loop_state.best_theta is None and not np.isfinite(self.state.theta).all():
            error = diverged_at_last(self.settings, self.data.m, loop_state.done)
            if (theta := self._last_finite()) is None:
                raise error
            self._restore(theta, self.state, f"{error} The result is {_LAST_FINITE}.")
        return Moment(RunState(self.state, self.recorder.loop_state), stopped)

    def _last_finite(self) -> Array | None:
        """Return the parameters to go back to after a divergence; None if the settings or the divisor forbid it."""
        loop_state = self.recorder.loop_state
        mends = self.settings.on_divergence == "restore" and loop_state.divisor < MOST_DIVISION
        return loop_state.last_finite[1] if mends and loop_state.last_finite is not None else None

    def _restore(self, theta: Array, given_up: TrainingState, notice: str) -> None:
        """Discard the epoch that diverged; the next begins with finite parameters and shorter steps."""
        loop_state = self.recorder.loop_state
        self.recorder.loop_state = replace(loop_state, divisor=loop_state.divisor * 10)
        self.recorder.notices.append(notice)
        self._begin_anew(theta, given_up)

    def _begin_anew(self, theta: Array, given_up: TrainingState) -> None:
        """Go to the state after the discarded epoch, with other parameters and new vectors."""
        self.state = replace(first_state(self.settings, theta, given_up.key), epoch=given_up.epoch + 1)
        self.taken = None
