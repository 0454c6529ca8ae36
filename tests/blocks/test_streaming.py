"""Rows on the disk give the bits of the same rows in memory, and an epoch takes each row once."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from deltarule import Blocks, Network
from deltarule.blocks.cache import converted
from deltarule.blocks.epochs import Epochs
from deltarule.blocks.sources import Asked, source_of
from deltarule.blocks.stored_rows import StoredRows
from deltarule.blocks.streaming import StreamingEngine
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.engines import Engine, Plan, ReferenceEngine, TrainingState, engine_for
from deltarule.engines.plan import MiniBatches
from deltarule.network.data import TrainingSet
from deltarule.training.loop import first_state
from deltarule.training.settings import Settings
from deltarule.training.solvers import rule_of

pytestmark = pytest.mark.usefixtures("cache", "small_buffers")
NETWORK = Network((4, 5, 2), "tanh", "identity")
ADAM = rule_of(Settings(solver="adam"))


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def rows(m: int, dtype: str = "float32", weighted: bool = True, seed: int = 0) -> TrainingSet:
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(m, 4)).astype(dtype), rng.normal(size=(m, 2))
    return TrainingSet.of(NETWORK, X, Y, rng.integers(0, 3, m).astype(dtype) if weighted else None)


def on_disk(data: TrainingSet, held: ExitStack) -> TrainingSet:
    """Return the same rows, in the same order, on the disk."""
    blocks = Blocks.from_arrays(data.X, data.Y.astype(np.float64), data.weights, block_rows=1000)
    file = converted(source_of(blocks, Asked()), data.X.dtype, mixes=False)
    weigh = None if data.weights is None else (lambda targets, weights: weights.astype(data.X.dtype))
    stored = StoredRows(file, lambda targets: targets.astype(data.X.dtype), weigh, 2, file.digest)
    held.callback(stored.close)
    return stored.training_set(data.m)


def engines() -> list[Engine]:
    return [ReferenceEngine(NETWORK), engine_for(NETWORK, n_threads=2)]


# 200 KB are 4 leaves of these rows without weights in float32, and 2 or 1 otherwise.
@pytest.mark.parametrize("m", [1, 8192, 8193, 4 * 8192, 7 * 8192 - 1, 11 * 8192 + 5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cost_and_gradient_are_bit_identical_to_those_in_memory(
    m: int, dtype: str, weighted: bool, held: ExitStack
) -> None:
    data = rows(m, dtype, weighted)
    stored, theta = on_disk(data, held), NETWORK.first_theta(np.random.default_rng(1))
    for inner in engines():
        engine = StreamingEngine(inner)
        for lambda_ in (0.0, 0.7):
            J, D = engine.cost_and_gradient(theta, stored, lambda_)
            in_memory = inner.cost_and_gradient(theta, data, lambda_)
            assert J == in_memory[0] == engine.cost(theta, stored, lambda_) == inner.cost(theta, data, lambda_)
            np.testing.assert_array_equal(D, in_memory[1])
        np.testing.assert_array_equal(engine.sums(theta, stored), inner.sums(theta, data))


def state_of(data: TrainingSet, key: int = 9) -> TrainingState:
    return first_state(Settings(solver="adam"), NETWORK.first_theta(np.random.default_rng(1)).astype(data.X.dtype), key)


def plan_of(steps: int, size: int = 100, shuffle: bool = True, dropout: float = 0.0) -> Plan:
    return Plan.of(NETWORK, ADAM, MiniBatches(size, shuffle), [0.01] * steps, 0.1, dropout=[dropout] * (dropout > 0))


def by_hand(engine: Engine, data: TrainingSet, plan: Plan, key: int, row_bytes: int, epochs: int) -> Array:
    """Return θ after some epochs: each buffer gathered in memory, as `epochs.py` defines the order."""
    order = Epochs(data.rows, row_bytes, plan.batches)
    state, done = state_of(data, key), 0
    for epoch in range(epochs):
        for buffer in range(order.buffers):
            taken = np.concatenate([np.arange(*some) for some in order.ranges(key, epoch, buffer)])
            part = TrainingSet(
                *data.take(taken), offset=buffer * order.buffer_rows, total_rows=data.rows, total_weight=data.m
            )
            steps = plan.batches.steps_of_an_epoch(part.rows)
            begin = TrainingState(state.theta, state.vectors, order.key_of(key, epoch, buffer), state.step, epoch)
            state = engine.steps(begin, part, plan.cut(done, done + steps)).state
            done += steps
    return state.theta


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_steps_are_those_of_the_same_blocks_in_memory(dropout: float, held: ExitStack) -> None:
    data = rows(12_345)
    stored = on_disk(data, held)
    steps = 2 * MiniBatches(100).steps_of_an_epoch(data.rows)
    plan = plan_of(steps, dropout=dropout)
    for inner in engines():
        taken = StreamingEngine(inner).steps(state_of(data), stored, plan)
        assert (taken.state.epoch, taken.state.position, taken.state.step, len(taken.costs)) == (2, 0, steps, steps)
        expected = by_hand(inner, data, plan, 9, sum(stored.X.stored.file.facts.row_bytes), 2)  # type: ignore[attr-defined]
        np.testing.assert_array_equal(taken.state.theta, expected)


@pytest.mark.parametrize("m", [12_000, 12_345])
def test_without_shuffling_steps_are_those_in_memory(m: int, held: ExitStack) -> None:
    data = rows(m)
    stored = on_disk(data, held)
    plan = plan_of(2 * MiniBatches(100).steps_of_an_epoch(m), shuffle=False, dropout=0.2)
    for inner in engines():
        one, other = inner.steps(state_of(data), data, plan), StreamingEngine(inner).steps(state_of(data), stored, plan)
        np.testing.assert_array_equal(one.state.theta, other.state.theta)
        np.testing.assert_array_equal(one.costs, other.costs)


def test_rows_that_fit_one_buffer_are_taken_as_in_memory(held: ExitStack) -> None:
    data = rows(3000)
    stored, plan = on_disk(data, held), plan_of(75, dropout=0.2)
    for inner in engines():
        one, other = inner.steps(state_of(data), data, plan), StreamingEngine(inner).steps(state_of(data), stored, plan)
        np.testing.assert_array_equal(one.state.theta, other.state.theta)
        assert one.state.costs == other.state.costs


@pytest.mark.parametrize("cuts", [range(1, 100, 9), [0, 50, 51, 99], range(100)])
def test_a_run_may_be_cut_between_any_two_steps(cuts: Any, held: ExitStack) -> None:
    data = rows(7130)
    stored, plan = on_disk(data, held), plan_of(100, size=150, dropout=0.1)
    engine = StreamingEngine(engine_for(NETWORK))
    whole = engine.steps(state_of(data), stored, plan)
    state, costs = state_of(data), []
    bounds = [0, *cuts, 100]
    for start, stop in pairwise(bounds):
        taken = engine.steps(state, stored, plan.cut(start, stop))
        state = taken.state
        costs.append(taken.costs)
    np.testing.assert_array_equal(state.theta, whole.state.theta)
    np.testing.assert_array_equal(np.concatenate(costs), whole.costs)
    assert state.costs == whole.state.costs
    assert len(state.costs) == state.position // 150


@pytest.mark.parametrize("rows", [1, 99, 100, 1000, 12_345, 12_400])
@pytest.mark.parametrize("size", [1, 7, 100, 5000])
@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_takes_every_row_once_in_whole_batches(rows: int, size: int, shuffle: bool) -> None:
    order = Epochs(rows, 40, MiniBatches(size, shuffle))
    for epoch in (0, 1):
        buffers = [order.ranges(5, epoch, buffer) for buffer in range(order.buffers)]
        sizes = [sum(stop - start for start, stop in ranges) for ranges in buffers]
        taken = np.concatenate([np.arange(*some) for ranges in buffers for some in ranges])
        np.testing.assert_array_equal(np.sort(taken), np.arange(rows))
        assert all(size_of == order.buffer_rows and size_of % size == 0 for size_of in sizes[:-1])
        if not shuffle:
            np.testing.assert_array_equal(taken, np.arange(rows))


def test_orders_of_epochs_and_keys_differ() -> None:
    order = Epochs(50_000, 40, MiniBatches(100))
    firsts = [order.ranges(key, epoch, 0) for key in (1, 2) for epoch in (0, 1)]
    keys = [order.key_of(key, epoch, buffer) for key in (1, 2) for epoch in (0, 1) for buffer in (0, 1)]
    assert len(set(firsts)) == 4
    assert len(set(keys)) == 8
    assert order.after(0, 0) == (0, 1)
    assert order.after(0, order.buffers - 1) == (1, 0)


def test_a_cost_that_is_not_finite_is_the_last(held: ExitStack) -> None:
    data = rows(12_000)
    stored = on_disk(data, held)
    rates = np.full(120, 0.01)
    rates[60:] = 1e30
    plan = Plan.of(NETWORK, rule_of(Settings(solver="sgd")), MiniBatches(100), rates)
    state = first_state(Settings(solver="sgd"), NETWORK.first_theta(np.random.default_rng(1)).astype(np.float32), 9)
    for inner in engines():
        taken = StreamingEngine(inner).steps(state, stored, plan)
        assert 60 < len(taken.costs) < 120
        assert np.isfinite(taken.costs[:-1]).all()
        assert not np.isfinite(taken.costs[-1])


def test_ctrl_c_while_rows_are_read_ends_between_two_steps(held: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    data = rows(12_000)
    stored, plan, engine = on_disk(data, held), plan_of(120), StreamingEngine(engine_for(NETWORK))
    whole = engine.steps(state_of(data), stored, plan)
    take, calls = StoredRows.take, []

    def pressed(self: StoredRows, *arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return take(self, *arguments)

    monkeypatch.setattr(StoredRows, "take", pressed)
    taken = engine.steps(state_of(data), stored, plan)
    assert taken.interrupted
    assert 0 < len(taken.costs) < 120
    rest = engine.steps(taken.state, stored, plan.cut(len(taken.costs)))
    np.testing.assert_array_equal(rest.state.theta, whole.state.theta)


def test_a_disk_that_goes_away_is_an_error_of_the_thread_that_trains(held: ExitStack) -> None:
    data = rows(12_000)
    stored = on_disk(data, held)
    engine = StreamingEngine(engine_for(NETWORK))
    engine.steps(state_of(data), stored, plan_of(10))
    os.ftruncate(stored.X.stored.file._file.fileno(), 1000)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"cannot be read any more \(the file has become shorter\). Fit again"):
        engine.steps(state_of(data), stored, plan_of(120))


def test_rows_in_memory_go_to_the_engine_as_they_are() -> None:
    data, inner = rows(500), engine_for(NETWORK)
    theta, plan = state_of(data).theta, plan_of(5)
    with StreamingEngine(inner) as engine:
        assert engine.cost(theta, data, 0.1) == inner.cost(theta, data, 0.1)
        np.testing.assert_array_equal(engine.sums(theta, data), inner.sums(theta, data))
        np.testing.assert_array_equal(engine.hypothesis(theta, data.X), inner.hypothesis(theta, data.X))
        taken = engine.steps(state_of(data), data, plan)
        np.testing.assert_array_equal(taken.state.theta, inner.steps(state_of(data), data, plan).state.theta)
        assert (engine.network, engine.exact) == (NETWORK, inner.exact)
