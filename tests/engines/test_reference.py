"""The reference engine: its steps and states, and the arguments that a run does not change."""

import sys
from typing import Any

import numpy as np
import pytest

from deltarule import Network, cost_and_gradient
from deltarule.common.arrays import Array
from deltarule.engines import Member, MiniBatches, Plan, ReferenceEngine, TrainingState, UpdateRule, native
from deltarule.engines.dropout import dropout_factors
from deltarule.engines.shuffling import row_order
from deltarule.network.backpropagation import accumulate
from deltarule.network.data import TrainingSet
from deltarule.training.solvers import SGD, Adam
from oracles import problem
from steps_of_a_plan import take_steps

NETWORK = Network((3, 4, 2), "tanh", "softmax")
RULES = [SGD(0.9, nesterov=True), SGD(0.5, nesterov=False), Adam()]


def start(rule: UpdateRule, m: int = 13, dtype: type = np.float64) -> tuple[TrainingState, TrainingSet]:
    theta, X, Y, _ = problem(NETWORK, m)
    data = TrainingSet.of(NETWORK, X.astype(dtype), Y)
    theta = theta.astype(dtype)
    return TrainingState(theta=theta, vectors=rule.init(theta), key=99), data


def same(one: TrainingState, other: TrainingState) -> bool:
    vectors = zip((one.theta, *one.vectors), (other.theta, *other.vectors), strict=True)
    counts = (one.step, one.epoch, one.position, one.key, one.costs)
    return all(np.array_equal(a, b) for a, b in vectors) and counts == (
        other.step,
        other.epoch,
        other.position,
        other.key,
        other.costs,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_stopping_between_any_two_steps_and_going_on_gives_the_same_bits(rule: UpdateRule, dtype: type) -> None:
    engine, batches = ReferenceEngine(NETWORK), MiniBatches(4)
    state, data = start(rule, dtype=dtype)
    etas = np.linspace(0.1, 0.01, 11)  # two epochs of four steps, and three steps
    whole = take_steps(engine, state, data, rule, batches, etas, 0.3)
    for stop in range(12):
        first = take_steps(engine, state, data, rule, batches, etas[:stop], 0.3)
        second = take_steps(engine, first.state, data, rule, batches, etas[stop:], 0.3)
        assert same(second.state, whole.state)
        np.testing.assert_array_equal(np.concatenate([first.costs, second.costs]), whole.costs)


def test_a_run_leaves_the_state_that_it_was_given() -> None:
    rule = Adam()
    state, data = start(rule)
    before = state.theta.copy()
    take_steps(ReferenceEngine(NETWORK), state, data, rule, MiniBatches(4), [0.1] * 5, 0.0)
    np.testing.assert_array_equal(state.theta, before)
    assert not any(vector.any() for vector in state.vectors)


def test_one_step_on_the_whole_set_is_the_rule_applied_to_the_full_gradient() -> None:
    rule = SGD(0.0, nesterov=False)
    state, data = start(rule)
    run = take_steps(ReferenceEngine(NETWORK), state, data, rule, MiniBatches(100, shuffle=False), [0.5], 0.7)
    J, D = cost_and_gradient(NETWORK, state.theta, data.X, data.Y, lambda_=0.7)
    np.testing.assert_allclose(run.state.theta, state.theta - 0.5 * D, rtol=1e-14, atol=1e-16)
    assert run.costs[0] == pytest.approx(J, rel=1e-14)


def test_batches_follow_the_order_of_the_epoch_and_the_last_one_is_smaller() -> None:
    rule = SGD(0.0, nesterov=False)
    state, data = start(rule)
    run = take_steps(ReferenceEngine(NETWORK), state, data, rule, MiniBatches(5), [0.1] * 3, 0.0)
    order = row_order(state.key, 0, 13)
    theta = state.theta
    for n, rows in enumerate((order[:5], order[5:10], order[10:])):
        J, D = cost_and_gradient(NETWORK, theta, data.X[rows], data.Y[rows])
        assert run.costs[n] == pytest.approx(J, rel=1e-14)
        theta = theta - 0.1 * D
    np.testing.assert_allclose(run.state.theta, theta, rtol=1e-13)
    assert (run.state.epoch, run.state.position, run.state.costs) == (1, 0, ())


def test_a_step_whose_cost_is_not_finite_is_the_last() -> None:
    network = Network((1, 1), output="identity")
    data = TrainingSet.of(network, [[1e200]], [[0.0]])
    state = TrainingState(theta=np.array([0.0, 1.0]), vectors=(np.zeros(2),), key=0)
    run = take_steps(ReferenceEngine(network), state, data, SGD(0.0, nesterov=False), MiniBatches(1), [1e-3] * 9, 0.0)
    assert len(run.costs) == 1
    assert not np.isfinite(run.costs[0])


def test_ctrl_c_leaves_the_state_between_two_steps() -> None:
    class Impatient(SGD):
        def step(self, theta, D, vectors, step, step_size):  # type: ignore[no-untyped-def]
            if step == 6:
                raise KeyboardInterrupt
            return super().step(theta, D, vectors, step, step_size)

    state, data = start(SGD())
    engine, batches = ReferenceEngine(NETWORK), MiniBatches(4)
    run = take_steps(engine, state, data, Impatient(), batches, [0.1] * 20, 0.0)
    assert run.interrupted
    assert len(run.costs) == 6
    assert same(run.state, take_steps(engine, state, data, SGD(), batches, [0.1] * 6, 0.0).state)


def test_hypothesis_of_many_leaves_is_that_of_each_row() -> None:
    state, _ = start(SGD())
    X = np.random.default_rng(0).standard_normal((9_000, 3))
    h = ReferenceEngine(NETWORK).hypothesis(state.theta, X)
    for row in (0, 8_191, 8_192, 8_999):
        np.testing.assert_allclose(h[row], ReferenceEngine(NETWORK).hypothesis(state.theta, X[[row]])[0], rtol=1e-13)


def test_cost_alone_has_the_bits_of_cost_and_gradient() -> None:
    state, data = start(SGD(), m=9000)
    engine = ReferenceEngine(NETWORK)
    assert engine.cost(state.theta, data, 0.7) == engine.cost_and_gradient(state.theta, data, 0.7)[0]


def test_a_step_with_dropout_takes_the_factors_of_its_epoch_and_rows() -> None:
    rule = SGD(0.0, nesterov=False)
    state, data = start(rule)
    run = take_steps(ReferenceEngine(NETWORK), state, data, rule, MiniBatches(13), [0.5, 0.5], 0.0, dropout=(0.5,))
    theta = state.theta
    for epoch in (0, 1):
        rows = row_order(99, epoch, 13)
        factors = [dropout_factors(99, epoch, rows, 2, 4, 0.5, np.dtype(float))]
        batch_cost, Delta = accumulate(NETWORK, NETWORK.roll(theta), data.X[rows], data.Y[rows], None, factors)
        assert run.costs[epoch] == pytest.approx(batch_cost / 13, rel=1e-14)
        theta = theta - 0.5 * Delta / 13
    np.testing.assert_allclose(run.state.theta, theta, rtol=1e-13)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_weight_decay_shrinks_all_but_the_biases_and_leaves_the_rules_vectors_alone(rule: UpdateRule) -> None:
    state, data = start(rule)
    engine, batches = ReferenceEngine(NETWORK), MiniBatches(13)
    plain = take_steps(engine, state, data, rule, batches, [0.1], 0.3).state
    decayed = take_steps(engine, state, data, rule, batches, [0.1], 0.3, weight_decay=2.0).state
    for one, other in zip(plain.vectors, decayed.vectors, strict=True):
        np.testing.assert_array_equal(one, other)
    gone = NETWORK.roll(plain.theta - decayed.theta)
    for part, Theta in zip(gone, NETWORK.roll(state.theta), strict=True):
        np.testing.assert_array_equal(part[:, 0], 0)
        np.testing.assert_allclose(part[:, 1:], 0.2 * Theta[:, 1:], rtol=1e-12)


def test_a_gradient_longer_than_the_norm_is_shortened_to_it_and_a_shorter_one_is_left() -> None:
    rule = SGD(0.0, nesterov=False)
    state, data = start(rule)
    engine, batches = ReferenceEngine(NETWORK), MiniBatches(13)

    def step(max_norm: float) -> Array:
        return state.theta - take_steps(engine, state, data, rule, batches, [1.0], 0.3, max_norm=max_norm).state.theta

    D = step(np.inf)
    norm = float(np.linalg.norm(D))
    np.testing.assert_array_equal(step(1.001 * norm), D)
    np.testing.assert_allclose(step(0.1 * norm), D * 0.1, rtol=1e-12)


def test_a_closed_engine_refuses_every_call_as_the_compiled_one_does() -> None:
    rule = SGD()
    state, data = start(rule)
    plan = Plan.of(NETWORK, rule, MiniBatches(5), [0.1])
    with ReferenceEngine(NETWORK) as engine:
        engine.steps(state, data, plan)
    engine.close()
    for call in (
        lambda: engine.steps(state, data, plan),
        lambda: engine.steps_of_members([Member(state, data, plan)]),
        lambda: engine.cost(state.theta, data, 0.0),
        lambda: engine.cost_and_gradient(state.theta, data, 0.0),
        lambda: engine.sums(state.theta, data),
        lambda: engine.hypothesis(state.theta, data.X),
    ):
        with pytest.raises(ValueError, match="This engine is closed"):
            call()


def test_steps_do_not_copy_the_costs_of_the_epoch_at_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    state, data = start(SGD(), m=400)
    copied = 0
    make = TrainingState.__init__

    def made(self: TrainingState, *arguments: Any, **named: Any) -> None:
        nonlocal copied
        make(self, *arguments, **named)
        copied += len(self.costs)

    monkeypatch.setattr(TrainingState, "__init__", made)
    taken = take_steps(ReferenceEngine(NETWORK), state, data, SGD(), MiniBatches(1), [0.01] * 399, 0.0)
    assert len(taken.state.costs) == 399
    assert copied <= 2 * 399  # copied at each step they would be 399 · 400/2


@pytest.mark.skipif(not native.available(), reason="the compiled core was not built")
def test_rows_are_shuffled_without_a_python_step_for_each_of_them() -> None:
    def lines(m: int) -> int:
        count = 0

        def trace(frame: Any, event: str, _: Any) -> Any:
            nonlocal count
            count += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            row_order(5, 1, m)
        finally:
            sys.settrace(before)
        return count

    steps = [lines(m) for m in (10, 10_000)]
    assert steps[0] == steps[1]
