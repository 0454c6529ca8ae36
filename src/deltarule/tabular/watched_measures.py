"""What is watched after each epoch on rows that a member did not learn from; smaller is better.

`calibrated` is the cross-entropy of softmax outputs z/T with the T that makes it smallest on these rows: a network that
became overconfident but tells classes apart better then counts as better, because the calibration that follows takes
the overconfidence back.

Source: Berta, Holzmüller, Jordan and Bach, "Rethinking early stopping: refine, then calibrate", 2025.
"""

from collections.abc import Callable

import numpy as np

from deltarule.common.arrays import Array
from deltarule.network.probabilities import log_softmax
from deltarule.network.units import OutputUnit

__all__ = ["Measure", "area_missed", "calibrated", "error_then", "log_loss", "mean_cost", "root_mean_square"]

Measure = Callable[[Array, Array, Array | None], float]
"""(z of shape (m, K), Y of shape (m, K), weights or None) ↦ what is watched; smaller is better."""

_STEPS = 12
"""Newton's steps for T at most; they end earlier where they no longer move it."""


def log_loss(z: Array, Y: Array, weights: Array | None) -> float:
    """Return the mean cross-entropy of softmax outputs.

    >>> round(log_loss(np.zeros((1, 2)), np.array([[1.0, 0.0]]), None), 4)
    0.6931
    """
    costs = -(Y * log_softmax(z.astype(np.float64))).sum(axis=1)
    return float(np.average(costs, weights=weights))


def calibrated(z: Array, Y: Array, weights: Array | None) -> float:
    """Return the mean cross-entropy of softmax outputs z/T, with the best T in [0.1, 10].

    >>> z, Y = np.array([[9.0, 0.0], [9.0, 0.0]]), np.eye(2)
    >>> round(calibrated(z, Y, None), 3), round(log_loss(z, Y, None), 3)
    (0.791, 4.5)
    """
    z = z.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    w = np.full(len(z), 1 / len(z)) if weights is None else weights / weights.sum()
    of_truth = float(w @ (Y * z).sum(axis=1))
    s = 0.0  # log 1/T: the cost is convex in 1/T
    for _ in range(_STEPS):
        b = np.exp(s)
        e = np.exp(b * z)
        p = e / e.sum(axis=1, keepdims=True)
        mean = (p * z).sum(axis=1)
        slope = float(w @ mean) - of_truth
        curve = float(w @ ((p * z * z).sum(axis=1) - mean * mean))
        if not curve > 0:
            break
        move = float(np.clip(-slope / (b * curve), -1, 1))  # of log 1/T, with the step of 1/T that Newton takes
        s = float(np.clip(s + move, -np.log(10), np.log(10)))
        if abs(move) < 1e-4:
            break
    return log_loss(z * np.exp(s), Y, weights)


def error_then(cost: Measure) -> Measure:
    """Return a measure that is the share of wrong classes, and among equal shares the one with the smaller cost."""

    def measure(z: Array, Y: Array, weights: Array | None) -> float:
        wrong = z.argmax(axis=1) != Y.argmax(axis=1)
        return float(np.average(wrong, weights=weights)) + 1e-7 * min(cost(z, Y, weights), 100.0)

    return measure


def area_missed(z: Array, Y: Array, weights: Array | None) -> float:
    """Return 1 minus the area under the ROC curve, of each class against the others and averaged over the classes.

    >>> area_missed(np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0]]), np.array([[1, 0], [0, 1], [0, 1.0]]), None)
    0.0
    """
    scores = log_softmax(z.astype(np.float64))
    columns = [1] if Y.shape[1] == 2 else range(Y.shape[1])
    areas = [_area(scores[:, k], Y[:, k], weights) for k in columns]
    known = [area for area in areas if not np.isnan(area)]
    return 1 - float(np.mean(known)) if known else log_loss(z, Y, weights)


def root_mean_square(z: Array, Y: Array, weights: Array | None) -> float:
    """Return the root of the mean squared difference."""
    return float(np.sqrt(np.average(np.square(z.astype(np.float64) - Y).mean(axis=1), weights=weights)))


def mean_cost(unit: OutputUnit) -> Measure:
    """Return a measure that is the mean cost of some output units, and of an output where there are several.

    >>> from deltarule.network.units import OUTPUT_UNITS
    >>> round(mean_cost(OUTPUT_UNITS["huber"])(np.array([[1.0, 0.0]]), np.zeros((1, 2)), None), 3)
    0.25
    """

    def measure(z: Array, Y: Array, weights: Array | None) -> float:
        costs = unit.costs(z.astype(np.float64), Y.astype(np.float64)) / Y.shape[1]
        return float(np.average(costs, weights=weights))

    return measure


def _area(scores: Array, y: Array, weights: Array | None) -> float:
    """Return the area under the ROC curve: the weighted share of pairs in the right order, ties counted half."""
    w = np.ones(len(y)) if weights is None else weights.astype(np.float64)
    _, places = np.unique(scores, return_inverse=True)
    positive, negative = np.bincount(places, w * y), np.bincount(places, w * (1 - y))
    below = np.cumsum(negative) - negative
    pairs = positive.sum() * negative.sum()
    return float((positive * (below + negative / 2)).sum() / pairs) if pairs > 0 else np.nan
