"""The computation of a report: one forward pass of the rows, from whose outcome all its parts are made."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.estimators.outcomes import Outcome
from deltarule.network.gradient_check import GradientCheck, check_gradient
from deltarule.network.network import Network
from deltarule.network.parts import Dense
from deltarule.network.textbook import trace_example
from deltarule.pictures.confusion_matrix import confusion_of
from deltarule.pictures.cost_by_epoch import learning_curve
from deltarule.pictures.models import fitted
from deltarule.pictures.network import network_picture
from deltarule.pictures.predicted_against_true import PredictedAgainstTrue
from deltarule.pictures.ranking import roc_of
from deltarule.pictures.reliability_diagram import reliability_of
from deltarule.reporting.bootstrap import measured
from deltarule.reporting.columns import Numbers, ShownColumns, dense_rows, summary_of
from deltarule.reporting.content import Report
from deltarule.reporting.examples import most_costly
from deltarule.reporting.measures import statistics_of
from deltarule.reporting.provenance import settings_of, versions
from deltarule.training.history import advice_of

__all__ = ["CHECKED_ROWS", "parts_of_outcome", "places_checked", "report_of"]

CHECKED_ROWS = 20
"""Rows on which the gradient check computes J and D."""

MOST_CHECKED, LEAST_CHECKED = 500, 10
"""Most and least parameters that the gradient check compares."""

CHECKED_WORK = 5_000_000
"""Compared parameters times all parameters: 784-512-512-10 compares ten, which took 6 s on a busy machine."""


def report_of(
    model: Any,
    outcome: Outcome,
    columns: ShownColumns,
    *,
    about: Mapping[str, str],
    title: str,
    command: str,
    costly: int = 10,
    samples: int = 1000,
    seed: int = 0,
    inputs: Sequence[str] = (),
    dropped: Mapping[str, str] | None = None,
    target: str = "y",
) -> Report:
    """Report on a fitted network and its predictions.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
    outcome : Outcome
        Predictions for the rows that the model is measured on.
    columns : ShownColumns
        Columns of these rows.
    about, title, command, costly, samples, seed
        As for `deltarule.report`.
    inputs : sequence of str, optional
        Names of the inputs x_1, x_2, … of the network.
    dropped : mapping from str to str, optional
        Columns of the table that the model does not use, each with the reason.
    target : str, default "y"
        Name of the predicted quantity.
    """
    network, theta = fitted(model)
    parts = parts_of_outcome(outcome, columns, dropped or {}, target, costly)
    first = parts["costly"][0].row
    return Report(
        title=title,
        about=about,
        network=network,
        picture=network_picture(model, names=inputs),
        history=model.history_,
        advice=advice_of(model.history_, bool(model.early_stopping)),
        curve=learning_curve(model),
        measures=measured(statistics_of(outcome), outcome.rows, samples, seed),
        samples=samples,
        seed=seed,
        **parts,
        trace=trace_example(network, theta, dense_rows(outcome.data.X, [first])[0], outcome.data.Y[first]),
        gradient=_checked_gradient(model, outcome, seed),
        checked_rows=min(CHECKED_ROWS, outcome.rows),
        settings=settings_of(model),
        random_state=repr(model.random_state),
        versions=versions(),
        command=command,
    )


def parts_of_outcome(
    outcome: Outcome, columns: ShownColumns, dropped: Mapping[str, str], target: str, costly: int
) -> dict[str, Any]:
    """Return what a report says of rows and their predictions, by the names of its attributes."""
    found = most_costly(outcome.costs, outcome.y, outcome.predicted, _of_true(outcome), columns, costly)
    return {
        "rows": outcome.rows,
        "n_columns": columns.n_columns,
        "columns": tuple(summary_of(name, values) for name, values in columns.values.items() if name not in dropped),
        "dropped": dropped,
        "targets": _targets(outcome, target),
        "costly": found,
        **_pictures(outcome),
    }


def places_checked(network: Network) -> int:
    """Return how many parameters the gradient check compares."""
    is_plain = all(isinstance(part, Dense) for part in network.parts)
    least = LEAST_CHECKED if is_plain else 2 * len(network.segments)  # one of each segment
    return min(network.n_parameters, MOST_CHECKED, max(least, CHECKED_WORK // network.n_parameters))


def _pictures(outcome: Outcome) -> dict[str, Any]:
    """Return the pictures of the predictions by name; None for pictures that do not fit their kind."""
    of_labels: dict[str, Any] = dict.fromkeys(("confusion", "reliability", "ranking"))
    y, predicted, classes, probabilities = outcome.y, outcome.central, outcome.classes, outcome.probabilities
    if classes is None or probabilities is None:
        pair = (np.asarray(part, dtype=np.float64).reshape(outcome.rows, -1) for part in (y, predicted))
        return {**of_labels, "predictions": PredictedAgainstTrue(*pair)}
    if y.ndim == 1:
        of_labels["confusion"] = confusion_of(classes, y, predicted)
        of_labels["reliability"] = reliability_of(classes, y, probabilities)
    return {**of_labels, "ranking": roc_of(classes, y, probabilities), "predictions": None}


def _of_true(outcome: Outcome) -> Array | None:
    """Return the predicted probability of each row's true label."""
    if outcome.classes is None or outcome.probabilities is None or outcome.y.ndim == 2:
        return None
    probabilities = np.asarray(outcome.probabilities, dtype=np.float64)
    return np.asarray(probabilities[np.arange(outcome.rows), np.searchsorted(outcome.classes, outcome.y)])


def _targets(outcome: Outcome, target: str) -> tuple[Numbers | tuple[str, int], ...]:
    y, classes = outcome.y, outcome.classes
    if classes is not None:
        counts = (y > 0).sum(axis=0) if y.ndim == 2 else [np.count_nonzero(y == name) for name in classes]
        return tuple((str(name), int(count)) for name, count in zip(classes, counts, strict=True))
    names = [target] if y.ndim == 1 else [f"{target}_{k}" for k in range(1, y.shape[1] + 1)]
    summed = [summary_of(name, column) for name, column in zip(names, np.atleast_2d(y.T), strict=True)]
    return tuple(column for column in summed if isinstance(column, Numbers))


def _checked_gradient(model: Any, outcome: Outcome, seed: int) -> GradientCheck:
    network, theta = model.network_, model.theta_
    rows = range(min(CHECKED_ROWS, outcome.rows))
    few = places_checked(network)
    X, Y = dense_rows(outcome.data.X, rows), outcome.data.Y[rows.start : rows.stop]
    return check_gradient(network, theta, X, Y, lambda_=model.alpha, parameters=few, seed=seed)
