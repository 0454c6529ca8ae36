"""`deltarule import`: a network of another tool as a model file."""

from pathlib import Path
from typing import Annotated

import typer

from deltarule.cli import display
from deltarule.cli.places import check_apart

__all__ = ["import_"]


def import_(
    file: Annotated[
        Path, typer.Argument(help="ONNX, Keras, safetensors, PMML, .rds, .net and others.", show_default=False)
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Model file to write.", show_default=False)],
    format_: Annotated[
        str | None,
        typer.Option("--format", help="What the file is; by default what it looks like.", show_default=False),
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="Names of the classes in the order of the outputs: no,yes.", show_default=False)
    ] = None,
    output_unit: Annotated[
        str | None,
        typer.Option(help="Where the file does not say it: softmax, sigmoid, identity or exp.", show_default=False),
    ] = None,
    features: Annotated[str | None, typer.Option(help="Names of the columns: a,b,c.", show_default=False)] = None,
    target: Annotated[str | None, typer.Option(help="Name of what is predicted.", show_default=False)] = None,
    activation: Annotated[
        str | None,
        typer.Option(
            help="Hidden units of a state dict: relu, or one for each layer: tanh,elu(0.5).", show_default=False
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(help="Modules of a state dict in order, with units: fc1,relu,out.", show_default=False),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="ARFF file that Weka's network was trained on.", show_default=False)
    ] = None,
) -> None:
    """Read a network that another tool trained, say what was understood, and write it as a model file."""
    from deltarule.exchange.reading.imported import read_foreign
    from deltarule.files.whole import check_writable

    check_apart([("FILE", file), *([] if table is None else [("--table", table)])], [("--output", output)])
    check_writable(output)
    units = _listed(activation)
    imported = read_foreign(
        file,
        format=format_,
        labels=_as_labels(labels),
        output=output_unit,
        features=_listed(features),
        target=target,
        activation=units[0] if units is not None and len(units) == 1 else units,
        layers=_listed(layers),
        table=table,
    )
    imported.save(output)
    display.say(str(imported))
    if not imported.is_of_tables:
        display.say("It is for Python, where deltarule.load gives the estimator: the command line takes tables alone.")
    display.say(f"Model: {output}")


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",")]


def _as_labels(text: str | None) -> list[str] | list[int] | None:
    """Return labels as a table would read them: whole numbers if all are."""
    words = _listed(text)
    if words and all(word.lstrip("-").isdigit() and word == str(int(word)) for word in words):
        return [int(word) for word in words]
    return words
