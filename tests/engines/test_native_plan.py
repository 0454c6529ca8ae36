"""Changing rates, factors of groups, units' numbers and parts of a training set, against the reference engine."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from deltarule import Network
from deltarule.engines import Factors, MiniBatches, Plan, ReferenceEngine, TrainingState, UpdateRule, native
from deltarule.engines.native import NativeEngine
from deltarule.engines.plan import DECAY, DROPOUT, RATE
from deltarule.network.data import TrainingSet
from deltarule.network.parts import Unit
from deltarule.training.solvers import SGD, Adam
from oracles import training_set

pytestmark = pytest.mark.skipif(not native.available(), reason="the compiled core was not built")

RULES: list[UpdateRule] = [SGD(0.9, nesterov=True), SGD(0.5, nesterov=False), Adam()]
NETWORK = Network((17, 33, 15, 3), "tanh", "softmax")


def begun(network: Network, rule: UpdateRule, m: int, dtype: type = np.float64) -> tuple[TrainingState, TrainingSet]:
    theta, data = training_set(network, m, dtype)
    return TrainingState(theta=theta, vectors=rule.init(theta), key=3), data


def changing(rule: UpdateRule, steps: int = 9, **more: Any) -> Plan:
    """Return a plan whose rates change in each step."""
    plan = Plan.of(NETWORK, rule, MiniBatches(13), [1e-3] * steps, 0.3, **more)
    plan.rates[:, RATE] = np.linspace(1e-2, 1e-4, steps)
    plan.rates[:, DECAY] = np.arange(steps) % 3
    plan.rates[:, DROPOUT:] = np.random.default_rng(1).uniform(0, 0.7, (steps, 2)).round(1)
    plan.rates[2, DROPOUT:] = 0
    plan.rates[5, DROPOUT] = 0
    return plan


FACTORS = {"weight": Factors(0.5, 3.0), "dense2.weight": Factors(2.0, 0.25), "bias": Factors(1.5, 0.5)}


@pytest.mark.parametrize("more", [{}, {"factors": FACTORS}, {"factors": FACTORS, "max_norm": 0.25}], ids=str)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rates_that_change_and_factors_of_groups_agree_with_the_reference(
    isa: str, rule: UpdateRule, more: dict[str, Any]
) -> None:
    state, data = begun(NETWORK, rule, 40)
    plan = changing(rule, **more)
    ours, judge = NativeEngine(NETWORK, 2).steps(state, data, plan), ReferenceEngine(NETWORK).steps(state, data, plan)
    np.testing.assert_allclose(ours.state.theta, judge.state.theta, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(ours.costs, judge.costs, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_usual_factors_written_out_change_no_bit(isa: str, rule: UpdateRule, dtype: type) -> None:
    state, data = begun(NETWORK, rule, 40, dtype)
    plan = changing(rule)
    written = replace(plan, factors={"weight": Factors(1.0, 1.0), "bias": Factors(1.0, 0.0)})
    usual, same = (NativeEngine(NETWORK, 2).steps(state, data, one) for one in (plan, written))
    np.testing.assert_array_equal(same.state.theta, usual.state.theta)
    np.testing.assert_array_equal(same.costs, usual.costs)


def test_a_group_with_the_rate_0_stays_where_it_is() -> None:
    rule = Adam()
    state, data = begun(NETWORK, rule, 40)
    plan = changing(rule, factors={"bias": Factors(rate=0.0), "dense3.weight": Factors(rate=0.0)})
    after = NativeEngine(NETWORK).steps(state, data, plan).state.theta
    still = [segment.name for segment in NETWORK.segments if np.array_equal(segment.of(after), segment.of(state.theta))]
    assert still == ["dense1.bias", "dense2.bias", "dense3.bias", "dense3.weight"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_without_dropout_among_others_has_the_bits_of_one_in_a_plan_without_it(isa: str, dtype: type) -> None:
    for hidden, rule in product(["relu", "gelu", "logistic"], RULES):
        network = Network((17, 33, 15, 3), hidden, "softmax")
        state, data = begun(network, rule, 40, dtype)
        thinned = Plan.of(network, rule, MiniBatches(13), [1e-2] * 3, 0.3, dropout=(0.5, 0.25))
        thinned.rates[1, DROPOUT:] = 0
        engine = NativeEngine(network, 2)
        whole = engine.steps(state, data, thinned)
        first = engine.steps(state, data, thinned.cut(0, 1))
        plain = Plan.of(network, rule, MiniBatches(13), [1e-2], 0.3)
        second = engine.steps(first.state, data, plain)
        third = engine.steps(second.state, data, thinned.cut(2))
        np.testing.assert_array_equal(third.state.theta, whole.state.theta)
        assert [*first.costs, *second.costs, *third.costs] == list(whole.costs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "unit", [Unit("leaky_relu", 0.2), Unit("leaky_relu", 0.0), Unit("leaky_relu", 1.0), Unit("elu", 1.7)], ids=str
)
def test_units_with_numbers_agree_with_the_reference(isa: str, unit: Unit, dtype: type) -> None:
    network, rule = Network((17, 33, 15, 3), unit, "softmax"), SGD()
    state, data = begun(network, rule, 40, dtype)
    plan = Plan.of(network, rule, MiniBatches(13), [1e-2] * 7, 0.3, dropout=(0.5, 0.0))
    ours, judge = NativeEngine(network, 2), ReferenceEngine(network)
    u = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(
        ours.steps(state, data, plan).state.theta, judge.steps(state, data, plan).state.theta, rtol=0, atol=400 * u
    )
    np.testing.assert_allclose(
        ours.hypothesis(state.theta, data.X), judge.hypothesis(state.theta, data.X), rtol=100 * u
    )


def test_leaky_relu_with_the_slope_0_is_relu() -> None:
    rule, found = Adam(), []
    for unit in (Unit("leaky_relu", 0.0), Unit("relu")):
        network = Network((17, 33, 3), unit, "softmax")
        state, data = begun(network, rule, 40)
        found.append(NativeEngine(network).steps(state, data, Plan.of(network, rule, MiniBatches(13), [0.1] * 9, 0.3)))
    np.testing.assert_array_equal(found[0].state.theta, found[1].state.theta)


def test_a_part_of_a_training_set_takes_the_steps_that_the_reference_takes_on_it() -> None:
    for rule in RULES:
        state, data = begun(NETWORK, rule, 60)
        part = data.part(20, 45)
        plan = changing(rule)
        ours, judge = (
            NativeEngine(NETWORK, 2).steps(state, part, plan),
            ReferenceEngine(NETWORK).steps(state, part, plan),
        )
        np.testing.assert_allclose(ours.state.theta, judge.state.theta, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(ours.costs, judge.costs, rtol=1e-10)
        alone = NativeEngine(NETWORK).steps(state, TrainingSet(part.X, part.Y, part.weights), plan)
        assert not np.allclose(alone.costs, ours.costs, rtol=1e-3)  # other rows are left out, and m is another


def test_sums_are_cost_and_gradient_times_m_and_those_of_parts_add_up() -> None:
    theta, data = training_set(NETWORK, 20_000)
    engine, m = NativeEngine(NETWORK, 2), data.m
    J, D = engine.cost_and_gradient(theta, data, 0.0)
    sums = engine.sums(theta, data)
    np.testing.assert_allclose(sums / m, [J, *D], rtol=1e-14)
    parts = [data.part(0, 8192), data.part(8192, 16384), data.part(16384, 20_000)]
    first, second, third = (engine.sums(theta, part) for part in parts)
    np.testing.assert_array_equal((first + second) + third, sums)  # cut between leaves: the tree's own order
    np.testing.assert_allclose(sums, ReferenceEngine(NETWORK).sums(theta, data), rtol=1e-9, atol=1e-9)
    assert sum(engine.cost(theta, part, 0.0) for part in parts) == pytest.approx(J, rel=1e-12)
