"""MLPClassifier: labels of every kind, scikit-learn's names, and what a user does wrong."""

import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.neural_network import MLPClassifier as Judge

import deltarule
from deltarule import MLPClassifier, Network, Unit
from deltarule.common.errors import InputError, SettingsError
from deltarule.engines import native
from deltarule.training.history import Progress

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
X_IRIS = (X_IRIS - X_IRIS.mean(axis=0)) / X_IRIS.std(axis=0)
ENGINES = ("reference", "native" if native.available() else "auto")
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y_IRIS]


def fitted(y: Any = NAMES, X: Any = X_IRIS, **parameters: Any) -> MLPClassifier:
    given = {"hidden_layer_sizes": (6,), "random_state": 0, "max_iter": 100, "learning_rate_init": 0.02, **parameters}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MLPClassifier(**given).fit(X, y)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "cg", "gd"])
def test_every_solver_learns_the_irises_by_name(solver: str) -> None:
    step = 0.5 if solver == "gd" else 0.1 if solver == "sgd" else 0.02
    clf = fitted(solver=solver, learning_rate_init=step)
    assert clf.score(X_IRIS, NAMES) > 0.95
    assert set(clf.predict(X_IRIS)) == set(NAMES)
    assert clf.network_ == Network((4, 6, 3), "relu", "softmax")


def test_two_classes_have_one_sigmoid_output() -> None:
    two = Y_IRIS > 0
    clf = fitted(np.where(two, "yes", "no"))
    assert clf.network_ == Network((4, 6, 1), "relu", "sigmoid")
    p = clf.predict_proba(X_IRIS)
    assert p.shape == (150, 2)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=2 * np.finfo(np.float64).eps)  # each is rounded by itself
    np.testing.assert_array_equal(clf.predict(X_IRIS), clf.classes_[(p[:, 1] > 0.5).astype(int)])
    assert clf.score(X_IRIS, np.where(two, "yes", "no")) > 0.98


def test_several_labels_have_a_sigmoid_each() -> None:
    Y = np.column_stack([Y_IRIS > 0, Y_IRIS == 2]).astype(int)
    clf = fitted(Y)
    assert clf.network_ == Network((4, 6, 2), "relu", "sigmoid")
    assert clf.predict(X_IRIS).shape == (150, 2)
    assert clf.score(X_IRIS, Y) > 0.9
    assert clf.out_activation_ == "logistic"


def test_sigmoid_output_on_many_classes_is_the_cost_of_the_notes() -> None:
    clf = fitted(output="sigmoid", solver="lbfgs", alpha=0.5, max_iter=300, tol=1e-8)
    assert clf.network_.output == "sigmoid"
    Y = clf.encode(NAMES)
    np.testing.assert_array_equal(Y.sum(axis=0), [50, 50, 50])
    J = deltarule.cost(clf.network_, clf.theta_, X_IRIS, Y, lambda_=0.5)
    assert clf.loss_ == pytest.approx(J, rel=1e-12)
    np.testing.assert_allclose(clf.predict_proba(X_IRIS).sum(axis=1), 1)


def test_softmax_output_on_two_classes_has_two_units() -> None:
    clf = fitted(Y_IRIS > 0, output="softmax")
    assert clf.network_.K == 2
    assert clf.predict(X_IRIS).dtype == bool


def test_probabilities_of_hypotheses_that_all_round_to_0_are_those_of_z() -> None:
    clf = fitted(output="sigmoid")
    clf.coefs_[-1][:] = 0
    clf.intercepts_[-1] = -1e6 + np.log([1.0, 2.0, 5.0])
    np.testing.assert_allclose(clf.predict_proba(X_IRIS[:2]), [[1 / 8, 2 / 8, 5 / 8]] * 2, rtol=1e-9)


