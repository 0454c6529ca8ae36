"""The engine for rows on a cluster: workers add sums and take steps, and here they become J, D and states.

    cost_and_gradient   one pass: Δ of each span, added in the tree of `summation.py`; penalty and 1/m here, once
    steps               `chain`: the state walks from span to span, in the order of `order.py`

Rows in memory go to an engine of this process.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter

import numpy as np

from deltarule.cluster.averaging import Averaging
from deltarule.cluster.journal import Journal
from deltarule.cluster.order import SpanOrder
from deltarule.cluster.placed import PlacedArray, spans_in
from deltarule.cluster.protocol import Cluster
from deltarule.cluster.tasks import Leg, Walk, Work, leaf, measured, walk
from deltarule.common.arrays import Array
from deltarule.engines.elsewhere import EngineElsewhere
from deltarule.engines.plan import Plan
from deltarule.engines.protocol import Engine, StepsTaken, TrainingState
from deltarule.network.data import TrainingSet

__all__ = ["ClusterEngine"]

LEGS = 32
"""Spans of one graph of `chain`: enough that the client's share of the time is small, and few enough that Ctrl-C is
answered soon."""


class ClusterEngine(EngineElsewhere):
    """Computes what another engine computes, on rows that lie on the workers of a cluster.

    Parameters
    ----------
    cluster : Cluster
    inner : Engine
        For rows in memory, in this process.
    work : Work
        For tasks that run beside others.
    walking : Work
        For `chain`, which has a worker to itself.
    averaging : Averaging, optional
        Take mini-batch steps on several shards at once and average, instead of `chain`.
    journal : Journal, optional
        Remembers every pass.
    """

    exact = True

    def __init__(
        self,
        cluster: Cluster,
        inner: Engine,
        work: Work,
        walking: Work,
        averaging: Averaging | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.cluster, self.inner, self.work, self.walking = cluster, inner, work, walking
        self.averaging, self.journal = averaging, journal
        self.passes, self.seconds, self.arithmetic = 0, 0.0, 0.0
        self._slots = max(1, sum(int(worker["nthreads"]) for worker in cluster.workers.values()))

    @property
    def overhead(self) -> float:
        """Share of the time of the passes in which a thread of the cluster that had work waited."""
        return max(0.0, 1 - self.arithmetic / self.seconds) if self.seconds else 0.0

    def sums(self, theta: Array, data: TrainingSet) -> Array:
        """Return Σ w ℓ and Δ over the rows of `data`; see `Engine`."""
        X = spans_in(data)
        return self.inner.sums(theta, data) if X is None else self._pass("sums", partial(leaf, self.work), theta, X)

    def is_elsewhere(self, data: TrainingSet) -> bool:
        """Return whether the rows are on the cluster."""
        return spans_in(data) is not None

    def sum_of_costs(self, theta: Array, data: TrainingSet) -> float:
        """Return Σ w ℓ over the rows of `data`, from one pass."""
        return float(self.measures(theta, data, False, None)[0])

    def measures(self, theta: Array, data: TrainingSet, several: bool, shift: Array | None) -> Array:
        """Return the sums of which cost and score of a validation set are made; see `tasks.measured`."""
        X = spans_in(data)
        assert X is not None, "rows in memory have scorers of their own"
        return self._pass(f"measures {several} {shift}", partial(measured, self.work, several, shift), theta, X)

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        """Take the mini-batch steps of a plan; see `Engine`."""
        X = spans_in(data)
        if X is None:
            return self.inner.steps(state, data, plan)
        plan.check()
        if self.averaging is not None:
            return self._timed(
                partial(self.averaging.steps, self.cluster, self.work, state, data, plan), self.averaging.shards
            )
        order = SpanOrder(data.rows, X.span_rows, plan.batches)
        return self._timed(partial(self._chained, state, data, plan, X, order), 1)

    def _pass(self, what: str, task: Callable[[Array, object], Array], theta: Array, X: PlacedArray) -> Array:
        """Return the sums of one pass, from the journal if it has them."""
        if self.journal is not None:
            known = self.journal.recall(what, X.digest, theta)
            if known is not None:
                return known
        began = perf_counter()
        sums = self.cluster.sum(task, theta, X.placed)
        self.passes += 1
        self.seconds += (perf_counter() - began) * min(self._slots, len(X.placed.nodes))
        self.arithmetic += float(sums[-1])
        if self.journal is not None:
            self.journal.append(what, X.digest, theta, sums[:-1])
        return np.asarray(sums[:-1])

    def _timed(self, take: Callable[[], tuple[StepsTaken, float]], slots: int) -> StepsTaken:
        began = perf_counter()
        taken, arithmetic = take()
        self.passes += 1
        self.seconds += (perf_counter() - began) * min(self._slots, slots)
        self.arithmetic += arithmetic
        return taken

    def _chained(
        self, state: TrainingState, data: TrainingSet, plan: Plan, X: PlacedArray, order: SpanOrder
    ) -> tuple[StepsTaken, float]:
        legs = _legs(state, data, plan, order)
        now, costs, interrupted = Walk(state, np.empty(0)), [np.empty(0)], False
        try:
            for first in range(0, len(legs), LEGS):
                now = self.cluster.chain(
                    partial(walk, self.walking), replace(now, costs=np.empty(0)), X.placed, legs[first : first + LEGS]
                )
                costs.append(now.costs)
                if now.has_diverged:
                    break
        except KeyboardInterrupt:
            interrupted = True
        return StepsTaken(now.state, np.concatenate(costs), interrupted), now.seconds


def _legs(state: TrainingState, data: TrainingSet, plan: Plan, order: SpanOrder) -> list[Leg]:
    """Return the spans through which a state walks in the steps of a plan, in order."""
    legs: list[Leg] = []
    epoch, position, done = state.epoch, state.position, 0
    spans = order.spans_of(state.key, epoch)
    while done < len(plan):
        turn = position // order.span_rows
        first, end = turn * order.span_rows, min(data.rows, (turn + 1) * order.span_rows)
        steps = min(plan.batches.steps_of_an_epoch(end - position), len(plan) - done)
        key = order.key_of(state.key, epoch, turn)
        legs.append(Leg(spans[turn], plan.cut(done, done + steps), key, first, data.rows, data.m))
        done += steps
        position = end
        if position == data.rows and done < len(plan):
            epoch, position = epoch + 1, 0
            spans = order.spans_of(state.key, epoch)
    return legs
