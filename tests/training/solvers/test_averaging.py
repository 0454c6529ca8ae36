"""Rules that predict with a mean over their path, against the published equations written down once more."""

import numpy as np
import pytest

from deltarule import Network
from deltarule.common.errors import SettingsError
from deltarule.engines import Factors, MiniBatches, Plan, ReferenceEngine, TrainingState, UpdateRule
from deltarule.network.data import TrainingSet
from deltarule.training.record import LoopState, RunState
from deltarule.training.solvers import SGD, Adam, Averaged, ScheduleFree
from oracles import problem

GRADIENTS = np.random.default_rng(0).standard_normal((20, 7))
ETAS = np.linspace(0.01, 0.05, 20)


@pytest.mark.parametrize("of", [SGD(), Adam()], ids=str)
def test_the_mean_has_weights_that_decay_backwards_and_add_up_to_1(of: UpdateRule) -> None:
    rule, d = Averaged(of, 0.8), 0.8
    theta, plain = np.ones(7), np.ones(7)
    vectors, of_plain = rule.init(theta), of.init(plain)
    np.testing.assert_array_equal(rule.found(theta, vectors), theta)
    path = []
    for step, (D, eta) in enumerate(zip(GRADIENTS, ETAS, strict=True)):
        theta, vectors = rule.step(theta, D, vectors, step, eta)
        plain, of_plain = of.step(plain, D, of_plain, step, eta)
        np.testing.assert_array_equal(theta, plain)
        path.append(theta)
        weights = d ** np.arange(step, -1, -1)
        np.testing.assert_allclose(rule.found(theta, vectors), weights / weights.sum() @ path, rtol=1e-13)
    assert len(vectors) == 1 + len(of_plain)


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_schedule_free_adam_takes_the_steps_of_its_paper(weight_decay: float) -> None:
    beta_1, beta_2, epsilon = 0.8, 0.95, 1e-6
    rule = ScheduleFree(beta_1, beta_2, epsilon)
    theta = np.linspace(-1, 1, 7)
    vectors = rule.init(theta)
    x, z, y = theta.copy(), theta.copy(), theta.copy()
    v, total = np.zeros(7), 0.0
    for step, (g, eta) in enumerate(zip(GRADIENTS, ETAS, strict=True)):
        # Algorithm 1: y is where the gradient is taken, λ the weight decay.
        v = beta_2 * v + (1 - beta_2) * g**2
        gamma = eta * np.sqrt(1 - beta_2 ** (step + 1))
        z = z - gamma * g / (np.sqrt(v) + epsilon) - gamma * weight_decay * y
        total += gamma**2
        x = (1 - gamma**2 / total) * x + gamma**2 / total * z
        y = (1 - beta_1) * z + beta_1 * x
        decayed = theta * (1 - eta * weight_decay)  # what the plan does before it asks the rule
        theta, vectors = rule.step(decayed, g, vectors, step, eta)
        np.testing.assert_allclose(theta, y, rtol=1e-12)
        np.testing.assert_allclose(rule.found(theta, vectors), x, rtol=1e-12)


def test_schedule_free_adam_in_the_engine_decays_as_the_plan_says_by_groups() -> None:
    network = Network((3, 2), output="identity")
    theta, X, Y, _ = problem(network, 6)
    rule, data = ScheduleFree(), TrainingSet.of(network, X, Y)
    moves = []
    for decay in (0.0, 0.5):
        plan = Plan.of(network, rule, MiniBatches(6), [0.1], weight_decay=decay, factors={"bias": Factors(0.5, 0.0)})
        state = TrainingState(theta, rule.init(theta), key=0)
        moves.append(ReferenceEngine(network).steps(state, data, plan).state)
    z, z_decayed = (network.roll(state.vectors[1])[0] for state in moves)
    Theta = network.roll(theta)[0]
    np.testing.assert_allclose((z - z_decayed)[:, 1:], 0.1 * 0.5 * np.sqrt(1e-3) * Theta[:, 1:], rtol=1e-9)
    np.testing.assert_array_equal(z[:, 0], z_decayed[:, 0])


def test_schedule_free_adam_stays_where_the_step_size_is_0() -> None:
    rule, theta = ScheduleFree(), np.linspace(-1, 1, 7)
    after, vectors = rule.step(theta, GRADIENTS[0], rule.init(theta), 0, 0.0)
    np.testing.assert_allclose(after, theta, rtol=1e-15)
    np.testing.assert_array_equal(rule.found(after, vectors), theta)


@pytest.mark.parametrize("rule", [Averaged(Adam(), 0.9), ScheduleFree()], ids=lambda rule: rule.name)
def test_rules_with_a_mean_are_pure_and_keep_the_dtype(rule: UpdateRule) -> None:
    theta, D = np.ones(7, np.float32), GRADIENTS[0].astype(np.float32)
    vectors = rule.init(theta)
    copies = [array.copy() for array in (theta, D, *vectors)]
    new, new_vectors = rule.step(theta, D, vectors, 0, np.full(7, 0.1))
    for array, copy in zip((theta, D, *vectors), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert {array.dtype for array in (new, *new_vectors)} == {np.dtype(np.float32)}
    assert all(array.shape == (7,) for array in new_vectors)


def test_a_run_has_found_what_its_rule_makes_of_the_path_unless_it_watched_a_validation_set() -> None:
    rule = Averaged(SGD(), 0.5)
    state = TrainingState(np.ones(2), (np.zeros(2), np.ones(2)), key=0)
    np.testing.assert_array_equal(RunState(state).found(rule), np.zeros(2))
    np.testing.assert_array_equal(RunState(state).found(SGD()), np.ones(2))
    np.testing.assert_array_equal(RunState(state, LoopState(best_theta=np.full(2, 3.0))).found(rule), np.full(2, 3.0))


def test_rules_say_their_names_and_numbers() -> None:
    assert (Averaged(Adam(), 0.9).name, Averaged(Adam(), 0.9).parameters) == ("averaged adam", (0.9, 0.999, 1e-8, 0.9))
    assert (ScheduleFree().name, ScheduleFree().parameters) == ("schedule-free adam", (0.9, 0.999, 1e-8))


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_a_decay_that_makes_no_mean_is_refused(decay: float) -> None:
    with pytest.raises(SettingsError, match=r"Averaged: decay=.* cannot be\. Give a number from 0 on and below 1\."):
        Averaged(SGD(), decay)