@pytest.mark.parametrize("indicator", [False, True])
def test_cost_and_gradient_are_those_that_scikit_learn_minimises_with_lbfgs(indicator: bool) -> None:
    labels = np.eye(3)[Y_IRIS].astype(int) if indicator else Y_IRIS
    lambda_ = 0.7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        judge = Judge((5,), "tanh", solver="lbfgs", alpha=lambda_, max_iter=20, random_state=1).fit(X_IRIS, labels)
    network = Network((4, 5, 3), "tanh", "sigmoid" if indicator else "softmax")
    theta = network.unroll([np.column_stack([b, W.T]) for W, b in zip(judge.coefs_, judge.intercepts_, strict=True)])
    J = deltarule.cost(network, theta, X_IRIS, np.eye(3)[Y_IRIS], lambda_=lambda_)
    assert judge.loss_ == pytest.approx(J, rel=1e-13)


def test_attributes_have_scikit_learns_names_and_shapes() -> None:
    clf = fitted(early_stopping=True)
    assert [W.shape for W in clf.coefs_] == [(4, 6), (6, 3)]
    assert [b.shape for b in clf.intercepts_] == [(6,), (3,)]
    assert clf.n_layers_ == 3
    assert clf.n_outputs_ == 3
    assert clf.out_activation_ == "softmax"
    assert clf.n_features_in_ == 4
    assert clf.n_iter_ == len(clf.loss_curve_) == clf.history_.epochs
    assert clf.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert clf.best_validation_score_ == max(clf.validation_scores_ or [])
    assert clf.best_loss_ is None
    assert fitted().best_loss_ == min(fitted().loss_curve_)
    assert fitted().validation_scores_ is None


def test_weights_and_biases_are_views_of_theta() -> None:
    clf = fitted()
    clf.coefs_[0][2, 1] = 42
    assert clf.network_.roll(clf.theta_)[0][1, 3] == 42


def test_network_and_theta_predict_what_the_estimator_predicts() -> None:
    clf = fitted(dtype="float64")
    np.testing.assert_allclose(
        deltarule.hypothesis(clf.network_, clf.theta_, X_IRIS), clf.predict_proba(X_IRIS), rtol=1e-13
    )
    assert deltarule.check_gradient(clf.network_, clf.theta_, X_IRIS[:20], clf.encode(NAMES[:20])).passed


