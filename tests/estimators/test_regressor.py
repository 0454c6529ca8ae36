"""MLPRegressor: quantities, several at once, and counts."""

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, PoissonRegressor, Ridge
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor as Judge

import deltarule
from deltarule import MLPClassifier, MLPRegressor, Network
from deltarule.common.errors import DivergedError, InputError, SettingsError
from deltarule.estimators.quantities import Quantities
from deltarule.network.data import TrainingSet
from deltarule.training.settings import SETTINGS

X, Y_RAW = load_diabetes(return_X_y=True)
X = X / X.std(axis=0)
Y = (Y_RAW - Y_RAW.mean()) / Y_RAW.std()
BOTH = np.column_stack([Y, 3 - 2 * Y])


def fitted(y: Any = Y, X: Any = X, **parameters: Any) -> MLPRegressor:
    given = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 50, "learning_rate_init": 0.01, **parameters}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MLPRegressor(**given).fit(X, y)


def test_parameters_are_scikit_learns_in_order_with_its_defaults() -> None:
    ours, judge = inspect.signature(MLPRegressor).parameters, inspect.signature(Judge).parameters
    assert list(ours)[: len(judge)] == list(judge)
    assert list(ours)[len(judge) :] == [
        *["dropout", "weight_decay", "dropout_schedule", "weight_decay_schedule", "max_grad_norm", "warmup"],
        *["on_divergence", "scoring"],
        *["engine", "dtype", "n_threads"],
    ]
    for name, parameter in judge.items():
        assert (ours[name].default, ours[name].kind) == (parameter.default, parameter.kind), name


def test_both_estimators_offer_every_setting_with_the_same_default() -> None:
    for name, setting in SETTINGS.items():
        for estimator in (MLPClassifier, MLPRegressor):
            assert inspect.signature(estimator).parameters[name].default == setting.default


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "cg", "gd"])
def test_every_solver_learns_the_diabetes_data(solver: str) -> None:
    step = {"gd": 0.2, "sgd": 0.05}.get(solver, 0.01)
    assert fitted(solver=solver, learning_rate_init=step).score(X, Y) > 0.45


def test_network_without_hidden_layer_is_linear_regression() -> None:
    ours = fitted(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, tol=1e-10, max_iter=500)
    np.testing.assert_allclose(ours.predict(X), LinearRegression().fit(X, Y).predict(X), atol=1e-6)


def test_penalty_of_a_network_without_hidden_layer_is_that_of_ridge_regression() -> None:
    ours = fitted(hidden_layer_sizes=(), solver="lbfgs", alpha=50.0, tol=1e-10, max_iter=500)
    np.testing.assert_allclose(ours.predict(X), Ridge(50.0).fit(X, Y).predict(X), atol=1e-6)


def test_poisson_loss_without_hidden_layer_is_poisson_regression() -> None:
    counts = np.random.default_rng(0).poisson(np.exp(0.3 * Y))
    ours = fitted(counts, loss="poisson", hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, tol=1e-10, max_iter=500)
    judge = PoissonRegressor(alpha=0.0, tol=1e-10, max_iter=1000).fit(X, counts)
    np.testing.assert_allclose(ours.predict(X), judge.predict(X), rtol=1e-6)
    assert ours.out_activation_ == "exp"


def test_cost_of_one_target_is_that_which_scikit_learn_minimises_with_lbfgs() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        judge = Judge(hidden_layer_sizes=(5,), activation="tanh", solver="lbfgs", alpha=0.7, max_iter=9, random_state=1)
        judge.fit(X, Y)
    network = Network((10, 5, 1), "tanh", "identity")
    theta = network.unroll([np.column_stack([b, W.T]) for W, b in zip(judge.coefs_, judge.intercepts_, strict=True)])
    assert judge.loss_ == pytest.approx(deltarule.cost(network, theta, X, Y[:, np.newaxis], lambda_=0.7), rel=1e-13)


def test_squared_errors_of_several_targets_are_added_up_where_scikit_learn_reports_their_mean() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        judge = Judge(hidden_layer_sizes=(5,), solver="lbfgs", alpha=0.0, max_iter=9, random_state=1).fit(X, BOTH)
    network = Network((10, 5, 2), "relu", "identity")
    theta = network.unroll([np.column_stack([b, W.T]) for W, b in zip(judge.coefs_, judge.intercepts_, strict=True)])
    assert 2 * judge.loss_ == pytest.approx(deltarule.cost(network, theta, X, BOTH), rel=1e-12)


