"""Compressed rows of X in the compiled core, against the reference engine."""

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from deltarule import Dense, Network
from deltarule.common.arrays import Array
from deltarule.engines import (
    Factors,
    MiniBatches,
    NativeEngine,
    Plan,
    ReferenceEngine,
    TrainingState,
    UpdateRule,
    native,
)
from deltarule.engines.protocol import Member
from deltarule.network.data import TrainingSet
from deltarule.network.parametric import Parametric
from deltarule.training.solvers import SGD, Adam, Averaged, ScheduleFree
from oracles import rounding_bound

pytestmark = pytest.mark.skipif(not native.available(), reason="the compiled core was not built")

RULES: list[UpdateRule] = [
    SGD(0.9), SGD(0.5, nesterov=False), SGD(0.0), SGD(0.0, nesterov=False), Adam(), Averaged(SGD(0.0), 0.9),
    Averaged(Adam(), 0.9), ScheduleFree(),
]  # fmt: skip
# Widths of layer 2 that fill no vector, one, one and one more, a strip and more than a strip, in each precision.
NETWORKS = [
    Network((40, 1)),
    Network((40, 5, 3), "tanh", "softmax"),
    Network((90, 17, 2), "relu", "softmax"),
    Network((300, 130, 9, 1), "elu", "sigmoid"),
    Network((40, 4200, 2), "tanh", "softmax"),
]


def rows(m: int, n: int, density: float = 0.1, seed: int = 0) -> Any:
    generator = np.random.default_rng(seed)
    X = np.where(generator.random((m, n)) < density, generator.standard_normal((m, n)), 0.0)
    X[m // 3] = 0  # a row without elements
    X[:, n // 2] = 0  # a column without elements
    return sparse.csr_matrix(X)


def begun(
    network: Network, m: int, dtype: type = np.float64, rule: UpdateRule | None = None, X: Any = None, seed: int = 0
) -> tuple[TrainingState, TrainingSet]:
    generator = np.random.default_rng(seed)
    X = rows(m, network.sizes[0], seed=seed) if X is None else X
    K = network.K
    Y = np.eye(K)[generator.integers(0, K, m)] if K > 1 else generator.integers(0, 2, (m, 1)) * 1.0
    theta: Array = network.first_theta(generator) + 0.05 * generator.standard_normal(network.n_parameters)
    theta = theta.astype(dtype)
    data = TrainingSet.of(network, X, Y, generator.uniform(0.5, 2, m), dtype=np.dtype(dtype))
    return TrainingState(theta, (rule or SGD()).init(theta), key=11), data


def dense(data: TrainingSet) -> TrainingSet:
    X: Any = data.X
    return TrainingSet(np.ascontiguousarray(X.toarray()), data.Y, data.weights)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cost_and_gradient_are_within_the_rounding_bound_of_the_reference(isa: str, dtype: type) -> None:
    u = float(np.finfo(dtype).eps) / 2
    for network in NETWORKS:
        for m in (3, 70):
            state, data = begun(network, m, dtype)
            J, D = NativeEngine(network, 2).cost_and_gradient(state.theta, data, 0.5)
            exact = TrainingSet(*(a.astype(np.float64) for a in (data.X, data.Y, data.weights)))  # type: ignore[union-attr]
            J_exact, D_exact = ReferenceEngine(network).cost_and_gradient(state.theta.astype(np.float64), exact, 0.5)
            whole = dense(exact).X
            bound_J, bound_D = rounding_bound(network, state.theta, whole, exact.Y, 0.5, exact.weights, u=u)
            assert abs(J - J_exact) <= 2 * bound_J, (network, m)
            assert (np.abs(D - D_exact) <= 2 * bound_D).all(), (network, m)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"weight_decay": 0.5},
    {"max_norm": 0.25},
    {"max_norm": 0.25, "weight_decay": 0.5, "factors": {"weight": Factors(0.5, 2.0), "bias": Factors(2.0, 0.5)}},
]


