"""Fits of folds against what the estimators themselves come to on the same rows."""

import os
import signal
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold

import deltarule
from deltarule import MLPClassifier, MLPRegressor, lambda_path, size_path
from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError, InputError, SettingsError
from deltarule.estimators.cross_validation import Problem
from deltarule.network.data import TrainingSet
from deltarule.training.record import RunState

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(90, 4))
y = np.array(["a", "b", "c"])[(X[:, :3] + 0.5 * GENERATOR.normal(size=(90, 3))).argmax(axis=1)]
FOLDS = list(StratifiedKFold(3).split(X, y))
LAMBDAS = [0.0, 0.01, 0.3, 3.0]


def costs(clf: Any, rows: Array, labels: Array, lambda_: float = 0.0) -> float:
    theta = clf.theta_.astype(np.float64)
    return deltarule.cost(clf.network_, theta, rows, clf.encode(labels), lambda_=lambda_)


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_iter": 60},
        {"max_iter": 300, "learning_rate_init": 0.02, "batch_size": 20},
        {"solver": "sgd", "learning_rate_init": 0.1, "max_iter": 50, "learning_rate": "invscaling"},
        {"solver": "lbfgs", "max_iter": 80, "activation": "tanh"},
        {"early_stopping": True, "validation_fraction": 0.2, "max_iter": 60},
        {"early_stopping": True, "scoring": "neg_log_loss", "max_iter": 30},
        {"dropout": 0.3, "max_iter": 20, "learning_rate": "one_cycle"},
        {"engine": "reference", "max_iter": 20},
    ],
    ids=str,
)
def test_each_fold_is_a_chain_of_warm_starts_from_the_largest_lambda_down(parameters: dict[str, Any]) -> None:
    path = lambda_path(MLPClassifier((6,), random_state=3, **parameters), X, y, lambdas=LAMBDAS, cv=3)
    for fold, (learnt, held_out) in enumerate(FOLDS):
        clf = MLPClassifier((6,), random_state=3, warm_start=True, **parameters)
        for n in reversed(range(len(LAMBDAS))):
            clf.set_params(alpha=LAMBDAS[n]).fit(X[learnt], y[learnt])
            assert path.epochs[n, fold] == clf.n_iter_
            # The path judges in the precision that it trains in.
            assert path.validation_cost[n, fold] == pytest.approx(costs(clf, X[held_out], y[held_out]), rel=2e-6)
            assert path.validation_score[n, fold] == pytest.approx(clf.score(X[held_out], y[held_out]))
            if not clf.early_stopping:
                J = path.training_cost[n, fold] + path.penalty[n, fold]
                assert J == pytest.approx(costs(clf, X[learnt], y[learnt], LAMBDAS[n]), rel=2e-6)


@pytest.mark.parametrize("parameters", [{"class_weight": {"a": 3.0}}, {"label_smoothing": 0.1}], ids=str)
def test_classes_weigh_and_labels_are_smoothed_as_in_fit(parameters: dict[str, Any]) -> None:
    clf = MLPClassifier((6,), solver="lbfgs", max_iter=30, random_state=0, alpha=0.5, **parameters)
    path = lambda_path(clf, X, y, lambdas=[0.5], cv=3)
    for fold, (learnt, held_out) in enumerate(FOLDS):
        clf.fit(X[learnt], y[learnt])
        assert path.training_cost[0, fold] + path.penalty[0, fold] == pytest.approx(clf.loss_, rel=1e-9)
        weights = np.where((y[held_out] == "a") & ("class_weight" in parameters), 3.0, 1.0)
        targets = clf.encode(y[held_out])
        cost = deltarule.cost(clf.network_, clf.theta_, X[held_out], targets, sample_weight=weights)
        assert path.validation_cost[0, fold] == pytest.approx(cost, rel=1e-12)
        assert path.validation_score[0, fold] == pytest.approx(clf.score(X[held_out], y[held_out]))


