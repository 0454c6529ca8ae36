"""`deltarule predict` and `deltarule evaluate`."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deltarule.cli import display
from deltarule.cli.places import check_apart
from deltarule.common.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["evaluate", "predict"]

ModelPath = Annotated[Path, typer.Argument(help="Model file that `deltarule train` made.", show_default=False)]


def predict(
    model: ModelPath,
    data: Annotated[Path, typer.Argument(help="Table with the columns of the training table.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV, TSV or Parquet; by default CSV to stdout.")
    ] = None,
) -> None:
    """Predict a label for each row, with the probability of each class.

    One row comes out for each that goes in, in the same order. Extra columns, the target too, are not looked at.
    """
    from deltarule.files.whole import check_writable, write_whole
    from deltarule.models.model_file import load
    from deltarule.tables import read_table

    if output is not None:
        if output.suffix.lower() not in (".csv", ".tsv", ".parquet", ".pq"):
            raise OutputError(f"{output} ends in {output.suffix!r}. Give a name that ends in .csv, .tsv or .parquet.")
        check_apart([("MODEL", model), ("DATA", data)], [("--output", output)])
        check_writable(output)
    loaded = load(model)
    table = read_table(data, as_text=loaded.as_text)
    X, notices = loaded.encoder.encode(table)
    display.show_notices(notices)

    import pandas as pd

    predictions = pd.DataFrame(
        loaded.classifier.predict_proba(X),
        columns=[f"probability_{name}" for name in loaded.classifier.classes_.tolist()],
    )
    predictions.insert(0, f"predicted_{loaded.target}", loaded.classifier.predict(X))
    if output is None:
        typer.echo(predictions.to_csv(index=False, lineterminator="\n"), nl=False)
        return
    write_whole(output, _bytes(predictions, output.suffix.lower()))
    display.stderr.print(
        f"{len(predictions)} {'prediction' if len(predictions) == 1 else 'predictions'}: {output}",
        markup=False,
        soft_wrap=True,
    )


def evaluate(
    model: ModelPath,
    data: Annotated[Path, typer.Argument(help="Table with the columns and the labels.", show_default=False)],
) -> None:
    """Measure a model on a table with labels: accuracy, cost, confusion, precision and recall of each class."""
    from deltarule.cli.fitting import examples_of, measure
    from deltarule.models.model_file import load
    from deltarule.tables import read_table

    loaded = load(model)
    examples = examples_of(loaded, read_table(data, as_text=loaded.as_text))
    display.show_notices(examples.notices)
    predicted, classes = loaded.classifier.predict(examples.X), loaded.classifier.classes_
    display.show_table(display.confusion(examples.y, predicted, classes))
    display.show_table(display.per_class(examples.y, predicted, classes))
    if figures := measure(loaded.classifier, examples.X, examples.y):
        display.say(display.figures(figures, "Accuracy"))


def _bytes(table: "pd.DataFrame", suffix: str) -> bytes:
    if suffix in (".csv", ".tsv"):
        return table.to_csv(index=False, sep="," if suffix == ".csv" else "\t", lineterminator="\n").encode()
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
