"""The steps of `deltarule train` for a table that would not fit into the memory: a single network, part by part."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltarule.cli import display
from deltarule.cli.kinds import OF_COMMITTEE
from deltarule.cli.larger import Given, Larger, in_words
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
    from deltarule.tables.model import TableModel
    from deltarule.tables.streamed.rows_run import PreparedRows, RowsRun

__all__ = ["train_rows"]

REPORT_VALUES = 1 << 23
"""Most values of X of the rows that a report is made of: 64 MB."""

REPORT_ROWS = 1 << 16
"""Most rows that a report is made of."""


def train_rows(
    given: Mapping[str, Any], outputs: Outputs, larger: Larger, options: Mapping[str, str], command: str
) -> bool:
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
    command : str
        The command line, for the report.

    Returns
    -------
    interrupted : bool
    """
    if together := [options[name] for name in OF_COMMITTEE if name in options]:
        raise SettingsError(
            f"{larger.why} {together[0]} is for several networks, which take all rows in memory. Leave it out, or give "
            "the memory that it takes: --memory 64GB."
        )
    parameters = parameters_of(given)
    outputs = replace(outputs, drawn=PICTURES)
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
    if outputs.report is not None:
        _report(prepared, run.model, outputs.report, given["data"], command)
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


def _report(prepared: "PreparedRows", model: "TableModel", path: Path, data: Given, command: str) -> None:
    """Write a report on the held-out rows, or the training set, or on a sample of them that fits into the memory."""
    from deltarule.reporting.tables import report_on_table
    from deltarule.tables.streamed.table_rows import sampled

    rows, judged = prepared.held_out, "the held-out rows"
    if rows is None:
        rows, judged = prepared.training, "the training set"
    table = sampled(rows, min(REPORT_ROWS, REPORT_VALUES // len(model.encoder.names)))
    if len(table) < len(rows):
        judged = f"a sample of {len(table)} of the {len(rows)} rows of {judged}"
    examples = model.examples_of(table)
    about = {"judged on": judged, "trained on": f"{len(prepared.training)} rows", "table": in_words(data)}
    report_on_table(model, examples, model.outcome_of(examples), table, path, about=about, command=command)
    display.say(f"Report: {path}")
