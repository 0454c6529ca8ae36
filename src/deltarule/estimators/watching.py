"""The measurements of a fit after each epoch: cost and scores, on a validation set and on the training set."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import check_scoring, get_scorer_names

from deltarule.blocks.stored_rows import is_stored
from deltarule.common.arrays import Array, is_sparse
from deltarule.common.errors import SettingsError
from deltarule.common.messages import Message
from deltarule.engines import Engine
from deltarule.estimators.printing import stacklevel_of_call
from deltarule.estimators.streamed_scores import streamed_score
from deltarule.estimators.task import Dataset, LearningTask
from deltarule.training.record import Validation

__all__ = ["validation_of"]

Scorer = Callable[..., float]

_SETS = {"train": "training", "validation": "validation"}
"""The prefixes of the names of scores, and the sets that they mean."""


def validation_of(
    estimator: Any,
    task: LearningTask,
    engine: Engine,
    at: Callable[[Array], Any],
    answering: Callable[[Array], Any],
    first_theta: Array | None = None,
) -> Validation | None:
    """Return what to measure after each epoch of a task; None if there is nothing to measure.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Its `scoring` names the scores.
    task : LearningTask
    engine : Engine
    at : callable
        θ ↦ an estimator that predicts with θ.
    answering : callable
        h ↦ an estimator whose hypotheses are h, whatever X is.
    first_theta : array, optional
        Parameters on which the scores are tried first.

    Raises
    ------
    SettingsError
        If `scoring` names a score that cannot be measured.
    """
    data, targets = task.validation_set, task.targets
    if estimator.scoring is None:
        if data is None or task.validation is None:
            return None
        name = f"validation_{targets.score_name}"
        if is_stored(data.X):
            watched = replace(data, X=task.validation.X, weights=task.validation.sample_weight)
            score = streamed_score(targets, watched, engine)
            return Validation(data, lambda theta: {name: score(theta)}, name)
        unweighted = replace(data, weights=task.validation.sample_weight)
        return Validation(
            data, lambda theta: {name: targets.score(unweighted, engine.hypothesis(theta, unweighted.X))}, name
        )
    sets = {"train": task.training} | ({} if task.validation is None else {"validation": task.validation})
    scorers = _scorers_of(estimator.scoring, estimator)
    read = {kind: rows for kind, rows in sets.items() if _is_in_memory(rows.X)}
    if any(scorers.values()) and ("validation" in sets.keys() - read.keys() or not read):
        raise SettingsError(
            f"scoring={estimator.scoring!r} takes rows in memory, and {'those to watch' if read else 'here all'} are "
            "read block by block. Pass arrays as eval_set, or scoring='loss', or leave scoring out."
        )
    sets = read
    if first_theta is not None:
        _check_measurable(at(first_theta), answering, scorers, sets)
    first, scorer = next(iter(scorers.items()))
    return Validation(
        data,
        lambda theta: _scores_at(at(theta), scorers, sets),
        f"validation_{first}" if scorer is not None and data is not None else None,
    )


def _is_in_memory(X: Any) -> bool:
    return isinstance(X, np.ndarray) or is_sparse(X)


def _scorers_of(scoring: Any, estimator: Any) -> dict[str, Scorer | None]:
    """Return the scorers of `scoring` by name; early stopping watches the first, and None stands for the cost.

    Raises
    ------
    SettingsError
        If `scoring` names no score, or one that scikit-learn does not know.
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
    except ValueError as error:  # a metric instead of a scorer
        raise SettingsError(str(error)) from error


def _check_measurable(
    estimator: Any,
    answering: Callable[[Array], Any],
    scorers: Mapping[str, Scorer | None],
    sets: Mapping[str, Dataset],
) -> None:
    """Raise SettingsError if a score cannot be measured for this estimator on these targets.

    Each score is tried on the first parameters and, if it raises, on right answers. A score that raises on both does
    not fit. One that raises only on the first may become defined later: an error of logarithms does once all
    predictions are positive. A set that lacks a class is skipped: a score may be undefined on it and fit elsewhere.
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
                    _score(scorer, answering(_right_answers(estimator, rows)), rows)
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


def _right_answers(estimator: Any, rows: Dataset) -> Array:
    """Return the targets as hypotheses; for quantities the next larger numbers, which are not whole numbers or 0."""
    return np.nextafter(rows.Y, np.inf) if is_regressor(estimator) else rows.Y


def _remedy(estimator: Any, rows: Dataset, error: Exception) -> str:
    """Return what to do about a score that cannot be measured."""
    if isinstance(error, TypeError):
        weights = "" if rows.sample_weight is None else ", sample_weight=…"
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


def _scores_at(estimator: Any, scorers: Mapping[str, Scorer | None], sets: Mapping[str, Dataset]) -> dict[str, float]:
    """Return every score of a fitted estimator on every set, named as in `train_accuracy`; NaN where it is undefined.

    If a scorer that passed `_check_measurable` raises ValueError, the predictions or the rows are the reason. That
    gives a warning and does not end training.
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


def _score(scorer: Scorer, estimator: Any, rows: Dataset) -> float:
    weighted = {} if rows.sample_weight is None else {"sample_weight": rows.sample_weight}
    return float(scorer(estimator, rows.X, rows.y, **weighted))
