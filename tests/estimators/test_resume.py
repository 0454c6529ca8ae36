"""Runs that stopped go on to the bit."""

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from deltarule import MLPClassifier, MLPRegressor, Progress
from deltarule.common.errors import InputError, SettingsError

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


pytestmark = pytest.mark.usefixtures("runs_may_end_early")


def made(Estimator: Any = MLPClassifier, **parameters: Any) -> Any:
    given = {
        "hidden_layer_sizes": (6,),
        "max_iter": 12,
        "batch_size": 40,
        "learning_rate_init": 0.03,
        "random_state": 0,
        "tol": 0.0,
    }
    return Estimator(**{**given, **parameters})


def stops_at(epoch: int) -> Any:
    return lambda progress: progress.epoch == epoch


VARIANTS: list[dict[str, Any]] = [
    {},
    {"solver": "sgd"},
    {"dropout": 0.3, "weight_decay": 0.1, "max_grad_norm": 0.5},
    {"learning_rate": "cosine", "warmup": 3},
    {"solver": "sgd", "learning_rate": "one_cycle"},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 1, "max_iter": 40},
    {"solver": "sgd", "learning_rate": "invscaling"},
    {"early_stopping": True, "n_iter_no_change": 3, "max_iter": 40},
    {"early_stopping": True, "scoring": "loss", "n_iter_no_change": 2, "max_iter": 60, "random_state": 4},
    {"class_weight": "balanced", "label_smoothing": 0.1},
]


def same_history(one: Any, other: Any) -> None:
    for name in ("cost", "validation_cost", "validation_score", "step_size"):
        np.testing.assert_array_equal(getattr(one.history_, name), getattr(other.history_, name))
    assert one.history_.best_epoch == other.history_.best_epoch
    assert one.history_.stopped == other.history_.stopped


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_a_run_that_a_callback_stopped_goes_on_to_the_bit(settings: dict[str, Any], engine: str) -> None:
    whole = made(**settings, engine=engine).fit(X, y)
    parts = made(**settings, engine=engine).fit(X, y, callbacks=[stops_at(5)])
    assert parts.n_iter_ == 5
    parts.fit(X, y, callbacks=[stops_at(9)], resume=True)
    parts = pickle.loads(pickle.dumps(parts)).fit(X, y, resume=True)
    np.testing.assert_array_equal(whole.theta_, parts.theta_)
    same_history(whole, parts)


def test_a_run_that_ctrl_c_stopped_goes_on_to_the_bit_and_ends_after_max_iter_in_all() -> None:
    def press(progress: Progress) -> None:
        if progress.epoch == 4:
            raise KeyboardInterrupt

    whole = made().fit(X, y)
    parts = made().fit(X, y, callbacks=[press])
    assert parts.history_.stopped == "interrupted"
    parts.fit(X, y, resume=True)
    np.testing.assert_array_equal(whole.theta_, parts.theta_)
    assert parts.n_iter_ == whole.n_iter_ == 12
    assert parts.t_ == whole.t_ == 12 * 150


def test_a_run_that_came_to_its_end_goes_on_with_a_larger_max_iter_only() -> None:
    clf = made(max_iter=5).fit(X, y)
    theta = clf.theta_.copy()
    np.testing.assert_array_equal(clf.fit(X, y, resume=True).theta_, theta)
    assert clf.n_iter_ == len(clf.loss_curve_) == 5
    clf.set_params(max_iter=12).fit(X, y, resume=True)
    np.testing.assert_array_equal(clf.theta_, made().fit(X, y).theta_)
    assert len(clf.loss_curve_) == 12


def test_a_run_that_converged_stays_as_it_is() -> None:
    clf = made(tol=1e3, n_iter_no_change=2, max_iter=100).fit(X, y)
    assert clf.history_.stopped == "converged"
    theta = clf.theta_.copy()
    np.testing.assert_array_equal(clf.fit(X, y, resume=True).theta_, theta)
    assert clf.history_.epochs == 4


def test_a_run_that_goes_on_up_to_max_iter_says_that_it_has_come_to_it() -> None:
    clf = made(max_iter=5).fit(X, y).set_params(max_iter=10)
    with pytest.warns(ConvergenceWarning, match=r"Stochastic Optimizer: Maximum iterations \(10\) reached"):
        clf.fit(X, y, resume=True)


def test_epochs_in_the_progress_count_the_run() -> None:
    seen: list[tuple[int, int]] = []
    clf = made().fit(X, y, callbacks=[stops_at(5)])
    clf.fit(X, y, resume=True, callbacks=[lambda progress: seen.append((progress.epoch, progress.epochs))])
    assert seen == [(epoch, 12) for epoch in range(6, 13)]


