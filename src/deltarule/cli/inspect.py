"""`deltarule check-gradient`, `deltarule explain` and `deltarule info`: looking inside."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import deltarule
from deltarule.cli import display
from deltarule.cli.apply import ModelPath
from deltarule.cli.places import check_apart

__all__ = ["check_gradient", "explain", "info"]


class Form(StrEnum):
    """How an explanation is written."""

    text = "text"
    markdown = "markdown"
    html = "html"


ENDINGS = {".md": Form.markdown, ".html": Form.html, ".htm": Form.html}
"""Names of files that say how an explanation is written; others are text."""

Labelled = Annotated[Path, typer.Argument(help="Table with the columns and the labels.", show_default=False)]


def check_gradient(
    model: ModelPath,
    data: Labelled,
    rows: Annotated[int, typer.Option(help="How many rows to compute J and D on, from the first.", min=1)] = 20,
    parameters: Annotated[
        int | None, typer.Option(help="How many parameters to compare; by default all up to 2 000.", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample of parameters and the direction.", min=0)] = 0,
) -> None:
    """Compare the gradient D of a trained network with differences of its cost J; exit code 1 if they differ."""
    from deltarule.cli.fitting import examples_of
    from deltarule.models.model_file import load
    from deltarule.tables import read_table

    loaded = load(model)
    table = read_table(data, as_text=loaded.as_text)
    if loaded.target in table.columns:
        table = table[table[loaded.target].notna()] if table[loaded.target].notna().any() else table
    examples = examples_of(loaded, table.iloc[:rows])
    classifier = loaded.classifier
    check = deltarule.check_gradient(classifier, examples.X, examples.y, parameters=parameters, seed=seed)
    compared = f"{len(examples.y)} {'row' if len(examples.y) == 1 else 'rows'}"
    display.say(f"Network {classifier.network_}, λ = {classifier.alpha:g}, {compared}")
    display.say(str(check))
    if not check.passed:
        raise typer.Exit(1)


def explain(
    model: ModelPath,
    data: Labelled,
    row: Annotated[int, typer.Option(help="Which row, counted from 0.", min=0)] = 0,
    lines: Annotated[
        int | None, typer.Option(help="Lines at most, counted as text; by default 40 of text, else 100.", min=1)
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            help="Markdown has LaTeX in it; HTML is a whole page if written to a file. By default what the ending of "
            "--output says, .md or .html, else text.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; by default stdout.")] = None,
) -> None:
    """Follow one row through the network and back, equations (1) to (6) with its numbers."""
    from deltarule.cli.fitting import examples_of
    from deltarule.common.errors import TableError
    from deltarule.common.html import Html, page
    from deltarule.explain import explain as explain_trace
    from deltarule.files.whole import check_writable, write_whole
    from deltarule.models.model_file import load
    from deltarule.tables import read_table

    if form is None:
        form = ENDINGS.get("" if output is None else output.suffix.lower(), Form.text)
    if output is not None:
        check_apart([("MODEL", model), ("DATA", data)], [("--output", output)])
        check_writable(output)
    loaded = load(model)
    table = read_table(data, as_text=loaded.as_text)
    if row >= len(table):
        raise TableError(f"--row {row} is not there: the rows of {data} are 0 to {len(table) - 1}.")
    examples = examples_of(loaded, table.iloc[[row]])
    classifier = loaded.classifier
    predicted = classifier.predict(examples.X)[0]
    probability = classifier.predict_proba(examples.X)[0].max()
    trace = deltarule.trace_example(
        classifier.network_, classifier.theta_, examples.X[0], classifier.encode(examples.y)[0]
    )
    line = f" (line {table.index[row]})" if table.index.name == "line" else ""
    heading = (
        f"Row {row}{line}: {loaded.target} {examples.y[0]}, predicted {predicted} ({100 * probability:.1f} %); "
        f"{_outputs(classifier.network_.K, classifier.classes_.tolist())}"
    )
    is_on_screen = form is Form.text and output is None and display.stdout.is_terminal
    width = max(80, min(display.stdout.width, 140)) if is_on_screen else None
    text = explain_trace(trace, form=form.value, lines=lines, width=width, heading=heading)
    if output is None:
        display.say(text)
        return
    whole = page(heading, Html(text)) if form is Form.html else f"{text.rstrip()}\n"
    write_whole(output, whole.encode())
    display.stderr.print(f"Explanation: {output}", markup=False, soft_wrap=True)


def info() -> None:
    """Show versions, and which engine and instruction set run."""
    from deltarule.reporting.provenance import versions

    for name, value in versions().items():
        display.say(f"{name:<13}{value}")


def _outputs(K: int, classes: Sequence[object]) -> str:
    """Return which class each of K outputs stands for."""
    if K == 1:
        return f"h is the probability of {classes[1]}"
    shown = ", ".join(str(name) for name in classes[:10])
    return f"outputs: {shown}{', …' if len(classes) > 10 else ''}"
