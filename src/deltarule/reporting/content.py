"""What a report holds: every number of it, computed before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.network.backpropagation import costs_of
from deltarule.network.gradient_check import GradientCheck, check_gradient
from deltarule.network.network import Network
from deltarule.network.textbook import ExampleTrace, trace_example
from deltarule.pictures.confusion_matrix import Confusion, confusion
from deltarule.pictures.cost_by_epoch import LearningCurve, learning_curve
from deltarule.pictures.models import checked, fitted
from deltarule.pictures.network import NetworkPicture, network_picture
from deltarule.pictures.predicted_against_true import PredictedAgainstTrue, predicted_against_true
from deltarule.pictures.ranking import Roc, roc
from deltarule.pictures.reliability_diagram import Reliability, reliability
from deltarule.reporting.bootstrap import Measure, Statistic, measured
from deltarule.reporting.columns import Numbers, Words, columns_of, dense_rows, summary_of
from deltarule.reporting.examples import Costly, most_costly
from deltarule.reporting.measures import of_labels, of_quantities, of_several_labels
from deltarule.reporting.provenance import GivenSetting, call_of, settings_of, versions
from deltarule.training.history import History, advice_of

__all__ = ["Report", "report"]

_CHECKED_ROWS = 20
"""Rows that the gradient check computes J and D on."""

MOST_CHECKED, LEAST_CHECKED = 500, 10
"""Parameters that are compared in a small and in a large network."""

CHECKED_WORK = 5_000_000
"""Parameters compared times parameters there are: of 784-512-512-10 ten are compared, in 6 s on a busy machine."""


@dataclass(frozen=True, eq=False)
class Report:
    """Everything that a report says; made by `report`, written by `save`.

    Attributes
    ----------
    title : str
    about : mapping from str to str
        What the caller says of the data.
    rows : int
        m, the examples that it is about.
    n_columns : int
        Of the table, or of X.
    columns : tuple of Numbers or Words
        The first of them.
    targets : tuple of Numbers or of (str, int)
        For quantities, a summary of each; for labels, each with its number of rows.
    network : Network
    picture : NetworkPicture
    history : History
    advice : str
        What the costs by epoch suggest to change; may be empty.
    curve : LearningCurve
    measures : tuple of Measure
        On these rows, with bootstrap intervals.
    samples, seed : int
        Of the bootstrap; the seed is that of the gradient check too.
    confusion : Confusion or None
        None for quantities and for several labels.
    reliability : Reliability or None
        Likewise.
    ranking : Roc or None
        None for quantities.
    predictions : PredictedAgainstTrue or None
        None for labels.
    costly : tuple of Costly
        The examples that the model gets most wrong.
    trace : ExampleTrace
        The way of the first of these through the network.
    gradient : GradientCheck
    checked_rows : int
        The first so many rows, on which the gradient was checked.
    settings : tuple of GivenSetting
    random_state : str
        The seed of the training, as Python writes it.
    versions : mapping from str to str
    command : str
        What makes the model and the report again.
    """

    title: str
    about: Mapping[str, str]
    rows: int
    n_columns: int
    columns: tuple[Numbers | Words, ...]
    targets: tuple[Numbers | tuple[str, int], ...]
    network: Network
    picture: NetworkPicture
    history: History
    advice: str
    curve: LearningCurve
    measures: tuple[Measure, ...]
    samples: int
    seed: int
    confusion: Confusion | None
    reliability: Reliability | None
    ranking: Roc | None
    predictions: PredictedAgainstTrue | None
    costly: tuple[Costly, ...]
    trace: ExampleTrace
    gradient: GradientCheck
    checked_rows: int
    settings: tuple[GivenSetting, ...]
    random_state: str
    versions: Mapping[str, str]
    command: str

    def html(self) -> str:
        """Return the report as one page of HTML that asks for no other file.

        Raises
        ------
        ImportError
            If matplotlib, which draws the pictures, is missing.
        """
        from deltarule.reporting.document import document

        return document(self)

    def save(self, path: str | Path) -> None:
        """Write the page to a file, whole or not at all.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        OutputError
            If the file cannot be written.
        """
        from deltarule.files.whole import write_whole

        write_whole(path, self.html().encode())


def report(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    path: str | Path | None = None,
    *,
    table: Any = None,
    about: Mapping[str, str] | None = None,
    title: str = "",
    command: str = "",
    costly: int = 10,
    samples: int = 1000,
    seed: int = 0,
) -> Report:
    """Report on a fitted network: data, training, measures, mistakes, one example in numbers, gradient check, settings.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        After its fit.
    X : array, sparse matrix or frame of shape (m, n_features)
        Rows to judge it on, best such as the training did not see.
    y : array of shape (m,) or (m, K)
        Their labels or quantities.
    path : path, optional
        An HTML file to write; by default none.
    table : DataFrame, or mapping from names to sequences of length m, optional
        What the rows were before they became X: its columns are summed up and shown with examples. Default: X.
    about : mapping from str to str, optional
        More to say of the data, such as where it comes from.
    title : str, optional
    command : str, optional
        What makes the model and the report again. Default: the calls in Python.
    costly : int, default 10
        How many of the examples with the highest cost to show, 1 or more.
    samples : int, default 1000
        Bootstrap samples, 1 or more.
    seed : int, default 0
        Of the bootstrap and of the gradient check. The same seed gives the same report.

    Returns
    -------
    Report

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError, ShapeError
        If the model is none of this library, or X, y or the table do not fit it.
    OutputError
        If the path cannot be written; found before the work.
    ImportError
        If a path is given and matplotlib is missing; likewise.

    Examples
    --------
    >>> from deltarule import MLPClassifier
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
    >>> clf = MLPClassifier((), solver="lbfgs", random_state=0).fit(X, y)
    >>> found = report(clf, X, ["no", "yes", "yes", "yes"])
    >>> found.measures[0].name, found.measures[0].value, found.costly[0].row
    ('accuracy', 0.75, 1)
    """
    if path is not None:
        from deltarule.files.whole import check_writable
        from deltarule.pictures.style import check_matplotlib

        check_matplotlib()
        check_writable(path)
    for name, number in (("costly", costly), ("samples", samples)):
        if number < 1:
            raise SettingsError(f"{name}={number} cannot be: it is a whole number, 1 or more.")
    network, theta = fitted(model)
    if not hasattr(X, "shape"):
        X = np.asarray(X)
    labels = np.asarray(y)
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    data = checked(model, X, labels)
    costs = costs_of(network, theta, data)
    columns = columns_of(X, table)
    judged = _judged(model, X, labels, costs)
    found = most_costly(costs, labels, judged.predicted, judged.probability_of_true, columns, costly)
    first = found[0].row
    checked_rows = min(_CHECKED_ROWS, data.rows)
    the_report = Report(
        title=title or f"{type(model).__name__} {network}",
        about=about or {},
        rows=data.rows,
        n_columns=columns.n_columns,
        columns=tuple(summary_of(name, values) for name, values in columns.values.items()),
        targets=_targets(model, labels),
        network=network,
        picture=network_picture(model),
        history=model.history_,
        advice=advice_of(model.history_, bool(model.early_stopping)),
        curve=learning_curve(model),
        measures=measured(judged.statistics, data.rows, samples, seed),
        samples=samples,
        seed=seed,
        confusion=judged.confusion,
        reliability=judged.reliability,
        ranking=judged.ranking,
        predictions=judged.predictions,
        costly=found,
        trace=trace_example(network, theta, dense_rows(data.X, [first])[0], model.encode(labels[[first]])[0]),
        gradient=check_gradient(
            model,
            dense_rows(X, range(checked_rows)),
            labels[:checked_rows],
            parameters=_how_many_to_check(network.n_parameters),
            seed=seed,
        ),
        checked_rows=checked_rows,
        settings=settings_of(model),
        random_state=repr(model.random_state),
        versions=versions(),
        command=command or _calls(model, costly, samples, seed),
    )
    if path is not None:
        the_report.save(path)
    return the_report


@dataclass(frozen=True, eq=False)
class _Judged:
    """What the predictions are measured by and drawn as."""

    predicted: NDArray[Any]
    statistics: list[Statistic]
    probability_of_true: Array | None = None
    confusion: Confusion | None = None
    reliability: Reliability | None = None
    ranking: Roc | None = None
    predictions: PredictedAgainstTrue | None = None


def _judged(model: Any, X: ArrayLike, y: NDArray[Any], costs: Array) -> _Judged:
    if not hasattr(model, "classes_"):
        drawn = predicted_against_true(model, X, y)
        predicted = model.predict(X)
        return _Judged(predicted, of_quantities(drawn.true, drawn.predicted, costs), predictions=drawn)
    predicted = model.predict(X)
    judged = partial(_Judged, predicted, ranking=roc(model, X, y))
    if y.ndim == 2:
        return judged(of_several_labels(y, predicted, costs))
    probabilities = np.asarray(model.predict_proba(X), dtype=np.float64)
    return judged(
        of_labels(y, predicted, model.classes_, probabilities, costs),
        probability_of_true=probabilities[np.arange(len(y)), np.searchsorted(model.classes_, y)],
        confusion=confusion(model, X, y),
        reliability=reliability(model, X, y),
    )


def _targets(model: Any, y: NDArray[Any]) -> tuple[Numbers | tuple[str, int], ...]:
    if hasattr(model, "classes_"):
        counts = (y > 0).sum(axis=0) if y.ndim == 2 else [np.count_nonzero(y == name) for name in model.classes_]
        return tuple((str(name), int(count)) for name, count in zip(model.classes_, counts, strict=True))
    names = ["y"] if y.ndim == 1 else [f"y_{k}" for k in range(1, y.shape[1] + 1)]
    summed = [summary_of(name, column) for name, column in zip(names, np.atleast_2d(y.T), strict=True)]
    return tuple(column for column in summed if isinstance(column, Numbers))


def _how_many_to_check(n_parameters: int) -> int:
    return min(n_parameters, MOST_CHECKED, max(LEAST_CHECKED, CHECKED_WORK // n_parameters))


def _calls(model: Any, costly: int, samples: int, seed: int) -> str:
    given = {"costly": (costly, 10), "samples": (samples, 1000), "seed": (seed, 0)}
    more = "".join(f", {name}={value}" for name, (value, usual) in given.items() if value != usual)
    return f"model = {call_of(model)}.fit(X_train, y_train)\ndeltarule.report(model, X, y, 'report.html'{more})"
