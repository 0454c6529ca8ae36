"""`deltarule train`: its options and its steps."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deltarule.cli import display
from deltarule.cli.options import command_of, default, setting
from deltarule.cli.training import Outputs, draw, fit, parameters_of, show, table_options_of, tell, write_report

__all__ = ["train"]

TABLE = typer.Argument(
    help="Table to learn from: CSV or TSV (also .gz), Parquet, or - for CSV from stdin.", show_default=False
)


class TaskName(StrEnum):
    """The kind of the prediction."""

    auto = "auto"
    classify = "classify"
    regress = "regress"


class DateName(StrEnum):
    """The order of day and month in a date with slashes."""

    day_first = "day-first"
    month_first = "month-first"


def train(
    context: typer.Context,
    data: Annotated[Path, TABLE],
    target: Annotated[str, typer.Option(help="Name of the column to predict.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Model file to write.")] = Path("model.deltarule"),
    task: Annotated[
        TaskName,
        typer.Option(
            help="classify: predict a label; regress: predict a number; auto: decide by the values of the target."
        ),
    ] = TaskName.auto,
    holdout: Annotated[float, typer.Option(help="Share of the rows to hold out and measure on, in [0, 1).")] = 0.2,
    seed: Annotated[int, typer.Option(help="Seed of the hold-out, first weights and order of examples.", min=0)] = 0,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder for network.png and learning_curve.png.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="HTML file for a report: measures, mistakes, pictures, settings.", show_default=False),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="File to save the run to during training, for --resume.", show_default=False),
    ] = None,
    checkpoint_seconds: Annotated[
        float, typer.Option(help="Least seconds between two checkpoints, each written at the end of an epoch.", min=0)
    ] = 60.0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the run in the checkpoint, if any, with bit-identical results.")
    ] = False,
    weight: Annotated[
        str | None,
        typer.Option(
            help="Column of weights; a weight stands for that many repetitions of its row in training.",
            show_default=False,
            rich_help_panel="Columns",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(help="Column to ignore; may be repeated.", show_default=False, rich_help_panel="Columns"),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="Column to use although it looks like names or numbers of rows; may be repeated.",
            show_default=False,
            rich_help_panel="Columns",
        ),
    ] = None,
    categories: Annotated[
        list[str] | None,
        typer.Option(
            help="Column whose numbers are labels of categories; may be repeated.",
            show_default=False,
            rich_help_panel="Columns",
        ),
    ] = None,
    gaps: Annotated[
        list[str] | None,
        typer.Option(
            help="Text that means a missing value, besides an empty field; may be repeated.",
            show_default=False,
            rich_help_panel="Columns",
        ),
    ] = None,
    dates: Annotated[
        DateName | None,
        typer.Option(help="Order of day and month in 03/04/2024.", show_default=False, rich_help_panel="Columns"),
    ] = None,
    layers: Annotated[
        str, typer.Option(help="Units of each hidden layer, or none.", rich_help_panel="Settings")
    ] = "100",
    activation: Annotated[
        str, typer.Option(help="Hidden units: one name, or one for each layer.", rich_help_panel="Settings")
    ] = "relu",
    solver: Annotated[str, setting("solver")] = default("solver"),
    lambda_: Annotated[float, setting("alpha")] = default("alpha"),
    epochs: Annotated[int, setting("max_iter")] = default("max_iter"),
    batch_size: Annotated[str, setting("batch_size")] = default("batch_size"),
    learning_rate_init: Annotated[float, setting("learning_rate_init")] = default("learning_rate_init"),
    tol: Annotated[float, setting("tol")] = default("tol"),
    patience: Annotated[int, setting("n_iter_no_change")] = default("n_iter_no_change"),
    early_stopping: Annotated[bool, setting("early_stopping")] = default("early_stopping"),
    validation_fraction: Annotated[float, setting("validation_fraction")] = default("validation_fraction"),
    learning_rate: Annotated[str, setting("learning_rate")] = default("learning_rate"),
    power_t: Annotated[float, setting("power_t")] = default("power_t"),
    shuffle: Annotated[bool, setting("shuffle")] = default("shuffle"),
    momentum: Annotated[float, setting("momentum")] = default("momentum"),
    nesterovs_momentum: Annotated[bool, setting("nesterovs_momentum")] = default("nesterovs_momentum"),
    beta_1: Annotated[float, setting("beta_1")] = default("beta_1"),
    beta_2: Annotated[float, setting("beta_2")] = default("beta_2"),
    epsilon: Annotated[float, setting("epsilon")] = default("epsilon"),
    max_fun: Annotated[int, setting("max_fun")] = default("max_fun"),
    dropout: Annotated[str, setting("dropout")] = default("dropout"),
    weight_decay: Annotated[float, setting("weight_decay")] = default("weight_decay"),
    dropout_schedule: Annotated[str, setting("dropout_schedule")] = default("dropout_schedule"),
    weight_decay_schedule: Annotated[str, setting("weight_decay_schedule")] = default("weight_decay_schedule"),
    max_grad_norm: Annotated[float | None, setting("max_grad_norm")] = default("max_grad_norm"),
    warmup: Annotated[float, setting("warmup")] = default("warmup"),
    on_divergence: Annotated[str, setting("on_divergence")] = default("on_divergence"),
    output_units: Annotated[str, setting("output")] = default("output"),
    class_weight: Annotated[str | None, setting("class_weight")] = default("class_weight"),
    label_smoothing: Annotated[float, setting("label_smoothing")] = default("label_smoothing"),
    scoring: Annotated[
        str | None,
        typer.Option(
            help="Scores to measure after each epoch: names of scikit-learn's scorers, separated by commas; loss is "
            "the cost. Early stopping watches the first.",
            show_default="accuracy",
            rich_help_panel="Settings",
        ),
    ] = None,
    engine: Annotated[str, setting("engine")] = default("engine"),
    dtype: Annotated[str, setting("dtype")] = default("dtype"),
    n_threads: Annotated[int | None, setting("n_threads")] = default("n_threads"),
) -> None:
    """Train a network on a table, measure it on held-out rows, and save it as one file.

    Ctrl-C ends the training early and saves the model trained so far.
    """
    given = locals()
    parameters = parameters_of(given)
    if not 0 <= holdout < 1:
        raise typer.BadParameter(f"{holdout} is not in [0, 1).", param_hint="--holdout")
    if early_stopping and validation_fraction == 0:
        raise typer.BadParameter("0 leaves --early-stopping no row to watch.", param_hint="--validation-fraction")
    outputs = Outputs(output, report, pictures, checkpoint, checkpoint_seconds, resume)
    outputs.check(data, parameters)

    from deltarule.tables import read_table
    from deltarule.tables.table_run import TableTask, prepare

    table = read_table(data)
    validation = validation_fraction if early_stopping else None
    asked = TableTask(target, task.value, holdout, validation, seed, weight, table_options_of(given))
    prepared = prepare(table, asked)
    show(prepared.notices)
    learnt = fit(prepared, parameters, outputs)
    learnt.model.save(output)
    tell(prepared, learnt)
    if pictures is not None:
        draw(learnt, pictures)
    if report is not None:
        write_report(prepared, learnt, table, report, data, command_of(context))
    display.say(f"Model: {output}")
    history = learnt.model.estimator.history_
    if history.stopped == "interrupted":
        display.show_notices([f"Interrupted after epoch {history.epochs}: the model is the one trained so far."])
        raise typer.Exit(130)
