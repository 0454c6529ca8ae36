"""Overhead: what a fit and a prediction cost where there is almost nothing to compute, 150 × 4 and one row."""

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as SklearnMLP

from deltarule import MLPClassifier
from timing import least_in_turn, seconds, seconds_each

__all__ = ["TARGETS", "overhead"]

TARGETS: Mapping[str, float] = {"fit": 20, "predict_proba": 5}
"""How many times faster than scikit-learn each should be."""

EPOCHS = 200

A_TURN = 0.1
"""Seconds of calls, one after the other, in a turn: what the other library left in the caches is no part of a call."""


def overhead(rounds: int) -> dict[str, dict[str, float]]:
    """Return the seconds of a default fit for 200 epochs, and of `predict_proba` on one row, of both libraries."""
    X, y = load_iris(return_X_y=True)
    one = X[:1]
    estimators: dict[str, Any] = {
        "deltarule": MLPClassifier(random_state=0),
        "scikit-learn": SklearnMLP(random_state=0),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fits = {name: _repeated(partial(estimator.fit, X, y)) for name, estimator in estimators.items()}
        predictions = {name: _repeated(partial(each.predict_proba, one)) for name, each in estimators.items()}
        least = {"fit": least_in_turn(fits, rounds), "predict_proba": least_in_turn(predictions, rounds)}
    assert all(estimator.n_iter_ == EPOCHS for estimator in estimators.values()), "a fit ended early"
    return least


def _repeated(call: Callable[[], object]) -> Callable[[], float]:
    """Return what measures the mean of as many calls as fit into a turn."""
    repeats = max(1, round(A_TURN / min(seconds(call) for _ in range(5))))
    return partial(seconds_each, call, repeats)
