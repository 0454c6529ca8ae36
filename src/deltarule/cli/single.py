"""The steps of `deltarule train --network`: fit a single network, print the results, draw, report."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from deltarule.cli import display
from deltarule.cli.kinds import BOTH, default_of
from deltarule.cli.options import (
    DECLARED,
    check_settings,
    in_options,
    parameter_of,
    parse_activation,
    parse_layers,
)
from deltarule.cli.training import Outputs, save_drawings, show, table_options_of
from deltarule.training.history import advice_of, stopped_in_words

if TYPE_CHECKING:
    import pandas as pd

    from deltarule.tables.model import TableModel
    from deltarule.tables.table_run import Prepared, TableRun, TableTask
    from deltarule.training.history import History
    from deltarule.training.record import Callback

__all__ = [
    "PICTURES",
    "check_run",
    "draw",
    "parameters_of",
    "progress_of",
    "task_of",
    "tell_run",
    "train_single",
    "was_interrupted",
    "watched_name",
]

PICTURES = ("network.png", "learning_curve.png")
"""The files in the folder of `--pictures`."""


def train_single(given: Mapping[str, Any], outputs: Outputs, command: str) -> bool:
    """Train a single network on a table, tell of it, and write what was asked for.

    Parameters
    ----------
    given : mapping
        The arguments of `train`.
    outputs : Outputs
    command : str
        The command line, for the report.

    Returns
    -------
    interrupted : bool
    """
    parameters = parameters_of(given)
    outputs.check(given["data"])
    check_run(outputs, parameters)

    from deltarule.tables import read_table
    from deltarule.tables.table_run import prepare

    table = read_table(given["data"])
    prepared = prepare(table, task_of(given))
    show(prepared.notices)
    learnt = fit(prepared, parameters, outputs)
    learnt.model.save(outputs.output)
    tell(prepared, learnt)
    if outputs.pictures is not None:
        draw(learnt.model, outputs.pictures)
    if outputs.report is not None:
        write_report(prepared, learnt, table, outputs.report, given["data"], command)
    display.say(f"Model: {outputs.output}")
    return was_interrupted(learnt.model.estimator.history_)


def task_of(given: Mapping[str, Any]) -> "TableTask":
    """Return what a single network is to learn, from the options of `train`."""
    from deltarule.tables.table_run import TableTask

    return TableTask(
        target=given["target"],
        task=given["task"].value,
        holdout=default_of("holdout", given["holdout"], is_single=True),
        validation=given["validation_fraction"] if given["early_stopping"] else None,
        seed=given["seed"],
        weight=given["weight"],
        options=table_options_of(given),
    )


def was_interrupted(history: "History") -> bool:
    """Return whether Ctrl-C ended the training, and say so if it did."""
    if history.stopped != "interrupted":
        return False
    display.show_notices([f"Interrupted after epoch {history.epochs}: the model is the one trained so far."])
    return True


def check_run(outputs: Outputs, parameters: Mapping[str, Any]) -> None:
    """Raise an error if the run in the checkpoint would be lost, or cannot be resumed."""
    from deltarule.estimators.continuing import saved_run
    from deltarule.training.settings import SETTINGS, Settings

    if outputs.checkpoint is not None:
        saved_run(outputs.place, Settings(**{name: parameters[name] for name in SETTINGS}), outputs.resume)


def parameters_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the estimator from the options of `train`.

    Raises
    ------
    typer.BadParameter
        If an option is outside its range.
    """
    given = {**given, **{name: default_of(name, given[name], is_single=True) for name in BOTH}}
    sizes = parse_layers(given["layers"])
    scoring = given["scoring"]
    parameters = {
        "hidden_layer_sizes": sizes,
        "activation": parse_activation(given["activation"], sizes),
        **check_settings({name: given[parameter_of(name)] for name in DECLARED}),
        "scoring": None if scoring is None else [name.strip() for name in scoring.split(",")],
    }
    if given["early_stopping"] and given["validation_fraction"] == 0:
        raise typer.BadParameter("0 leaves --early-stopping no row to watch.", param_hint="--validation-fraction")
    return parameters


def fit(prepared: "Prepared", parameters: Mapping[str, Any], outputs: Outputs) -> "TableRun":
    """Train with a progress bar, and show the warnings of the training."""
    from deltarule.tables.table_run import learn

    with progress_of(parameters, prepared.target.is_quantity, watched_name(prepared.task)) as progress:
        learnt = learn(prepared, parameters, callbacks=[progress], checkpoint=outputs.place, resume=outputs.resume)
    show(learnt.warned)
    return learnt


def progress_of(parameters: Mapping[str, Any], is_quantity: bool, watched: str) -> AbstractContextManager["Callback"]:
    """Return the progress bar of a single network, which shows the score that early stopping follows."""
    from deltarule.training.progress_bar import progress_bar

    usual = "r2" if is_quantity else "accuracy"
    followed = (parameters["scoring"] or [usual])[0] if parameters["early_stopping"] else "loss"
    return progress_bar(parameters["max_iter"], watched, display.stderr, followed if followed != "loss" else "")


def tell(prepared: "Prepared", learnt: "TableRun") -> None:
    """Print the network, how its training ended, and its measures on the held-out rows."""
    tell_run(prepared.target.why, len(prepared.training.y), learnt.model.estimator, watched_name(prepared.task))
    outcome = learnt.outcome
    if outcome is None:
        display.say("No rows were held out, so nothing is known about new rows.")
        return
    if outcome.classes is not None:
        display.show_table(display.confusion(outcome.y, outcome.predicted, outcome.classes))
    display.show_figures(learnt.model.target, outcome, learnt.model.seed, "Held-out")


def tell_run(why: str, rows: int, estimator: Any, watched: str) -> None:
    """Print the task, the network, how its training ended, and the cost by epoch.

    Parameters
    ----------
    why : str
        What the target was taken for, and why.
    rows : int
        Rows to learn from.
    estimator : MLPClassifier or MLPRegressor
    watched : str
        What the watched rows are called.
    """
    history, network = estimator.history_, estimator.network_
    display.say(f"Task: {why}.")
    units = ", ".join([*map(str, network.hidden_units), network.output])
    display.say(f"Network {network} ({units}), {network.n_parameters} parameters; {rows} rows to learn from.")
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
    display.say(display.chart(history, watched))
    display.say()


def draw(model: "TableModel", folder: Path) -> None:
    """Draw the network and the learning curve into a folder."""
    from deltarule.pictures import learning_curve, network_picture

    drawings: Sequence[Callable[[], object]] = (
        network_picture(model.estimator, names=model.encoder.names).plot,
        learning_curve(model.estimator).plot,
    )
    save_drawings(dict(zip(PICTURES, drawings, strict=True)), folder)


def write_report(
    prepared: "Prepared", learnt: "TableRun", table: "pd.DataFrame", path: Path, data: object, command: str
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


def watched_name(task: "TableTask") -> str:
    """Return what the rows are called whose cost is shown by epoch."""
    return "held out" if task.validation is None else "watched"
