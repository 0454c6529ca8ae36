"""What is measured after each epoch, what stops on it, and who is told."""

import io
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score, get_scorer, log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import deltarule
from deltarule import MLPClassifier, MLPRegressor, Progress
from deltarule.common.errors import DivergedError, InputError, SettingsError

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
ODD, EVEN = slice(1, None, 2), slice(0, None, 2)


@pytest.fixture(autouse=True)
def runs_may_end_at_max_iter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def made(Estimator: Any = MLPClassifier, **parameters: Any) -> Any:
    given = {"hidden_layer_sizes": (6,), "max_iter": 20, "learning_rate_init": 0.03, "random_state": 0, "tol": 0.0}
    return Estimator(**{**given, **parameters})


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_cost_of_the_eval_set_is_measured_after_each_epoch(solver: str) -> None:
    costs: list[float] = []

    def judge(progress: Progress) -> None:
        network = deltarule.Network((4, 6, 3), "relu", "softmax")
        costs.append(deltarule.cost(network, progress.theta.astype(float), X[ODD], np.eye(3)[y[ODD]]))

    clf = made(solver=solver, max_iter=5).fit(X[EVEN], y[EVEN], eval_set=(X[ODD], y[ODD]), callbacks=[judge])
    np.testing.assert_allclose(clf.validation_loss_curve_, costs, rtol=1e-5)
    h = clf.predict_proba(X[ODD])
    assert clf.validation_loss_curve_[-1] == pytest.approx(log_loss(y[ODD], h), rel=1e-5)


def test_scores_of_both_sets_are_those_of_scikit_learns_scorers() -> None:
    names = ["f1_macro", "neg_log_loss", "roc_auc_ovr"]
    clf = made(scoring=names).fit(X[EVEN], y[EVEN], eval_set=(X[ODD], y[ODD]))
    assert set(clf.scores_) == {f"{kind}_{name}" for kind in ("train", "validation") for name in names}
    for name in names:
        assert clf.scores_[f"validation_{name}"][-1] == pytest.approx(get_scorer(name)(clf, X[ODD], y[ODD]), rel=1e-6)
        assert clf.scores_[f"train_{name}"][-1] == pytest.approx(get_scorer(name)(clf, X[EVEN], y[EVEN]), rel=1e-6)
        assert len(clf.scores_[f"train_{name}"]) == clf.n_iter_


def test_scores_without_a_validation_set_are_those_of_the_training_set() -> None:
    clf = made(scoring="accuracy").fit(X, y)
    assert list(clf.scores_) == ["train_accuracy"]
    assert clf.scores_["train_accuracy"][-1] == clf.score(X, y)
    assert np.isnan(clf.validation_loss_curve_).all()


def test_a_regressor_is_scored_by_r2_or_by_what_is_asked_for() -> None:
    reg = made(MLPRegressor).fit(X, y, eval_set=(X, y))
    assert reg.scores_["validation_r2"][-1] == pytest.approx(reg.score(X, y), rel=1e-5)
    reg = made(MLPRegressor, scoring={"worst": "neg_max_error"}).fit(X, y, eval_set=(X, y))
    assert reg.scores_["validation_worst"][-1] == pytest.approx(-np.abs(reg.predict(X) - y).max(), rel=1e-5)


def test_a_callable_scores_too() -> None:
    def errors(estimator: Any, X: Any, y: Any) -> float:
        return -float(np.count_nonzero(estimator.predict(X) != y))

    clf = made(scoring=errors).fit(X, y, eval_set=(X, y))
    assert clf.scores_["validation_score"][-1] == errors(clf, X, y)


def test_frames_with_names_are_scored_without_a_warning() -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    clf = made(scoring="accuracy", max_iter=2).fit(frame, y, eval_set=(frame, y))
    assert clf.scores_["validation_accuracy"][-1] == clf.score(frame, y)


