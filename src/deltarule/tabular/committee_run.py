"""The way from a table to a committee: choose the task and the rows, learn the columns, fit, measure; nothing prints.

task = TableTask("price", holdout=0)
learnt = learn(prepare(read_table("houses.csv"), task), {"n_members": 5})
learnt.model.predict(read_table("new.csv"))
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError, TableError
from deltarule.common.messages import Message
from deltarule.estimators.outcomes import Outcome
from deltarule.tables.labels import hold_out
from deltarule.tables.model import EncodedExamples, measured
from deltarule.tables.reading import check_columns, place_of
from deltarule.tables.table_run import TableTask, notices_of_order, told_once, with_labels_of
from deltarule.tables.target_column import Target, training_target
from deltarule.tables.weights import weightless, weights_of
from deltarule.tabular.classifier import TableClassifier
from deltarule.tabular.committee_model import CommitteeModel
from deltarule.tabular.regressor import TableRegressor
from deltarule.tabular.side_by_side import RoundProgress
from deltarule.tabular.table_columns import TableColumns
from deltarule.tabular.validation import splits_for
from deltarule.training.kept_file import Checkpoint

__all__ = ["CommitteeRun", "Prepared", "estimator_of", "learn", "prepare"]

OF_CLASSES = ("objective", "class_weight")
OF_QUANTITIES = ("loss", "quantiles", "delta")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table that is ready for training.

    Attributes
    ----------
    table : DataFrame
    task : TableTask
    target : Target
    columns : TableColumns
        Learnt from all rows that are not held out.
    training, held_out : array of int
        Positions in `target.values`. No member learns from or watches held-out rows.
    weights, groups : array of shape (len(target.values),), or None
    notices : tuple of str
    """

    table: pd.DataFrame
    task: TableTask
    target: Target
    columns: TableColumns
    training: NDArray[np.intp]
    held_out: NDArray[np.intp]
    weights: Array | None
    groups: NDArray[Any] | None
    way: str
    notices: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CommitteeRun:
    """A trained committee, and how good it is.

    Attributes
    ----------
    model : CommitteeModel
    examples : EncodedExamples or None
        The rows that it is measured on; None if there are none.
    outcome : Outcome or None
        What is predicted for them.
    judged : str
        Who predicts these rows, in words.
    warned : tuple of str
        The warnings of training.
    groups : array of shape (rows,), or None
        The group of each of these rows.
    """

    model: CommitteeModel
    examples: EncodedExamples | None
    outcome: Outcome | None
    judged: str
    warned: tuple[str, ...]
    groups: NDArray[Any] | None = None


def prepare(table: pd.DataFrame, task: TableTask, *, groups: str | None = None, way: str = "folds") -> Prepared:
    """Decide what there is to learn, split the rows, and learn what the columns mean.

    Parameters
    ----------
    table : DataFrame
    task : TableTask
    groups : str, optional
        Name of a column of groups. Rows of one group stay together, and the column is no feature.
    way : str, default "folds"
        `validation` of the estimator; with "time" the last rows are held out.

    Raises
    ------
    TableError
        If the table does not fit the task.
    SettingsError
        If the column of groups is named for another use as well.
    """
    _check_groups(task, groups)
    target = training_target(table, task.target, task.task, task.options)
    weights = None if task.weight is None else weights_of(table, task.weight)[target.rows]
    of_rows = None if groups is None else _groups(table.iloc[target.rows], groups)
    training, held_out, notices = _hold_out(target, task, of_rows, way)
    if weights is not None and not weights[training].any():
        raise TableError(weightless(task.weight, len(training)))
    without = [name for name in (task.target, task.weight, groups) if name is not None]
    columns = TableColumns.fit(table, task.options, without=without, rows=target.rows[training].tolist())
    said = (*target.notices, *(notices_of_order(task, target) if way != "time" else ()), *notices)
    return Prepared(table, task, target, columns, training, held_out, weights, of_rows, way, said)


