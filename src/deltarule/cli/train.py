"""`deltarule train`: its options and its steps."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deltarule.cli import committee, single
from deltarule.cli.kinds import BOTH, check_kind, given_options
from deltarule.cli.larger import given_table, larger_than_memory
from deltarule.cli.options import PANELS, command_of, default, setting
from deltarule.cli.rows import train_rows
from deltarule.cli.training import Outputs

__all__ = ["train"]

MEMBERS = "Several networks"

TABLE = typer.Argument(
    help="Table to learn from: CSV or TSV (also .gz) or Parquet; files, a folder, a pattern, or - for stdin.",
    show_default=False,
)


class TaskName(StrEnum):
    """The kind of the prediction."""

    auto = "auto"
    classify = "classify"
    regress = "regress"


class ObjectiveName(StrEnum):
    """What counts on held-out rows."""

    accuracy = "accuracy"
    log_loss = "log_loss"
    auc = "auc"


class LossName(StrEnum):
    """What is predicted of a quantity."""

    squared_error = "squared_error"
    poisson = "poisson"
    huber = "huber"
    pinball = "pinball"


class WayName(StrEnum):
    """How rows are held out from a member."""

    folds = "folds"
    holdout = "holdout"
    time = "time"


class DateName(StrEnum):
    """The order of day and month in a date with slashes."""

    day_first = "day-first"
    month_first = "month-first"


def train(
    context: typer.Context,
    data: Annotated[list[Path], TABLE],
    target: Annotated[str, typer.Option(help="Name of the column to predict.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Model file to write.")] = Path("model.deltarule"),
    task: Annotated[
        TaskName,
        typer.Option(
            help="classify: predict a label; regress: predict a number; auto: decide by the values of the target."
        ),
    ] = TaskName.auto,
    network: Annotated[
        bool,
        typer.Option("--network", help="Train a single plain network, not several that predict together."),
    ] = False,
    holdout: Annotated[
        float | None,
        typer.Option(
            help="Share of the rows, in [0, 1), from which nothing is learnt, to measure on. With 0, several networks "
            "are measured on the rows that each of them holds out.",
            show_default="0; with --network 0.2",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of what is held out, first weights and order of examples.", min=0)
    ] = 0,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="Folder for members.png and importance.png; with --network network.png and learning_curve.png.",
            show_default=False,
        ),
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
    groups: Annotated[
        str | None,
        typer.Option(
            help="Column of groups, such as patients: rows of a group are learnt together or held out together.",
            show_default=False,
            rich_help_panel="Columns",
        ),
    ] = None,
    members: Annotated[int, typer.Option(help="Networks that predict together.", min=1, rich_help_panel=MEMBERS)] = 5,
    objective: Annotated[
        ObjectiveName,
        typer.Option(
            help="What counts on held-out rows, for labels. accuracy smooths labels in training.",
            rich_help_panel=MEMBERS,
        ),
    ] = ObjectiveName.log_loss,
    loss: Annotated[
        LossName,
        typer.Option(
            help="For quantities: squared_error predicts the mean; poisson that of counts and other numbers from 0 on; "
            "huber the centre, for which outliers count little; pinball the quantiles that --quantiles names.",
            rich_help_panel=MEMBERS,
        ),
    ] = LossName.squared_error,
    quantiles: Annotated[
        str | None,
        typer.Option(
            help="Quantiles to predict of a quantity, ascending, with commas between; they need no --loss.",
            show_default="0.1,0.5,0.9 with --loss pinball",
            rich_help_panel=MEMBERS,
        ),
    ] = None,
    validation: Annotated[
        WayName,
        typer.Option(
            help="Rows that a member does not learn from: a fold, a fifth drawn anew, or the last fifth in the order "
            "of the table.",
            rich_help_panel=MEMBERS,
        ),
    ] = WayName.folds,
    time_budget: Annotated[
        float | None,
        typer.Option(
            help="Seconds that training may take; epochs and members are left out to keep to it.",
            show_default="no limit",
            rich_help_panel=MEMBERS,
        ),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            help="Memory that the table may take, 500MB: a file that would take more is read part by part, and trains "
            "a single network. Several files are always read so.",
            show_default="half of what is free",
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(
            help="Units of each hidden layer, or none.",
            show_default=BOTH["layers"].words,
            rich_help_panel=PANELS["shared"],
        ),
    ] = None,
    activation: Annotated[
        str, typer.Option(help="Hidden units: one name, or one for each layer.", rich_help_panel=PANELS["common"])
    ] = "relu",
    solver: Annotated[str, setting("solver")] = default("solver"),
    lambda_: Annotated[float, setting("alpha")] = default("alpha"),
    epochs: Annotated[int | None, setting("max_iter", BOTH["epochs"].words)] = None,
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
            rich_help_panel=PANELS["common"],
        ),
    ] = None,
    engine: Annotated[str, setting("engine")] = default("engine"),
    dtype: Annotated[str | None, setting("dtype", BOTH["dtype"].words)] = None,
    n_threads: Annotated[int | None, setting("n_threads")] = default("n_threads"),
) -> None:
    """Train networks on a table, measure them on held-out rows, and save them as one file.

    By default it trains several networks that predict together, by rules that look at the table; --network trains a
    single plain one, whose every setting is an option. Ctrl-C ends the training early and saves what is trained so far.
    """
    given, options = locals(), given_options(context)
    if not 0 <= (holdout or 0) < 1:
        raise typer.BadParameter(f"{holdout} is not in [0, 1).", param_hint="--holdout")
    drawn = single.PICTURES if network else committee.PICTURES
    outputs = Outputs(drawn, output, report, pictures, checkpoint, checkpoint_seconds, resume)
    with given_table(data) as given["data"]:
        larger = larger_than_memory(given["data"], memory)
        if larger is not None:
            interrupted = train_rows(given, outputs, larger, options, command_of(context))
        else:
            check_kind(options, network)
            run = single.train_single if network else committee.train_committee
            interrupted = run(given, outputs, command_of(context))
    if interrupted:
        raise typer.Exit(130)
