"""Plans: rates for each step, factors for groups of parameters, and cuts."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.engines import Factors, MiniBatches, Plan, ReferenceEngine, TrainingState
from deltarule.engines.plan import DECAY, DROPOUT, RATE
from deltarule.network.data import TrainingSet
from deltarule.training.solvers import SGD, Adam
from oracles import problem

NETWORK = Network((3, 5, 4, 2), "tanh", "softmax")
PLAIN = SGD(0.0, nesterov=False)


def start(rule: SGD | Adam) -> tuple[TrainingState, TrainingSet]:
    theta, X, Y, _ = problem(NETWORK, 30)
    return TrainingState(theta=theta, vectors=rule.init(theta), key=5), TrainingSet.of(NETWORK, X, Y)


def moved(plan: Plan) -> list[Array]:
    """Return the change of Θ⁽¹⁾ … Θ⁽³⁾ by the steps of a plan."""
    state, data = start(plan.rule)  # type: ignore[arg-type]
    return NETWORK.roll(ReferenceEngine(NETWORK).steps(state, data, plan).state.theta - state.theta)


def test_a_plan_has_a_row_of_rates_for_each_step() -> None:
    plan = Plan.of(NETWORK, PLAIN, MiniBatches(8), [0.1, 0.2, 0.3], 0.5, weight_decay=0.25, dropout=(0.0, 0.5))
    assert (len(plan), plan.rates.shape) == (3, (3, NETWORK.L))
    np.testing.assert_array_equal(plan.rates[:, RATE], [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(plan.rates[:, DECAY], [0.25] * 3)
    np.testing.assert_array_equal(plan.rates[:, DROPOUT:], [[0.0, 0.5]] * 3)
    np.testing.assert_array_equal(plan.cut(1, 3).rates, plan.rates[1:])
    assert plan.cut(1).lambda_ == 0.5


def test_rates_that_change_from_step_to_step_give_the_bits_of_a_plan_for_each() -> None:
    state, data = start(Adam())
    rates = np.array([[0.1, 0.0, 0.5, 0.0], [0.05, 2.0, 0.0, 0.0], [0.02, 0.5, 0.25, 0.75]])
    plan = Plan(Adam(), MiniBatches(8), rates, 0.3)
    engine = ReferenceEngine(NETWORK)
    whole = engine.steps(state, data, plan).state
    for n in range(3):
        state = engine.steps(state, data, plan.cut(n, n + 1)).state
    np.testing.assert_array_equal(whole.theta, state.theta)
    assert whole.costs == state.costs


def test_the_rate_factor_of_a_group_multiplies_its_step() -> None:
    factors = {"bias": Factors(rate=0.1), "dense2.weight": Factors(rate=6.0), "dense3.bias": Factors(rate=3.0)}
    plain = moved(Plan.of(NETWORK, PLAIN, MiniBatches(30), [0.1], 0.3))
    with_factors = moved(Plan.of(NETWORK, PLAIN, MiniBatches(30), [0.1], 0.3, factors=factors))
    expected = {
        "weight": (1.0, 6.0, 1.0),
        "bias": (0.1, 0.1, 3.0),
    }  # a segment's own factor has precedence over its group's
    for n in range(3):
        np.testing.assert_allclose(with_factors[n][:, 1:], expected["weight"][n] * plain[n][:, 1:], rtol=1e-9)
        np.testing.assert_allclose(with_factors[n][:, 0], expected["bias"][n] * plain[n][:, 0], rtol=1e-9)


def test_decay_shrinks_weights_by_the_product_of_rate_and_decay_with_their_factors_and_biases_only_if_asked() -> None:
    state, _ = start(PLAIN)
    factors = {"dense1.weight": Factors(rate=2.0, decay=3.0), "dense3.bias": Factors(decay=1.0)}
    without = moved(Plan.of(NETWORK, PLAIN, MiniBatches(30), [0.1], factors=factors))
    decayed = moved(Plan.of(NETWORK, PLAIN, MiniBatches(30), [0.1], weight_decay=0.5, factors=factors))
    thetas = NETWORK.roll(state.theta)
    shrunk = [(one - other) / Theta for one, other, Theta in zip(without, decayed, thetas, strict=True)]
    for n, share in enumerate((0.1 * 2 * 0.5 * 3, 0.05, 0.05)):
        np.testing.assert_allclose(shrunk[n][:, 1:], share, rtol=1e-9)
    for n, share in enumerate((0.0, 0.0, 0.05)):
        np.testing.assert_allclose(shrunk[n][:, 0], share, rtol=1e-9, atol=1e-12)


def test_factors_for_what_the_network_lacks_are_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"factors names 'dense4\.bias', 'embedding', but .* 3-5-4-2 are dense1\.bias"
    ):
        Plan.of(NETWORK, PLAIN, MiniBatches(8), [0.1], factors={"embedding": Factors(), "dense4.bias": Factors()})


def test_steps_on_a_part_of_a_training_set_are_scaled_and_thinned_as_rows_of_the_whole() -> None:
    state, data = start(PLAIN)
    engine = ReferenceEngine(NETWORK)
    plan = Plan.of(NETWORK, PLAIN, MiniBatches(6, shuffle=False), [0.1], 0.9, dropout=(0.5, 0.5))
    of_part = engine.steps(state, data.part(12, 18), plan).state
    there = TrainingState(theta=state.theta, vectors=state.vectors, key=5, position=12)
    of_whole = engine.steps(there, data, plan).state
    np.testing.assert_array_equal(of_part.theta, of_whole.theta)
    assert of_part.costs == ()  # the part's epoch is over


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_norm": -1.0}, r"max_norm is -1\.0, but must be above 0"),
        ({"lambda_": float("nan")}, "lambda_ is nan, but must be 0 or more"),
        ({"rates": np.array([[0.1, -1.0, 0.0, 0.0]])}, r"weight_decay is -1\.0, but must be 0 or more"),
        ({"rates": np.array([[0.1, 0.0, 0.0, 1.5]])}, r"dropout has the rate 1\.5, but it must be in \[0, 1\)"),
        ({"rates": np.array([[0.1, 0.0, np.nan, 0.0]])}, "dropout has the rate nan"),
    ],
)
def test_the_reference_engine_refuses_a_plan_with_a_number_outside_its_range(
    change: dict[str, Any], message: str
) -> None:
    state, data = start(PLAIN)
    plan = replace(Plan.of(NETWORK, PLAIN, MiniBatches(8), [0.1]), **change)
    with pytest.raises(SettingsError, match=message):
        ReferenceEngine(NETWORK).steps(state, data, plan)
