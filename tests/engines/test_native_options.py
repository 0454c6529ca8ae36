"""Tests of dropout, weight decay and clipping against the reference engine, on every instruction set."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.engines import MiniBatches, Plan, ReferenceEngine, TrainingState, UpdateRule, native
from deltarule.engines.native import NativeEngine
from deltarule.network.data import TrainingSet
from deltarule.network.units import HIDDEN_UNITS
from deltarule.training.solvers import SGD, Adam
from oracles import training_set
from steps_of_a_plan import take_steps

pytestmark = pytest.mark.skipif(not native.available(), reason="the compiled core was not built")
RULES: list[UpdateRule] = [SGD(0.9, nesterov=True), SGD(0.5, nesterov=False), Adam()]
ALL_OPTIONS: dict[str, Any] = {"dropout": (0.25, 0.5), "weight_decay": 0.5, "max_norm": 0.25}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hidden", list(HIDDEN_UNITS))
def test_thinned_decayed_and_clipped_steps_agree_with_the_reference(isa: str, hidden: str, dtype: type) -> None:
    u = float(np.finfo(dtype).eps) / 2
    for sizes, rule in product([(17, 33, 15, 2), (5, 70, 7, 3), (6, 7, 5, 3)], RULES):  # the last: rows in the lanes
        network = Network(sizes, hidden, "softmax")
        theta, data = training_set(network, 40, dtype)
        state = TrainingState(theta=theta, vectors=rule.init(theta), key=3)
        for options in (
            {"dropout": ALL_OPTIONS["dropout"]},
            {"weight_decay": 2.0},
            {"max_norm": 0.25},
            ALL_OPTIONS,
        ):
            plan = Plan.of(network, rule, MiniBatches(13), [1e-3] * 7, 0.3, **options)
            ours = NativeEngine(network, 2).steps(state, data, plan)
            judge = ReferenceEngine(network).steps(state, data, plan)
            # Adam divides by the mean of |D|, so it makes a full step of rounding errors where D is almost 0.
            tolerance = 1e-9 if dtype is np.float64 else 1e-4 if rule.name == "adam" else 400 * u
            np.testing.assert_allclose(
                ours.state.theta, judge.state.theta, rtol=0, atol=tolerance, err_msg=str(network)
            )
            np.testing.assert_allclose(ours.costs, judge.costs, rtol=200 * u)


def test_one_rate_leaves_out_the_units_of_its_layer_alone() -> None:
    network, rule = Network((3, 40, 40, 2), "tanh", "identity"), SGD(0.0, nesterov=False)
    theta, data = training_set(network, 1)
    state = TrainingState(theta=theta, vectors=rule.init(theta), key=5)
    for layer, rates in ((1, (0.5, 0.0)), (2, (0.0, 0.5))):
        plan = Plan.of(network, rule, MiniBatches(1), [1.0], dropout=rates)
        after = NativeEngine(network).steps(state, data, plan).state.theta
        still = [(one == other).all(axis=0) for one, other in zip(*map(network.roll, (theta, after)), strict=True)]
        # Only the weights that left-out units feed keep their values.
        assert [columns[1:].any() for columns in still] == [n == layer for n in range(3)]
        assert 0.3 < still[layer][1:].mean() < 0.7


@pytest.mark.parametrize(("dtype", "rate"), [(np.float32, 1e-11), (np.float64, 1e-17)])
def test_a_rate_too_small_to_leave_a_unit_out_changes_no_bit(isa: str, dtype: type, rate: float) -> None:
    # Such rates are at the end of a schedule. The factor 1/(1 − p) rounds to 1, and ⌊p 2³²⌋ is 0.
    rule = SGD()
    for hidden in HIDDEN_UNITS:
        network = Network((4, 9, 3), hidden, "softmax")
        theta, data = training_set(network, 40, dtype)
        state = TrainingState(theta=theta, vectors=rule.init(theta), key=1)
        found = [
            NativeEngine(network).steps(state, data, Plan.of(network, rule, MiniBatches(10), [0.1] * 8, dropout=(p,)))
            for p in (0.0, rate)
        ]
        np.testing.assert_array_equal(found[1].state.theta, found[0].state.theta, err_msg=hidden)


def test_clipping_shortens_a_step_to_the_largest_norm_and_leaves_a_shorter_one_alone() -> None:
    network, rule = Network((17, 33, 15, 3), "tanh", "softmax"), SGD(0.0, nesterov=False)
    theta, data = training_set(network, 50)
    state = TrainingState(theta=theta, vectors=rule.init(theta), key=5)

    def step(max_norm: float) -> Array:
        plan = Plan.of(network, rule, MiniBatches(50), [1.0], 0.3, max_norm=max_norm)
        return theta - NativeEngine(network).steps(state, data, plan).state.theta

    free = step(float("inf"))
    norm = float(np.linalg.norm(free))
    np.testing.assert_allclose(step(norm / 8), free / 8, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(step(norm * 1.01), free)


def test_the_norm_of_a_gradient_whose_squares_leave_float32_is_right() -> None:
    network, rule = Network((1, 1), output="identity"), SGD(0.0, nesterov=False)
    for size in (1e-25, 1e25):
        data = TrainingSet(np.full((1, 1), 1.0, np.float32), np.full((1, 1), -size, np.float32))
        state = TrainingState(theta=np.zeros(2, np.float32), vectors=(np.zeros(2, np.float32),), key=0)
        run = take_steps(NativeEngine(network), state, data, rule, MiniBatches(1), [1.0], 0.0, max_norm=size / 2)
        np.testing.assert_allclose(run.state.theta, np.full(2, -size / np.sqrt(8)), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dropout": (0.5,)}, "has 1 rates, but the network 3-4-5-2 has 2 hidden layers"),
        ({"dropout": (0.5, 1.0)}, r"dropout has the rate 1\.0+, but it must be in \[0, 1\)"),
        ({"dropout": (-0.1, 0.5)}, r"dropout has the rate -0\.1"),
        ({"dropout": (float("nan"), 0.5)}, "dropout has the rate nan"),
        ({"weight_decay": -1.0}, r"weight_decay is -1\.0+, but must be 0 or more"),
        ({"weight_decay": float("nan")}, "weight_decay is nan"),
        ({"max_norm": 0.0}, r"max_norm is 0\.0+, but must be above 0"),
        ({"max_norm": float("nan")}, "max_norm is nan"),
    ],
)
def test_the_border_checks_every_option_of_a_step(options: dict[str, Any], message: str) -> None:
    network, rule = Network((3, 4, 5, 2), "tanh", "softmax"), Adam()
    theta, data = training_set(network, 9)
    state = TrainingState(theta=theta, vectors=rule.init(theta), key=1)
    with pytest.raises(ValueError, match=message):
        take_steps(NativeEngine(network), state, data, rule, MiniBatches(4), [0.1], 0.0, **options)
