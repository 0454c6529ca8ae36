"""`deltarule predict` and `deltarule evaluate`."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deltarule.cli import display
from deltarule.cli.larger import Given, given_table, larger_than_memory, predict_parts
from deltarule.cli.places import check_apart, files_in
from deltarule.common.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

    from deltarule.estimators.outcomes import Outcome
    from deltarule.tables.model import TableModel
    from deltarule.tabular.committee_model import CommitteeModel

__all__ = ["evaluate", "predict"]

ModelPath = Annotated[Path, typer.Argument(help="Model file that `deltarule train` made.", show_default=False)]

Memory = Annotated[
    str | None,
    typer.Option(
        help="Memory that the table may take, 500MB: a file that would take more is read part by part.",
        show_default="half of what is free",
    ),
]

FEWEST_BYTES = 1 << 26
"""What the answers to the rows of a table may take in any case: those to about 1.4 million rows of two labels."""


def predict(
    model: ModelPath,
    data: Annotated[
        list[Path],
        typer.Argument(
            help="Table with the columns of the training table: files, a folder, a pattern, or - for stdin.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV, TSV or Parquet; by default CSV to stdout.")
    ] = None,
    memory: Memory = None,
) -> None:
    """Predict a label or a number for each row, with the probability of each label.

    The output has one row for each input row, in the same order. Extra columns, including the target, are ignored.
    """
    from deltarule.files.whole import check_writable
    from deltarule.models.model_file import load_table_model

    if output is not None:
        if output.suffix.lower() not in (".csv", ".tsv", ".parquet", ".pq"):
            raise OutputError(f"{output} ends in {output.suffix!r}. Give a name that ends in .csv, .tsv or .parquet.")
        check_apart([("MODEL", model), *files_in(tuple(data))], [("--output", output)])
        check_writable(output)
    loaded = load_table_model(model)
    with given_table(data) as table:
        rows = _predict(loaded, table, output, memory)
    if output is None:
        return
    display.stderr.print(
        f"{rows} {'prediction' if rows == 1 else 'predictions'}: {output}",
        markup=False,
        soft_wrap=True,
    )


def _predict(loaded: "TableModel | CommitteeModel", data: Given, output: Path | None, memory: str | None) -> int:
    """Predict a table, write the predictions, and return their number."""
    from deltarule.files.whole import write_whole
    from deltarule.tables import read_table

    larger = larger_than_memory(data, memory)
    if larger is not None or isinstance(data, Sequence):
        assert larger is not None, "several files are always read part by part"
        rows, notices = predict_parts(loaded, data, output)
        display.show_notices([larger.why, *notices])
    else:
        predictions, notices = loaded.predict(read_table(data, as_text=loaded.as_text))
        rows = len(predictions)
        display.show_notices(notices)
        if output is None:
            typer.echo(predictions.to_csv(index=False, lineterminator="\n"), nl=False)
        else:
            write_whole(output, _bytes(predictions, output.suffix.lower()))
    return rows


def evaluate(
    model: ModelPath,
    data: Annotated[
        list[Path],
        typer.Argument(
            help="Table with the columns and the target: files, a folder, a pattern, or - for stdin.",
            show_default=False,
        ),
    ],
    memory: Memory = None,
) -> None:
    """Measure a model on a table whose target is known.

    Labels: error, log-loss and area under the ROC curve (of a single network accuracy and cost), confusion matrix,
    precision and recall of each. Numbers: R² and errors with intervals.
    """
    from deltarule.models.model_file import load_table_model
    from deltarule.reporting.committee import measures_of
    from deltarule.tabular.committee_model import CommitteeModel

    loaded = load_table_model(model)
    with given_table(data) as table:
        outcome = _outcome(loaded, table, memory)
    if outcome.classes is not None:
        display.show_table(display.confusion(outcome.y, outcome.predicted, outcome.classes))
        display.show_table(display.per_class(outcome.y, outcome.predicted, outcome.classes))
    if isinstance(loaded, CommitteeModel):
        title = f"Figures of {loaded.target} ({display.rows(outcome.rows)})"
        display.show_table(display.measures(title, measures_of(outcome, loaded.seed)))
        return
    display.show_figures(loaded.target, outcome, loaded.seed)


def _outcome(loaded: "TableModel | CommitteeModel", data: Given, memory: str | None) -> "Outcome":
    """Return the predictions for a table, with the true values, and tell of what is odd in it."""
    from deltarule.tables import read_table

    larger = larger_than_memory(data, memory)
    if larger is not None or isinstance(data, Sequence):
        from deltarule.tables.streamed.measuring import measured_parts

        assert larger is not None, "several files are always read part by part"
        found = measured_parts(loaded, data, max(FEWEST_BYTES, larger.limit))
        display.show_notices([larger.why, *found.notices])
        return found.outcome
    examples = loaded.examples_of(read_table(data, as_text=loaded.as_text))
    display.show_notices(examples.notices)
    return loaded.outcome_of(examples)


def _bytes(table: "pd.DataFrame", suffix: str) -> bytes:
    if suffix in (".csv", ".tsv"):
        return table.to_csv(index=False, sep="," if suffix == ".csv" else "\t", lineterminator="\n").encode()
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
