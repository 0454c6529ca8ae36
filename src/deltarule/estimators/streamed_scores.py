"""The default scores of rows on the disk, accuracy and R², added up part by part: while training, and afterwards."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from deltarule.blocks.conversion import checked_extreme, checked_numbers, checked_weights
from deltarule.blocks.sources import source_of
from deltarule.blocks.sources.source import Coded
from deltarule.blocks.streaming import parts_of
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.engines import Engine
from deltarule.estimators.asked import asked_of
from deltarule.estimators.checking import Columns, check_width
from deltarule.estimators.streamed_predictions import nameless
from deltarule.estimators.streamed_targets import labels_of
from deltarule.estimators.targets import Labels, Targets
from deltarule.network.data import TrainingSet

__all__ = ["scored_in_blocks", "streamed_score"]


def streamed_score(targets: Targets, data: TrainingSet, engine: Engine) -> Callable[[Array], float]:
    """Return θ ↦ the default score of stored rows.

    Parameters
    ----------
    targets : Labels or Quantities
    data : TrainingSet
        Stored rows with targets that are not smoothed, and with the weights of rows without those of classes.
    engine : Engine
        For rows in memory.
    """
    return _accuracy(targets, data, engine) if isinstance(targets, Labels) else _r2(data, engine)


def scored_in_blocks(estimator: Any, X: Any, y: Any, sample_weight: Any) -> float:
    """Return the accuracy, or R² as a mean over the targets, of a fitted estimator on a source.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    X, y, sample_weight
        As for `fit`.

    Raises
    ------
    ValueError
        If a column is missing, a row holds a gap, or labels are texts and the classes of the estimator are not.
    """
    estimator._check_fitted()
    source = source_of(X, asked_of(estimator, X, y, sample_weight, Columns.of(estimator)))
    check_width(estimator, source.n_features, estimator.n_features_in_)
    measure: _Right | _Squares = _Right() if is_classifier(estimator) else _Squares()
    without_names = nameless(estimator)
    row = 0
    for X, y, weights in source.chunks(source.dtype):
        if not len(X):
            continue
        if y is None:
            raise InputError("The rows have no target, as those of `TableRows.like`. Pass rows whose target is known.")
        checked_extreme(source, X, row)
        predicted = without_names.predict(X)
        true = _labels(y, predicted) if isinstance(y, Coded) else checked_numbers(source, y, row)
        weights = np.ones(len(X)) if weights is None else checked_weights(source, weights, row)
        measure.add(true.reshape(predicted.shape), predicted, weights)
        row += len(X)
    return measure.score()


def _labels(y: Coded, predicted: Array) -> Array:
    labels = labels_of(y.values)[y.places]
    if (labels.dtype.kind in "US") != (predicted.dtype.kind in "US"):
        raise InputError(
            f"y holds labels such as {labels.tolist()[0]!r}, and the network has classes such as "
            f"{predicted.tolist()[0]!r}: texts and numbers. Write the labels as in training."
        )
    return labels


class _Right:
    """The share of rows that are right in all their labels."""

    def __init__(self) -> None:
        self._right = self._total = 0.0

    def add(self, y: Array, predicted: Array, weights: Array) -> None:
        is_right = (y == predicted).reshape(len(y), -1).all(axis=1)
        self._right += float(weights[is_right].sum())
        self._total += float(weights.sum())

    def score(self) -> float:
        return self._right / self._total if self._total else float("nan")


class _Squares:
    """1 − Σ w (y − predicted)²/Σ w (y − ȳ)², as a mean over the targets; 1 or 0 of a target that does not vary."""

    def __init__(self) -> None:
        self._total: Any = 0.0
        self._mean: Any = 0.0
        self._spread: Any = 0.0
        self._rest: Any = 0.0

    def add(self, y: Array, predicted: Array, weights: Array) -> None:
        total = float(weights.sum())
        if not total:
            return
        y, predicted = (each.astype(np.float64).reshape(len(weights), -1) for each in (y, predicted))
        self._rest = self._rest + weights @ np.square(y - predicted)
        mean, both = weights @ y / total, self._total + total
        # Σ w (y − ȳ)² of two parts together (Chan, Golub and LeVeque 1983, "Algorithms for computing the variance")
        self._spread = self._spread + weights @ np.square(y - mean)
        self._spread = self._spread + np.square(mean - self._mean) * (self._total * total / both)
        self._mean = self._mean + (mean - self._mean) * (total / both)
        self._total = both

    def score(self) -> float:
        if not self._total:
            return float("nan")
        return _share_explained(self._rest, self._spread)


def _accuracy(labels: Labels, data: TrainingSet, engine: Engine) -> Callable[[Array], float]:
    def score(theta: Array) -> float:
        right = _Right()
        for part in parts_of(data):
            h = engine.hypothesis(theta, part.X)
            right.add(labels.decode(part.Y), labels.decode(h), _weights_of(part))
        return right.score()

    return score


def _r2(data: TrainingSet, engine: Engine) -> Callable[[Array], float]:
    mean: Any = _mean(data, lambda part: part.Y.astype(np.float64))
    spread: Any = _mean(data, lambda part: np.square(part.Y - mean))

    def score(theta: Array) -> float:
        def squares(part: TrainingSet) -> Array:
            with np.errstate(over="ignore", invalid="ignore"):  # of predictions that are not finite
                return np.square(part.Y.astype(np.float64) - engine.hypothesis(theta, part.X))

        rest = _mean(data, squares)
        if not np.isfinite(rest).all():
            return float("nan")
        return _share_explained(rest, spread)

    return score


def _share_explained(rest: Any, spread: Any) -> float:
    """Return 1 − rest/spread, as a mean over the targets; of one that does not vary 1 without a rest, else 0."""
    of_a_constant = np.where(rest == 0, 1.0, 0.0)
    return float(np.where(spread > 0, 1 - rest / np.where(spread > 0, spread, 1), of_a_constant).mean())


def _weights_of(part: TrainingSet) -> Array:
    return np.ones(part.rows) if part.weights is None else part.weights.astype(np.float64)


def _mean(data: TrainingSet, values: Callable[[TrainingSet], Array]) -> Array:
    """Return the weighted mean over all rows, for each target."""
    total, count = np.zeros(data.Y.shape[1]), 0.0
    for part in parts_of(data):
        weights = _weights_of(part)
        with np.errstate(over="ignore", invalid="ignore"):
            total = total + weights @ values(part)
        count += float(weights.sum())
    return total / count