MISTAKES: list[tuple[dict[str, Any], Any, type[Exception], str]] = [
    ({"solver": "lbfgs"}, (X, y), SettingsError, "resume=True goes on with the steps of adam or sgd; solver='lbfgs'"),
    ({"solver": "sgd"}, (X, y), SettingsError, "goes on with a run of sgd .* but there is one of adam here"),
    ({}, (X[:100], y[:100]), ValueError, "the same classes"),
    ({}, (X[10:], y[10:]), InputError, "the run took 150 and here are 140"),
    ({}, (1e30 * X, y), InputError, "the run took float32 and these numbers need float64"),
    ({}, (X[::-1], y[::-1]), InputError, "X, y, their order or their weights are others than those of the run"),
    ({}, (X, y, np.arange(150.0)), InputError, "X, y, their order or their weights are others"),
    ({"class_weight": {0: 2.0}}, (X, y), InputError, "X, y, their order or their weights are others"),
    ({"hidden_layer_sizes": (7,)}, (X, y), SettingsError, "resume=True goes on from the fitted network 4-6-3"),
    ({"activation": "tanh"}, (X, y), SettingsError, r"the network was 4-6-3 \(relu, softmax\) and is 4-6-3 \(tanh, s"),
    (
        {"batch_size": 75},
        (X, y),
        SettingsError,
        r"but batch_size was 40 and is 75\. Set that back, or go on from the p",
    ),
    ({"dtype": "float64"}, (X, y), SettingsError, "dtype was 'auto' and is 'float64'"),
    ({"alpha": 1, "dropout": [0.5]}, (X, y), SettingsError, r"alpha was 0\.0001 and is 1; dropout was 0\.0 and is \(0"),
    ({"early_stopping": True}, (X, y), SettingsError, "early_stopping was False and is True"),
    (
        {"learning_rate": "cosine", "max_iter": 20},
        (X, y),
        SettingsError,
        "learning_rate was 'constant' and is 'cosine'; max_iter was 12 and is 20",
    ),
]


@pytest.mark.parametrize(("parameters", "data", "kind", "message"), MISTAKES, ids=[row[-1][:40] for row in MISTAKES])
def test_what_does_not_fit_the_run_is_refused_and_the_model_stays(
    parameters: dict[str, Any], data: Any, kind: type[Exception], message: str
) -> None:
    clf = made().fit(X, y, callbacks=[stops_at(5)])
    before = clf.predict_proba(X)
    clf.set_params(**parameters)
    with pytest.raises(kind, match=message):
        clf.fit(*data, resume=True)
    np.testing.assert_array_equal(clf.predict_proba(X), before)


def test_what_changes_no_step_that_was_taken_may_change() -> None:
    whole = made(max_iter=14).fit(X, y)
    parts = made().fit(X, y, callbacks=[stops_at(5)])
    parts.set_params(max_iter=np.int64(14), n_threads=1, on_divergence="restore", batch_size=np.int64(40))
    parts.fit(X, y, resume=True)
    np.testing.assert_array_equal(whole.theta_, parts.theta_)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_weights_that_were_written_to_in_between_are_refused_and_go_on_by_a_warm_start(early_stopping: bool) -> None:
    clf = made(early_stopping=early_stopping).fit(X, y, callbacks=[stops_at(5)])
    weight = clf.coefs_[0][0, 0]
    clf.coefs_[0][0, 0] += 1
    with pytest.raises(
        InputError, match=r"coefs_ or intercepts_ were written to since then\. Go on from them with warm"
    ):
        clf.fit(X, y, resume=True)
    assert clf.coefs_[0][0, 0] == weight + 1
    clf.coefs_[0][0, 0] = weight
    clf.fit(X, y, resume=True)
    np.testing.assert_array_equal(clf.theta_, made(early_stopping=early_stopping).fit(X, y).theta_)


def test_there_is_nothing_to_resume_before_the_first_fit() -> None:
    with pytest.raises(SettingsError, match="that fit began, but there is none here"):
        made(MLPRegressor).fit(X, y, resume=True)


def test_a_regressor_goes_on_too() -> None:
    whole = made(MLPRegressor).fit(X, y)
    parts = made(MLPRegressor).fit(X, y, callbacks=[stops_at(3)]).fit(X, y, resume=True)
    np.testing.assert_array_equal(whole.theta_, parts.theta_)
