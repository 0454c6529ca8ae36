"""First floors, learnt units and means over the path in the compiled core, against the reference engine."""

from typing import Any

import numpy as np
import pytest

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
    tabular_factors,
)
from deltarule.engines.protocol import Member
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.data import TrainingSet
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Part, Unit
from deltarule.network.units import HIDDEN_UNITS
from deltarule.training.solvers import SGD, Adam, Averaged, ScheduleFree
from first_floors import FLOOR, rows_for

pytestmark = pytest.mark.skipif(not native.available(), reason="the compiled core was not built")

RULES: list[UpdateRule] = [
    SGD(0.9),
    SGD(0.5, nesterov=False),
    Adam(),
    Averaged(SGD(0.9), 0.9),
    Averaged(SGD(0.5, nesterov=False), 0.75),
    Averaged(Adam(), 0.9),
    ScheduleFree(),
]


def chain(*first: Part, hidden: tuple[int, ...] = (17, 9), unit: str | Unit = "selu", K: int = 3) -> Network:
    """Return a network with parts at its beginning, and behind each hidden layer learnt units."""
    parts, width = list(first), first[-1].outputs
    for units in hidden:
        parts += [Dense(width, units), Parametric(units, unit)]
        width = units
    return Network([*parts, Dense(width, K)], output="softmax" if K > 1 else "sigmoid")


FLOORS: dict[str, list[Part]] = {
    "all kinds": [FLOOR, Scale(FLOOR.outputs)],
    "all kinds, not scaled": [FLOOR],
    "scale alone": [Scale(33)],
    "keep": [Keep(2)],
    "one embedding of many": [Embedding(1500, width=8)],
    "many embeddings": [Beside([Embedding(2, width=1), Embedding(17, width=5), Embedding(40, width=33), Keep(1)])],
    "knots": [PiecewiseLinear([[-1.0, 1.0], [-2.0, -1.0, 0.0, 0.5, 0.500001, 3.0]], width=3), Scale(6)],
    "one wave": [Periodic(1, frequencies=1, width=2)],
    "waves": [Periodic(9, frequencies=16, width=4, sigma=0.5), Scale(36)],
    "wide": [Beside([Periodic(3, frequencies=17, width=8, sigma=2.0), Scale(40), Keep(20)]), Scale(84)],
}


