"""What a fit measures after each epoch: cost and scores, on a validation set and on the training set."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_regressor
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import check_scoring, get_scorer_names

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.common.messages import Message
from deltarule.estimators.printing import stacklevel_of_call

__all__ = ["Examples", "check_measurable", "scorers_of", "scores_at"]

Scorer = Callable[..., float]

_SETS = {"train": "training", "validation": "validation"}
"""In words, what the names of scores begin with."""


class Examples(NamedTuple):
    """Rows as a user gave them and as the network takes them.

    `weights` are those of the rows, `in_cost` the same times those of their classes; None: 1 each.
    """

    X: Array
    y: NDArray[Any]
    Y: Array
    weights: Array | None
    in_cost: Array | None

    def take(self, rows: NDArray[np.int64]) -> "Examples":
        """Return some of them."""
        weights, in_cost = (None if array is None else array[rows] for array in (self.weights, self.in_cost))
        return Examples(self.X[rows], self.y[rows], self.Y[rows], weights, in_cost)


def scorers_of(scoring: Any, estimator: Any) -> dict[str, Scorer | None]:
    """Return what `scoring` asks for, by name, the first being what early stopping watches; None stands for the cost.

    Raises
    ------
    SettingsError
        If it names none, or scikit-learn knows no such scorer.
    """
    named: Mapping[str, Any]
    if isinstance(scoring, str):
        named = {scoring: scoring}
    elif callable(scoring):
        named = {"score": scoring}
    elif isinstance(scoring, Mapping):
        named = scoring
    elif isinstance(scoring, Sequence) and all(isinstance(name, str) for name in scoring):
        named = {name: name for name in scoring}
    else:
        named = {}
    if not named:
        raise SettingsError(
            f"scoring={scoring!r} names no score. Give the name of a scikit-learn scorer, 'loss' for the cost, a "
            "callable (estimator, X, y) -> float, a list of names, a dict of names to scorers, or None."
        )
    for one in named.values():
        if not (one == "loss" or callable(one) or one in get_scorer_names()):
            raise SettingsError(
                Message(
                    "scoring={given!r} cannot be measured: scikit-learn has no scorer {one!r}. "
                    "sklearn.metrics.get_scorer_names() lists those that it has; 'loss' is the cost.",
                    given=scoring,
                    one=one,
                )
            )
    try:
        return {name: None if one == "loss" else check_scoring(estimator, scoring=one) for name, one in named.items()}
    except ValueError as error:  # a metric where a scorer should be
        raise SettingsError(str(error)) from error


def check_measurable(estimator: Any, scorers: Mapping[str, Scorer | None], sets: Mapping[str, Examples]) -> None:
    """Raise SettingsError if a score cannot be measured of such an estimator on such targets.

    It is tried on the first parameters and, where that fails, on answers that are right. A score that raises on both
    does not fit; one that raises on the first only may be defined later on, as errors of logarithms are once all
    predictions are positive. A set that lacks a class says nothing: a score may be undefined on it and fit elsewhere.
    """
    for kind, rows in sets.items():
        if rows.y.ndim == 1 and len(np.unique(rows.y)) < len(getattr(estimator, "classes_", ())):
            continue
        for name, scorer in scorers.items():
            if scorer is None:
                continue
            try:
                _score(scorer, estimator, rows)
            except Exception as error:
                try:
                    _score(scorer, _with_right_answers(estimator, rows), rows)
                except Exception:
                    raise SettingsError(
                        Message(
                            "scoring: {name!r} cannot be measured on the {kind} set: {why}. {remedy}",
                            name=name,
                            kind=_SETS[kind],
                            why=" ".join(str(error).split()).rstrip("."),
                            remedy=_remedy(estimator, rows, error),
                        )
                    ) from error


def _with_right_answers(estimator: Any, rows: Examples) -> Any:
    """Return an estimator that answers with the targets, or next to them: quantities are seldom whole numbers or 0."""
    answers = np.nextafter(rows.Y, np.inf) if is_regressor(estimator) else rows.Y
    right = copy(estimator)
    right._hypothesis = lambda _: answers
    return right


def _remedy(estimator: Any, rows: Examples, error: Exception) -> str:
    """Return what to do about a score that cannot be measured."""
    if isinstance(error, TypeError):
        weights = "" if rows.weights is None else ", sample_weight=…"
        return f"A scorer is called as scorer(estimator, X, y{weights}) and returns a number."
    if is_regressor(estimator):
        return "For quantities take 'r2' or 'neg_mean_absolute_error'."
    if rows.y.ndim == 2:
        return "For several labels a row take 'f1_macro', 'f1_samples' or 'roc_auc'."
    if len(estimator.classes_) == 2:
        return (
            "For two classes take 'f1_macro', 'f1_weighted' or 'roc_auc', or in Python say which class counts: "
            f"make_scorer(f1_score, pos_label={estimator.classes_.tolist()[1]!r})."
        )
    return f"For {len(estimator.classes_)} classes take 'f1_macro', 'f1_weighted' or 'roc_auc_ovr'."


def scores_at(estimator: Any, scorers: Mapping[str, Scorer | None], sets: Mapping[str, Examples]) -> dict[str, float]:
    """Return every score of a fitted estimator on every set, named as in `train_accuracy`; NaN where it is undefined.

    A scorer of `check_measurable` that raises ValueError all the same does so because of the predictions or the rows;
    that is warned of, and ends no training.
    """
    scores = {}
    for kind, rows in sets.items():
        for name, scorer in scorers.items():
            if scorer is None:
                continue
            try:
                score = _score(scorer, estimator, rows)
            except ValueError as error:
                score = np.nan
                warnings.warn(
                    f"{name!r} is undefined on the {_SETS[kind]} set after an epoch, so it is NaN there: {error}",
                    UndefinedMetricWarning,
                    stacklevel_of_call(),
                )
            scores[f"{kind}_{name}"] = score
    return scores


def _score(scorer: Scorer, estimator: Any, rows: Examples) -> float:
    weights = {} if rows.weights is None else {"sample_weight": rows.weights}
    return float(scorer(estimator, rows.X, rows.y, **weights))
