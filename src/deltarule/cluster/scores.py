"""The default scores, accuracy and R², and costs, from sums that workers make of a validation set."""

from collections.abc import Callable
from typing import Any

import numpy as np

from deltarule.cluster.engine import ClusterEngine
from deltarule.cluster.facts import Facts
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.estimators.targets import Labels, Targets
from deltarule.network.data import TrainingSet
from deltarule.training.record import Validation

__all__ = ["measures_of", "score_of"]


def score_of(targets: Targets, engine: ClusterEngine, data: TrainingSet, facts: Facts) -> Callable[[Array], float]:
    """Return θ ↦ the accuracy, or R², of rows on the cluster."""
    if isinstance(targets, Labels):
        several = targets.several

        def accuracy(theta: Array) -> float:
            _, total, right = engine.measures(theta, data, several, None)
            return float(right / total)

        return accuracy
    shift = facts.least + (facts.greatest - facts.least) / 2  # so that the spread of a constant is exactly 0

    def r2(theta: Array) -> float:
        sums = engine.measures(theta, data, False, shift)
        total, (d, squares, rest) = sums[1], sums[2:].reshape(3, -1) / sums[1]
        if not (total > 0 and np.isfinite(rest).all()):
            return float("nan")
        spread = np.maximum(squares - d**2, 0)
        spread[facts.least == facts.greatest] = 0
        of_a_constant = np.where(rest == 0, 1.0, 0.0)
        return float(np.where(spread > 0, 1 - rest / np.where(spread > 0, spread, 1), of_a_constant).mean())

    return r2


def measures_of(estimator: Any, engine: ClusterEngine, data: TrainingSet, facts: Facts, targets: Targets) -> Validation:
    """Return what to measure on rows of the cluster after each epoch: cost and default score.

    Raises
    ------
    SettingsError
        If `scoring` names other scores, which take rows in memory.
    """
    if estimator.scoring == "loss":
        return Validation(data)
    if estimator.scoring is not None:
        raise SettingsError(
            f"scoring={estimator.scoring!r} takes rows in memory, and those to watch are on the cluster. Pass arrays "
            "as eval_set, or scoring='loss', or leave scoring out."
        )
    name = f"validation_{targets.score_name}"
    score = score_of(targets, engine, data, facts)
    return Validation(data, lambda theta: {name: score(theta)}, name)