@pytest.mark.parametrize("scoring", [None, "loss", "f1", ["f1", "loss"], ["balanced_accuracy"]])
def test_early_stopping_watches_the_first_score_and_restores_its_best_parameters(scoring: Any) -> None:
    Z, labels = load_breast_cancer(return_X_y=True)
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    settings: dict[str, Any] = {"max_iter": 200, "n_iter_no_change": 5, "early_stopping": True, "scoring": scoring}
    settings["tol"] = 1e-9  # so that the same accuracy once more is no progress
    clf = made(hidden_layer_sizes=(30,), **settings).fit(Z[EVEN], labels[EVEN], eval_set=(Z[ODD], labels[ODD]))
    name = "accuracy" if scoring is None else scoring if isinstance(scoring, str) else scoring[0]
    watched = -np.array(clf.validation_loss_curve_) if name == "loss" else clf.scores_[f"validation_{name}"]
    best = int(np.argmax(watched))
    assert clf.n_iter_ == best + 7 < 200
    assert clf.history_.best_epoch == best + 1
    np.testing.assert_array_equal(clf.validation_scores_, watched)
    assert clf.best_validation_score_ == watched[best]
    proba = clf.predict_proba(Z[ODD])
    now = {
        "accuracy": clf.score(Z[ODD], labels[ODD]),
        "loss": -log_loss(labels[ODD], proba),
        "f1": f1_score(labels[ODD], clf.predict(Z[ODD])),
        "balanced_accuracy": get_scorer("balanced_accuracy")(clf, Z[ODD], labels[ODD]),
    }
    assert now[name] == pytest.approx(watched[best], rel=1e-5)


@pytest.mark.parametrize("told", [{"scoring": ["f1_macro", "accuracy"]}, {}], ids=["scoring", "callback"])
def test_one_engine_serves_a_fit_and_all_its_scores(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    made_here: list[Any] = []

    def engine_for(*asked: Any) -> Any:
        made_here.append(asked)
        return deltarule.engines.engine_for(*asked)

    monkeypatch.setattr("deltarule.estimators.predictor.engine_for", engine_for)
    clf = made(max_iter=5, **told)
    monitor = ScoringMonitor(scoring="accuracy")
    (clf if told else clf.set_callbacks(monitor)).fit(X, y)
    assert clf.n_iter_ == 5
    pickle.dumps(clf)
    clf.predict(X)
    assert len(made_here) == 1


def test_early_stopping_on_a_score_holds_out_rows_where_there_is_no_eval_set() -> None:
    clf = made(scoring=["f1_macro"], early_stopping=True, validation_fraction=0.3).fit(X, y)
    assert len(clf.scores_["validation_f1_macro"]) == len(clf.scores_["train_f1_macro"]) == clf.n_iter_


def test_the_eval_set_may_have_weights() -> None:
    weights = np.where(y[ODD] == 2, 7.0, 1.0)
    clf = made(scoring="accuracy").fit(X[EVEN], y[EVEN], eval_set=(X[ODD], y[ODD], weights))
    right = clf.predict(X[ODD]) == y[ODD]
    assert clf.scores_["validation_accuracy"][-1] == pytest.approx(np.average(right, weights=weights))
    J = deltarule.cost(clf.network_, clf.theta_, X[ODD], clf.encode(y[ODD]), sample_weight=weights)
    assert clf.validation_loss_curve_[-1] == pytest.approx(J, rel=1e-5)


@pytest.mark.parametrize("eval_set", [X, (X,), "rows", (X, y, y, y)])
def test_an_eval_set_that_is_no_pair_is_refused(eval_set: Any) -> None:
    with pytest.raises(InputError, match=r"eval_set is a \w+.* Pass one tuple, \(X, y\) or \(X, y, sample_weight\)"):
        made().fit(X, y, eval_set=eval_set)


@pytest.mark.parametrize("scoring", ["fastness", 3, ["accuracy", 3], {"a": "fastness"}, [], {}])
def test_a_score_that_nobody_knows_is_refused(scoring: Any) -> None:
    with pytest.raises(SettingsError, match=r"scoring=.* (names no score|cannot be measured)"):
        made(scoring=scoring).fit(X, y)


def test_a_callback_gets_the_history_so_far() -> None:
    seen: list[Any] = []

    def keep(progress: Progress) -> bool:
        seen.append((progress, progress.history))
        return progress.epoch == 4

    clf = made().fit(X, y, callbacks=[keep], eval_set=(X, y))
    assert [history.epochs for _, history in seen] == [1, 2, 3, 4]
    np.testing.assert_array_equal(seen[-1][1].cost, clf.loss_curve_)
    np.testing.assert_array_equal(
        seen[0][0].history.cost, clf.loss_curve_[:1]
    )  # asked for late, it is still that of then
    assert seen[-1][1].stopped == "running"
    assert seen[2][0].scores == {"validation_accuracy": clf.scores_["validation_accuracy"][2]}


@pytest.mark.parametrize("going_on", ["warm_start", "resume"])
def test_the_history_of_a_progress_fits_its_own_epochs_also_in_a_run_that_goes_on_and_when_read_late(
    going_on: str,
) -> None:
    kept: list[Progress] = []
    early: list[tuple[int, str]] = []

    def keep(progress: Progress) -> None:
        kept.append(progress)
        early.append((progress.history.best_epoch, progress.history._repr_html_()))

    clf = made(solver="sgd", momentum=0.0, max_iter=5, tol=0.0, warm_start=going_on == "warm_start").fit(X, y)
    clf.set_params(max_iter=8 if going_on == "resume" else 3)
    clf.fit(X, y, callbacks=[keep], resume=going_on == "resume")
    assert [progress.history.epochs for progress in kept] == [1, 2, 3]
    assert [best for best, _ in early] == [1, 2, 3]  # the cost falls in each
    assert [(progress.history.best_epoch, progress.history._repr_html_()) for progress in kept] == early
    assert (clf.history_.epochs, clf.history_.best_epoch) == (8, 8)


def test_the_best_of_a_run_that_goes_on_may_lie_before_what_its_progress_shows() -> None:
    bests: list[int] = []
    settings: dict[str, Any] = {"solver": "sgd", "n_iter_no_change": 100, "early_stopping": True, "scoring": "loss"}
    wrong = (X, (y + 1) % 3)  # the better the fit, the worse the validation cost
    clf = made(**settings, max_iter=5, learning_rate_init=0.5).fit(X, y, eval_set=wrong)
    best = clf.history_.best_epoch
    assert clf.validation_loss_curve_[best - 1] < clf.validation_loss_curve_[-1]
    watch = [lambda progress: bests.append(progress.history.best_epoch)]
    clf.set_params(max_iter=7).fit(X, y, eval_set=wrong, resume=True, callbacks=watch)
    assert bests == [0, 0]
    assert (clf.history_.epochs, clf.history_.best_epoch) == (7, best)


def test_callbacks_that_cannot_be_called_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"callbacks holds a ScoringMonitor, .* are set by set_callbacks"):
        made().fit(X, y, callbacks=[ScoringMonitor(scoring="accuracy")])
    one: Any
    for one in (print, None, (print for _ in range(2))):
        with pytest.raises(SettingsError, match=r"takes a list of callables, not .*\. Pass \[f\] for one callable f"):
            made().fit(X, y, callbacks=one)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_scikit_learns_monitor_sees_the_score_of_every_epoch(solver: str) -> None:
    monitor = ScoringMonitor(scoring="accuracy")
    clf = made(solver=solver, max_iter=6, scoring="accuracy").set_callbacks(monitor).fit(X, y)
    log = monitor.get_logs()
    data = (log[0] if isinstance(log, list) else log).data
    epochs = [row["accuracy"] for row in data if row["task_name"] == "epoch"]
    assert epochs[: clf.n_iter_] == clf.scores_["train_accuracy"]
    whole = [row["accuracy"] for row in data if row["task_name"] == "fit"]
    assert whole == [clf.score(X, y)]
    assert not hasattr(clf, "_callback_fit_ctx")