@pytest.mark.parametrize("lambda_", [0.0, 0.3])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_steps_of_every_rule_agree_with_the_reference(
    rule: UpdateRule, options: dict[str, Any], lambda_: float
) -> None:
    for network in NETWORKS[:4]:
        state, data = begun(network, 40, rule=rule)
        dropout = (0.25,) * len(network.hidden)
        plan = Plan.of(network, rule, MiniBatches(13), np.linspace(1e-2, 1e-3, 11), lambda_, dropout=dropout, **options)
        ours = NativeEngine(network, 2).steps(state, data, plan)
        judge = ReferenceEngine(network).steps(state, data, plan)
        np.testing.assert_allclose(ours.state.theta, judge.state.theta, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(ours.costs, judge.costs, rtol=1e-9)
        for one, other in zip(ours.state.vectors, judge.state.vectors, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_that_no_row_touches_have_the_bits_of_a_step_that_updates_all(isa: str, dtype: type) -> None:
    # A momentum of −0 is 0 in every product, but keeps the core from leaving any column out.
    network = Network((500, 9, 2), "tanh", "softmax")
    X = rows(60, 500, density=0.004)
    states = []
    for momentum in (0.0, -0.0):
        for nesterov in (False, True):
            rule = SGD(momentum, nesterov=nesterov)
            state, data = begun(network, 60, dtype, rule, X)
            state.theta[3::7] = -0.0
            plan = Plan.of(network, rule, MiniBatches(10), [0.1] * 23)
            states.append(NativeEngine(network, 2).steps(state, data, plan).state)
    for lazy, whole in zip(states[:2], states[2:], strict=True):
        np.testing.assert_array_equal(lazy.theta, whole.theta)
        np.testing.assert_array_equal(np.signbit(lazy.theta), np.signbit(whole.theta))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_do_not_depend_on_threads_company_or_where_a_run_is_cut(isa: str, dtype: type) -> None:
    for network in NETWORKS[1:]:
        for rule in (Adam(), SGD(0.0)):
            state, data = begun(network, 60, dtype, rule)
            plan = Plan.of(network, rule, MiniBatches(25), [0.01] * 7, dropout=(0.3,) * len(network.hidden))
            other_state, other = begun(network, 44, dtype, rule, seed=4)
            engine = NativeEngine(network, 2)
            found = [NativeEngine(network, n).steps(state, data, plan) for n in (1, 2, 3)]
            company = [
                Member(state, data, plan),
                Member(other_state, other, plan),
                Member(other_state, dense(other), plan),
            ]
            members = engine.steps_of_members(company)
            found.append(members[0])
            first = engine.steps(state, data, plan.cut(0, 4))
            found.append(engine.steps(first.state, data, plan.cut(4, 7)))
            for one in found[1:]:
                np.testing.assert_array_equal(one.state.theta, found[0].state.theta)
            np.testing.assert_array_equal(members[1].state.theta, engine.steps(other_state, other, plan).state.theta)
            np.testing.assert_allclose(members[2].state.theta, members[1].state.theta, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_unsorted_doubled_and_zero_elements_count_as_their_sums(index: type) -> None:
    network = Network((6, 4, 2), "tanh", "softmax")
    data = np.array([1.0, 2.0, 3.0, 0.0, -1.0, 5.0, 0.5])
    columns: Array = np.array([4, 0, 4, 2, 5, 1, 1], index)
    starts: Array = np.array([0, 4, 4, 7], index)
    X = sparse.csr_matrix((3, 6))
    X.data, X.indices, X.indptr = data, columns, starts
    whole = X.toarray()
    assert whole[0, 4] == 4.0
    state, _ = begun(network, 3, X=whole)
    Y = np.eye(2)[[0, 1, 0]]
    ours = NativeEngine(network).cost_and_gradient(state.theta, TrainingSet(X, Y), 0.1)
    judge = ReferenceEngine(network).cost_and_gradient(state.theta, TrainingSet(whole, Y), 0.1)
    assert ours[0] == pytest.approx(judge[0], rel=1e-14)
    np.testing.assert_allclose(ours[1], judge[1], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(
        NativeEngine(network).hypothesis(state.theta, X),
        ReferenceEngine(network).hypothesis(state.theta, whole),
        rtol=1e-13,
    )


def test_learnt_units_behind_compressed_rows_agree_with_the_reference() -> None:
    network = Network([Dense(40, 9), Parametric(9, "selu"), Dense(9, 2)], output="softmax")
    rule = Adam()
    state, data = begun(network, 40, rule=rule)
    plan = Plan.of(network, rule, MiniBatches(13), [1e-2] * 9, 0.1, max_norm=0.5)
    ours, judge = NativeEngine(network, 2).steps(state, data, plan), ReferenceEngine(network).steps(state, data, plan)
    np.testing.assert_allclose(ours.state.theta, judge.state.theta, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("m", [1, 5, 200])
def test_h_of_a_row_does_not_depend_on_its_company(isa: str, m: int) -> None:
    for network in NETWORKS:
        state, _ = begun(network, 8)
        X = rows(m, network.sizes[0])
        h = NativeEngine(network, 2).hypothesis(state.theta, X)
        judge = ReferenceEngine(network).hypothesis(state.theta, X)
        np.testing.assert_allclose(h, judge, rtol=1e-11, atol=1e-13)
        np.testing.assert_array_equal(NativeEngine(network, 1).hypothesis(state.theta, X[m - 1 :])[0], h[-1])


def of_core(network: Network, X: Any) -> Array:
    h = np.empty((3, network.K))
    native._core.Engine(  # type: ignore[union-attr]
        sizes=list(network.sizes), hidden=[], hidden_numbers=[], output=network.output, dtype="float64", n_threads=1
    ).hypothesis_into(np.zeros(network.n_parameters), X, h)
    return h


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"columns": np.array([0, 6], np.int32)}, ValueError, "X has an element in a column outside 0 to 5"),
        ({"columns": np.array([0, -1], np.int32)}, ValueError, "X has an element in a column outside 0 to 5"),
        ({"starts": np.array([0, 2, 1, 2], np.int32)}, ValueError, "The starts of X must"),
        ({"starts": np.array([-1, 0, 1, 2], np.int32)}, ValueError, "The starts of X must"),
        ({"starts": np.array([0, 1, 2, 3], np.int32)}, ValueError, "The starts of X must"),
        ({"starts": np.array([0, 1, 1, 2], np.int64)}, TypeError, "starts of X"),
        ({"values": np.array([1.0, 2.0], np.float32)}, TypeError, "values of X"),
    ],
    ids=str,
)
def test_compressed_rows_that_do_not_fit_are_refused(change: dict[str, Any], error: type, message: str) -> None:
    network = Network((6, 1))
    parts = {
        "values": np.ones(2), "columns": np.array([0, 5], np.int32), "starts": np.array([0, 1, 1, 2], np.int32)
    }  # fmt: skip
    np.testing.assert_array_equal(of_core(network, tuple(parts.values())), np.full((3, 1), 0.5))
    with pytest.raises(error, match=message):
        of_core(network, tuple((parts | change).values()))
