"""The update rules and the step sizes."""

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.engines import UpdateRule
from deltarule.training.settings import Settings
from deltarule.training.solvers import SGD, Adam, batches_of, plan_of, rates_of, rule_of

GRADIENTS = np.random.default_rng(0).standard_normal((20, 7))


def moved(rule: UpdateRule) -> Array:
    theta = np.ones(7)
    vectors = rule.init(theta)
    for step, D in enumerate(GRADIENTS):
        theta, vectors = rule.step(theta, D, vectors, step, 0.05)
    return theta


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_moves_as_scikit_learns_optimiser(nesterov: bool) -> None:
    params = [np.ones(7)]
    judge = SGDOptimizer(params, 0.05, "constant", 0.8, nesterov)
    for D in GRADIENTS:
        judge.update_params(params, [D])
    np.testing.assert_allclose(moved(SGD(0.8, nesterov)), params[0], rtol=1e-13)


def test_adam_moves_as_scikit_learns_optimiser() -> None:
    params = [np.ones(7)]
    judge = AdamOptimizer(params, 0.05, 0.8, 0.95, 1e-6)
    for D in GRADIENTS:
        judge.update_params(params, [D])
    np.testing.assert_allclose(moved(Adam(0.8, 0.95, 1e-6)), params[0], rtol=1e-13)


@pytest.mark.parametrize("rule", [SGD(), Adam()], ids=str)
def test_rules_are_pure_and_keep_the_dtype(rule: UpdateRule) -> None:
    theta, D = np.ones(7, np.float32), GRADIENTS[0].astype(np.float32)
    vectors = rule.init(theta)
    copies = [array.copy() for array in (theta, D, *vectors)]
    new, new_vectors = rule.step(theta, D, vectors, 0, 0.1)
    for array, copy in zip((theta, D, *vectors), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert {array.dtype for array in (new, *new_vectors)} == {np.dtype(np.float32)}


def test_first_step_of_adam_is_as_long_as_the_step_size() -> None:
    theta, _ = Adam().step(np.zeros(3), np.array([1e-3, -5.0, 2e4]), Adam().init(np.zeros(3)), 0, 0.1)
    np.testing.assert_allclose(theta, [-0.1, 0.1, -0.1], rtol=1e-3)


def test_settings_name_the_rule() -> None:
    assert rule_of(Settings(solver="sgd", momentum=0.3, nesterovs_momentum=False)) == SGD(0.3, nesterov=False)
    assert rule_of(Settings(solver="adam", beta_1=0.5)) == Adam(0.5, 0.999, 1e-8)


def test_batches_are_200_or_all_by_default_and_never_more_than_all() -> None:
    assert batches_of(Settings(), 1000).size == 200
    assert batches_of(Settings(), 50).size == 50
    assert batches_of(Settings(batch_size=64), 50).size == 50
    assert batches_of(Settings(batch_size=64, shuffle=False), 1000).shuffle is False
    assert batches_of(Settings(batch_size=64), 1000).steps_of_an_epoch(1000) == 16


def test_rates_have_a_column_for_step_size_decay_and_each_hidden_layer() -> None:
    network = Network((3, 4, 5, 2), "tanh", "softmax")
    sizes = np.array([[0.1, 0.2]])
    np.testing.assert_array_equal(rates_of(Settings(), network, sizes), [[0.1, 0, 0, 0], [0.2, 0, 0, 0]])
    rates = rates_of(Settings(dropout=[0.0, 0.5], weight_decay=0.25), network, sizes)
    np.testing.assert_array_equal(rates, [[0.1, 0.25, 0.0, 0.5], [0.2, 0.25, 0.0, 0.5]])
    np.testing.assert_array_equal(rates_of(Settings(dropout=0.3), network, sizes)[:, 2:], np.full((2, 2), 0.3))
    plan = plan_of(Settings(max_grad_norm=3.0, alpha=0.7), network, 50)
    assert (plan.max_norm, plan.lambda_, plan.batches.size, len(plan)) == (3.0, 0.7, 50, 0)
    assert plan_of(Settings(), network, 50).max_norm == np.inf


def test_rates_for_another_number_of_layers_are_refused() -> None:
    with pytest.raises(SettingsError, match="has 3 rates, but the network 3-4-5-2 has 2 hidden layers"):
        plan_of(Settings(dropout=(0.1, 0.2, 0.3)), Network((3, 4, 5, 2), "tanh", "softmax"), 50)