@pytest.mark.parametrize("given", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("row", "value", "parameters", "expected"),
    [
        (0, 1.0, {}, [np.float32] * 3),
        (0, 1e20, {}, [np.float32, np.float64, np.float64]),  # in the first fold that row is held out
        (0, 1.0, {"class_weight": {"a": 1e20}}, [np.float64] * 3),
        (0, 1.0, {"class_weight": {"a": 1e20}, "dtype": "float32"}, [np.float32] * 3),
        (0, 1.0, {"solver": "lbfgs", "label_smoothing": 0.1}, [np.float64] * 3),
        (0, 1.0, {"early_stopping": True, "label_smoothing": 0.1}, [np.float32] * 3),
    ],
)
def test_each_fold_begins_from_the_numbers_that_fit_begins_from(
    row: int,
    value: float,
    parameters: dict[str, Any],
    expected: list[type],
    given: type,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows: Array = X.astype(given)
    rows[row, 0] = value
    clf = MLPClassifier((6,), random_state=3, max_iter=2, **parameters)
    problem = Problem.of(clf, rows, y)
    begun: list[tuple[TrainingSet, Array]] = []

    def begin(_: Any, data: TrainingSet, __: Any, run_state: RunState, **___: Any) -> None:
        begun.append((data, run_state.state.theta))
        raise KeyboardInterrupt

    monkeypatch.setattr("deltarule.estimators.training_run.train", begin)
    for (learnt, held_out), dtype in zip(FOLDS, expected, strict=True):
        fold = problem.task(learnt, held_out, problem.draw())
        with pytest.raises(KeyboardInterrupt):
            clf.fit(rows[learnt], y[learnt])
        data, theta = begun.pop()
        ours_and_theirs = ((fold.task.training_set, fold.run_state.state.theta), (data, theta))
        for ours, theirs in zip(*((at.X, at.Y, at.weights, first) for at, first in ours_and_theirs), strict=True):
            assert (ours is None) == (theirs is None)
            if ours is not None and theirs is not None:
                assert ours.dtype == theirs.dtype == (dtype if given is np.float64 else np.float32)
                np.testing.assert_array_equal(ours, theirs)


def test_without_a_hidden_layer_costs_and_chosen_lambda_are_those_of_fits_from_scratch() -> None:
    clf = MLPClassifier((), solver="lbfgs", tol=1e-8, max_iter=5000, random_state=0)
    lambdas = [0.01, 0.1, 1.0, 10.0]
    path = lambda_path(clf, X, y, lambdas=lambdas, cv=3)
    found = np.empty((2, len(lambdas), 3))
    for fold, (learnt, held_out) in enumerate(FOLDS):
        for n, value in enumerate(lambdas):
            clf.set_params(alpha=value).fit(X[learnt], y[learnt])
            found[:, n, fold] = costs(clf, X[learnt], y[learnt]), costs(clf, X[held_out], y[held_out])
    np.testing.assert_allclose(path.training_cost, found[0], rtol=1e-5)
    np.testing.assert_allclose(path.validation_cost, found[1], rtol=1e-5)
    assert path.best == found[1].mean(axis=1).argmin()
    assert path.epochs.sum() > 0


def test_after_a_lambda_so_large_that_nothing_is_left_of_the_weights_the_next_fit_begins_anew() -> None:
    clf = MLPClassifier((6,), activation="tanh", solver="lbfgs", max_iter=300, random_state=0)
    path = lambda_path(clf, X, y, lambdas=[0.1, 1e5], cv=3)
    assert path.penalty[1].max() < 1e-3
    for fold, (learnt, held_out) in enumerate(FOLDS):
        clf.set_params(alpha=0.1).fit(X[learnt], y[learnt])
        assert path.validation_cost[0, fold] == pytest.approx(costs(clf, X[held_out], y[held_out]), rel=1e-12)
    assert path.training_cost[0].max() < 0.5 * path.training_cost[1].min()


def test_a_regressor_is_judged_by_r2_and_half_squared_errors() -> None:
    target = X @ [1.0, -2.0, 0.5, 0.0] + 0.1 * X[:, 0] ** 2
    reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", tol=1e-8, random_state=0)
    path = lambda_path(reg, X, target, lambdas=[0.1], cv=FOLDS)
    assert path.score_name == "R²"
    learnt, held_out = FOLDS[1]
    reg.set_params(alpha=0.1).fit(X[learnt], target[learnt])
    errors = reg.predict(X[held_out]) - target[held_out]
    assert path.validation_cost[0, 1] == pytest.approx(np.square(errors).mean() / 2, rel=1e-6)
    assert path.validation_score[0, 1] == pytest.approx(reg.score(X[held_out], target[held_out]), rel=1e-6)


def test_a_row_of_weight_two_counts_as_the_row_twice() -> None:
    clf = MLPClassifier((), solver="lbfgs", tol=1e-9, max_iter=2000, random_state=0)
    learnt, held_out = FOLDS[0]
    weights = np.ones(len(X))
    weights[::2] = 2
    weighted = lambda_path(clf, X, y, lambdas=[1.0], cv=[(learnt, held_out)], sample_weight=weights)
    repeats = [np.repeat(rows, weights[rows].astype(int)) for rows in (learnt, held_out)]
    repeated = lambda_path(clf, X, y, lambdas=[1.0], cv=[tuple(repeats)])
    np.testing.assert_allclose(weighted.validation_cost, repeated.validation_cost, rtol=1e-6)
    np.testing.assert_allclose(weighted.training_cost, repeated.training_cost, rtol=1e-6)
    plain = lambda_path(clf, X, y, lambdas=[1.0], cv=[(learnt, held_out)])
    assert abs(plain.validation_cost - weighted.validation_cost).max() > 1e-3


def test_the_number_of_threads_changes_no_bit() -> None:
    one, three = (
        lambda_path(MLPClassifier((6,), max_iter=30, random_state=0, n_threads=n), X, y, lambdas=LAMBDAS, cv=3)
        for n in (1, 3)
    )
    assert np.array_equal(one.validation_cost, three.validation_cost)
    assert np.array_equal(one.penalty, three.penalty)


def test_a_generator_as_random_state_gives_each_fold_its_own_first_weights_and_the_same_path_again() -> None:
    first, again = (
        lambda_path(MLPClassifier((6,), max_iter=5, random_state=np.random.default_rng(7)), X, y, lambdas=[0.0], cv=3)
        for _ in range(2)
    )
    assert np.array_equal(first.validation_cost, again.validation_cost)
    same_rows = [FOLDS[0]] * 2
    clf = MLPClassifier((6,), max_iter=5, random_state=np.random.default_rng(7))
    path = lambda_path(clf, X, y, lambdas=[0.0], cv=same_rows)
    assert path.validation_cost[0, 0] != path.validation_cost[0, 1]


def test_sparse_rows_have_the_costs_of_dense_ones() -> None:
    clf = MLPClassifier((6,), solver="lbfgs", max_iter=20, random_state=0)
    dense, sparse = (lambda_path(clf, rows, y, lambdas=[0.3, 3.0], cv=3) for rows in (X, csr_array(X)))
    np.testing.assert_allclose(sparse.validation_cost, dense.validation_cost, rtol=1e-6)


def test_the_estimator_stays_as_it_was() -> None:
    clf = MLPClassifier((6,), max_iter=5, random_state=0, alpha=0.25)
    before = clf.get_params()
    lambda_path(clf, X, y, lambdas=[0.0], cv=3)
    assert clf.get_params() == before
    assert not hasattr(clf, "theta_")


def test_fits_that_were_still_making_progress_are_counted_in_one_warning() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        lambda_path(MLPClassifier((6,), max_iter=2, random_state=0), X, y, lambdas=[0.0, 1.0], cv=3)
        size_path(MLPClassifier((6,), max_iter=2, random_state=0), X, y, sizes=[1.0], cv=3)
    assert [warning.category for warning in told] == [ConvergenceWarning] * 2
    assert [warning.filename for warning in told] == [__file__] * 2
    assert "6 of 6 fits were still making progress after max_iter=2" in str(told[0].message)
    assert "3 of 3 fits" in str(told[1].message)


def test_growing_parts_are_fitted_as_the_estimator_would_fit_them() -> None:
    clf = MLPClassifier((6,), max_iter=20, batch_size=16, random_state=0)
    path = size_path(clf, X, y, sizes=[20, 60], cv=3)
    assert path.sizes.tolist() == [20, 60]
    for fold, (learnt, held_out) in enumerate(FOLDS):
        clf.fit(X[learnt], y[learnt])  # 60 are all of them, whatever their order
        assert path.validation_cost[1, fold] == pytest.approx(costs(clf, X[held_out], y[held_out]), rel=2e-6)
        assert path.training_cost[1, fold] == pytest.approx(costs(clf, X[learnt], y[learnt]), rel=2e-6)
    assert (path.training_cost[0] != path.training_cost[1]).all()


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_iter": 80, "tol": 1e-3, "n_iter_no_change": 2},
        {"max_iter": 30, "early_stopping": True, "n_iter_no_change": 2},
        {"max_iter": 20, "engine": "reference", "batch_size": 16},
        {"max_iter": 10, "solver": "lbfgs"},
    ],
    ids=str,
)
def test_folds_trained_together_have_the_bits_of_each_fold_alone(parameters: dict[str, Any]) -> None:
    clf = MLPClassifier((6,), random_state=3, **parameters)
    together = lambda_path(clf, X, y, lambdas=LAMBDAS, cv=FOLDS), size_path(clf, X, y, sizes=[0.4, 1.0], cv=FOLDS)
    for n, fold in enumerate(FOLDS):
        alone = lambda_path(clf, X, y, lambdas=LAMBDAS, cv=[fold])
        for name in ("training_cost", "validation_cost", "penalty", "validation_score", "epochs"):
            assert np.array_equal(getattr(together[0], name)[:, n], getattr(alone, name)[:, 0]), name
    first = size_path(clf, X, y, sizes=[0.4, 1.0], cv=FOLDS[:1])
    assert np.array_equal(together[1].validation_cost[:, 0], first.validation_cost[:, 0])


