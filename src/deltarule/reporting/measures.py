"""Measures as functions of the weights of the rows, so that one call computes them for many bootstrap samples.

Each takes weights of shape (n, m) and returns n values. With weights 1 they equal scikit-learn's `accuracy_score`,
`balanced_accuracy_score`, `roc_auc_score`, `r2_score`, `root_mean_squared_error`, `mean_absolute_error` and
`mean_pinball_loss`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.estimators.outcomes import Outcome
from deltarule.network.losses import pinball_costs
from deltarule.reporting.bootstrap import Statistic

__all__ = ["of_committee", "of_labels", "of_quantiles", "of_quantities", "of_several_labels", "statistics_of"]

_COST = "J without the penalty: the mean cost of an example, equation (2)"

_Function = Callable[[Array], Array]


def statistics_of(outcome: Outcome) -> list[Statistic]:
    """Return the measures of a network's predictions."""
    y, predicted, costs = outcome.y, outcome.predicted, outcome.costs
    if outcome.classes is None or outcome.probabilities is None:
        true, found = (np.asarray(part, dtype=np.float64).reshape(outcome.rows, -1) for part in (y, predicted))
        return of_quantities(true, found, costs)
    if y.ndim == 2:
        return of_several_labels(y, predicted, costs)
    return of_labels(y, predicted, outcome.classes, np.asarray(outcome.probabilities, dtype=np.float64), costs)


def of_labels(
    y: NDArray[Any], predicted: NDArray[Any], classes: NDArray[Any], probabilities: Array, costs: Array
) -> list[Statistic]:
    """Return the measures of a classifier that gives one label to a row."""
    right = predicted == y
    statistics = [
        Statistic("accuracy", "share of right labels", _mean(right)),
        Statistic("balanced accuracy", "mean over the classes of each class's accuracy", _balanced(y, right)),
        Statistic("mean cost", _COST, _mean(costs)),
    ]
    if len(classes) == 2:
        first, second = map(str, classes)
        meaning = f"how often an example of {second} gets a larger probability of {second} than one of {first}"
        statistics.append(Statistic("ROC AUC", meaning, _area(y == classes[1], probabilities[:, 1])))
    return statistics


def of_committee(outcome: Outcome) -> list[Statistic]:
    """Return the measures of networks that predict together: errors and log-loss where labels are predicted."""
    classes, y, costs = outcome.classes, outcome.y, outcome.costs
    if outcome.quantiles:
        return of_quantiles(y, outcome.predicted, outcome.quantiles)
    if classes is None or outcome.probabilities is None:
        return statistics_of(outcome)[:-1]  # the last is the cost of a network
    probabilities = np.asarray(outcome.probabilities, dtype=np.float64)
    wrong = outcome.predicted != y
    statistics = [
        Statistic("error", "share of wrong labels", _mean(wrong)),
        Statistic("log-loss", "mean of −log of the probability of the true label", _mean(costs)),
    ]
    if len(classes) == 2:
        area = of_labels(y, outcome.predicted, classes, probabilities, costs)[-1]
    else:
        areas = [_area(y == name, probabilities[:, k]) for k, name in enumerate(classes)]
        meaning = "the area of each class against all others, mean over the classes that these rows have"
        area = Statistic("ROC AUC", meaning, _mean_of_known(areas))
    balanced = Statistic(
        "balanced error", "mean over the classes of each class's error", _rest_of(_balanced(y, ~wrong))
    )
    return [*statistics, area, balanced]


def of_several_labels(y: NDArray[Any], predicted: NDArray[Any], costs: Array) -> list[Statistic]:
    """Return the measures of a classifier that gives several labels to a row."""
    right = predicted == y
    return [
        Statistic("accuracy", "share of rows with all labels right", _mean(right.all(axis=1))),
        Statistic("label accuracy", "share of right labels", _mean(right.mean(axis=1))),
        Statistic("mean cost", _COST, _mean(costs)),
    ]


def of_quantities(Y: Array, predicted: Array, costs: Array) -> list[Statistic]:
    """Return the measures of a regressor, averaged over several targets."""
    return [
        Statistic("R²", "share of the variance of y that the predictions explain", _determination(Y, predicted)),
        Statistic("root mean squared error", "in units of y", _root(_mean(np.square(Y - predicted).mean(axis=1)))),
        Statistic("mean absolute error", "in units of y", _mean(np.abs(Y - predicted).mean(axis=1))),
        Statistic("mean cost", _COST, _mean(costs)),
    ]