class Recorder:
    """A callback of scikit-learn's protocol."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.calls: list[tuple[str, str]] = []
        self.stop_after = stop_after

    def setup(self, estimator: Any, context: Any) -> None:
        self.calls.append(("setup", context.task_name))

    def teardown(self, estimator: Any, context: Any) -> None:
        self.calls.append(("teardown", context.task_name))

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.calls.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator: Any, context: Any, *, X: Any = None, fitted_estimator: Any = None) -> bool:
        self.calls.append(("end", context.task_name))
        if fitted_estimator is not None:
            assert fitted_estimator.predict(X).shape == (150,)
        return context.task_name == "epoch" and sum(call == ("end", "epoch") for call in self.calls) >= self.stop_after


def test_every_task_of_scikit_learns_callbacks_begins_and_ends_once() -> None:
    recorder = Recorder()
    made(max_iter=3).set_callbacks(recorder).fit(X, y)
    epoch = [("begin", "epoch"), ("end", "epoch")]
    assert recorder.calls == [("setup", "fit"), ("begin", "fit"), *epoch * 3, ("end", "fit"), ("teardown", "fit")]


def test_scikit_learns_callbacks_can_stop_a_fit() -> None:
    clf = made().set_callbacks(Recorder(stop_after=3)).fit(X, y)
    assert clf.n_iter_ == 3
    assert clf.history_.stopped == "callback"


def test_scikit_learns_callbacks_are_torn_down_when_a_fit_fails() -> None:
    recorder = Recorder()
    clf = made(MLPRegressor, solver="sgd", learning_rate_init=1e30, activation="identity").set_callbacks(recorder)
    with pytest.raises(DivergedError):
        clf.fit(X, y)
    assert recorder.calls[-1] == ("teardown", "fit")
    assert not hasattr(clf, "_callback_fit_ctx")


def test_a_progress_bar_on_a_pipeline_and_a_search_is_told_of_the_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    make_pipeline(StandardScaler(), made(max_iter=3)).set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, y)
    assert "MLPClassifier" in capsys.readouterr().out
    search = GridSearchCV(made(max_iter=2), {"alpha": [0.1, 1.0]}, cv=2).set_callbacks(
        ProgressBar(max_propagation_depth=2)
    )
    search.fit(X, y)
    assert "GridSearchCV" in capsys.readouterr().out


def test_without_scikit_learns_callbacks_estimators_are_the_same() -> None:
    code = (
        "import sys, sklearn.neural_network\n"
        "sys.modules['sklearn.callback'] = None; del sklearn.callback\n"
        "from deltarule import MLPClassifier\n"
        "clf = MLPClassifier(solver='lbfgs', random_state=0).fit([[0.0], [1.0]], [0, 1])\n"
        "print(hasattr(clf, 'set_callbacks'), clf.score([[0.0], [1.0]], [0, 1]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout.split() == ["False", "1.0"], run.stderr


def test_a_bar_is_drawn_where_verbose_asks_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    made(verbose="bar", max_iter=20).fit(X, y, eval_set=(X, y))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith("epoch 20/20  cost 0.")
    with pytest.raises(SettingsError, match="verbose='loud' is unknown"):
        made(verbose="loud").fit(X, y)


@pytest.mark.parametrize(("scoring", "shown"), [(None, "validation score 0."), ("loss", "validation 0.")])
def test_with_early_stopping_the_bar_shows_the_score_that_it_follows(
    scoring: str | None, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clf = made(verbose="bar", max_iter=10, early_stopping=True, scoring=scoring).fit(X, y)
    last = capsys.readouterr().err.splitlines()[-1]
    assert shown in last
    followed = clf.history_.validation_cost if scoring else clf.history_.validation_score
    assert last.endswith(f"{followed[clf.history_.epochs - 1]:.4f}")


def test_a_trace_of_a_fitted_estimator_is_that_of_its_network() -> None:
    clf = made(alpha=0.7).fit(pd.DataFrame(X, columns=list("abcd")), np.array(["a", "b", "c"])[y])
    example = clf.trace(X[70], "b")
    judge = deltarule.trace_example(clf.network_, clf.theta_, X[70], [0, 1, 0])
    for mine, his in zip(example.delta + example.contributions, judge.delta + judge.contributions, strict=True):
        np.testing.assert_array_equal(mine, his)
    whole = clf.trace(pd.DataFrame(X[:5], columns=list("abcd")), ["a"] * 5)
    J, D = deltarule.cost_and_gradient(clf.network_, clf.theta_, X[:5], np.eye(3)[[0] * 5], lambda_=0.7)
    assert whole.J == pytest.approx(J, rel=1e-12)
    np.testing.assert_allclose(clf.network_.unroll(whole.D), D, atol=1e-14)


def test_the_gradient_of_a_fitted_estimator_is_checked_with_its_own_lambda() -> None:
    for estimator, targets in ((made(alpha=2.0), y), (made(MLPRegressor, alpha=2.0), y)):
        estimator.fit(X, targets)
        check = deltarule.check_gradient(estimator, X[:20], targets[:20])
        assert check.passed
        assert check.worst_gradient == pytest.approx(check.worst_difference, abs=1e-8)
        by_hand = deltarule.check_gradient(
            estimator.network_, estimator.theta_, X[:20], estimator.encode(targets[:20]), lambda_=2.0
        )
        assert by_hand.gap == check.gap
    with pytest.raises(InputError, match="takes network, theta, X, Y, each once, but 3 came by place and none by name"):
        deltarule.check_gradient(estimator.network_, estimator.theta_, X)


def test_verbose_lines_go_to_stdout_and_a_bar_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    made(verbose=True, max_iter=2).fit(X, y)
    out = io.StringIO(capsys.readouterr().out).read().splitlines()
    assert out[0].startswith("Iteration 1, loss = ")
    assert len(out) == 2
