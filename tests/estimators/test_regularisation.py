"""What holds a network back or evens its training out: each setting acts, as it says."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.class_weight import compute_class_weight

import deltarule
from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.errors import DivergedError, SettingsError

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


@pytest.fixture(autouse=True)
def runs_may_end_at_max_iter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def made(Estimator: Any = MLPClassifier, **parameters: Any) -> Any:
    given = {
        "hidden_layer_sizes": (16,),
        "max_iter": 30,
        "learning_rate_init": 0.02,
        "batch_size": 32,
        "tol": 0.0,
        "random_state": 0,
    }
    return Estimator(**{**given, **parameters})


def weighed(labels: Any, **weights: float) -> Any:
    return np.array([weights[str(label)] for label in labels])


NAMES = np.array(["a", "b", "c"])[y]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_class_weights_are_the_weights_of_the_examples_of_the_class(solver: str) -> None:
    settings = {"solver": solver, "dtype": "float64"}
    one = made(**settings, class_weight={"a": 2.0, "c": 0.5}).fit(X, NAMES)
    other = made(**settings).fit(X, NAMES, sample_weight=weighed(NAMES, a=2.0, b=1.0, c=0.5))
    np.testing.assert_array_equal(one.theta_, other.theta_)


def test_class_weights_multiply_the_weights_of_examples() -> None:
    weights = np.random.default_rng(0).uniform(0.5, 2, 150)
    one = made(class_weight={0: 3.0}).fit(X, y, sample_weight=weights)
    other = made().fit(X, y, sample_weight=np.where(y == 0, 3.0, 1.0) * weights)
    np.testing.assert_allclose(one.theta_, other.theta_, atol=1e-6)


def test_balanced_gives_each_class_the_weight_that_scikit_learn_computes() -> None:
    few = np.r_[0:50, 50:70, 100:105]
    weights = compute_class_weight("balanced", classes=np.arange(3), y=y[few])
    one = made(class_weight="balanced").fit(X[few], y[few])
    other = made(class_weight=dict(enumerate(weights))).fit(X[few], y[few])
    np.testing.assert_array_equal(one.theta_, other.theta_)


def test_balanced_finds_a_rare_class_that_is_missed_without() -> None:
    Z, labels = load_breast_cancer(return_X_y=True)
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0) + np.random.default_rng(0).normal(0, 2, Z.shape)
    rows = np.r_[np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)[:12]]
    plain = made(hidden_layer_sizes=(), max_iter=100, alpha=100.0).fit(Z[rows], labels[rows])
    balanced = made(hidden_layer_sizes=(), max_iter=100, alpha=100.0, class_weight="balanced").fit(
        Z[rows], labels[rows]
    )
    rest = np.flatnonzero(labels == 0)[12:]
    assert plain.score(Z[rest], labels[rest]) < 0.3
    assert balanced.score(Z[rest], labels[rest]) > 0.5


def test_balanced_partial_fits_on_the_same_rows_are_a_fit_to_the_bit() -> None:
    few = np.r_[0:50, 50:70, 100:105]
    whole = made(class_weight="balanced", max_iter=3).fit(X[few], y[few])
    steps = made(class_weight="balanced")
    for _ in range(3):
        steps.partial_fit(X[few], y[few], classes=[0, 1, 2])
    np.testing.assert_array_equal(whole.theta_, steps.theta_)


def test_balanced_partial_fits_count_what_came_so_far() -> None:
    clf = made(class_weight="balanced")
    clf.partial_fit(X[:100], y[:100], classes=[0, 1, 2])
    np.testing.assert_allclose(clf._targets.class_weights, [100 / 150, 100 / 150, 1.0])
    clf.partial_fit(X[100:], y[100:])
    np.testing.assert_allclose(clf._targets.class_weights, [1, 1, 1])


def test_weight_two_is_the_same_as_the_row_twice_with_balanced_classes_too() -> None:
    repeated = np.r_[np.arange(150), np.arange(10)]
    weights = np.where(np.arange(150) < 10, 2.0, 1.0)
    settings: dict[str, Any] = {
        "solver": "lbfgs",
        "alpha": 1.0,
        "class_weight": "balanced",
        "max_iter": 500,
        "tol": 1e-8,
    }
    one = made(**settings, hidden_layer_sizes=()).fit(X, y, sample_weight=weights)
    other = made(**settings, hidden_layer_sizes=()).fit(X[repeated], y[repeated])
    np.testing.assert_allclose(one.theta_, other.theta_, atol=1e-5)


def test_class_weights_enter_the_cost_of_the_validation_set_but_not_its_score() -> None:
    plain = made(max_iter=1).fit(X, y, eval_set=(X, y))
    clf = made(max_iter=1, class_weight={0: 5.0}, learning_rate_init=1e-9).fit(X, y, eval_set=(X, y))
    J = deltarule.cost(clf.network_, clf.theta_, X, clf.encode(y), sample_weight=np.where(y == 0, 5.0, 1.0))
    assert clf.validation_loss_curve_[0] == pytest.approx(J, rel=1e-5)
    assert clf.scores_["validation_accuracy"][0] == clf.score(X, y)
    assert plain.scores_["validation_accuracy"][0] == plain.score(X, y)


@pytest.mark.parametrize(
    ("labels", "output", "smoothed"),
    [
        (y, "auto", lambda Y: 0.7 * Y + 0.1),
        (y, "sigmoid", lambda Y: 0.7 * Y + 0.15),
        (y == 1, "auto", lambda Y: 0.7 * Y + 0.15),
    ],
)
def test_label_smoothing_trains_on_targets_spread_evenly(labels: Any, output: str, smoothed: Any) -> None:
    settings: dict[str, Any] = {"solver": "lbfgs", "hidden_layer_sizes": (), "alpha": 0.5, "max_iter": 400, "tol": 1e-7}
    clf = made(**settings, output=output, label_smoothing=0.3).fit(X, labels)
    _, D = deltarule.cost_and_gradient(clf.network_, clf.theta_, X, smoothed(clf.encode(labels)), lambda_=0.5)
    assert np.abs(D).max() < 1e-6


def test_label_smoothing_leaves_the_validation_cost_as_it_is_and_makes_answers_less_sure() -> None:
    clf = made(label_smoothing=0.3, max_iter=200).fit(X, y, eval_set=(X, y))
    J = deltarule.cost(clf.network_, clf.theta_, X, clf.encode(y))
    assert clf.validation_loss_curve_[-1] == pytest.approx(J, rel=1e-5)
    sure = made(max_iter=200).fit(X, y).predict_proba(X).max(axis=1).mean()
    assert 0.75 < clf.predict_proba(X).max(axis=1).mean() < 0.88 < sure


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_dropout_trains_another_network_and_predicts_with_the_whole(Estimator: Any) -> None:
    plain, thinned = made(Estimator).fit(X, y), made(Estimator, dropout=0.5).fit(X, y)
    assert np.abs(plain.theta_ - thinned.theta_).max() > 0.01
    np.testing.assert_array_equal(thinned.predict(X), thinned.predict(X))
    one_layer = made(Estimator, hidden_layer_sizes=(8, 8), dropout=(0.5, 0.0)).fit(X, y)
    other_layer = made(Estimator, hidden_layer_sizes=(8, 8), dropout=(0.0, 0.5)).fit(X, y)
    assert np.abs(one_layer.theta_ - other_layer.theta_).max() > 0.01


def test_dropout_has_the_same_bits_on_any_number_of_threads_and_in_partial_fits() -> None:
    whole = made(dropout=0.3, max_iter=3, hidden_layer_sizes=(64, 64), n_threads=1).fit(X, y)
    for n_threads in (2, 4):
        other = made(dropout=0.3, max_iter=3, hidden_layer_sizes=(64, 64), n_threads=n_threads).fit(X, y)
        np.testing.assert_array_equal(whole.theta_, other.theta_)
    steps = made(dropout=0.3, hidden_layer_sizes=(64, 64))
    for _ in range(3):
        steps.partial_fit(X, y, classes=[0, 1, 2])
    np.testing.assert_array_equal(whole.theta_, steps.theta_)


def test_dropout_holds_a_large_network_back_from_learning_noise() -> None:
    generator = np.random.default_rng(0)
    Z = generator.standard_normal((120, 20))
    noise = generator.integers(0, 2, 120)
    settings: dict[str, Any] = {"hidden_layer_sizes": (200,), "max_iter": 60}
    assert made(**settings).fit(Z, noise).score(Z, noise) == 1.0
    assert made(**settings, dropout=0.9).fit(Z, noise).score(Z, noise) < 0.97


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_weight_decay_shrinks_weights_by_the_factor_of_every_step(solver: str) -> None:
    settings: dict[str, Any] = {
        "solver": solver,
        "alpha": 0.0,
        "max_iter": 4,
        "dtype": "float64",
        "activation": "identity",
    }
    zeros = np.zeros_like(X)  # no gradient for the first layer's weights
    decayed = made(**settings, weight_decay=3.0).fit(zeros, y)
    plain = made(**settings).fit(zeros, y)
    np.testing.assert_allclose(decayed.coefs_[0], plain.coefs_[0] * (1 - 0.02 * 3.0) ** (4 * 5), rtol=1e-12)
    assert np.abs(decayed.intercepts_[1]).max() > 0.001


def test_a_norm_bounds_the_move_of_a_step_of_plain_sgd() -> None:
    settings: dict[str, Any] = {"solver": "sgd", "momentum": 0.0, "batch_size": 150, "max_iter": 1, "dtype": "float64"}
    start = made(**settings, learning_rate_init=1e-12).fit(1e3 * X, y).theta_
    clipped = made(**settings, learning_rate_init=0.1, max_grad_norm=0.5).fit(1e3 * X, y).theta_
    assert np.linalg.norm(clipped - start) == pytest.approx(0.05, rel=1e-6)
    assert np.linalg.norm(made(**settings, learning_rate_init=0.1).fit(1e3 * X, y).theta_ - start) > 5


@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle"])
@pytest.mark.parametrize("solver", ["adam", "sgd", "gd"])
def test_schedules_are_seen_in_the_history_and_act(solver: str, learning_rate: str) -> None:
    clf = made(solver=solver, learning_rate=learning_rate, max_iter=20).fit(X, y)
    eta = clf.history_.step_size
    assert eta.argmax() < 8
    assert eta[-1] < 0.02 * 0.02
    assert np.abs(clf.theta_ - made(solver=solver, max_iter=20).fit(X, y).theta_).max() > 1e-4


def test_warm_up_starts_with_small_steps() -> None:
    clf = made(warmup=4, max_iter=6).fit(X, y)
    np.testing.assert_allclose(clf.history_.step_size, [0.005, 0.01, 0.015, 0.02, 0.02, 0.02], rtol=1e-12)


@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", "adaptive", "invscaling"])
def test_partial_fits_follow_the_schedule_of_a_fit_to_the_bit(learning_rate: str) -> None:
    settings: dict[str, Any] = {
        "solver": "sgd", "learning_rate": learning_rate, "max_iter": 12, "tol": 3e-2, "n_iter_no_change": 2, "warmup": 2
    }  # fmt: skip
    whole = made(**settings).fit(X, y)
    assert whole.n_iter_ > 5
    steps = made(**settings)
    for _ in range(whole.n_iter_):
        steps.partial_fit(X, y, classes=[0, 1, 2])
    np.testing.assert_array_equal(whole.theta_, steps.theta_)
    np.testing.assert_array_equal(whole.history_.step_size, steps.history_.step_size)
    assert len(set(whole.history_.step_size)) > 2


def test_inverse_scaling_counts_the_examples_of_every_partial_fit() -> None:
    clf = made(solver="sgd", learning_rate="invscaling", learning_rate_init=0.2)
    for rows in (slice(0, 150), slice(0, 40), slice(0, 150)):
        clf.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
    np.testing.assert_allclose(clf.history_.step_size, 0.2 / np.sqrt([1, 151, 191]), rtol=1e-12)


def explosive(**parameters: Any) -> Any:
    settings = {"solver": "sgd", "activation": "identity", "learning_rate_init": 8.0, "max_iter": 40}
    settings["n_iter_no_change"] = 1000
    return made(MLPRegressor, **{**settings, **parameters})


@pytest.mark.parametrize("solver", ["sgd", "gd"])
def test_a_run_that_diverges_goes_on_from_sound_parameters_with_a_tenth_of_the_step(solver: str) -> None:
    with pytest.raises(DivergedError, match=r"Try 0\.8"):
        explosive(solver=solver).fit(X, y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        reg = explosive(solver=solver, on_divergence="restore").fit(X, y)
    assert np.isfinite(reg.loss_curve_).all()
    assert reg.n_iter_ == 40
    etas = sorted(set(reg.history_.step_size), reverse=True)
    assert all(eta in (0.8, 0.08, 0.008) or np.isclose(eta, 8.0 / 10 ** np.round(np.log10(8.0 / eta))) for eta in etas)
    assert etas[-1] < 8.0
    assert reg.score(X, y) > 0.8
    if solver == "sgd":
        told = [str(warning.message) for warning in caught if "Training went on" in str(warning.message)]
        assert len(told) >= 1
        assert "non-finite in epoch" in told[0]
        assert "with a tenth of the step" in told[0]
        assert reg.history_.notices == tuple(told)


def test_a_restored_run_has_the_same_bits_every_time() -> None:
    one, other = (explosive(on_divergence="restore").fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(one.theta_, other.theta_)


def test_where_no_step_is_short_enough_the_divergence_is_raised() -> None:
    with pytest.raises(DivergedError, match="non-finite"):
        explosive(on_divergence="restore", learning_rate_init=1e30, dtype="float32").fit(1e17 * X, y)


def test_class_weights_of_several_labels_a_row_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"rows have several labels\. Pass sample_weight"):
        made(class_weight="balanced").fit(X, np.eye(3, dtype=int)[y])


def test_a_weight_for_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(
        SettingsError, match="class_weight has a weight for 'd', which is none of the classes: 'a', 'b', 'c'"
    ):
        made(class_weight={"d": 1.0}).fit(X, NAMES)
