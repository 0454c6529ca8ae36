"""Scores that do not fit are refused before the first epoch; those that are undefined for a while end no training."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.metrics import f1_score, make_scorer, mean_poisson_deviance, mean_squared_log_error

from deltarule import MLPClassifier, MLPRegressor, Progress
from deltarule.common.errors import SettingsError

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
ODD, EVEN = slice(1, None, 2), slice(0, None, 2)
INCOMES = np.array(["<=50K", ">50K"])[y % 2]
LETTERS = np.array(["a", "b", "c"])[y]


@pytest.fixture(autouse=True)
def runs_may_end_at_max_iter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def made(Estimator: Any = MLPClassifier, **parameters: Any) -> Any:
    given = {"hidden_layer_sizes": (6,), "max_iter": 20, "learning_rate_init": 0.03, "random_state": 0, "tol": 0.0}
    return Estimator(**{**given, **parameters})


# What is fitted, the score, and words of the message: what is wrong, and what to do.
UNFIT: dict[str, tuple[Any, Any, Any, str]] = {
    **{
        f"{score} of text labels": (
            MLPClassifier, INCOMES, score, rf"'{score}'.* training set: .*pos_label=1 is not .*scorer\(.*='>50K'\)"
        )
        for score in ("f1", "precision", "recall", "jaccard", "average_precision")
    },
    "f1 of three classes": (MLPClassifier, LETTERS, ["accuracy", "f1"], r"average='binary'\. .*For 3 classes .*macro'"),
    "roc_auc of three classes": (MLPClassifier, LETTERS, "roc_auc", r"multi_class must be .*take .*'roc_auc_ovr'"),
    "r2 of text labels": (MLPClassifier, LETTERS, "r2", r"'r2' cannot be measured .* convert string to float.*take"),
    "a deviance of classes": (MLPClassifier, y, "neg_mean_gamma_deviance", r"strictly positive y and y_pred\. For 3"),
    "f1 of several labels": (MLPClassifier, np.eye(3, dtype=int)[y] | [1, 0, 0], "f1", r"several labels a row take"),
    "accuracy of quantities": (MLPRegressor, X[:, 0], "accuracy", r"continuous.*take 'r2' or"),
    "accuracy of counts": (MLPRegressor, y.astype(float), "accuracy", r"mix of multiclass and cont.*take 'r2' or"),
    "probabilities of quantities": (MLPRegressor, y, "roc_auc", r"MLPRegressor has none of .*take 'r2' or"),
    "a callable that takes no y": (MLPClassifier, y, lambda model, X: 1.0, r"called as scorer\(estimator, X, y\) and"),
    "a callable without a number": (MLPClassifier, y, lambda model, X, y: None, r"returns a number"),
    "a metric, not a scorer": (MLPClassifier, y, f1_score, r"Please use `make_scorer`"),
}  # fmt: skip


@pytest.mark.parametrize(("Estimator", "targets", "scoring", "message"), UNFIT.values(), ids=UNFIT)
def test_a_score_that_does_not_fit_is_refused_before_the_first_epoch_with_a_remedy(
    Estimator: Any, targets: Any, scoring: Any, message: str
) -> None:
    seen: list[Progress] = []
    with pytest.raises(SettingsError, match=message) as caught:
        made(Estimator, scoring=scoring).fit(X, targets, callbacks=[seen.append])
    assert not seen
    assert "\n" not in str(caught.value)


def test_a_score_that_does_not_fit_is_refused_by_the_first_partial_fit() -> None:
    with pytest.raises(SettingsError, match="'f1' cannot be measured on the training set"):
        made(scoring="f1").partial_fit(X, INCOMES, classes=["<=50K", ">50K"])


def test_a_scorer_that_takes_no_weights_is_refused_where_there_are_some() -> None:
    made(MLPRegressor, scoring="neg_max_error", max_iter=2).fit(X, y)
    with pytest.raises(SettingsError, match=r"called as scorer\(estimator, X, y, sample_weight=…\)"):
        made(MLPRegressor, scoring="neg_max_error").fit(X, y, np.ones(150))


def test_the_remedies_are_scores_that_fit() -> None:
    which = make_scorer(f1_score, pos_label=">50K")
    clf = made(scoring={"f1": which, "macro": "f1_macro", "auc": "roc_auc"}, max_iter=5).fit(X, INCOMES)
    assert clf.scores_["train_f1"][-1] == f1_score(INCOMES, clf.predict(X), pos_label=">50K")
    assert made(scoring=["f1_macro", "f1_weighted", "roc_auc_ovr"], max_iter=2).fit(X, LETTERS).n_iter_ == 2
    several = np.eye(3, dtype=int)[y] | [1, 0, 0]
    names = ["f1_macro", "f1_samples"]
    assert made(scoring=names, max_iter=2).fit(X, several).n_iter_ == 2


def test_a_score_of_positive_quantities_is_nan_until_they_are_positive() -> None:
    prices = 3 + np.abs(X[:, 0])
    reg = made(MLPRegressor, scoring="neg_mean_squared_log_error", hidden_layer_sizes=(), max_iter=60)
    with pytest.warns(UndefinedMetricWarning, match="'neg_mean_squared_log_error' is undefined on the training set"):
        scores = np.array(reg.fit(X, prices).scores_["train_neg_mean_squared_log_error"])
    assert np.isnan(scores[0])
    assert scores[-1] == pytest.approx(-mean_squared_log_error(prices, reg.predict(X)))


def test_a_deviance_of_counts_with_zeros_fits_predictions_that_are_positive() -> None:
    reg = made(MLPRegressor, loss="poisson", scoring="neg_mean_poisson_deviance", max_iter=3).fit(X, y)
    assert reg.scores_["train_neg_mean_poisson_deviance"][-1] == pytest.approx(
        -mean_poisson_deviance(y, reg.predict(X)), rel=1e-6
    )


def test_a_score_that_is_undefined_on_few_rows_ends_no_training() -> None:
    first, rest = np.flatnonzero(y < 2), np.arange(150)
    with pytest.warns(UndefinedMetricWarning, match=r"'neg_log_loss' is undefined on the training set after an epoch"):
        clf = made(scoring="neg_log_loss").partial_fit(X[first], y[first], classes=[0, 1, 2])
    clf.partial_fit(X[rest], y[rest])
    assert np.isnan(clf.scores_["train_neg_log_loss"]).tolist() == [True, False]
    with pytest.warns(UndefinedMetricWarning, match=r"on the validation set after an epoch"):
        clf = made(scoring="neg_log_loss", max_iter=2).fit(X, y, eval_set=(X[:80], y[:80]))
    assert np.isnan(clf.scores_["validation_neg_log_loss"]).all()
    assert np.isfinite(clf.scores_["train_neg_log_loss"]).all()


def test_a_callable_that_looks_at_rows_of_its_own_is_accepted() -> None:
    clf = made(scoring=lambda model, _X, _y: model.score(X[ODD], y[ODD]), max_iter=3).fit(X[EVEN], y[EVEN])
    assert clf.scores_["train_score"][-1] == clf.score(X[ODD], y[ODD])
