"""`deltarule train`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deltarule.cli import display
from deltarule.cli.options import (
    DECLARED,
    check_settings,
    command_of,
    default,
    in_options,
    parameter_of,
    parse_activation,
    parse_layers,
    setting,
)
from deltarule.cli.places import check_apart
from deltarule.common.messages import Message
from deltarule.training.history import advice_of, stopped_in_words

if TYPE_CHECKING:
    import pandas as pd

    from deltarule.cli.fitting import Prepared
    from deltarule.models.model_file import Model

__all__ = ["train"]

PICTURES = ("network.png", "learning_curve.png")
"""What goes into the folder of `--pictures`."""


def train(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(help="Table to learn from: CSV, TSV or Parquet.", show_default=False)],
    target: Annotated[str, typer.Option(help="Name of the column to predict.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the model goes.")] = Path("model.deltarule"),
    holdout: Annotated[float, typer.Option(help="Share of the rows to hold out and judge on, in [0, 1).")] = 0.2,
    seed: Annotated[int, typer.Option(help="Of the hold-out, the first weights and the order of examples.", min=0)] = 0,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder for network.png and learning_curve.png.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="HTML file for a report: measures, mistakes, pictures, settings.", show_default=False),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="File to write the run to while it goes on, for --resume.", show_default=False),
    ] = None,
    checkpoint_seconds: Annotated[
        float, typer.Option(help="Seconds between two checkpoints; one is written when an epoch ends.", min=0)
    ] = 60.0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in the checkpoint, to the bit, if there is one.")
    ] = False,
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
    max_grad_norm: Annotated[float | None, setting("max_grad_norm")] = default("max_grad_norm"),
    warmup: Annotated[float, setting("warmup")] = default("warmup"),
    on_divergence: Annotated[str, setting("on_divergence")] = default("on_divergence"),
    output_units: Annotated[str, setting("output")] = default("output"),
    class_weight: Annotated[str | None, setting("class_weight")] = default("class_weight"),
    label_smoothing: Annotated[float, setting("label_smoothing")] = default("label_smoothing"),
    scoring: Annotated[
        str | None,
        typer.Option(
            help="Scores to measure after each epoch, names of scikit-learn's scorers with commas between; early "
            "stopping watches the first, and loss is the cost.",
            show_default="accuracy",
            rich_help_panel="Settings",
        ),
    ] = None,
    engine: Annotated[str, setting("engine")] = default("engine"),
    dtype: Annotated[str, setting("dtype")] = default("dtype"),
    n_threads: Annotated[int | None, setting("n_threads")] = default("n_threads"),
) -> None:
    """Train a classifier on a table, judge it on rows it has not seen, and save it as one file.

    Ctrl-C ends the training early and saves what was learnt so far.
    """
    given = locals()
    values = {name: given[parameter_of(name)] for name in DECLARED}
    sizes = parse_layers(layers)
    scores = None if scoring is None else [name.strip() for name in scoring.split(",")]
    parameters = {
        "hidden_layer_sizes": sizes,
        "activation": parse_activation(activation, sizes),
        **check_settings(values),
        "scoring": scores,
    }
    if not 0 <= holdout < 1:
        raise typer.BadParameter(f"{holdout} is not in [0, 1).", param_hint="--holdout")
    if early_stopping and validation_fraction == 0:
        raise typer.BadParameter("0 leaves --early-stopping no row to watch.", param_hint="--validation-fraction")

    # Everything that can be wrong with the places to write to is found before the work.
    from deltarule.files.whole import check_writable, check_writable_folder

    written = [("--output", output), ("--report", report), ("--checkpoint", checkpoint), ("--pictures", pictures)]
    drawn = [] if pictures is None else [("--pictures", pictures / name) for name in PICTURES]
    check_apart([("DATA", data)], [*written, *drawn])
    check_writable(output)
    if resume and checkpoint is None:
        raise typer.BadParameter("goes on with a run in a file: give --checkpoint, too.", param_hint="--resume")
    if pictures is not None or report is not None:
        from deltarule.pictures.style import check_matplotlib

        check_matplotlib()
    if pictures is not None:
        check_writable_folder(pictures)
    if report is not None:
        check_writable(report)

    from deltarule.cli.fitting import fit, measure, prepare
    from deltarule.models.model_file import Model, save
    from deltarule.tables import read_table
    from deltarule.training.checkpoint import Checkpoint
    from deltarule.training.progress_bar import progress_bar

    table = read_table(data)
    prepared = prepare(
        table,
        target,
        share=holdout,
        seed=seed,
        validation_share=validation_fraction if early_stopping else None,
    )
    display.show_notices(prepared.notices)
    watched = "watched" if early_stopping else "held out"
    followed = (scores or ["accuracy"])[0] if early_stopping else "loss"
    with progress_bar(epochs, watched, display.stderr, followed if followed != "loss" else "") as progress:
        place = None if checkpoint is None else Checkpoint(checkpoint, checkpoint_seconds)
        classifier, warned = fit(prepared, parameters, seed, [progress], place, resume)
    display.show_notices(in_options(text) if isinstance(text, Message) else text for text in warned)
    model = Model(
        encoder=prepared.encoder,
        classifier=classifier,
        target=target,
        seed=seed,
        settings={**parameters, "holdout": holdout},
        held_out=measure(classifier, *prepared.held_out),
    )
    save(output, model)
    _summary(model, prepared, watched)
    if pictures is not None:
        _draw(model, pictures)
    if report is not None:
        _report(model, prepared, table, report, {"data": str(data), "command": command_of(context)})
    display.say(f"Model: {output}")
    if classifier.history_.stopped == "interrupted":
        done = classifier.history_.epochs
        display.show_notices([f"Interrupted after epoch {done}: the model is what was learnt so far."])
        raise typer.Exit(130)


def _summary(model: "Model", prepared: "Prepared", watched: str) -> None:
    classifier, history = model.classifier, model.classifier.history_
    network = classifier.network_
    units = ", ".join([*map(str, network.hidden_units), network.output])
    display.say(
        f"Network {network} ({units}), {network.n_parameters} parameters; "
        f"{len(prepared.training[1])} rows to learn from."
    )
    seconds = f" in {history.seconds[-1]:.1f} s" if history.epochs else ""
    display.say(
        f"Trained by {classifier.solver}: {history.epochs} {'epoch' if history.epochs == 1 else 'epochs'}{seconds} "
        f"({stopped_in_words(history.stopped)})."
    )
    advice = in_options(advice_of(history, classifier.early_stopping))
    for line in filter(None, [*history.notices, history.reason, advice]):
        display.say(line)
    if history.scores and history.best_epoch:
        scores = (f"{name} {values[history.best_epoch - 1]:.4f}" for name, values in history.scores.items())
        display.say(f"After epoch {history.best_epoch}: {', '.join(scores)}.")
    display.say()
    display.say(display.chart(history, watched))
    display.say()
    if model.held_out is None:
        display.say("No rows were held out, so nothing is known about new rows.")
        return
    X, y = prepared.held_out
    display.show_table(display.confusion(y, classifier.predict(X), classifier.classes_))
    display.say(display.figures(model.held_out, "Held-out accuracy"))


def _draw(model: "Model", folder: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from deltarule.pictures import learning_curve, network_picture

    drawings: tuple[Callable[[], object], ...] = (
        network_picture(model.classifier).plot,
        learning_curve(model.classifier).plot,
    )
    for name, draw in zip(PICTURES, drawings, strict=True):
        draw()
        pyplot.savefig(folder / name, dpi=150)
        pyplot.close()
        display.say(f"Picture: {folder / name}")


def _report(model: "Model", prepared: "Prepared", table: "pd.DataFrame", path: Path, told: Mapping[str, str]) -> None:
    import deltarule

    learnt = len(prepared.training[1])
    if model.held_out is not None:
        (X, y), places, judged = prepared.held_out, prepared.held_out_places, "rows that training did not see"
    else:
        (X, y), places, judged = prepared.training, prepared.training_places, "the very rows that it was trained on"
    deltarule.report(
        model.classifier,
        X,
        y,
        path,
        table=table.iloc[places].drop(columns=model.target),
        about={"judged on": judged, "trained on": f"{learnt} rows", "table": told["data"], "target": model.target},
        title=f"{model.target}, predicted by a network {model.classifier.network_}",
        command=told["command"],
        seed=model.seed,
    )
    display.say(f"Report: {path}")