def learn(
    prepared: Prepared,
    parameters: Mapping[str, Any],
    *,
    tell: Callable[[RoundProgress], None] | None = None,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
) -> CommitteeRun:
    """Train a committee, and measure it. Ctrl-C ends training and keeps the members that are done.

    Parameters
    ----------
    prepared : Prepared
    parameters : mapping
        Parameters of the estimator that were asked for. Labels in `class_weight` may be texts.
    tell : callable, optional
        Called after each round of training.
    checkpoint, resume
        As for the estimator's `fit`.

    Raises
    ------
    SettingsError
        If a parameter is outside its range, or acts on classes although the target is a quantity, or the other way
        round.
    """
    task, target, rows = prepared.task, prepared.target, prepared.target.rows[prepared.training]
    y = target.values[prepared.training]
    estimator = _estimator(prepared, {**parameters, "validation": prepared.way, "random_state": task.seed}, y)
    without = [name for name in prepared.table.columns if name not in _features(prepared)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator._fit(
            prepared.table.iloc[rows].drop(columns=without),
            y,
            None if prepared.weights is None else prepared.weights[prepared.training],
            groups=None if prepared.groups is None else prepared.groups[prepared.training],
            columns=prepared.columns,
            tell=tell,
            checkpoint=checkpoint,
            resume=resume,
        )
    settings = {**parameters, "validation": prepared.way, "holdout": task.holdout}
    model = CommitteeModel(estimator, task.target, task.seed, settings, form=target.form)
    examples, outcome, judged, strays = _judged(prepared, model)
    model = replace(model, held_out=None if outcome is None else measured(outcome))
    groups = None
    if prepared.groups is not None and examples is not None:
        groups = prepared.groups[np.searchsorted(target.rows, examples.rows)]
    return CommitteeRun(model, examples, outcome, judged, (*strays, *told_once(caught)), groups)


def _check_groups(task: TableTask, groups: str | None) -> None:
    if groups is None:
        return
    uses = {
        "the target": (task.target,),
        "the column of weights": (task.weight,),
        "in keep": task.options.keep,
        "in categories": task.options.categories,
    }
    for use, names in uses.items():
        if groups in names:
            raise SettingsError(
                Message(
                    "The column of groups {groups!r} is {use}, too, and groups are no feature. Take it out there, or "
                    "name another column.",
                    groups=groups,
                    use=use,
                )
            )


def _groups(table: pd.DataFrame, name: str) -> NDArray[Any]:
    check_columns(table, [name], "is the column of groups")
    column = table[name]
    gaps = column.isna().to_numpy()
    if gaps.any():
        raise TableError(
            f"The column of groups {name!r} is empty in {place_of(column, int(gaps.argmax()))} ({gaps.sum()} of "
            f"{len(column)} rows in all). Write the group of each row, or take these rows out."
        )
    return column.astype(str).to_numpy()


def _hold_out(
    target: Target, task: TableTask, groups: NDArray[Any] | None, way: str
) -> tuple[NDArray[np.intp], NDArray[np.intp], tuple[str, ...]]:
    """Return the positions of the rows to learn from and of those that are held out, as members hold theirs out."""
    y, m = target.values, len(target.values)
    every = np.arange(m)
    if task.holdout == 0:
        return every, every[:0], ()
    if groups is None and way != "time":
        return hold_out(np.zeros(m) if target.is_quantity else y, task.holdout, task.seed)
    if task.holdout > 0.5:
        raise SettingsError(
            f"holdout={task.holdout!r} is more than half of the rows, which is too much where groups or the order in "
            "time are kept. Take 0.5 or less."
        )
    labels = None if target.is_quantity else y
    split = splits_for(
        m,
        "time" if way == "time" else "holdout",
        seed=task.seed,
        labels=labels,
        groups=groups,
        fraction=task.holdout,
    )
    ((training, held_out),) = split.members
    return training, held_out, split.notices


def _features(prepared: Prepared) -> list[str]:
    """Return the columns of the table that are not target, weights or groups."""
    encoder = prepared.columns.encoder
    return [name for name in prepared.table.columns if name in encoder.kinds or name in encoder.dropped]


def estimator_of(prepared: Prepared) -> type[TableClassifier | TableRegressor]:
    """Return the class of estimators for a table."""
    return TableRegressor if prepared.target.is_quantity else TableClassifier


def _estimator(prepared: Prepared, parameters: Mapping[str, Any], y: NDArray[Any]) -> TableClassifier | TableRegressor:
    is_quantity = prepared.target.is_quantity
    foreign = OF_CLASSES if is_quantity else OF_QUANTITIES
    for name in foreign:
        if name in parameters:
            acts, other = ("classes", "classify") if is_quantity else ("quantities", "regress")
            what = "a quantity" if is_quantity else "labels"
            raise SettingsError(
                Message(
                    f"{name}={{value!r}} acts on {acts}, but the target is {what}. Leave it out, or take "
                    f"task='{other}'.",
                    value=parameters[name],
                )
            )
    options = prepared.task.options
    read: dict[str, Any] = {
        name: list(getattr(options, name)) or None for name in ("categories", "keep", "drop", "gaps")
    }
    if is_quantity:
        return TableRegressor(**parameters, **read, dates=options.dates)
    return TableClassifier(**with_labels_of(parameters, y), **read, dates=options.dates)


def _judged(
    prepared: Prepared, model: CommitteeModel
) -> tuple[EncodedExamples | None, Outcome | None, str, tuple[str, ...]]:
    """Return the rows that the model is measured on, what is predicted for them, by whom, and how they are odd."""
    target = prepared.target
    if prepared.task.holdout > 0:
        if not len(prepared.held_out):
            return None, None, "", ()
        examples, strays = _examples(prepared, prepared.held_out)
        return examples, model.outcome_of(examples), "all members together, none of which saw them", strays
    answers = model.estimator.held_out_predictions_
    known = np.flatnonzero(~np.isnan(answers.reshape(len(target.values), -1)).any(axis=1))
    if not len(known):
        return None, None, "", ()
    examples, _ = _examples(prepared, known)
    outcome = model.outcome_with(examples, *model.decided(answers[known]))
    return examples, outcome, "members that did not learn from them", ()


def _examples(prepared: Prepared, places: NDArray[np.intp]) -> tuple[EncodedExamples, tuple[str, ...]]:
    target, rows = prepared.target, prepared.target.rows[places]
    X, strays = prepared.columns.encode(prepared.table.iloc[rows])
    told = tuple(f"In the held-out rows, {one[0].lower()}{one[1:]}" for one in strays)
    return EncodedExamples(X, target.values[places], rows), told
