"""Reports on a model of a table, with used and dropped columns, and the target in its own units."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from deltarule.estimators.outcomes import Outcome
from deltarule.reporting.bootstrap import Measure, measured
from deltarule.reporting.columns import ShownColumns, columns_of
from deltarule.reporting.computing import report_of
from deltarule.reporting.content import Report
from deltarule.reporting.measures import statistics_of
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.model import EncodedExamples, TableModel

__all__ = ["measures_of", "report_on_table", "shown_columns"]

WHY_DROPPED = {
    "asked": "as asked",
    "constant": "one value only",
    "empty": "empty",
    "names": "another text in most rows",
    "row numbers": "it numbers the rows",
}

_COUNTS = 2 * 10**7
"""Most rows times bootstrap samples for the measures that the command line prints; this takes about a second."""


def shown_columns(
    encoder: TableEncoder, examples: EncodedExamples, table: pd.DataFrame
) -> tuple[ShownColumns, dict[str, str]]:
    """Return the columns of a table that a report shows, for the rows of `examples`, and why others were dropped."""
    shown = [*encoder.kinds, *(name for name in encoder.dropped if name in table.columns)]
    dropped = {name: WHY_DROPPED.get(why, why) for name, why in encoder.dropped.items()}
    return columns_of(examples.X, table[shown].iloc[examples.rows]), dropped


def measures_of(outcome: Outcome, seed: int) -> tuple[Measure, ...]:
    """Return measures of predictions with bootstrap intervals from 1 000 samples, or fewer for very many rows."""
    samples = max(100, min(1000, _COUNTS // outcome.rows))
    return measured(statistics_of(outcome), outcome.rows, samples, seed)


def report_on_table(
    model: TableModel,
    examples: EncodedExamples,
    outcome: Outcome,
    table: pd.DataFrame,
    path: str | Path,
    *,
    about: Mapping[str, str],
    command: str,
) -> Report:
    """Report on a model of a table, and write the report to an HTML file.

    Parameters
    ----------
    model : TableModel
    examples : EncodedExamples
        The rows that the model is measured on.
    outcome : Outcome
        Predictions for these rows.
    table : DataFrame
        The table of which `examples` are rows.
    path : path
    about : mapping from str to str
        Additional facts about the data.
    command : str
        The command that makes the model and the report again.

    Raises
    ------
    ImportError
        If matplotlib is missing.
    OutputError
        If the file cannot be written.
    """
    columns, dropped = shown_columns(model.encoder, examples, table)
    scaled = {}
    if model.scale is not None:
        what = f"({model.target} − {model.scale.mean:.6g})/{model.scale.deviation:.6g}"
        scaled = {"the network learns": f"{what}; costs and the example in numbers are in this scale"}
    report = report_of(
        model.estimator,
        outcome,
        columns,
        about={**about, "target": model.target, **scaled},
        title=f"{model.target}, predicted by a network {model.estimator.network_}",
        command=command,
        seed=model.seed,
        inputs=model.encoder.names,
        dropped=dropped,
        target=model.target,
    )
    report.save(path)
    return report
