"""`deltarule export`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from deltarule.cli import display
from deltarule.cli.apply import ModelPath
from deltarule.cli.larger import larger_than_memory
from deltarule.cli.places import check_apart
from deltarule.common.errors import SettingsError

if TYPE_CHECKING:
    from deltarule.exchange.writing.checking import Answers, Check

__all__ = ["export"]

MOST_ROWS = 5
"""Most rows for which the answers of model and file are shown side by side."""

CHECKED_ROWS = 10_000
"""How many rows of a table that would not fit into the memory are compared: some seconds, whatever runs the file."""


class Precision(StrEnum):
    """The precision of the weights and of the arithmetic in an exported file."""

    float64 = "float64"
    float32 = "float32"


def export(
    model: ModelPath,
    format: Annotated[  # noqa: A002
        str | None,
        typer.Option(help="onnx, c, pmml, excel or safetensors; by default what --output ends in.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; by default beside MODEL, with its name.")
    ] = None,
    precision: Annotated[Precision, typer.Option(help="Of the weights and of the arithmetic.")] = Precision.float64,
    check: Annotated[
        Path | None, typer.Option(help="Table to run the written file on, side by side with the model.")
    ] = None,
) -> None:
    """Write a trained network, with its encoder and its labels, to a file that other tools read.

    With --check, exit code 1 if file and model differ by more than rounding does.
    """
    from deltarule.exchange import writing
    from deltarule.exchange.writing.checking import check as checked
    from deltarule.models.model_file import load, load_table_model
    from deltarule.tables import read_table
    from deltarule.tabular.base import BaseTable

    if format is None and output is None:
        raise SettingsError(f"Name a format, by --format or by what --output ends in: {', '.join(writing.FORMATS)}.")
    kind = writing.format_of(str(output)) if format is None else format
    file = model.with_suffix(writing.SUFFIXES.get(kind, "")) if output is None else output
    check_apart([("MODEL", model)] + ([] if check is None else [("--check", check)]), [("--output", file)])
    loaded = load(model)
    loaded = loaded if isinstance(loaded, BaseTable) else load_table_model(model)
    writing.export(loaded, file, kind, precision)
    display.say(f"{file}: {file.stat().st_size:,} bytes".replace(",", " "))
    if check is None:
        return
    as_text = loaded.columns_.encoder.as_text if isinstance(loaded, BaseTable) else loaded.as_text
    larger = larger_than_memory(check, None)
    if larger is None:
        rows = read_table(check, as_text=as_text)
    else:
        from deltarule.tables.streamed.table_rows import first_rows

        rows = first_rows(check, CHECKED_ROWS, as_text)
        display.show_notices([f"{larger.why} The first {len(rows)} rows are compared."])
    found = checked(loaded, file, kind, rows, precision)
    display.show_table(_side_by_side(found))
    count = len(found.model.numbers)
    labels = "" if found.model.labels is None else f"; {found.other_labels} with another label"
    display.say(f"Largest difference in {count} rows: {found.difference:.2g} ({found.runtime}){labels}")
    if not found.passed(precision):
        raise typer.Exit(1)


def _side_by_side(found: "Check") -> tuple[str, Table]:
    """Return the first rows, each with the label and its probability, or the first quantity, of model and file."""
    table = Table("row", Column("model", justify="right"), Column("file", justify="right"))
    for n in range(min(MOST_ROWS, len(found.model.numbers))):
        table.add_row(str(n + 1), *(_said(answers, n) for answers in (found.model, found.file)))
    return "Model and file", table


def _said(answers: "Answers", n: int) -> str:
    numbers = answers.numbers[n]
    if answers.labels is None:
        return f"{numbers[0]:.9g}"
    return f"{escape(str(answers.labels[n]))} {numbers.max():.9f}"
