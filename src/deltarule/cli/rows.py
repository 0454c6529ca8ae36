"""The steps of `deltarule train` for a table that would not fit into the memory: a single network, part by part."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deltarule.cli import display
from deltarule.cli.kinds import OF_COMMITTEE
from deltarule.cli.larger import Larger
from deltarule.cli.single import (
    PICTURES,
    check_run,
    draw,
    parameters_of,
    progress_of,
    task_of,
    tell_run,
    was_interrupted,
    watched_name,
)
from deltarule.cli.training import Outputs, show
from deltarule.common.errors import SettingsError

if TYPE_CHECKING:
    from deltarule.tables.streamed.rows_run import PreparedRows, RowsRun

__all__ = ["train_rows"]


def train_rows(given: Mapping[str, Any], outputs: Outputs, larger: Larger, options: Mapping[str, str]) -> bool:
    """Train a single network on a table that is read part by part, tell of it, and write what was asked for.

    Parameters
    ----------
    given : mapping
        The arguments of `train`.
    outputs : Outputs
    larger : Larger
        Why it is read part by part.
    options : mapping
        The options that were given, by the names of the command's parameters.

    Returns
    -------
    interrupted : bool
    """
    if together := [options[name] for name in OF_COMMITTEE if name in options]:
        raise SettingsError(
            f"{larger.why} {together[0]} is for several networks, which take all rows in memory. Leave it out, or give "
            "the memory that it takes: --memory 64GB."
        )
    if outputs.report is not None:
        raise SettingsError(f"{larger.why} A report takes all rows in memory. Leave --report out.")
    parameters = parameters_of(given)
    outputs = Outputs(
        PICTURES, outputs.output, None, outputs.pictures, outputs.checkpoint, outputs.checkpoint_seconds, outputs.resume
    )
    outputs.check(given["data"])
    check_run(outputs, parameters)
    alone = "" if given["network"] else " A single network is trained, because several take all rows in memory."
    display.show_notices([larger.why + alone])

    from deltarule.tables.streamed.rows_run import prepare_rows

    prepared = prepare_rows(given["data"], task_of(given))
    show(prepared.notices)
    run = _fit(prepared, parameters, outputs)
    run.model.save(outputs.output)
    _tell(prepared, run)
    if outputs.pictures is not None:
        draw(run.model, outputs.pictures)
    display.say(f"Model: {outputs.output}")
    return was_interrupted(run.model.estimator.history_)


def _fit(prepared: "PreparedRows", parameters: Mapping[str, Any], outputs: Outputs) -> "RowsRun":
    from deltarule.tables.streamed.rows_run import learn_rows

    with progress_of(parameters, prepared.target.scale is not None, watched_name(prepared.task)) as progress:
        run = learn_rows(prepared, parameters, callbacks=[progress], checkpoint=outputs.place, resume=outputs.resume)
    show(run.warned)
    return run


def _tell(prepared: "PreparedRows", run: "RowsRun") -> None:
    tell_run(prepared.target.why, len(prepared.training), run.model.estimator, watched_name(prepared.task))
    outcome = run.outcome
    if outcome is None:
        display.say("No rows were held out, so nothing is known about new rows.")
        return
    if outcome.confusion is not None and outcome.classes is not None:
        display.show_table(display.confusion_of(outcome.confusion, outcome.classes))
    display.show_held_out(run.model.target, outcome.figures)
