"""Reports on networks that predict a column of a table together."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.errors import InputError
from deltarule.estimators.outcomes import Outcome
from deltarule.network.gradient_check import GradientCheck, check_gradient
from deltarule.network.textbook import trace_example
from deltarule.pictures.importance import column_importance
from deltarule.pictures.members import member_curves
from deltarule.reporting.bootstrap import Measure, measured
from deltarule.reporting.computing import CHECKED_ROWS, parts_of_outcome, places_checked
from deltarule.reporting.content import Report
from deltarule.reporting.measures import of_committee
from deltarule.reporting.provenance import settings_of, versions
from deltarule.reporting.tables import shown_columns
from deltarule.tables.model import EncodedExamples
from deltarule.tabular.base import BaseTable
from deltarule.tabular.classifier import TableClassifier
from deltarule.tabular.committee_model import CommitteeModel
from deltarule.tabular.examples import examples_of
from deltarule.tabular.regressor import TableRegressor

__all__ = ["judged", "measures_of", "report_of_committee"]

_COUNTS = 2 * 10**7
"""Most rows times bootstrap samples times areas under curves; this takes about a second."""


def measures_of(outcome: Outcome, seed: int, groups: NDArray[Any] | None = None) -> tuple[Measure, ...]:
    """Return measures of predictions with bootstrap intervals from 1 000 samples, or fewer for very many rows."""
    return measured(of_committee(outcome), outcome.rows, samples_for(outcome), seed, groups)


def samples_for(outcome: Outcome) -> int:
    """Return the number of bootstrap samples that take about a second."""
    areas = 1 if outcome.classes is None or len(outcome.classes) == 2 else len(outcome.classes)
    return max(100, min(1000, _COUNTS // (outcome.rows * areas)))


def judged(model: BaseTable, X: Any, y: Any) -> tuple[CommitteeModel, pd.DataFrame, EncodedExamples]:
    """Return an estimator of tables as the model of a table, its table, and the rows on which it is measured.

    Raises
    ------
    ValueError
        If X or y do not fit the estimator or each other, or y has labels that it does not know.
    """
    assert isinstance(model, TableClassifier | TableRegressor)
    given = examples_of(X, y, None, None, model, is_quantity=isinstance(model, TableRegressor))
    if isinstance(model, TableClassifier) and given.y.ndim == 2:
        raise InputError(
            f"y has the shape {given.y.shape}. A report counts right and wrong labels: give the label of each row."
        )
    target = str(getattr(y, "name", None) or "y")
    frame = model.as_frame(X)
    inputs, notices = model.columns_.encode(frame)
    return (
        CommitteeModel(model, target, 0),
        frame,
        EncodedExamples(inputs, given.y, np.arange(given.rows), tuple(notices)),
    )


def report_of_committee(
    model: CommitteeModel,
    examples: EncodedExamples,
    outcome: Outcome,
    table: pd.DataFrame,
    *,
    about: Mapping[str, str],
    command: str,
    title: str = "",
    costly: int = 10,
    samples: int | None = None,
    seed: int | None = None,
    groups: NDArray[Any] | None = None,
) -> Report:
    """Report on a committee.

    Parameters
    ----------
    model : CommitteeModel
    examples : EncodedExamples
        The rows that the model is measured on.
    outcome : Outcome
        Predictions for these rows.
    table : DataFrame
        The table of which `examples` are rows.
    about : mapping from str to str
        Additional facts about the data.
    command : str
        The command that makes the model and the report again.
    title : str, optional
    costly : int, default 10
        How many of the examples with the highest cost to show.
    samples : int, optional
        Number of bootstrap samples. Default: as many as take about a second, 1 000 at most.
    seed : int, optional
        Seed of the bootstrap and of the gradient check. Default: that of the model.
    groups : array of shape (rows,), optional
        The group of each row of `outcome`.
    """
    estimator = model.estimator
    network = estimator.network_
    columns, dropped = shown_columns(estimator.columns_.encoder, examples, table)
    scaled = {}
    if outcome.classes is None and len(model.quantity.means) == 1:
        scale = model.quantity
        what = f"({model.target} − {float(scale.means[0]):.6g})/{float(scale.deviations[0]):.6g}"
        scaled = {"the networks learn": f"{what}; costs and the example in numbers are in this scale"}
    n = len(model.thetas)
    who = "one network" if n == 1 else f"{n} networks together"
    parts = parts_of_outcome(outcome, columns, dropped, model.target, costly)
    first = parts["costly"][0].row
    samples = samples_for(outcome) if samples is None else samples
    seed = model.seed if seed is None else seed
    return Report(
        title=title or f"{model.target}, predicted by {who}",
        about={**about, "target": model.target, **scaled},
        network=network,
        picture=None,
        history=None,
        advice="",
        curve=None,
        measures=measured(of_committee(outcome), outcome.rows, samples, seed, groups),
        samples=samples,
        seed=seed,
        **parts,
        trace=trace_example(network, model.thetas[0], examples.X[first], outcome.data.Y[first]),
        gradient=_checked_gradient(model, outcome, seed),
        checked_rows=min(CHECKED_ROWS, outcome.rows),
        settings=settings_of(estimator),
        random_state=repr(estimator.random_state),
        versions=versions(),
        command=command,
        members=member_curves(estimator),
        importance=column_importance(estimator),
        inputs=tuple(estimator.columns_.names),
    )


def _checked_gradient(model: CommitteeModel, outcome: Outcome, seed: int) -> GradientCheck:
    """Return the check of the gradient of the first member."""
    network, rows = model.estimator.network_, slice(min(CHECKED_ROWS, outcome.rows))
    X, Y = outcome.data.X[rows], outcome.data.Y[rows]
    theta = model.thetas[0].astype(np.float64)
    return check_gradient(network, theta, X, Y, parameters=places_checked(network), seed=seed)
