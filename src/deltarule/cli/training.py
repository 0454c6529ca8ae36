"""The steps of `deltarule train`: check options and output files, fit, print the results, draw, report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from deltarule.cli import display
from deltarule.cli.options import (
    DECLARED,
    check_settings,
    in_options,
    parameter_of,
    parse_activation,
    parse_layers,
)
from deltarule.cli.places import check_apart
from deltarule.common.messages import Message
from deltarule.training.history import advice_of, stopped_in_words

if TYPE_CHECKING:
    import pandas as pd

    from deltarule.tables.options import TableOptions
    from deltarule.tables.table_run import Prepared, TableRun
    from deltarule.training.checkpoint import Checkpoint

__all__ = ["Outputs", "draw", "fit", "parameters_of", "show", "table_options_of", "tell", "write_report"]

PICTURES = ("network.png", "learning_curve.png")
"""The files in the folder of `--pictures`."""


@dataclass(frozen=True)
class Outputs:
    """The files that `train` writes; each field is named after its option."""

    output: Path
    report: Path | None
    pictures: Path | None
    checkpoint: Path | None
    checkpoint_seconds: float
    resume: bool

    def check(self, data: Path, parameters: Mapping[str, Any]) -> None:
        """Check before any work that every file can be written and the run in the checkpoint can be resumed.

        Raises
        ------
        OutputError
            If a file cannot be written, or would overwrite another file of the command.
        CheckpointError, SettingsError, ModelFileError
            If the run in the checkpoint would be lost, or cannot be resumed.
        ImportError
            If a picture or report is asked for and matplotlib is missing.
        typer.BadParameter
            If `--resume` is given without `--checkpoint`.
        """
        from deltarule.files.whole import check_writable, check_writable_folder

        named = ("output", "report", "checkpoint", "pictures")
        written = [(f"--{name}", getattr(self, name)) for name in named]
        drawn = [] if self.pictures is None else [("--pictures", self.pictures / name) for name in PICTURES]
        check_apart([("DATA", data)], [*written, *drawn])
        check_writable(self.output)
        if self.resume and self.checkpoint is None:
            raise typer.BadParameter("it needs the file of the run. Give --checkpoint, too.", param_hint="--resume")
        if self.pictures is not None or self.report is not None:
            from deltarule.pictures.style import check_matplotlib

            check_matplotlib()
        if self.pictures is not None:
            check_writable_folder(self.pictures)
        if self.report is not None:
            check_writable(self.report)
        if self.checkpoint is not None:
            from deltarule.estimators.continuing import saved_run
            from deltarule.training.settings import SETTINGS, Settings

            check_writable(self.checkpoint)
            saved_run(self.place, Settings(**{name: parameters[name] for name in SETTINGS}), self.resume)

    @property
    def place(self) -> "Checkpoint | None":
        """The checkpoint file and how often it is written; None without `--checkpoint`."""
        from deltarule.training.checkpoint import Checkpoint

        return None if self.checkpoint is None else Checkpoint(self.checkpoint, self.checkpoint_seconds)


def parameters_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the estimator from the options of `train`.

    Raises
    ------
    typer.BadParameter
        If an option is outside its range.
    """
    sizes = parse_layers(given["layers"])
    scoring = given["scoring"]
    return {
        "hidden_layer_sizes": sizes,
        "activation": parse_activation(given["activation"], sizes),
        **check_settings({name: given[parameter_of(name)] for name in DECLARED}),
        "scoring": None if scoring is None else [name.strip() for name in scoring.split(",")],
    }


def table_options_of(given: Mapping[str, Any]) -> "TableOptions":
    """Return the options of `train` that are about columns."""
    from deltarule.tables.options import TableOptions

    lists = {name: tuple(given[name] or ()) for name in ("categories", "gaps", "keep", "drop")}
    return TableOptions(**lists, dates=None if given["dates"] is None else given["dates"].value)


