"""partial_fit, warm_start and weights of one's own: where a run goes on."""

import pickle
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.errors import SettingsError, ShapeError
from deltarule.engines import MiniBatches, native
from deltarule.network.data import TrainingSet
from deltarule.training.settings import Settings
from deltarule.training.solvers import rule_of
from steps_of_a_plan import take_steps

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
TARGETS = {MLPClassifier: y, MLPRegressor: X[:, 3]}
ESTIMATORS = list(TARGETS)
ENGINES = ["reference", *(["native"] if native.available() else [])]


@pytest.fixture(autouse=True)
def runs_may_end_at_max_iter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def made(Estimator: Any, **parameters: Any) -> Any:
    given = {"hidden_layer_sizes": (5,), "random_state": 3, "batch_size": 32, "learning_rate_init": 0.02}
    return Estimator(**{**given, **parameters})


def go_on(estimator: Any, epochs: int, X: Any = X, targets: Any = None) -> Any:
    targets = TARGETS[type(estimator)] if targets is None else targets
    classes = {"classes": [0, 1, 2]} if isinstance(estimator, MLPClassifier) else {}
    for _ in range(epochs):
        estimator.partial_fit(X, targets, **classes)
    return estimator


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "adam"},
        {"solver": "adam", "dtype": "float64", "shuffle": False},
        {"solver": "sgd", "nesterovs_momentum": False},
        {"solver": "sgd", "learning_rate": "invscaling"},
    ],
)
def test_partial_fits_on_all_rows_are_a_fit_to_the_bit(Estimator: Any, engine: str, parameters: dict[str, Any]) -> None:
    whole = made(Estimator, engine=engine, max_iter=12, **parameters).fit(X, TARGETS[Estimator])
    parts = go_on(made(Estimator, engine=engine, **parameters), 12)
    np.testing.assert_array_equal(parts.theta_, whole.theta_)
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.t_ == whole.t_ == 12 * 150
    assert (parts.n_iter_, whole.n_iter_) == (1, 12)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_partial_fits_go_on_from_a_fit_and_through_a_pickle(Estimator: Any) -> None:
    whole = made(Estimator, max_iter=9).fit(X, TARGETS[Estimator])
    begun = made(Estimator, max_iter=5).fit(X, TARGETS[Estimator])
    begun = go_on(begun, 2)
    begun = go_on(pickle.loads(pickle.dumps(begun)), 2)
    np.testing.assert_array_equal(begun.theta_, whole.theta_)


def test_parameters_changed_by_hand_are_where_partial_fit_goes_on() -> None:
    one, other = (go_on(made(MLPClassifier), 2) for _ in range(2))
    one.coefs_[0][:] += 1
    other.coefs_ = [other.coefs_[0] + 1, other.coefs_[1]]
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    go_on(one, 1)
    go_on(other, 1)
    np.testing.assert_array_equal(one.theta_, other.theta_)
    assert not np.array_equal(one.theta_, go_on(made(MLPClassifier), 3).theta_)


def test_an_array_put_into_the_list_of_weights_is_what_predicts() -> None:
    clf = go_on(made(MLPClassifier), 1)
    clf.coefs_[1] = np.zeros((5, 3))
    clf.intercepts_[-1] = [0.0, 1.0, 0.0]
    assert set(clf.predict(X)) == {1}
    with pytest.raises(ValueError, match="broadcast"):
        clf.coefs_[1] = np.zeros((4, 3))


def test_training_begins_at_weights_that_were_assigned_before_it() -> None:
    W, b = [np.full((4, 5), 0.1), np.eye(5, 3)], [np.zeros(5), np.ones(3)]
    given = made(MLPClassifier, solver="sgd", learning_rate_init=1e-12)
    given.coefs_, given.intercepts_ = W, b
    go_on(given, 1)
    np.testing.assert_allclose(given.coefs_[1], W[1], atol=1e-9)
    np.testing.assert_allclose(given.intercepts_[1], b[1], atol=1e-9)
    again = made(MLPClassifier, warm_start=False)
    again.coefs_, again.intercepts_ = W, b
    assert np.abs(again.fit(X, y).coefs_[0] - 0.1).max() > 0.1
    wrong = made(MLPClassifier, hidden_layer_sizes=(6,))
    wrong.coefs_, wrong.intercepts_ = W, b
    with pytest.raises(ShapeError, match=r"\[\(4, 5\), \(5, 3\)\].* the network 4-6-3 has .* \[\(4, 6\), \(6, 3\)\]"):
        go_on(wrong, 1)


@pytest.mark.parametrize(("given", "missing"), [("coefs_", "intercepts_"), ("intercepts_", "coefs_")])
def test_weights_that_were_assigned_without_biases_are_refused_until_these_are_assigned_too(
    given: str, missing: str
) -> None:
    first = {"coefs_": [np.full((4, 5), 0.1), np.eye(5, 3)], "intercepts_": [np.zeros(5), np.ones(3)]}
    clf = made(MLPClassifier)
    setattr(clf, given, first[given])
    with pytest.raises(ShapeError, match=rf"{missing} was assigned nothing.* the network 4-5-3 has .* Assign both"):
        go_on(clf, 1)
    setattr(clf, missing, first[missing])
    go_on(clf, 1)
    assert clf.t_ == 150


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_chunks_of_any_size_are_learnt_from(Estimator: Any) -> None:
    order = np.random.default_rng(0).permutation(150)
    estimator = made(Estimator, batch_size="auto")
    for _ in range(40):
        for rows in np.array_split(order, [3, 70, 71]):
            go_on(estimator, 1, X[rows], TARGETS[Estimator][rows])
    assert estimator.score(X, TARGETS[Estimator]) > 0.93
    assert estimator.t_ == 40 * 150


