"""`report`: the report on what was fitted, a single network or several that predict together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from deltarule.common.errors import InputError, SettingsError
from deltarule.estimators.outcomes import outcome_of
from deltarule.pictures.models import fitted
from deltarule.reporting.columns import columns_of
from deltarule.reporting.committee import judged, report_of_committee
from deltarule.reporting.computing import report_of
from deltarule.reporting.content import Report
from deltarule.reporting.provenance import call_of
from deltarule.tabular.base import BaseTable

__all__ = ["report"]


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
    """Report on a fitted estimator: data, training, measures, mistakes, one example, gradient check, settings.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TableClassifier or TableRegressor
        A fitted estimator. Of one with several members the report shows what was watched of each, the importance of the
        columns, and the first member's example and gradient check.
    X : array, sparse matrix or frame of shape (m, n_features)
        Rows to measure the model on, preferably rows outside the training set.
    y : array of shape (m,) or (m, K)
        Labels or quantities of the rows.
    path : path, optional
        An HTML file to write; by default none.
    table : DataFrame, or mapping from names to sequences of length m, optional
        The rows before they were encoded as X. The report summarises its columns and shows them with examples.
        Default: X. An estimator of tables encodes X itself, and takes none.
    about : mapping from str to str, optional
        Additional facts about the data, such as its source.
    title : str, optional
    command : str, optional
        The command that makes the model and the report again. Default: the calls in Python.
    costly : int, default 10
        How many of the examples with the highest cost to show, 1 or more.
    samples : int, default 1000
        Number of bootstrap samples, 1 or more.
    seed : int, default 0
        Seed of the bootstrap and of the gradient check. The same seed gives the same report.

    Returns
    -------
    Report

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError, ShapeError
        If the model is not of this library, or X, y or the table do not fit it.
    OutputError
        If the path cannot be written; raised before any work.
    ImportError
        If a path is given and matplotlib is missing; raised before any work.

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
        _check_place(path)
    for name, number in (("costly", costly), ("samples", samples)):
        if number < 1:
            raise SettingsError(f"{name}={number} cannot be. Give a whole number, 1 or more.")
    on = _on_network
    if isinstance(model, BaseTable):
        check_is_fitted(model, "_committee")
        on = _on_tables
    else:
        fitted(model)
    said = {
        "about": about or {},
        "title": title,
        "command": command or _call(model, costly, samples, seed),
        "costly": costly,
        "samples": samples,
        "seed": seed,
    }
    the_report = on(model, X, y, table, said)
    if path is not None:
        the_report.save(path)
    return the_report


def _on_network(model: Any, X: Any, y: ArrayLike, table: Any, said: dict[str, Any]) -> Report:
    if not hasattr(X, "shape"):
        X = np.asarray(X)
    labels = np.asarray(y)
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    title = said["title"] or f"{type(model).__name__} {model.network_}"
    return report_of(model, outcome_of(model, X, labels), columns_of(X, table), **{**said, "title": title})


def _on_tables(model: BaseTable, X: Any, y: ArrayLike, table: Any, said: dict[str, Any]) -> Report:
    if table is not None:
        raise InputError(f"X of a {type(model).__name__} is the table, which it encodes itself. Leave table=… out.")
    committee, frame, examples = judged(model, X, y)
    notices = {f"note {n}": one for n, one in enumerate(examples.notices, 1)}
    about = {**said["about"], **notices}
    return report_of_committee(committee, examples, committee.outcome_of(examples), frame, **{**said, "about": about})


def _check_place(path: str | Path) -> None:
    """Raise OutputError or ImportError if a report could not be written at a path."""
    from deltarule.files.whole import check_writable
    from deltarule.pictures.style import check_matplotlib

    check_matplotlib()
    check_writable(path)


def _call(model: Any, costly: int, samples: int, seed: int) -> str:
    given = {"costly": (costly, 10), "samples": (samples, 1000), "seed": (seed, 0)}
    more = "".join(f", {name}={value}" for name, (value, usual) in given.items() if value != usual)
    return f"model = {call_of(model)}.fit(X_train, y_train)\ndeltarule.report(model, X, y, 'report.html'{more})"
