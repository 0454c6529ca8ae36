"""The steps of `deltarule train`: fit several networks that predict together, print the results, draw, report."""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import typer
from rich.markup import escape
from rich.table import Column, Table

from deltarule.cli import display
from deltarule.cli.kinds import BOTH, default_of
from deltarule.cli.options import check_settings, in_options, parse_layers
from deltarule.cli.training import Outputs, save_drawings, show, table_options_of
from deltarule.common.errors import SettingsError
from deltarule.network.losses import quantiles_of

if TYPE_CHECKING:
    import pandas as pd

    from deltarule.tabular.committee_model import CommitteeModel
    from deltarule.tabular.committee_run import CommitteeRun, Prepared

__all__ = ["PICTURES", "train_committee"]

PICTURES = ("members.png", "importance.png")
"""The files in the folder of `--pictures`."""

MOST_COLUMNS = 10
"""Most columns whose importance is printed."""

MOST_MEMBERS = 10
"""Most members that are printed one by one."""


def train_committee(given: Mapping[str, Any], outputs: Outputs, command: str) -> bool:
    """Train several networks on a table, tell of them, and write what was asked for.

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
    parameters = _parameters_of(given)
    outputs.check(given["data"])

    from deltarule.tables import read_table
    from deltarule.tables.table_run import TableTask
    from deltarule.tabular.committee_run import prepare
    from deltarule.tabular.continuing import saved_members

    saved_members(outputs.place, None, outputs.resume)  # what it would lose or cannot read is said before any work

    table = read_table(given["data"])
    holdout = default_of("holdout", given["holdout"], is_single=False)
    options = table_options_of(given)
    task = TableTask(given["target"], given["task"].value, holdout, None, given["seed"], given["weight"], options)
    prepared = prepare(table, task, groups=given["groups"], way=given["validation"].value)
    show([*prepared.notices, *prepared.columns.notices])
    began = perf_counter()
    learnt = _fit(prepared, parameters, outputs)
    learnt.model.save(outputs.output)
    _tell(prepared, learnt, perf_counter() - began)
    if outputs.pictures is not None:
        _draw(learnt.model, outputs.pictures)
    if outputs.report is not None:
        _write_report(prepared, learnt, table, outputs.report, given["data"], command)
    display.say(f"Model: {outputs.output}")
    estimator = learnt.model.estimator
    if estimator.stopped_ == "interrupted":
        done = max(len(member.costs) for member in estimator.members_)
        display.show_notices([f"Interrupted after epoch {done}: each member is kept at its best epoch so far."])
    return estimator.stopped_ == "interrupted"


def _parameters_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the estimator from the options of `train`; those of one task only where given.

    Raises
    ------
    typer.BadParameter
        If an option is outside its range.
    """
    values = {**given, **{name: default_of(name, given[name], is_single=False) for name in BOTH}}
    if values["epochs"] is not None and values["epochs"] < 1:
        raise typer.BadParameter(f"{values['epochs']} is no number of epochs. Give 1 or more.", param_hint="--epochs")
    if values["dtype"] not in ("float32", "float64"):
        raise typer.BadParameter(
            f"{values['dtype']!r} is neither float32 nor float64, in which members are trained.", param_hint="--dtype"
        )
    budget = values["time_budget"]
    if budget is not None and not 0 < budget < np.inf:
        raise typer.BadParameter(f"{budget:g} is no number of seconds above 0.", param_hint="--time-budget")
    of_both = ("class_weight", "engine", "n_threads")
    checked = check_settings({name: values[name] for name in of_both})
    if checked["class_weight"] is None:
        del checked["class_weight"]
    if values["objective"].value != "log_loss":
        checked["objective"] = values["objective"].value
    checked |= _loss_of(values["loss"].value, values["quantiles"])
    return {
        "n_members": values["members"],
        "hidden_layer_sizes": parse_layers(values["layers"]),
        **({} if values["epochs"] is None else {"epochs": values["epochs"]}),
        "time_budget": budget,
        "dtype": values["dtype"],
        **checked,
    }


def _loss_of(loss: str, quantiles: str | None) -> dict[str, Any]:
    """Return the parameters that say what is predicted of a quantity; none for the mean.

    Raises
    ------
    typer.BadParameter
        If the quantiles are no ascending numbers between 0 and 1, or the loss predicts something else.
    """
    if quantiles is None:
        return {} if loss == "squared_error" else {"loss": loss}
    if loss not in ("squared_error", "pinball"):
        raise typer.BadParameter(
            f"--loss {loss} predicts no quantiles. Leave one of the two options out.", param_hint="--quantiles"
        )
    try:
        numbers = tuple(float(one) for one in quantiles.split(","))
        numbers = quantiles_of(numbers, len(numbers))
    except (ValueError, SettingsError):
        raise typer.BadParameter(
            f"{quantiles!r} does not name quantiles. Write ascending numbers between 0 and 1 with commas between, "
            "0.1,0.5,0.9.",
            param_hint="--quantiles",
        ) from None
    return {"loss": "pinball", "quantiles": numbers}