def test_logarithms_of_probabilities_are_those_of_the_probabilities() -> None:
    clf = fitted()
    np.testing.assert_allclose(np.exp(clf.predict_log_proba(X_IRIS)), clf.predict_proba(X_IRIS), rtol=1e-5)


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    one, same, other = (fitted(random_state=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.theta_, same.theta_)
    assert not np.array_equal(one.theta_, other.theta_)


@pytest.mark.parametrize("seed", [np.random.default_rng(0), np.random.RandomState(0), np.int64(3), None])
def test_every_kind_of_random_state_is_taken(seed: Any) -> None:
    assert fitted(random_state=seed, max_iter=3).n_iter_ == 3


@pytest.mark.parametrize(
    ("solver", "X", "dtype", "computes", "comes"),
    [
        ("adam", np.float64, "auto", np.float32, np.float64),
        ("sgd", np.float64, "auto", np.float32, np.float64),
        ("adam", np.float32, "auto", np.float32, np.float32),
        ("lbfgs", np.float64, "auto", np.float64, np.float64),
        ("lbfgs", np.float32, "auto", np.float32, np.float32),
        ("adam", np.float64, "float64", np.float64, np.float64),
        ("adam", np.float64, "float32", np.float32, np.float32),
        ("cg", np.float64, "float32", np.float32, np.float32),
    ],
)
def test_mini_batches_train_in_single_precision_and_parameters_come_in_that_of_x(
    solver: str, X: type, dtype: str, computes: type, comes: type
) -> None:
    clf = fitted(X=X_IRIS.astype(X), solver=solver, dtype=dtype, max_iter=5)
    assert clf.theta_.dtype == comes
    assert np.array_equal(clf.theta_, clf.theta_.astype(np.float32)) == (computes is np.float32)
    assert clf.predict_proba(X_IRIS.astype(X)).dtype == comes


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_engines_learn_the_same(solver: str) -> None:
    one, other = (fitted(solver=solver, engine=engine, dtype="float64", max_iter=20) for engine in ENGINES)
    np.testing.assert_allclose(one.theta_, other.theta_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one.history_.cost, other.history_.cost, rtol=1e-10)


def test_an_estimator_survives_pickling_to_the_bit() -> None:
    clf = fitted(max_iter=5)
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(again.predict_proba(X_IRIS), clf.predict_proba(X_IRIS))


def test_plain_arrays_are_checked_as_everything_is() -> None:
    clf = fitted(max_iter=5)
    many = np.zeros((10_000, 4))
    assert clf.predict_proba(many).shape == (10_000, 3)
    assert clf.predict_proba(many + 1e305).shape == (10_000, 3)  # the sum overflows, no value does
    for value in (np.nan, np.inf, -np.inf):
        many[9_999, 3] = value
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            clf.predict_proba(many)
    for bad in (np.full((1, 4), np.nan), np.zeros((1, 3)), np.zeros(4), np.zeros((0, 4))):
        with pytest.raises(ValueError, match=r"NaN|3 features|Expected 2D array|0 sample"):
            clf.predict_proba(bad)
    np.testing.assert_array_equal(clf.predict_proba([[1, 2, 3, 4]]), clf.predict_proba(np.array([[1.0, 2, 3, 4]])))


def test_units_may_differ_from_layer_to_layer() -> None:
    clf = fitted(hidden_layer_sizes=(5, 4), activation=("tanh", "relu"))
    assert clf.network_.hidden == ("tanh", "relu")


@pytest.mark.parametrize("unit", [Unit("leaky_relu", 0.2), Unit("elu", 0.5)], ids=str)
def test_a_unit_with_its_number_trains_by_that_number(unit: Unit) -> None:
    clf = fitted(activation=unit, engine="reference", max_iter=5)
    assert clf.network_.hidden_units == (unit,)
    assert deltarule.check_gradient(clf, X_IRIS, NAMES).passed
    by_hand = deltarule.hypothesis(clf.network_, clf.theta_, X_IRIS)
    np.testing.assert_array_equal(clf.predict_proba(X_IRIS), by_hand)
    plain = fitted(activation=unit.name, engine="reference", max_iter=5)
    assert not np.array_equal(clf.theta_, plain.theta_)
    same = fitted(activation=[Unit(unit.name)], engine="reference", max_iter=5)
    np.testing.assert_array_equal(same.theta_, plain.theta_)
    assert clone(clf).activation == unit
    assert pickle.loads(pickle.dumps(clf)).network_ == clf.network_


def test_batches_larger_than_the_training_set_are_clipped_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"`batch_size` .* larger than sample size.*batch_size=151, 150 rows"):
        clf = fitted(batch_size=151, max_iter=2)
    np.testing.assert_array_equal(clf.theta_, fitted(batch_size=150, max_iter=2).theta_)


def test_no_hidden_layer_is_allowed() -> None:
    clf = fitted(hidden_layer_sizes=(), solver="lbfgs")
    assert str(clf.network_) == "4-3"
    assert clf.score(X_IRIS, NAMES) > 0.95


def test_weights_of_examples_stand_for_repetitions() -> None:
    weights = np.where(Y_IRIS == 1, 3, 1)
    weighted, repeated = (MLPClassifier((), solver="lbfgs", alpha=1.0, random_state=0, tol=1e-9) for _ in range(2))
    weighted.fit(X_IRIS, NAMES, sample_weight=weights)
    repeated.fit(np.repeat(X_IRIS, weights, axis=0), np.repeat(NAMES, weights))
    np.testing.assert_allclose(weighted.theta_, repeated.theta_, atol=1e-6)
    without = clone(weighted).fit(X_IRIS, NAMES)
    assert np.abs(weighted.theta_ - without.theta_).max() > 0.1


def test_an_eval_set_is_measured_after_each_epoch_and_callbacks_see_it() -> None:
    seen: list[Progress] = []
    clf = MLPClassifier((6,), random_state=0, max_iter=5, dtype="float64")
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(5\) reached"):
        clf.fit(X_IRIS[::2], NAMES[::2], eval_set=(X_IRIS[1::2], NAMES[1::2]), callbacks=[seen.append])
    history = clf.history_
    assert len(seen) == 5
    assert history.validation_score[-1] == clf.score(X_IRIS[1::2], NAMES[1::2])
    J = deltarule.cost(clf.network_, clf.theta_, X_IRIS[1::2], clf.encode(NAMES[1::2]))
    assert history.validation_cost[-1] == pytest.approx(J, rel=1e-12)