def test_a_chunk_need_not_hold_every_class_and_later_calls_need_no_classes() -> None:
    clf = made(MLPClassifier).partial_fit(X[:50], y[:50], classes=[0, 1, 2])
    assert clf.partial_fit(X[50:], y[50:]).predict_proba(X).shape == (150, 3)


def test_several_labels_are_learnt_in_parts() -> None:
    labels = np.column_stack([y > 0, y == 2]).astype(int)
    clf = made(MLPClassifier, learning_rate_init=0.05)
    for _ in range(40):
        clf.partial_fit(X, labels, classes=[0, 1])
    assert clf.score(X, labels) > 0.9


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "gd"])
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_full_batch_solvers_have_no_partial_fit(Estimator: Any, solver: str) -> None:
    assert not hasattr(Estimator(solver=solver), "partial_fit")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as raised:
        Estimator(solver=solver).partial_fit(X, y)
    assert f"only available for stochastic optimizers. {solver} is not" in str(raised.value.__cause__)


MISTAKES: list[tuple[Any, dict[str, Any], dict[str, Any], str]] = [
    ((X, y), {}, {"classes": [0, 1]}, "is not the same as on last call to partial_fit"),
    ((X, y + 1), {}, {}, r"`y` has classes not in `self.classes_`.*\[0 1 2\].*\[1 2 3\]"),
    ((X[:, :3], y), {}, {}, "X has 3 features, but MLPClassifier is expecting 4 features"),
    ((X, np.eye(3, dtype=int)[y]), {}, {}, "trained on one label a row"),
    ((X, y), {"hidden_layer_sizes": (6,)}, {}, "partial_fit goes on from the fitted network 4-5-3"),
    ((X, y), {"early_stopping": True}, {}, "partial_fit does not support early_stopping=True"),
    ((1e30 * X, y), {"dtype": "float32", "learning_rate_init": 1e30}, {}, "non-finite"),
    ((X, y), {}, {"sample_weight": np.zeros(150)}, "at least one non-zero number"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "parameters", "more", "message"), MISTAKES, ids=[row[-1][:30] for row in MISTAKES])
def test_a_mistake_leaves_the_model_before_as_it_was(
    data: Any, parameters: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    clf = go_on(made(MLPClassifier), 2)
    before, as_it_was = clf.predict_proba(X), dict(clf.__dict__)
    clf.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        clf.partial_fit(*data, **more)
    np.testing.assert_array_equal(clf.predict_proba(X), before)
    clf.set_params(**made(MLPClassifier).get_params())
    assert clf.__dict__ == as_it_was


def test_the_first_call_needs_the_classes_and_a_failed_one_leaves_nothing() -> None:
    clf = made(MLPClassifier)
    before = dict(clf.__dict__)
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        clf.partial_fit(X, y)
    with pytest.raises(ValueError, match="`y` has classes not in"):
        clf.partial_fit(X, y, classes=[0, 1])
    assert clf.__dict__ == before


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_warm_start_goes_on_from_the_parameters_and_counts_its_own_epochs(Estimator: Any, solver: str) -> None:
    estimator = made(Estimator, solver=solver, warm_start=True, max_iter=4, tol=0.0).fit(X, TARGETS[Estimator])
    theta = estimator.theta_.copy()
    estimator.set_params(max_iter=3, learning_rate_init=1e-12).fit(X, TARGETS[Estimator])
    assert estimator.n_iter_ == 3
    assert len(estimator.loss_curve_) == 7
    if solver != "lbfgs":
        np.testing.assert_allclose(estimator.theta_, theta, atol=1e-9)


def test_warm_starts_shuffle_anew_each_time() -> None:
    once = made(MLPClassifier, solver="sgd", momentum=0.0, max_iter=3).fit(X, y)
    thrice = made(MLPClassifier, solver="sgd", momentum=0.0, max_iter=1, warm_start=True)
    for _ in range(3):
        thrice.fit(X, y)
    np.testing.assert_array_equal(once.theta_, thrice.theta_)  # sgd without momentum has no memory but θ


def test_warm_start_may_change_the_hidden_units_but_not_their_number() -> None:
    clf = made(MLPClassifier, warm_start=True, max_iter=2).fit(X, y)
    clf.set_params(activation="tanh").fit(X, y)
    assert clf.network_.hidden == ("tanh",)
    with pytest.raises(SettingsError, match="warm_start=True goes on from the fitted network 4-5-3"):
        clf.set_params(hidden_layer_sizes=(5, 5)).fit(X, y)


def test_what_ctrl_c_left_of_an_epoch_is_given_up_by_the_next_partial_fit() -> None:
    clf = go_on(made(MLPClassifier), 1)
    state = clf._run.run_state.state
    engine, data = clf._predictor.engine, TrainingSet.of(clf.network_, X, clf.encode(y), dtype=np.dtype(np.float32))
    cut_short = take_steps(engine, state, data, rule_of(Settings()), MiniBatches(32), [0.02] * 2, 1e-4).state
    assert (cut_short.epoch, cut_short.position) == (1, 64)
    run_state = replace(clf._run.run_state, state=cut_short)
    clf._run, clf.theta_ = replace(clf._run, run_state=run_state), cut_short.theta.astype(np.float64)
    go_on(clf, 1, X[:40], y[:40])
    state = clf._run.run_state.state
    assert (state.epoch, state.position) == (3, 0)
    assert clf.loss_curve_[1:] == clf.history_.cost[1:].tolist()
    assert len(clf.loss_curve_) == 2