def _fit(prepared: "Prepared", parameters: Mapping[str, Any], outputs: Outputs) -> "CommitteeRun":
    """Train with a progress bar, and show what there is to say of it."""
    from deltarule.tabular.committee_run import estimator_of, learn
    from deltarule.tabular.telling import measured
    from deltarule.training.progress_bar import bar_of_epochs

    epochs = parameters.get("epochs", estimator_of(prepared)().epochs)
    with bar_of_epochs(parameters["n_members"] * epochs, display.stderr) as show_epochs:
        learnt = learn(
            prepared,
            parameters,
            tell=lambda told: show_epochs(told.epoch, told.epochs, measured(told, "watched")),
            checkpoint=outputs.place,
            resume=outputs.resume,
        )
    said = [one for one in learnt.model.estimator.notices_ if one not in prepared.columns.notices]
    show([*(in_options(one) if one.startswith("time_budget") else one for one in said), *learnt.warned])
    return learnt


def _tell(prepared: "Prepared", learnt: "CommitteeRun", seconds: float) -> None:
    """Print the networks, how their training ended, what their columns are worth, and how good they are."""
    from deltarule.reporting.committee import measures_of

    model, estimator = learnt.model, learnt.model.estimator
    network = estimator.network_
    display.say(f"Task: {prepared.target.why}.")
    n = estimator.n_members_
    units = ", ".join(dict.fromkeys([*map(str, _units(network)), network.output]))
    display.say(
        f"{'One network' if n == 1 else f'{n} networks that predict together:'} {network} ({units}), "
        f"{network.n_parameters} parameters{'' if n == 1 else ' each'}; {len(prepared.training)} rows to learn from."
    )
    longest = max(len(one.costs) for one in estimator.members_)
    ends = {"time": "time is over", "interrupted": "interrupted by Ctrl-C"}
    end = ends.get(estimator.stopped_, "no member could become better" if longest < estimator.epochs else "")
    display.say(
        f"Trained in {seconds:.1f} s: {longest} {'epoch' if longest == 1 else 'epochs'} at most"
        f"{f' ({end})' if end else ''}."
    )
    display.say()
    if n > 1:
        display.show_table(_members(model))
    if np.isfinite(estimator.feature_importances_).all():
        display.show_table(_importance(model))
    outcome = learnt.outcome
    if outcome is None:
        display.say("No rows were held out, so nothing is known about new rows.")
        return
    if outcome.classes is not None:
        display.show_table(display.confusion(outcome.y, outcome.predicted, outcome.classes))
    title = f"Held-out figures of {model.target} ({display.rows(outcome.rows)}, predicted by {learnt.judged})"
    display.show_table(display.measures(title, measures_of(outcome, model.seed, learnt.groups)))


def _units(network: Any) -> list[Any]:
    return [part.unit for part in network.parts if part.unit is not None]


def _members(model: "CommitteeModel") -> tuple[str, Table]:
    """Return a title and a table of the members."""
    from deltarule.tabular.words import watched_by

    heads = ("best epoch", "of epochs", watched_by(model.estimator))
    table = Table("member", *(Column(name, justify="right") for name in heads))
    members = model.estimator.members_
    for k, member in enumerate(members[:MOST_MEMBERS], 1):
        best = f"{member.values[member.best_epoch - 1]:.4f}" if member.best_epoch else "left out: its cost diverged"
        table.add_row(f"[bold]{k}[/]", str(member.best_epoch or "–"), str(len(member.values)), best)
    more = f", the first {MOST_MEMBERS} of {len(members)}" if len(members) > MOST_MEMBERS else ""
    return f"Members, each kept at its best epoch on rows that it did not learn from{more}", table


def _importance(model: "CommitteeModel") -> tuple[str, Table]:
    """Return a title and a table of the columns that matter most."""
    from deltarule.pictures import column_importance

    found = column_importance(model.estimator)
    table = Table("column", *(Column(name, justify="right") for name in ("importance", "95 % interval")))
    for name, value, low, high in zip(found.names[:MOST_COLUMNS], found.values, found.lows, found.highs, strict=False):
        table.add_row(f"[bold]{escape(name)}[/]", f"{value:.4g}", f"{low:.4g} … {high:.4g}")
    more = f", the first {MOST_COLUMNS} of {len(found.names)}" if len(found.names) > MOST_COLUMNS else ""
    return f"Importance: how much {found.cost} rises when a column is shuffled{more}", table


def _draw(model: "CommitteeModel", folder: Path) -> None:
    """Draw what was watched of the members, and the importance of the columns, into a folder."""
    from deltarule.pictures import column_importance, member_curves

    drawings = (member_curves(model.estimator).plot, column_importance(model.estimator).plot)
    save_drawings(dict(zip(PICTURES, drawings, strict=True)), folder)


def _write_report(
    prepared: "Prepared", learnt: "CommitteeRun", table: "pd.DataFrame", path: Path, data: object, command: str
) -> None:
    """Write a report on the held-out rows, or on the training set if there are none."""
    from deltarule.reporting.committee import report_of_committee

    examples, outcome, judged = learnt.examples, learnt.outcome, f"held-out rows, predicted by {learnt.judged}"
    groups = learnt.groups
    if examples is None or outcome is None:
        examples, judged = learnt.model.examples_of(table.iloc[prepared.target.rows]), "the training set"
        outcome = learnt.model.outcome_of(examples)
    about = {"judged on": judged, "trained on": display.rows(len(prepared.training)), "table": str(data)}
    report = report_of_committee(learnt.model, examples, outcome, table, about=about, command=command, groups=groups)
    report.save(path)
    display.say(f"Report: {path}")
