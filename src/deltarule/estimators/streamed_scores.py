"""The default scores of a validation set on the disk: accuracy and R², added up part by part."""

from collections.abc import Callable
from typing import Any

import numpy as np

from deltarule.blocks.streaming import parts_of
from deltarule.common.arrays import Array
from deltarule.engines import Engine
from deltarule.estimators.targets import Labels, Targets
from deltarule.network.data import TrainingSet

__all__ = ["streamed_score"]


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


def _accuracy(labels: Labels, data: TrainingSet, engine: Engine) -> Callable[[Array], float]:
    def score(theta: Array) -> float:
        right, total = 0.0, 0.0
        for part in parts_of(data):
            h = engine.hypothesis(theta, part.X)
            is_right = (labels.decode(h) == labels.decode(part.Y)).reshape(part.rows, -1).all(axis=1)
            weights = np.ones(part.rows) if part.weights is None else part.weights.astype(np.float64)
            right, total = right + float(weights[is_right].sum()), total + float(weights.sum())
        return right / total

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
        of_a_constant = np.where(rest == 0, 1.0, 0.0)
        return float(np.where(spread > 0, 1 - rest / np.where(spread > 0, spread, 1), of_a_constant).mean())

    return score


def _mean(data: TrainingSet, values: Callable[[TrainingSet], Array]) -> Array:
    """Return the weighted mean over all rows, for each target."""
    total, count = np.zeros(data.Y.shape[1]), 0.0
    for part in parts_of(data):
        weights = np.ones(part.rows) if part.weights is None else part.weights.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            total = total + weights @ values(part)
        count += float(weights.sum())
    return total / count