@pytest.mark.parametrize(("early_stopping", "room"), [(False, 2), (True, 8)])
def test_folds_beyond_the_room_for_them_make_their_tasks_when_their_turn_comes(
    monkeypatch: pytest.MonkeyPatch, early_stopping: bool, room: int
) -> None:
    made, judged, most = 0, 0, 0
    lock = threading.Lock()
    task, fit = Problem.task, Problem.fit

    def making(*arguments: Any) -> Any:
        nonlocal made, most
        with lock:
            made += 1
            most = max(most, made - judged)
        return task(*arguments)

    def judging(*arguments: Any) -> Any:
        nonlocal judged
        found = yield from fit(*arguments)
        with lock:
            judged += 1
        return found

    monkeypatch.setattr(Problem, "task", making)
    monkeypatch.setattr(Problem, "fit", judging)
    clf = MLPClassifier((6,), max_iter=3, early_stopping=early_stopping, random_state=0, n_threads=2)
    lambda_path(clf, X, y, lambdas=[0.1], cv=FOLDS * 5)
    assert (made, judged) == (15, 15)
    assert most == room if early_stopping else most <= room  # a thread may begin late


def endless(**parameters: Any) -> MLPClassifier:
    return MLPClassifier((6,), random_state=0, max_iter=10**9, tol=0.0, n_iter_no_change=10**9, **parameters)