def test_several_targets_are_learnt_at_once_and_one_comes_as_a_vector() -> None:
    reg = fitted(BOTH, solver="lbfgs")
    assert reg.predict(X).shape == (len(X), 2)
    assert reg.n_outputs_ == 2
    assert reg.score(X, BOTH) > 0.5
    assert fitted().predict(X).shape == (len(X),)


def test_a_column_of_targets_is_taken_as_a_vector_with_scikit_learns_warning() -> None:
    with pytest.warns(Warning, match="A column-vector y was passed when a 1d array was expected"):
        reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", max_iter=500).fit(X, Y[:, np.newaxis])
    assert reg.predict(X).shape == (len(X),)


@pytest.mark.parametrize("weighted", [False, True])
def test_early_stopping_watches_r2_and_restores_its_best_epoch(weighted: bool) -> None:
    weights = np.linspace(0.5, 2, len(X) // 2) if weighted else None
    reg = MLPRegressor(
        hidden_layer_sizes=(30,), random_state=0, early_stopping=True, learning_rate_init=0.02, n_iter_no_change=5
    ).fit(X[::2], BOTH[::2], weights, eval_set=(X[1::2], BOTH[1::2]))
    assert reg.best_loss_ is None
    assert len(reg.validation_scores_ or []) == reg.n_iter_
    assert reg.best_validation_score_ == max(reg.validation_scores_ or [])
    assert reg.best_validation_score_ == pytest.approx(r2_score(BOTH[1::2], reg.predict(X[1::2])), rel=1e-5)


@pytest.mark.parametrize("y", [Y, np.full_like(Y, 0.1), BOTH])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_watched_score_is_scikit_learns_r2(y: Any, weighted: bool) -> None:
    network = Network((10, 2 if y.ndim == 2 else 1), output="identity")
    data = TrainingSet.of(network, X, y, np.linspace(0, 1, len(X)) if weighted else None)
    guess = data.Y + np.random.default_rng(0).normal(size=data.Y.shape)
    for h in (guess, data.Y):
        ours = Quantities().score(data, h)
        assert ours == pytest.approx(r2_score(data.Y, h, sample_weight=data.weights), rel=1e-12)


def test_weight_two_is_the_same_as_the_row_twice() -> None:
    weights = np.where(Y > 0, 2, 1)
    one, other = (MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=1.0, tol=1e-9) for _ in range(2))
    one.fit(X, Y, sample_weight=weights)
    other.fit(np.repeat(X, weights, axis=0), np.repeat(Y, weights))
    np.testing.assert_allclose(one.theta_, other.theta_, atol=1e-6)


def test_a_run_that_diverges_after_good_epochs_keeps_the_best_where_it_watches() -> None:
    steps: dict[str, Any] = {"solver": "sgd", "learning_rate_init": 20.0, "n_iter_no_change": 200}
    reg = MLPRegressor(hidden_layer_sizes=(8,), activation="identity", random_state=0, early_stopping=True, **steps)
    with pytest.warns(ConvergenceWarning, match=r"non-finite in epoch \d+.*Try 2.*The best parameters before it"):
        reg.fit(X, Y)
    assert np.isfinite(reg.predict(X)).all()
    assert reg.history_.stopped == "diverged"
    assert np.isnan((reg.validation_scores_ or [0])[-1])
    with pytest.raises(DivergedError, match=r"Solver produced non-finite parameter weights.*Try 2"):
        reg.set_params(early_stopping=False).fit(X, Y)


def test_targets_beyond_single_precision_are_trained_in_double() -> None:
    reg = fitted(1e20 * Y, max_iter=2)
    assert np.isfinite(reg.loss_)
    assert not np.array_equal(reg.theta_, reg.theta_.astype(np.float32))


def test_mistakes_are_named() -> None:
    with pytest.raises(SettingsError, match=r"The 'loss' parameter of MLPRegressor must be .*Got 'huber' instead"):
        MLPRegressor("huber").fit(X, Y)
    with pytest.raises(InputError, match="targets of exp outputs are 0 or more"):
        MLPRegressor("poisson").fit(X, Y)
    with pytest.raises(InputError, match=r"The validation set is too small.*of 9 rows is 1"):
        MLPRegressor(early_stopping=True).fit(X[:9], Y[:9])
    with pytest.raises(ValueError, match="could not convert string to float"):
        MLPRegressor().fit(X[:2], ["a", "b"])