def test_early_stopping_on_an_eval_set_restores_the_best_parameters() -> None:
    clf = MLPClassifier((30,), random_state=0, early_stopping=True, learning_rate_init=0.05, n_iter_no_change=5)
    clf.fit(X_IRIS[::2], NAMES[::2], eval_set=(X_IRIS[1::2], NAMES[1::2]))
    assert clf.score(X_IRIS[1::2], NAMES[1::2]) == clf.best_validation_score_


def test_warm_start_goes_on_from_the_parameters_before() -> None:
    clf = fitted(warm_start=True, max_iter=20)
    cost = clf.loss_
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        clf.fit(X_IRIS, NAMES)
    assert clf.loss_curve_[20] < cost * 1.05
    assert len(clf.loss_curve_) == clf.history_.epochs == 40
    assert clf.n_iter_ == 20
    assert clf.t_ == 40 * 150
    with pytest.raises(SettingsError, match="warm_start=True goes on from the fitted network 4-6-3"):
        clf.set_params(hidden_layer_sizes=(7,)).fit(X_IRIS, NAMES)


def test_verbose_prints_each_iteration(capsys: pytest.CaptureFixture[str]) -> None:
    fitted(verbose=True, max_iter=2)
    first = capsys.readouterr().out.splitlines()[0]
    assert re.fullmatch(r"Iteration 1, loss = \d\.\d{8}", first)


def test_verbose_tells_the_score_and_why_the_run_ended(capsys: pytest.CaptureFixture[str]) -> None:
    fitted(verbose=True, early_stopping=True, tol=1.0, n_iter_no_change=2)
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Validation score: [01]\.\d{6}", lines[1])
    assert lines[-1] == "Validation score did not improve more than tol=1.000000 for 2 consecutive epochs. Stopping."


def test_verbose_tells_that_adaptive_steps_become_shorter(capsys: pytest.CaptureFixture[str]) -> None:
    fitted(verbose=True, solver="sgd", learning_rate="adaptive", learning_rate_init=1e-5, tol=1.0, max_iter=100)
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("Iteration")]
    reason = "Training loss did not improve more than tol=1.000000 for 10 consecutive epochs."
    assert lines == [
        f"{reason} Setting learning rate to 0.000002",
        f"{reason} Setting learning rate to 0.000000",
        f"{reason} Learning rate too small. Stopping.",
    ]


def test_verbose_says_nothing_of_steps_that_a_line_search_makes_shorter(capsys: pytest.CaptureFixture[str]) -> None:
    clf = fitted(verbose=True, solver="gd", learning_rate="adaptive", learning_rate_init=100.0, max_iter=6)
    assert (np.diff(clf.history_.step_size) < 0).any()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"Iteration {n}" for n in range(1, 7)]


def test_parameters_survive_cloning() -> None:
    clf = MLPClassifier((3, 2), activation=("relu", "tanh"), alpha=0.5, output="sigmoid")
    assert clone(clf).get_params() == clf.get_params()


def test_an_estimator_that_is_not_fitted_says_so() -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        MLPClassifier().predict(X_IRIS)


def test_prediction_with_another_number_of_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="X has 3 features, but MLPClassifier is expecting 4 features"):
        fitted(max_iter=5).predict(X_IRIS[:, :3])


def test_a_label_that_training_never_saw_is_named() -> None:
    with pytest.raises(InputError, match=r"y holds the label .*daisy.*none of the 3 classes"):
        fitted(max_iter=5).encode(["setosa", "daisy"])


def test_digits_are_learnt_to_97_percent_from_defaults() -> None:
    X, y = load_digits(return_X_y=True)
    X = X / 16
    held_out = np.arange(len(X)) % 5 == 0
    clf = fitted(y[~held_out], X[~held_out], hidden_layer_sizes=(100,), learning_rate_init=1e-3)
    assert clf.score(X[held_out], y[held_out]) >= 0.97
