"""`deltarule check-gradient`, `deltarule explain` and `deltarule info`: looking inside."""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

import deltarule
from deltarule.cli import display
from deltarule.cli.apply import ModelPath

__all__ = ["check_gradient", "explain", "info"]

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
    from deltarule.model_file import load
    from deltarule.tables import read_table

    loaded = load(model)
    table = read_table(data, as_text=loaded.as_text)
    if loaded.target in table.columns:
        table = table[table[loaded.target].notna()] if table[loaded.target].notna().any() else table
    examples = examples_of(loaded, table.iloc[:rows])
    classifier = loaded.classifier
    check = deltarule.check_gradient(classifier, examples.X, examples.y, parameters=parameters, seed=seed)
    display.say(f"Network {classifier.network_}, λ = {classifier.alpha:g}, {len(examples.y)} rows")
    display.say(str(check))
    if not check.passed:
        raise typer.Exit(1)


def explain(
    model: ModelPath,
    data: Labelled,
    row: Annotated[int, typer.Option(help="Which row, counted from 0.", min=0)] = 0,
    lines: Annotated[int, typer.Option(help="Lines of the text at most.", min=1)] = 40,
) -> None:
    """Follow one row through the network and back, equations (1) to (5) with its numbers."""
    from deltarule.cli.fitting import examples_of
    from deltarule.errors import TableError
    from deltarule.explain import explain as explain_trace
    from deltarule.model_file import load
    from deltarule.tables import read_table

    loaded = load(model)
    table = read_table(data, as_text=loaded.as_text)
    if row >= len(table):
        raise TableError(f"--row {row} is not there: {data} has {len(table)} rows, 0 to {len(table) - 1}.")
    examples = examples_of(loaded, table.iloc[[row]])
    classifier = loaded.classifier
    predicted = classifier.predict(examples.X)[0]
    probability = classifier.predict_proba(examples.X)[0].max()
    trace = deltarule.trace_example(
        classifier.network_, classifier.theta_, examples.X[0], classifier.encode(examples.y)[0]
    )
    width = display.stdout.width if display.stdout.is_terminal else 100
    line = f" (line {table.index[row]})" if table.index.name == "line" else ""
    heading = (
        f"Row {row}{line}: {loaded.target} {examples.y[0]}, predicted {predicted} ({100 * probability:.1f} %); "
        f"{_outputs(classifier.classes_.tolist())}"
    )
    display.say(explain_trace(trace, lines=lines, width=max(80, min(width, 140)), heading=heading))


def info() -> None:
    """Show versions, and which engine and instruction set run."""
    from deltarule.engines import native

    rows = {"deltarule": deltarule.__version__, "Python": f"{platform.python_version()} on {platform.platform()}"}
    for package in ("numpy", "scipy", "scikit-learn", "pandas", "skops", "matplotlib"):
        try:
            rows[package] = version(package)
        except PackageNotFoundError:
            rows[package] = "not installed"
    if native.available():
        rows["engine"] = f"compiled core, {native.instruction_set()}, {native.usable_cores()} threads by default"
    else:
        rows["engine"] = "reference (NumPy); the compiled core was not built"
    for name, value in rows.items():
        display.say(f"{name:<13}{value}")


def _outputs(classes: Sequence[object]) -> str:
    """Return which class each output stands for."""
    if len(classes) == 2:
        return f"h is the probability of {classes[1]}"
    shown = ", ".join(str(name) for name in classes[:10])
    return f"outputs: {shown}{', …' if len(classes) > 10 else ''}"