def fit(prepared: "Prepared", parameters: Mapping[str, Any], outputs: Outputs) -> "TableRun":
    """Train with a progress bar, and show the warnings of the training."""
    from deltarule.tables.table_run import learn
    from deltarule.training.progress_bar import progress_bar

    usual = "r2" if prepared.target.is_quantity else "accuracy"
    followed = (parameters["scoring"] or [usual])[0] if parameters["early_stopping"] else "loss"
    shown = followed if followed != "loss" else ""
    with progress_bar(parameters["max_iter"], _watched(prepared), display.stderr, shown) as progress:
        learnt = learn(prepared, parameters, callbacks=[progress], checkpoint=outputs.place, resume=outputs.resume)
    show(learnt.warned)
    return learnt


def show(notices: Sequence[str]) -> None:
    """Show notices of the library, with its parameters named by their options."""
    display.show_notices(in_options(text) if isinstance(text, Message) else text for text in notices)


def tell(prepared: "Prepared", learnt: "TableRun") -> None:
    """Print the network, how its training ended, and its measures on the held-out rows."""
    estimator, history = learnt.model.estimator, learnt.model.estimator.history_
    network = estimator.network_
    display.say(f"Task: {prepared.target.why}.")
    units = ", ".join([*map(str, network.hidden_units), network.output])
    display.say(
        f"Network {network} ({units}), {network.n_parameters} parameters; "
        f"{len(prepared.training.y)} rows to learn from."
    )
    seconds = f" in {history.seconds[-1]:.1f} s" if history.epochs else ""
    display.say(
        f"Trained by {estimator.solver}: {history.epochs} {'epoch' if history.epochs == 1 else 'epochs'}{seconds} "
        f"({stopped_in_words(history.stopped)})."
    )
    advice = advice_of(history, estimator.early_stopping)
    for line in filter(None, [*history.notices, history.reason, advice]):
        display.say(in_options(line))
    if history.scores and history.best_epoch:
        scores = (f"{name} {values[history.best_epoch - 1]:.4f}" for name, values in history.scores.items())
        display.say(f"After epoch {history.best_epoch}: {', '.join(scores)}.")
    display.say()
    display.say(display.chart(history, _watched(prepared)))
    display.say()
    outcome = learnt.outcome
    if outcome is None:
        display.say("No rows were held out, so nothing is known about new rows.")
        return
    if outcome.classes is not None:
        display.show_table(display.confusion(outcome.y, outcome.predicted, outcome.classes))
    display.show_figures(learnt.model.target, outcome, learnt.model.seed, "Held-out")


def draw(learnt: "TableRun", folder: Path) -> None:
    """Draw the network and the learning curve into a folder."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from deltarule.pictures import learning_curve, network_picture

    model = learnt.model
    drawings: Sequence[Callable[[], object]] = (
        network_picture(model.estimator, names=model.encoder.names).plot,
        learning_curve(model.estimator).plot,
    )
    for name, drawing in zip(PICTURES, drawings, strict=True):
        drawing()
        pyplot.savefig(folder / name, dpi=150)
        pyplot.close()
        display.say(f"Picture: {folder / name}")


def write_report(
    prepared: "Prepared", learnt: "TableRun", table: "pd.DataFrame", path: Path, data: Path, command: str
) -> None:
    """Write a report on the held-out rows, or on the training set if no rows were held out."""
    from deltarule.reporting.tables import report_on_table

    examples, outcome, judged = prepared.held_out, learnt.outcome, "held-out rows"
    if examples is None or outcome is None:
        examples, judged = prepared.training, "the training set"
        outcome = learnt.model.outcome_of(examples)
    about = {"judged on": judged, "trained on": f"{len(prepared.training.y)} rows", "table": str(data)}
    report_on_table(learnt.model, examples, outcome, table, path, about=about, command=command)
    display.say(f"Report: {path}")


def _watched(prepared: "Prepared") -> str:
    return "held out" if prepared.task.validation is None else "watched"