def rows(network: Network, m: int, seed: int = 0) -> Array:
    X = rows_for(network.parts[0], m, seed)
    if isinstance(network.parts[0], Scale | Keep | PiecewiseLinear | Periodic):
        X[0] = 0
        X[m // 2] *= 30  # outside the knots, and many turns of a wave
    return X


def begun(
    network: Network, m: int, dtype: type = np.float64, rule: UpdateRule | None = None, seed: int = 0
) -> tuple[TrainingState, TrainingSet]:
    generator = np.random.default_rng(seed)
    X = rows(network, m, seed)
    theta = network.first_theta(generator, X)
    theta = (theta + 0.05 * generator.standard_normal(theta.shape)).astype(dtype)
    K = network.K
    Y = np.eye(K)[generator.integers(0, K, m)] if K > 1 else generator.integers(0, 2, (m, 1)) * 1.0
    data = TrainingSet.of(network, X, Y, generator.uniform(0.5, 2, m), dtype=np.dtype(dtype))
    return TrainingState(theta, (rule or SGD()).init(theta), key=11), data


def exactly(data: TrainingSet) -> TrainingSet:
    return TrainingSet(*(None if a is None else a.astype(np.float64) for a in (data.X, data.Y, data.weights)))  # type: ignore[arg-type]


def sum_of_magnitudes(network: Network, theta: Array, data: TrainingSet) -> Array:
    """Return Σ |∂(w ℓ)/∂θ| over the rows, what the terms of D lose to rounding is a multiple of."""
    engine, total = ReferenceEngine(network), np.zeros(1 + network.n_parameters)
    for t in range(data.rows):
        one = TrainingSet(
            data.X[t : t + 1], data.Y[t : t + 1], None if data.weights is None else data.weights[t : t + 1]
        )
        total = total + np.abs(engine.sums(theta.astype(np.float64), one))
    return total


@pytest.mark.parametrize("m", [1, 7, 70])
@pytest.mark.parametrize("floor", FLOORS)
def test_sums_of_every_floor_are_those_of_the_reference_within_rounding(isa: str, floor: str, m: int) -> None:
    network = chain(*FLOORS[floor])
    assert native.takes(network)
    for dtype in (np.float64, np.float32):
        state, data = begun(network, m, dtype)
        judge = ReferenceEngine(network).sums(state.theta.astype(np.float64), exactly(data))
        sums = NativeEngine(network, 2).sums(state.theta, data)
        u = float(np.finfo(dtype).eps)
        magnitudes = sum_of_magnitudes(network, state.theta, exactly(data))
        # A wave of many turns enlarges what the angle has lost, also for parameters whose own terms are small.
        allowed = 300 * u * magnitudes + 5 * u * magnitudes.max()
        assert (np.abs(sums - judge) <= allowed).all(), np.max(np.abs(sums - judge) / (allowed + 1e-300))


@pytest.mark.parametrize("unit", HIDDEN_UNITS)
def test_learnt_units_of_every_kind_have_the_costs_and_the_gradient_of_the_reference(isa: str, unit: str) -> None:
    network = chain(Dense(5, 6, "tanh"), unit=unit, hidden=(17, 1, 33))
    assert native.takes(network)
    generator = np.random.default_rng(1)
    X, Y = generator.standard_normal((40, 5)), np.eye(3)[generator.integers(0, 3, 40)]
    theta = network.first_theta(generator, X) + 0.1 * generator.standard_normal(network.n_parameters)
    data = TrainingSet.of(network, X, Y)
    judge, engine = ReferenceEngine(network), NativeEngine(network, 2)
    J, D = engine.cost_and_gradient(theta, data, 0.3)
    J_judge, D_judge = judge.cost_and_gradient(theta, data, 0.3)
    assert J == pytest.approx(J_judge, rel=1e-13)
    np.testing.assert_allclose(D, D_judge, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(engine.hypothesis(theta, X), judge.hypothesis(theta, X), rtol=1e-12)


ALL_OPTIONS: dict[str, Any] = {
    "dropout": (0.25, 0.5),
    "weight_decay": 0.5,
    "max_norm": 0.25,
    "factors": {
        "weight": Factors(0.5, 2.0), "scale": Factors(6.0, 1.0), "alpha": Factors(0.25, 0.5),
        "bias": Factors(2.0, 0.25), "embedding": Factors(0.75, 1.5),
    },
}  # fmt: skip


@pytest.mark.parametrize("options", [{}, ALL_OPTIONS], ids=["plain", "all options"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_steps_of_every_rule_agree_with_the_reference(isa: str, rule: UpdateRule, options: dict[str, Any]) -> None:
    for floor in ("all kinds", "all kinds, not scaled", "knots", "many embeddings"):
        network = chain(*FLOORS[floor])
        state, data = begun(network, 40, rule=rule)
        groups = {segment.group for segment in network.segments}
        mine = {**options}
        if options:
            mine["factors"] = {group: one for group, one in options["factors"].items() if group in groups}
        plan = Plan.of(network, rule, MiniBatches(13), np.linspace(1e-2, 1e-3, 11), 0.3, **mine)
        ours = NativeEngine(network, 2).steps(state, data, plan)
        judge = ReferenceEngine(network).steps(state, data, plan)
        np.testing.assert_allclose(ours.state.theta, judge.state.theta, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(ours.costs, judge.costs, rtol=1e-9)
        for one, other in zip(ours.state.vectors, judge.state.vectors, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_means_over_the_path_of_a_network_of_layers_alone_agree_with_the_reference(isa: str, rule: UpdateRule) -> None:
    network = Network((5, 17, 9, 2), "tanh", "softmax")
    generator = np.random.default_rng(3)
    X, Y = generator.standard_normal((40, 5)), np.eye(2)[generator.integers(0, 2, 40)]
    theta = network.first_theta(generator)
    plan = Plan.of(network, rule, MiniBatches(13), np.linspace(1e-2, 1e-3, 20), 0.3, weight_decay=0.2, dropout=(0.2, 0))
    state, data = TrainingState(theta, rule.init(theta), key=5), TrainingSet.of(network, X, Y)
    ours, judge = NativeEngine(network, 2).steps(state, data, plan), ReferenceEngine(network).steps(state, data, plan)
    found, right = (rule.found(one.state.theta, one.state.vectors) for one in (ours, judge))
    np.testing.assert_allclose(found, right, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_do_not_depend_on_the_number_of_threads_or_on_company(isa: str, dtype: type) -> None:
    for floor in FLOORS:
        network, rule = chain(*FLOORS[floor], hidden=(40,)), Adam()
        state, data = begun(network, 200, dtype, rule)
        plan = Plan.of(
            network, rule, MiniBatches(90), [0.01] * 5, 0.1, dropout=(0.3,), factors=tabular_factors(network)
        )
        alone = [NativeEngine(network, n).steps(state, data, plan) for n in (1, 2, 3)]
        other_state, other_data = begun(network, 77, dtype, rule, seed=5)
        other = Member(other_state, other_data, plan)
        with NativeEngine(network, 2) as engine:
            alone += engine.steps_of_members([Member(state, data, plan), other, Member(state, data, plan)])[::2]
            alone.append(engine.steps(state, data, plan))
        for one in alone[1:]:
            np.testing.assert_array_equal(one.state.theta, alone[0].state.theta)
            np.testing.assert_array_equal(one.costs, alone[0].costs)
        sums = [NativeEngine(network, n).sums(state.theta, data) for n in (1, 2, 3)]
        np.testing.assert_array_equal(sums[1], sums[0])
        np.testing.assert_array_equal(sums[2], sums[0])


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_run_cut_anywhere_goes_on_with_the_same_bits(rule: UpdateRule) -> None:
    network = chain(*FLOORS["all kinds"])
    state, data = begun(network, 40, np.float32, rule)
    plan = Plan.of(network, rule, MiniBatches(13), [0.01] * 9, 0.1, dropout=(0.2, 0.1), weight_decay=0.1)
    engine = NativeEngine(network, 2)
    whole = engine.steps(state, data, plan)
    for cut in (1, 4, 8):
        first = engine.steps(state, data, plan.cut(0, cut))
        rest = NativeEngine(network, 1).steps(first.state, data, plan.cut(cut, 9))
        np.testing.assert_array_equal(rest.state.theta, whole.state.theta)
        for one, other in zip(rest.state.vectors, whole.state.vectors, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_h_of_a_row_does_not_depend_on_its_company(isa: str, dtype: type) -> None:
    for floor in FLOORS:
        network = chain(*FLOORS[floor])
        state, data = begun(network, 70, dtype)
        engine = NativeEngine(network, 2)
        h = engine.hypothesis(state.theta, data.X)
        judge = ReferenceEngine(network).hypothesis(state.theta.astype(np.float64), data.X.astype(np.float64))
        np.testing.assert_allclose(h, judge, atol=1e-3 if dtype is np.float32 else 1e-11)
        for t in (0, 35, 69):
            np.testing.assert_array_equal(engine.hypothesis(state.theta, data.X[t : t + 1])[0], h[t])


def test_a_number_of_no_category_goes_through_an_embedding_as_zeros(isa: str) -> None:
    network = chain(Embedding(4, width=3))
    state, _ = begun(network, 5)
    strange = np.array([[-1.0], [4.0], [0.5], [1e300], [2.0]])
    engine = NativeEngine(network)
    h = engine.hypothesis(state.theta, strange)
    np.testing.assert_allclose(h, ReferenceEngine(network).hypothesis(state.theta, strange), rtol=1e-12)
    for t in range(1, 4):
        np.testing.assert_array_equal(h[t], h[0])
    assert not np.array_equal(h[4], h[0])


@pytest.mark.parametrize("angle", [1e3, 1e5, 1e9])
def test_waves_of_wide_angles_keep_the_digits_that_the_angle_has(isa: str, angle: float) -> None:
    network = chain(Periodic(1, frequencies=3, width=2))
    state, _ = begun(network, 5)
    X = np.array([[angle], [-angle], [angle / 3], [0.1], [2.0]])
    ours, judge = NativeEngine(network).hypothesis(state.theta, X), ReferenceEngine(network).hypothesis(state.theta, X)
    np.testing.assert_allclose(ours, judge, atol=1e-13 + 1e-14 * angle)


def test_a_part_of_a_larger_set_has_the_dropout_and_the_sums_of_its_rows_in_the_whole() -> None:
    network, rule = chain(*FLOORS["all kinds"]), Adam()
    state, data = begun(network, 40, rule=rule)
    part = data.part(10, 30)
    plan = Plan.of(network, rule, MiniBatches(20, shuffle=False), [0.01], 0.1, dropout=(0.5, 0.5))
    ours, judge = NativeEngine(network).steps(state, part, plan), ReferenceEngine(network).steps(state, part, plan)
    np.testing.assert_allclose(ours.state.theta, judge.state.theta, rtol=1e-9, atol=1e-11)
    sums = [NativeEngine(network).sums(state.theta, data.part(a, b)) for a, b in ((0, 10), (10, 30), (30, 40))]
    np.testing.assert_allclose(
        np.sum(sums, axis=0), NativeEngine(network).sums(state.theta, data), rtol=1e-9, atol=1e-12
    )