def of_quantiles(y: Array, predicted: Array, quantiles: Sequence[float]) -> list[Statistic]:
    """Return the measures of quantiles of one quantity: their loss, and how often y is below each and between them.

    Parameters
    ----------
    y : array of shape (m,)
    predicted : array of shape (m, n_quantiles)
        Ascending in each row.
    quantiles : sequence of float
        Ascending.
    """
    tau = np.array(quantiles)
    rest = y[:, np.newaxis] - predicted
    meaning = f"in units of y; mean over the quantiles {', '.join(f'{one:g}' for one in quantiles)}"
    losses = pinball_costs(predicted, y[:, np.newaxis], *quantiles) / len(quantiles)
    statistics = [Statistic("pinball loss", meaning, _mean(losses))]
    statistics += [
        Statistic(f"below quantile {one}", f"share of rows with y at or below it; {one} is right", _mean(under))
        for one, under in zip(quantiles, (rest <= 0).T, strict=True)
    ]
    if len(quantiles) > 1:
        between = (rest[:, 0] >= 0) & (rest[:, -1] <= 0)
        meaning = f"share of rows with y from quantile {tau[0]:g} to {tau[-1]:g}; {tau[-1] - tau[0]:g} is right"
        statistics.append(Statistic("between the outermost", meaning, _mean(between)))
    return statistics


def _mean(values: NDArray[Any]) -> _Function:
    column = values.astype(np.float64)
    return lambda weights: (weights @ column) / weights.sum(axis=1)


def _mean_of_known(functions: Sequence[_Function]) -> _Function:
    def of(weights: Array) -> Array:
        values = np.stack([function(weights) for function in functions])
        known = np.isfinite(values)
        return _ratio(np.where(known, values, 0).sum(axis=0), known.sum(axis=0))

    return of


def _rest_of(of: _Function) -> _Function:
    return lambda weights: 1 - of(weights)


def _root(of: _Function) -> _Function:
    return lambda weights: np.sqrt(of(weights))


def _balanced(y: NDArray[Any], right: NDArray[np.bool_]) -> _Function:
    order, starts = _groups(y)
    right = right[order]

    def of(weights: Array) -> Array:
        weights = weights[:, order]
        counts = np.add.reduceat(weights, starts, axis=1)  # (n, classes)
        hits = np.add.reduceat(weights * right, starts, axis=1)
        # A class without rows in a sample has no recall; the mean is over the other classes.
        recalls = hits / np.where(counts > 0, counts, 1)
        return np.asarray(recalls.sum(axis=1) / (counts > 0).sum(axis=1))

    return of


def _area(truth: NDArray[np.bool_], scores: Array) -> _Function:
    order, starts = _groups(scores)
    truth = truth[order]

    def of(weights: Array) -> Array:
        weights = weights[:, order]
        of_class = np.add.reduceat(weights * truth, starts, axis=1)
        others = np.add.reduceat(weights * ~truth, starts, axis=1)
        below = np.cumsum(others, axis=1) - others
        wins = (of_class * (below + others / 2)).sum(axis=1)  # equal scores count as half a win
        return _ratio(wins, of_class.sum(axis=1) * others.sum(axis=1))

    return of


def _determination(Y: Array, predicted: Array) -> _Function:
    Y, rest = Y - Y.mean(axis=0), np.square(Y - predicted)  # centred, so that the spread keeps its digits

    def of(weights: Array) -> Array:
        m = weights.sum(axis=1, keepdims=True)
        spread = weights @ np.square(Y) - np.square(weights @ Y) / m  # (n, K)
        # A constant target has no spread; rounding leaves a tiny one.
        spread = np.where(spread > 1e-12 * (weights @ np.square(Y)), spread, 0)
        return np.asarray((1 - _ratio(weights @ rest, spread)).mean(axis=1))

    return of


def _groups(values: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return an order that groups equal values, and the position where each group begins."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    return order, np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))


def _ratio(part: Array, whole: Array) -> Array:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)
