"""The engine for rows on the disk: it reads a part at a time and lets another engine compute it.

    sums     parts of 2ᵏ leaves in order, added in the tree of `summation.py`: the bits of the same rows in memory
    steps    the buffers of `epochs.py`, in the order of the epoch

While a part is computed, the next is read. Rows in memory go to the other engine as they are.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from deltarule.blocks import epochs
from deltarule.blocks.stored_rows import StoredArray, StoredRows, is_stored
from deltarule.common.arrays import Array
from deltarule.engines.elsewhere import EngineElsewhere
from deltarule.engines.plan import Plan
from deltarule.engines.protocol import Engine, StepsTaken, TrainingState
from deltarule.network.data import TrainingSet
from deltarule.network.summation import LEAF_ROWS, TreeSum

__all__ = ["PART_BYTES", "StreamingEngine", "parts_of", "state_after"]

PART_BYTES = 5 << 20
"""Most bytes of a part of a sum, unless a leaf is larger: a part that was just read is computed from the cache.

Seconds of a pass on two cores of an EPYC with 1 MB of L2 each, in memory and by parts of 32, 8, 5 and 2 MB:
0.114, 0.147, 0.119, 0.103, 0.118 for 4 · 10⁶ rows of 54-1; 0.135, 0.200, 0.181, 0.161, 0.180 for 3 · 10⁶ of 64-32-10.
"""


def parts_of(data: TrainingSet) -> Iterator[TrainingSet]:
    """Return stored rows in order, as training sets in memory of 2ᵏ leaves each; the last may be smaller.

    Each is overwritten by the next but one.
    """
    stored = _stored(data)
    rows = LEAF_ROWS
    while 2 * rows * _row_bytes(stored) <= PART_BYTES:
        rows *= 2
    ranges = [((start, min(start + rows, data.rows)),) for start in range(0, data.rows, rows)]
    for n, wanted in enumerate(ranges):
        loaded = stored.take(wanted, ranges[(n + 1) % len(ranges)])  # after the last comes the first of the next call
        yield _part(data, loaded.X, loaded.Y, loaded.weights, wanted[0][0])


class StreamingEngine(EngineElsewhere):
    """Computes what another engine computes, on rows that need not fit into memory.

    Parameters
    ----------
    inner : Engine
    """

    def __init__(self, inner: Engine) -> None:
        self.inner = inner

    @property
    def exact(self) -> bool:
        """Whether a repeated call gives bit-identical results; see `Engine`."""
        return self.inner.exact

    def sums(self, theta: Array, data: TrainingSet) -> Array:
        """Return Σ w ℓ and Δ over the rows of `data`; see `Engine`."""
        if not self.is_elsewhere(data):
            return self.inner.sums(theta, data)
        total = TreeSum()
        for part in parts_of(data):
            total.add(self.inner.sums(theta, part))
        return total.result()

    def is_elsewhere(self, data: TrainingSet) -> bool:
        """Return whether the rows are on the disk."""
        return is_stored(data.X)

    def sum_of_costs(self, theta: Array, data: TrainingSet) -> float:
        """Return Σ w ℓ over the rows of `data`, part by part."""
        total = TreeSum()
        for part in parts_of(data):  # divided by 1 each, and by m in the end, as a whole set is
            total.add(np.array([self.inner.cost(theta, replace(part, total_weight=1.0), 0.0)]))
        return float(total.result()[0])

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        """Take the mini-batch steps of a plan; see `Engine`."""
        if not self.is_elsewhere(data):
            return self.inner.steps(state, data, plan)
        plan.check()
        stored = _stored(data)
        order = epochs.Epochs(data.rows, _row_bytes(stored), plan.batches)
        now, costs, done, interrupted = state, [np.empty(0)], 0, False
        try:
            while done < len(plan) and not interrupted:
                buffer = now.position // order.buffer_rows
                wanted = order.ranges(now.key, now.epoch, buffer)
                loaded = stored.take(wanted, order.ranges(now.key, *order.after(now.epoch, buffer)))
                first = buffer * order.buffer_rows
                part = _part(data, loaded.X, loaded.Y, loaded.weights, first)
                inside = now.position - first
                count = plan.batches.steps_of_an_epoch(part.rows - inside)
                key = order.key_of(now.key, now.epoch, buffer)
                before = replace(now, key=key, position=inside, costs=())
                taken = self.inner.steps(before, part, plan.cut(done, done + count))
                now = state_after(now, taken, first, first + part.rows, data.rows)
                costs.append(taken.costs)
                done += len(taken.costs)
                interrupted = taken.interrupted
                if len(taken.costs) and not np.isfinite(taken.costs[-1]):
                    break
        except KeyboardInterrupt:  # while rows were read
            interrupted = True
        return StepsTaken(now, np.concatenate(costs), interrupted)


def _stored(data: TrainingSet) -> StoredRows:
    assert isinstance(data.X, StoredArray)
    return data.X.stored


def _row_bytes(stored: StoredRows) -> int:
    return sum(stored.file.facts.row_bytes)


def _part(data: TrainingSet, X: Array, Y: Array, weights: Array | None, first: int) -> TrainingSet:
    return TrainingSet(X, Y, weights, offset=first, total_rows=data.rows, total_weight=data.m)


def state_after(before: TrainingState, taken: StepsTaken, first: int, end: int, rows: int) -> TrainingState:
    """Return the state in the whole training set after steps in the buffer of rows `first` … `end` − 1 of the epoch."""
    after = taken.state
    position = end if after.epoch > before.epoch else first + after.position
    state = replace(after, key=before.key, epoch=before.epoch, position=position)
    if position < rows:
        return replace(state, costs=(*before.costs, *taken.costs.tolist()))
    return replace(state, epoch=before.epoch + 1, position=0, costs=())
