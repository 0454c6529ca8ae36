"""What a fit measures after each epoch: cost and scores, on a validation set and on the training set."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring, get_scorer_names

from deltarule.arrays import Array
from deltarule.errors import SettingsError

__all__ = ["Examples", "scorers_of", "scores_at"]

Scorer = Callable[..., float]


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
        If scikit-learn knows no such scorer.
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
        raise SettingsError(
            f"scoring={scoring!r} names no score. Give the name of a scikit-learn scorer, 'loss' for the cost, a "
            "callable (estimator, X, y) -> float, a list of names, a dict of names to scorers, or None."
        )
    for one in named.values():
        if not (one == "loss" or callable(one) or one in get_scorer_names()):
            raise SettingsError(
                f"scoring={scoring!r} cannot be measured: scikit-learn has no scorer {one!r}. "
                "sklearn.metrics.get_scorer_names() lists those that it has; 'loss' is the cost."
            )
    return {name: None if one == "loss" else check_scoring(estimator, scoring=one) for name, one in named.items()}


def scores_at(estimator: Any, scorers: Mapping[str, Scorer | None], sets: Mapping[str, Examples]) -> dict[str, float]:
    """Return every score of a fitted estimator on every set, named as in `train_accuracy`."""
    return {
        f"{kind}_{name}": float(
            scorer(estimator, rows.X, rows.y, **({} if rows.weights is None else {"sample_weight": rows.weights}))
        )
        for kind, rows in sets.items()
        for name, scorer in scorers.items()
        if scorer is not None
    }
