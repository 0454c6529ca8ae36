"""The engine over the seam: on a cluster that is this process, and calls every task twice, as on Dask."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from deltarule import Network
from deltarule.blocks import epochs
from deltarule.cluster.averaging import Averaging, rows_of_shards
from deltarule.cluster.engine import ClusterEngine
from deltarule.cluster.facts import Facts
from deltarule.cluster.order import SpanOrder
from deltarule.cluster.parts import Form, Profile, part_of, profile_of
from deltarule.cluster.placing import placed, profiled
from deltarule.cluster.protocol import Call
from deltarule.cluster.spans import Chosen, Encoding, Piece, pieces_of, rows_of_leaves
from deltarule.cluster.tasks import Work
from deltarule.common.arrays import Array
from deltarule.engines import Plan, TrainingState, engine_for
from deltarule.engines.plan import MiniBatches
from deltarule.engines.splitmix import base_of_epoch, counted
from deltarule.network.data import TrainingSet
from deltarule.training.loop import first_state
from deltarule.training.settings import Settings
from deltarule.training.solvers import rule_of
from one_process import OneProcess

NETWORK = Network((3, 4, 2), "tanh", "identity")
WORK = Work(NETWORK, "auto", 1)
M = 20_000
RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(M, 3)), RNG.normal(size=(M, 2)), RNG.random(M)


class ArrayParts:
    """Arrays cut at some rows, as `Parts`."""

    def __init__(self, *bounds: int, X: Array = X) -> None:
        self.cuts = list(zip([0, *bounds], [*bounds, M], strict=True))
        self.form, self.names, self.is_weighted, self.X = Form(3, False), None, True, X

    def calls(self, digests: Any = None) -> list[Call]:
        return [
            Call("part", n, partial(part_of, self.form, n, digests and digests[n], self.X[a:b], Y[a:b], W[a:b]))
            for n, (a, b) in enumerate(self.cuts)
        ]


def on(
    cluster: Any, span_rows: int, dtype: str = "float64", resident: bool = True, *bounds: int, chosen: Any = None
) -> Any:
    parts = ArrayParts(*(bounds or (7, 7, 9000, 9001)))
    facts = profiled(cluster, parts)
    encoding = Encoding(dtype, "float64", None, np.empty((0, 0)), None)
    return placed(cluster, parts, facts, encoding, NETWORK, chosen=chosen, span_rows=span_rows, resident=resident)


def in_memory(dtype: str = "float64") -> TrainingSet:
    return TrainingSet.of(NETWORK, X.astype(dtype), Y, W)


@pytest.fixture(params=["one process", "tasks twice", "Dask"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param != "Dask":
        yield OneProcess(workers=3, again=request.param == "tasks twice")
        return
    from deltarule.cluster.dask import DaskCluster

    made = DaskCluster(request.getfixturevalue("client"))
    yield made
    made.close()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("resident", [True, False])
def test_sums_costs_and_gradients_are_those_in_memory(cluster: Any, dtype: str, resident: bool) -> None:
    data, theta = in_memory(dtype), NETWORK.first_theta(np.random.default_rng(1))
    with engine_for(NETWORK, n_threads=1) as inner, ClusterEngine(cluster, inner, WORK, WORK) as engine:
        spans = on(cluster, rows_of_leaves(M, 2), dtype, resident)
        assert spans.m == data.m
        J, D = engine.cost_and_gradient(theta, spans, 0.7)
        expected = inner.cost_and_gradient(theta, data, 0.7)
        assert J == expected[0] == engine.cost(theta, spans, 0.7)
        np.testing.assert_array_equal(D, expected[1])
        assert engine.cost(theta, data, 0.7) == inner.cost(theta, data, 0.7)
        assert (engine.passes, engine.exact, engine.network) == (2, True, NETWORK)


def state_of(key: int = 9) -> TrainingState:
    return first_state(Settings(solver="adam"), NETWORK.first_theta(np.random.default_rng(1)), key)


def plan_of(steps: int, size: int = 100, shuffle: bool = True, dropout: float = 0.1) -> Plan:
    rule = rule_of(Settings(solver="adam"))
    return Plan.of(NETWORK, rule, MiniBatches(size, shuffle), [0.01] * steps, 0.1, dropout=[dropout])


def by_hand(order: SpanOrder, plan: Plan, epochs: int) -> Array:
    """Return θ after some epochs on one machine: the rows of each span gathered in memory, as `order.py` defines."""
    data, state, done = in_memory(), state_of(), 0
    with engine_for(NETWORK, n_threads=1) as engine:
        for epoch in range(epochs):
            for turn, span in enumerate(order.spans_of(9, epoch)):
                taken = slice(span * order.span_rows, min(M, (span + 1) * order.span_rows))
                part = TrainingSet(*data.take(taken), offset=turn * order.span_rows, total_rows=M, total_weight=data.m)
                steps = plan.batches.steps_of_an_epoch(part.rows)
                key = order.key_of(9, epoch, turn)
                begin = TrainingState(state.theta, state.vectors, key, state.step, epoch)
                state = engine.steps(begin, part, plan.cut(done, done + steps)).state
                done += steps
    return state.theta


def test_chain_takes_the_steps_of_the_same_spans_on_one_machine(cluster: Any) -> None:
    plan = plan_of(2 * 200)
    with engine_for(NETWORK, n_threads=1) as inner:
        taken = ClusterEngine(cluster, inner, WORK, WORK).steps(state_of(), on(cluster, 6000), plan)
    np.testing.assert_array_equal(taken.state.theta, by_hand(SpanOrder(M, 6000, plan.batches), plan, 2))
    assert (taken.state.epoch, taken.state.position, taken.state.step, len(taken.costs)) == (2, 0, 400, 400)


@pytest.mark.parametrize("cuts", [[1, 59, 60, 61, 300], [200], range(7, 400, 50)])
def test_chain_may_be_cut_between_any_two_steps(cuts: Any) -> None:
    cluster, plan = OneProcess(), plan_of(400)
    spans = on(cluster, 6000)
    with engine_for(NETWORK, n_threads=1) as inner:
        engine = ClusterEngine(cluster, inner, WORK, WORK)
        whole, state, costs = engine.steps(state_of(), spans, plan), state_of(), []
        for start, stop in zip([0, *cuts], [*cuts, 400], strict=True):
            taken = engine.steps(state, spans, plan.cut(start, stop))
            state = taken.state
            costs.append(taken.costs)
    np.testing.assert_array_equal(state.theta, whole.state.theta)
    np.testing.assert_array_equal(np.concatenate(costs), whole.costs)
    assert state.costs == whole.state.costs


def test_a_cost_that_is_not_finite_is_the_last_of_a_chain_and_of_shards() -> None:
    cluster, rates = OneProcess(), np.full(400, 0.01)
    rates[150:] = 1e200
    plan = Plan.of(NETWORK, rule_of(Settings(solver="sgd")), MiniBatches(100), rates)
    state = first_state(Settings(solver="sgd"), NETWORK.first_theta(np.random.default_rng(1)), 9)
    with engine_for(NETWORK, n_threads=1) as inner, np.errstate(all="ignore"):
        for averaging in (None, Averaging(4, 5)):
            engine = ClusterEngine(cluster, inner, WORK, WORK, averaging)
            taken = engine.steps(state, on(cluster, 5000), plan)
            assert len(taken.costs) < 400
            assert np.isfinite(taken.costs[:-1]).all()
            assert not np.isfinite(taken.costs[-1])


def test_ctrl_c_ends_a_chain_between_two_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltarule.cluster.engine.LEGS", 1)
    cluster, plan, calls = OneProcess(), plan_of(400), []
    chain = OneProcess.chain

    def pressed(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return chain(*arguments)

    monkeypatch.setattr(OneProcess, "chain", pressed)
    spans = on(cluster, 6000)
    with engine_for(NETWORK, n_threads=1) as inner:
        engine = ClusterEngine(cluster, inner, WORK, WORK)
        taken = engine.steps(state_of(), spans, plan)
        assert (taken.interrupted, len(taken.costs)) == (True, 120)
        rest = engine.steps(taken.state, spans, plan.cut(120))
    np.testing.assert_array_equal(rest.state.theta, by_hand(SpanOrder(M, 6000, plan.batches), plan, 2))


def test_shards_are_averaged_by_their_rows() -> None:
    # After the only round of an epoch θ is the mean of what each shard reaches alone, weighted by rows.
    cluster, plan, data = OneProcess(), plan_of(200), in_memory()
    with engine_for(NETWORK, n_threads=1) as inner:
        engine = ClusterEngine(cluster, inner, WORK, WORK, Averaging(3, 1))
        span_rows = rows_of_shards(M, 3, 100)
        taken = engine.steps(state_of(), on(cluster, span_rows), plan)
        keys = counted(base_of_epoch(9, 0), np.arange(1, 4)).tolist()
        total = np.zeros(NETWORK.n_parameters)
        for k in range(3):
            part = data.part(k * span_rows, min(M, (k + 1) * span_rows))
            begin = TrainingState(state_of().theta, state_of().vectors, keys[k])
            alone = inner.steps(begin, part, plan_of(plan.batches.steps_of_an_epoch(part.rows)))
            total += part.rows / M * alone.state.theta
    assert span_rows == 6700
    np.testing.assert_allclose(taken.state.theta, total, rtol=1e-12)
    assert (taken.state.epoch, taken.state.step, len(taken.costs)) == (1, 67, 200)


@pytest.mark.parametrize("rows", [1, 99, 100, 12_345, 60_000])
@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_of_a_chain_takes_every_span_once_and_the_rest_last(rows: int, shuffle: bool) -> None:
    order = SpanOrder(rows, 2000, MiniBatches(100, shuffle))
    for epoch in range(3):
        spans = order.spans_of(5, epoch)
        assert sorted(spans) == list(range(order.spans))
        assert rows % 2000 == 0 or spans[-1] == order.spans - 1
    if shuffle and order.spans > 10:
        assert order.spans_of(5, 0) != order.spans_of(5, 1) != order.spans_of(6, 1)
        assert order.key_of(5, 0, 0) != order.key_of(5, 0, 1)


def test_a_chain_has_the_order_of_rows_on_the_disk_in_blocks_of_a_span(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epochs, "BLOCK_BYTES", 64_000)
    monkeypatch.setattr(epochs, "BUFFER_BYTES", 64_000)
    batches = MiniBatches(100)
    on_disk, chain = epochs.Epochs(12_345, 32, batches), SpanOrder(12_345, 2000, batches)
    assert on_disk.buffer_rows == 2000
    for epoch in range(2):
        for turn, span in enumerate(chain.spans_of(7, epoch)):
            assert on_disk.ranges(7, epoch, turn) == ((span * 2000, min(12_345, span * 2000 + 2000)),)
            assert on_disk.key_of(7, epoch, turn) == chain.key_of(7, epoch, turn)


@pytest.mark.parametrize("lengths", [[5], [0, 3, 0, 0, 4, 1, 0], [1] * 9, [100]])
def test_spans_hold_every_row_once_and_in_order(lengths: list[int]) -> None:
    spans = pieces_of(lengths, 4)
    taken = [(piece.part, row) for pieces in spans for piece in pieces for row in range(piece.start, piece.stop)]
    assert taken == [(part, row) for part, length in enumerate(lengths) for row in range(length)]
    assert all(sum(stop - start for _, start, stop in pieces) == 4 for pieces in spans[:-1])
    assert Piece(0, 0, 0) not in {piece for pieces in spans for piece in pieces}


def test_held_out_rows_and_the_others_are_all_rows() -> None:
    cluster = OneProcess()
    learnt, watched = (on(cluster, 5000, chosen=Chosen(3, 0.2, keeps)) for keeps in (False, True))
    assert len(learnt.X) + len(watched.X) == M
    assert 0.17 * M < len(watched.X) < 0.23 * M
    rows = np.concatenate([span.X[:, 0] for data in (learnt, watched) for span in data.X.placed.nodes])
    np.testing.assert_array_equal(np.sort(rows), np.sort(X[:, 0]))


def test_profiles_of_no_rows_say_nothing_against_the_others() -> None:
    profiles = [
        profile_of(part_of, Form(3, False), 0, None, X[a:b].astype("float32"), Y[a:b]) for a, b in ((0, 0), (0, 5))
    ]
    facts = Facts.of([one for one in profiles if isinstance(one, Profile)])
    assert (facts.rows, facts.dtype.name, facts.firsts) == (5, "float32", [0, 0])
    np.testing.assert_array_equal(facts.greatest, Y[:5].max(axis=0))
