"""Steps of networks with parts of their own kinds: dropout, factors, engines; and the bits of those without."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from deltarule import Dense, Network
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
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
from deltarule.engines.dropout import dropout_factors
from deltarule.engines.plan import DROPOUT
from deltarule.engines.protocol import Member
from deltarule.network.backpropagation import forward
from deltarule.network.data import TrainingSet
from deltarule.network.first_floor import Scale
from deltarule.network.parametric import Parametric
from deltarule.training.solvers import SGD, Adam
from first_floors import FLOOR, WHOLE, rows_for

PLAIN = SGD(0.0, nesterov=False)


def start(network: Network, rule: UpdateRule, m: int = 20) -> tuple[TrainingState, TrainingSet]:
    X, generator = rows_for(FLOOR, m), np.random.default_rng(0)
    theta = network.first_theta(generator, X)
    data = TrainingSet.of(network, X, np.eye(3)[generator.integers(0, 3, m)])
    return TrainingState(theta, rule.init(theta), key=7), data


def test_a_network_without_a_first_floor_takes_the_steps_of_0_1_0_bit_for_bit() -> None:
    # All numbers here are whole multiples of 2⁻³³ below 1, so no order of a sum rounds, on any machine. The digest is
    # that of the code before there were other parts: blake2b of θ, then of the two costs, in float64.
    network, generator = Network((3, 4, 2), "relu", "identity"), np.random.default_rng(5)
    theta = generator.integers(-2, 3, network.n_parameters) / 4
    X, Y = generator.integers(-2, 3, (8, 3)) / 2, generator.integers(-2, 3, (8, 2)) * 1.0
    rule = SGD(0.5)
    plan = Plan.of(
        network,
        rule,
        MiniBatches(4),
        [1 / 4, 1 / 8],
        0.5,
        weight_decay=0.25,
        dropout=(0.5,),
        factors={"bias": Factors(0.5, 0.0)},
    )
    state = TrainingState(theta, rule.init(theta), key=9)
    taken = ReferenceEngine(network).steps(state, TrainingSet.of(network, X, Y), plan)
    written = taken.state.theta.tobytes() + taken.costs.tobytes()
    assert hashlib.blake2b(written, digest_size=8).hexdigest() == "0a14c4dfcfb2054e"


def test_dropout_thins_the_hidden_units_and_no_part_without_units() -> None:
    state, data = start(WHOLE, PLAIN)
    plan = Plan.of(WHOLE, PLAIN, MiniBatches(20, shuffle=False), [0.1], dropout=(0.5, 0.25))
    assert plan.rates.shape == (1, DROPOUT + 2)
    taken = ReferenceEngine(WHOLE).steps(state, data, plan)
    factors: list[Array | None] = [None] * len(WHOLE.parts)
    for layer, rate in ((5, 0.5), (6, 0.25)):  # the parametric units and the tanh
        part = WHOLE.parts[layer - 2]
        assert part.unit is not None
        factors[layer - 2] = dropout_factors(7, 0, np.arange(20), layer, part.outputs, rate, np.dtype(np.float64))
    _, a = forward(WHOLE, WHOLE.roll(state.theta), data.X, factors)
    assert taken.costs[0] == pytest.approx(WHOLE.output_unit.costs(a[-1], data.Y).mean(), rel=1e-14)
    with pytest.raises(SettingsError, match=r"has 3 rates, but the network .* has 2 hidden layers"):
        Plan.of(WHOLE, PLAIN, MiniBatches(20), [0.1], dropout=(0.5, 0.25, 0.1))


def test_the_gradient_of_a_thinned_network_is_that_of_its_cost() -> None:
    state, data = start(WHOLE, PLAIN)
    plan = Plan.of(WHOLE, PLAIN, MiniBatches(20), [1.0], 0.3, dropout=(0.5, 0.25))
    engine = ReferenceEngine(WHOLE)
    D = state.theta - engine.steps(state, data, plan).state.theta
    direction = np.random.default_rng(1).standard_normal(len(D))

    def cost(step: float) -> float:
        moved = replace(state, theta=state.theta + step * direction)
        return float(engine.steps(moved, data, plan).costs[0])

    h = 1e-4
    assert D @ direction == pytest.approx((cost(h) - cost(-h)) / (2 * h), rel=1e-5)


@pytest.mark.skipif(not native.available(), reason="there is no compiled core")
def test_the_compiled_core_leaves_a_chain_that_it_has_no_code_for_to_the_reference_engine() -> None:
    rule = Adam()
    state, data = start(WHOLE, rule)  # it has a scale between two layers
    judge = ReferenceEngine(WHOLE)
    plan = Plan.of(WHOLE, rule, MiniBatches(6), [0.01] * 7, 0.1, weight_decay=0.1)
    steps = judge.steps(state, data, plan)
    with NativeEngine(WHOLE) as engine:
        (of_member,) = engine.steps_of_members([Member(state, data, plan)])
        for one in (engine.steps(state, data, plan), of_member):
            np.testing.assert_array_equal(one.state.theta, steps.state.theta)
            np.testing.assert_array_equal(one.costs, steps.costs)
        np.testing.assert_array_equal(engine.sums(state.theta, data), judge.sums(state.theta, data))
        assert engine.cost(state.theta, data, 0.3) == judge.cost(state.theta, data, 0.3)
        J, D = engine.cost_and_gradient(state.theta, data, 0.3)
        assert J == judge.cost(state.theta, data, 0.3)
        np.testing.assert_array_equal(D, judge.cost_and_gradient(state.theta, data, 0.3)[1])
        np.testing.assert_array_equal(engine.hypothesis(state.theta, data.X), judge.hypothesis(state.theta, data.X))


# Factors


def test_factors_of_the_neural_tangent_parametrisation_are_adam_on_weights_that_units_divide_by_a_root() -> None:
    # z = W a/√s with a W of its own is, in Θ = W/√s, the same network; here Adam takes its steps on W by hand.
    network, rule, root = Network((4, 1), output="identity"), Adam(epsilon=1e-30), 2.0
    X, Y = np.random.default_rng(0).standard_normal((2, 12, 4))
    Y = Y[:, :1]
    W, b = np.random.default_rng(1).standard_normal(4), 0.3
    theta = np.concatenate([[b], W / root])
    factors = {"dense1.weight": Factors(1 / root, root), "bias": Factors(1.0, 0.0)}
    assert tabular_factors(network)["dense1.weight"] == factors["dense1.weight"]
    plan = Plan.of(network, rule, MiniBatches(12), [0.05] * 9, weight_decay=0.1, factors=factors)
    data = TrainingSet.of(network, X, Y)
    after = ReferenceEngine(network).steps(TrainingState(theta, rule.init(theta), key=0), data, plan).state.theta
    own = np.concatenate([[b], W])
    vectors = rule.init(own)
    for step in range(9):
        error = X @ own[1:] / root + own[0] - Y[:, 0]
        D = np.concatenate([[error.mean()], error @ X / 12 / root])
        own[1:] *= 1 - 0.05 * 0.1
        own, vectors = rule.step(own, D, vectors, step, 0.05)
    np.testing.assert_allclose(after, np.concatenate([own[:1], own[1:] / root]), rtol=1e-12)


def test_tabular_factors_name_every_group_that_the_network_has() -> None:
    factors = tabular_factors(WHOLE)
    assert factors["scale"] == Factors(6.0, 1.0)
    assert factors["embedding"] == factors["alpha"] == Factors(0.1, 1.0)
    assert factors["bias"] == Factors(0.1, 0.0)
    assert factors["dense2.weight"] == Factors(1 / np.sqrt(5), np.sqrt(5))
    assert tabular_factors(Network((4, 2))).keys() == {"bias", "dense1.weight"}
    plan = Plan.of(WHOLE, PLAIN, MiniBatches(5), [0.1], factors=factors)
    by_name = dict(zip([segment.name for segment in WHOLE.segments], plan.factors_of(WHOLE), strict=True))
    assert by_name["beside1.periodic1.phase"] == Factors(0.1, 1.0)


def test_a_group_moves_by_its_factor() -> None:
    network = Network([Scale(6), Dense(6, 4), Parametric(4, "tanh"), Dense(4, 3)], output="softmax")
    state, data = start(network, PLAIN)
    moves = []
    for factors in ({}, {"scale": Factors(6.0), "alpha": Factors(0.1)}):
        plan = Plan.of(network, PLAIN, MiniBatches(20), [0.1], factors=factors)
        moves.append(ReferenceEngine(network).steps(state, data, plan).state.theta - state.theta)
    for segment in network.segments:
        times = {"scale": 6.0, "alpha": 0.1}.get(segment.group, 1.0)
        np.testing.assert_allclose(segment.of(moves[1]), times * segment.of(moves[0]), rtol=1e-9, atol=1e-15)