def test_an_error_in_one_fold_ends_the_others_and_comes_out() -> None:
    rows = X.copy()
    rows[FOLDS[0][1]] *= 1e300  # held out in the first fold alone, which is the only one that does not diverge
    clf = endless(solver="sgd", dtype="float64", learning_rate_init=0.1)
    began = time.monotonic()
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match="non-finite"):
        lambda_path(clf, rows, y, lambdas=[0.0], cv=FOLDS)
    assert time.monotonic() - began < 10


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to itself")
@pytest.mark.parametrize(
    "parameters", [{"solver": "adam"}, {"solver": "gd"}, {"solver": "adam", "engine": "reference"}]
)
def test_ctrl_c_ends_all_folds(parameters: dict[str, Any]) -> None:
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        lambda_path(endless(**parameters), X, y, lambdas=[0.1], cv=3)
    assert time.monotonic() - began < 10


def test_other_estimators_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="estimator is a dict, but this takes deltarule's MLPClassifier"):
        lambda_path({}, X, y)  # type: ignore[arg-type]


def test_a_fold_whose_weights_are_all_0_is_refused() -> None:
    weights = np.ones(len(X))
    weights[FOLDS[1][1]] = 0
    with pytest.raises(InputError, match="sample_weight is 0 in every row of a part of fold 2"):
        lambda_path(MLPClassifier((6,)), X, y, cv=3, sample_weight=weights)


def test_a_cost_that_leaves_the_finite_numbers_is_an_error() -> None:
    with pytest.raises(DivergedError, match="non-finite"):
        lambda_path(
            MLPRegressor(hidden_layer_sizes=(6,), solver="sgd", learning_rate_init=1e6, random_state=0),
            X,
            1e3 * X[:, 0],
            lambdas=[0.0, 1.0],
            cv=2,
        )


def test_a_score_that_does_not_fit_is_refused_with_a_remedy_in_folds_too() -> None:
    clf = MLPClassifier((3,), early_stopping=True, scoring="f1")
    with pytest.raises(SettingsError, match=r"'f1' cannot be measured on the training set: .*For 3 classes take"):
        lambda_path(clf, X, y, lambdas=[0.1], cv=2)
