"""Consequences of the conventions: relations that hold for every network."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import deltarule
from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.engines import ReferenceEngine, TrainingState
from deltarule.network.data import TrainingSet
from deltarule.training.loop import first_state, train
from deltarule.training.record import RunState
from deltarule.training.settings import Settings
from deltarule.training.solvers import SGD
from oracles import problem
from steps_of_a_plan import take_steps


def minimum(network: Network, X: Array, Y: Array, lambda_: float) -> Array:
    settings = Settings(solver="lbfgs", alpha=lambda_, tol=1e-10, max_iter=5000)
    theta = np.zeros(network.n_parameters)
    data = TrainingSet.of(network, X, Y)
    return train(ReferenceEngine(network), data, settings, RunState(first_state(settings, theta, 0))).theta


def test_network_without_hidden_layer_and_one_output_is_logistic_regression() -> None:
    generator = np.random.default_rng(0)
    X = generator.standard_normal((80, 4))
    y = (X @ [1.0, -2.0, 0.5, 0.0] + generator.standard_normal(80) > 0).astype(float)
    lambda_ = 0.7
    theta = minimum(Network((4, 1)), X, y[:, np.newaxis], lambda_)
    judge = LogisticRegression(C=1 / lambda_, tol=1e-12, solver="newton-cholesky", max_iter=500).fit(X, y)
    np.testing.assert_allclose(theta, np.concatenate([judge.intercept_, judge.coef_[0]]), atol=1e-6)


def test_network_without_hidden_layer_and_softmax_is_multinomial_regression() -> None:
    generator = np.random.default_rng(1)
    X = generator.standard_normal((90, 3))
    y = generator.integers(0, 3, 90)
    theta = minimum(Network((3, 3), output="softmax"), X, np.eye(3)[y], 1.5)
    judge = LogisticRegression(C=1 / 1.5, tol=1e-12, solver="newton-cholesky", max_iter=500).fit(X, y)
    ours = Network((3, 3), output="softmax").roll(theta)[0]
    np.testing.assert_allclose(ours[:, 1:], judge.coef_, atol=1e-6)


def test_network_without_hidden_layer_and_identity_output_is_ridge_regression() -> None:
    generator = np.random.default_rng(2)
    X, y = generator.standard_normal((50, 4)), generator.standard_normal(50)
    theta = minimum(Network((4, 1), output="identity"), X, y[:, np.newaxis], 3.0)
    judge = Ridge(alpha=3.0, tol=1e-12, solver="cholesky").fit(X, y)
    np.testing.assert_allclose(theta, [judge.intercept_, *judge.coef_], atol=1e-6)


def test_network_without_hidden_layer_and_exp_output_fits_the_mean_count() -> None:
    network = Network((1, 1), output="exp")
    theta = minimum(network, np.zeros((4, 1)), np.array([[0.0], [1.0], [2.0], [5.0]]), 0.0)
    assert np.exp(theta[0]) == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
def test_permuting_hidden_units_permutes_the_gradient(output: str) -> None:
    network = Network((3, 5, 4, 2), "tanh", output)
    theta, X, Y, _ = problem(network, 7)
    order = np.array([3, 0, 4, 1, 2])
    T1, T2, T3 = network.roll(theta)
    with_bias = np.concatenate([[0], order + 1])
    permuted = network.unroll([T1[order], T2[:, with_bias], T3])
    J, D = deltarule.cost_and_gradient(network, theta, X, Y, lambda_=0.3)
    J_permuted, D_permuted = deltarule.cost_and_gradient(network, permuted, X, Y, lambda_=0.3)
    D1, D2, D3 = network.roll(D)
    assert J_permuted == pytest.approx(J, rel=1e-14)
    np.testing.assert_allclose(D_permuted, network.unroll([D1[order], D2[:, with_bias], D3]), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity", "exp"])
def test_weight_two_is_the_same_as_the_row_twice(output: str) -> None:
    network = Network((3, 4, 2), "logistic", output)
    theta, X, Y, _ = problem(network, 6)
    weights = np.array([2.0, 1, 1, 2, 1, 0])
    twice = [0, 0, 1, 2, 3, 3, 4]
    J, D = deltarule.cost_and_gradient(network, theta, X, Y, lambda_=0.5, sample_weight=weights)
    J_twice, D_twice = deltarule.cost_and_gradient(network, theta, X[twice], Y[twice], lambda_=0.5)
    assert J == pytest.approx(J_twice, rel=1e-14)
    np.testing.assert_allclose(D, D_twice, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 8, 13, 40])
def test_mean_gradient_of_an_epoch_is_the_full_gradient_whatever_the_batch_size(
    batch_size: int, weighted: bool
) -> None:
    network = Network((3, 4, 2), "tanh", "softmax")
    theta, X, Y, weights = problem(network, 13, weighted=weighted)
    data = TrainingSet.of(network, X, Y, weights)
    engine = ReferenceEngine(network)
    J, D = engine.cost_and_gradient(theta, data, 0.9)

    class Recorder(SGD):
        """A rule that does not change θ and keeps each D."""

        seen: list[Array] = []  # noqa: RUF012 - one list for this test

        def step(
            self, theta: Array, D: Array, vectors: tuple[Array, ...], step: int, step_size: float | Array
        ) -> tuple[Array, tuple[Array, ...]]:
            self.seen.append(D.copy())
            return theta, vectors

    from deltarule.engines import MiniBatches

    batches = MiniBatches(batch_size)
    rule = Recorder()
    state = TrainingState(theta=theta, vectors=rule.init(theta), key=5)
    run = take_steps(engine, state, data, rule, batches, [0.1] * batches.steps_of_an_epoch(13), 0.9)
    sizes = [min(batch_size, 13 - start) for start in range(0, 13, batch_size)]
    np.testing.assert_allclose(np.average(rule.seen, axis=0, weights=sizes), D, rtol=1e-13, atol=1e-15)
    assert np.average(run.costs, weights=sizes) == pytest.approx(J, rel=1e-13)
    assert run.state.epoch == 1


def two_hidden_units_after(theta: Array, solver: str) -> tuple[Array, Array]:
    network = Network((3, 2, 1), "tanh")
    _, X, Y, _ = problem(network, 40)
    settings = Settings(solver=solver, max_iter=30, learning_rate_init=0.1, tol=0.0, n_iter_no_change=1000)
    data = TrainingSet.of(network, X, Y)
    result = train(ReferenceEngine(network), data, settings, RunState(first_state(settings, theta, 1)))
    units = network.roll(result.theta)[0]
    return units[0], units[1]


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs", "cg", "gd"])
def test_zero_first_weights_never_break_the_symmetry_and_random_ones_do(solver: str) -> None:
    network = Network((3, 2, 1), "tanh")
    one, other = two_hidden_units_after(np.zeros(network.n_parameters), solver)
    np.testing.assert_array_equal(one, other)
    one, other = two_hidden_units_after(network.first_theta(np.random.default_rng(0)), solver)
    assert np.abs(one - other).max() > 0.1


def test_penalty_of_a_larger_set_with_the_same_rows_weighs_less() -> None:
    network = Network((2, 3, 1))
    theta, X, Y, _ = problem(network, 5)
    J0 = deltarule.cost(network, theta, X, Y)
    once = deltarule.cost(network, theta, X, Y, lambda_=2.0) - J0
    ten = deltarule.cost(network, theta, np.tile(X, (10, 1)), np.tile(Y, (10, 1)), lambda_=2.0) - J0
    assert ten == pytest.approx(once / 10, rel=1e-12)


def test_bias_column_is_free_of_penalty() -> None:
    network = Network((2, 3, 1))
    theta, X, Y, _ = problem(network, 5)
    D = deltarule.cost_and_gradient(network, theta, X, Y)[1]
    D_penalised = deltarule.cost_and_gradient(network, theta, X, Y, lambda_=7.0)[1]
    for without, with_, Theta in zip(network.roll(D), network.roll(D_penalised), network.roll(theta), strict=True):
        np.testing.assert_array_equal(with_[:, 0], without[:, 0])
        np.testing.assert_allclose(with_[:, 1:] - without[:, 1:], 7 / 5 * Theta[:, 1:], rtol=1e-12)
