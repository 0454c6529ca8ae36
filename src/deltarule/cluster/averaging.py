"""Mini-batch steps on several shards at once, whose states are averaged after every round: local SGD.

    shard k            a fixed share of the rows, of whole batches; their number has nothing to do with that of workers
    a round            each shard takes its share of the epoch's steps from the common state
    the next state     θ and the rule's vectors := Σ_k (rows of k) (those of k) / rows
    step j of shard k  has the rates of step j S + k of the epoch

The answer depends on the number of shards and rounds, and on nothing that is measured. It is not that of `chain`: the
more shards, the less is learnt from an epoch.

Source: Stich, "Local SGD converges fast and communicates little", 2019.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from deltarule.cluster.placed import spans_in
from deltarule.cluster.protocol import Call, Cluster
from deltarule.cluster.spans import Span
from deltarule.cluster.tasks import Work
from deltarule.common.arrays import Array
from deltarule.engines.plan import Plan
from deltarule.engines.protocol import StepsTaken, TrainingState
from deltarule.engines.splitmix import base_of_epoch, counted
from deltarule.network.data import TrainingSet

__all__ = ["Averaging", "rows_of_shards"]


def rows_of_shards(rows: int, shards: int, batch_size: int) -> int:
    """Return the rows of a shard: whole batches, and as nearly the same for all as these allow."""
    return -(-rows // (shards * batch_size)) * batch_size


@dataclass(frozen=True, eq=False)
class _Round:
    """The common state after a round, the costs of each shard in this epoch, and seconds of arithmetic."""

    state: TrainingState
    costs: tuple[Array, ...]
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class _Turn:
    """The steps of one shard in one round."""

    shard: int
    plan: Plan
    key: int
    first: int
    position: int
    step: int
    rows: int
    m: float


@dataclass(frozen=True)
class Averaging:
    """How an epoch is cut into shards and rounds.

    Attributes
    ----------
    shards : int
    rounds : int
        Of an epoch.
    """

    shards: int
    rounds: int

    def steps(
        self, cluster: Cluster, work: Work, state: TrainingState, data: TrainingSet, plan: Plan
    ) -> tuple[StepsTaken, float]:
        """Take the steps of whole epochs; return them and the seconds of arithmetic.

        The costs of an epoch are those of its batches in the order of the rows.
        """
        per_epoch = plan.batches.steps_of_an_epoch(data.rows)
        costs, seconds = [np.empty(0)], 0.0
        try:
            for first in range(0, len(plan), per_epoch):
                end = self._epoch(cluster, work, state, data, plan.cut(first, first + per_epoch))
                seconds += end.seconds
                of_epoch = np.concatenate(end.costs)
                bad = np.flatnonzero(~np.isfinite(of_epoch))
                if len(bad):
                    costs.append(of_epoch[: bad[0] + 1])
                    break
                costs.append(of_epoch)
                state = end.state
        except KeyboardInterrupt:  # the epoch is given up: its state lies on the cluster
            return StepsTaken(state, np.concatenate(costs), interrupted=True), seconds
        return StepsTaken(state, np.concatenate(costs)), seconds

    def _epoch(self, cluster: Cluster, work: Work, state: TrainingState, data: TrainingSet, plan: Plan) -> _Round:
        X = spans_in(data)
        assert X is not None
        spans, count = X.placed, len(X.placed.nodes)
        size, base = plan.batches.size, base_of_epoch(state.key, state.epoch)
        keys = [state.key] if count == 1 else counted(base, np.arange(1, count + 1)).tolist()
        shard_rows = [min(X.span_rows, data.rows - k * X.span_rows) for k in range(count)]
        steps = [-(-rows // size) for rows in shard_rows]
        before: Any = Call("state", 0, partial(_Round, replace(state, costs=()), (np.empty(0),) * count))
        for n in range(self.rounds):
            turns = []
            for k in range(count):
                start, stop = (steps[k] * m // self.rounds for m in (n, n + 1))
                rates = plan.rates[np.minimum(np.arange(start, stop) * count + k, len(plan) - 1)]
                turn = _Turn(
                    shard=k,
                    plan=replace(plan, rates=rates),
                    key=keys[k],
                    first=k * X.span_rows,
                    position=start * size,
                    step=state.step + start,
                    rows=data.rows,
                    m=data.m,
                )
                node, owner = spans.nodes[k], spans.owners[k]
                turns.append(Call("turn", n * count + k, partial(_turn, work, turn), (before, node), owner))
            before = Call("round", n, partial(_averaged, tuple(shard_rows)), (before, *turns))
        end: _Round = cluster.map([before])[0]
        finished = replace(end.state, step=state.step + max(steps), epoch=state.epoch + 1, position=0)
        return replace(end, state=finished)


def _turn(work: Work, turn: _Turn, before: _Round, span: Span) -> tuple[StepsTaken, float]:
    """Take the steps of one shard in one round."""
    began = perf_counter()
    state = replace(before.state, key=turn.key, position=turn.position, step=turn.step, costs=())
    if not len(turn.plan) or not all(np.isfinite(one[-1:]).all() for one in before.costs):
        return StepsTaken(state, np.empty(0)), 0.0
    with work.made() as engine:
        taken = engine.steps(state, span.part(turn.first, turn.rows, turn.m), turn.plan)
    return taken, perf_counter() - began


def _averaged(rows: Sequence[int], before: _Round, *turns: tuple[StepsTaken, float]) -> _Round:
    """Return the mean of the states of all shards, weighted with their rows, in float64."""
    share = np.asarray(rows, np.float64) / sum(rows)

    def mean(arrays: Sequence[Array]) -> Array:
        if len(arrays) == 1:
            return arrays[0]
        total = np.zeros(arrays[0].shape)
        for weight, array in zip(share, arrays, strict=True):
            total += weight * array
        return total.astype(arrays[0].dtype)

    states = [taken.state for taken, _ in turns]
    theta = mean([state.theta for state in states])
    vectors = tuple(mean(several) for several in zip(*(state.vectors for state in states), strict=True))
    costs = tuple(np.concatenate([had, taken.costs]) for had, (taken, _) in zip(before.costs, turns, strict=True))
    state = replace(before.state, theta=theta, vectors=vectors)
    return _Round(state, costs, before.seconds + sum(seconds for _, seconds in turns))
