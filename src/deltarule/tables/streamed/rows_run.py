"""The way from a raw table that may be larger than the memory to a trained model, as `table_run.py` goes it in memory.

Rows are held out and watched by a hash of their numbers, so which they are depends on nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.blocks.sources import Asked
from deltarule.blocks.sources.source import Coded
from deltarule.common.errors import TableError
from deltarule.estimators.outcomes import outcome_of
from deltarule.tables.model import HeldOut, HeldOutQuantity, TableModel
from deltarule.tables.streamed.rows_target import RowsTarget
from deltarule.tables.streamed.split import HELD_OUT, WATCHED, Split
from deltarule.tables.streamed.table_rows import TableRows
from deltarule.tables.table_run import TableTask, fitted_model
from deltarule.training.checkpoint import Checkpoint
from deltarule.training.record import Callback

__all__ = ["PreparedRows", "RowsRun", "learn_rows", "prepare_rows"]


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """A raw table that is ready for training.

    Attributes
    ----------
    task : TableTask
    training : TableRows
    watched : TableRows or None
        Rows whose cost is recorded by epoch: the held-out rows, or other rows with early stopping.
    held_out : TableRows or None
        Rows that training never learns from.
    target : RowsTarget
    notices : tuple of str
    """

    task: TableTask
    training: TableRows
    watched: TableRows | None
    held_out: TableRows | None
    target: RowsTarget
    notices: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RowsOutcome:
    """What a model predicts for held-out rows, added up.

    Attributes
    ----------
    figures : HeldOut or HeldOutQuantity
    classes : array or None
        None for a quantity.
    confusion : array of shape (n_classes, n_classes) or None
        Rows of each label, by the label that was predicted.
    """

    figures: HeldOut | HeldOutQuantity
    classes: NDArray[Any] | None = None
    confusion: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class RowsRun:
    """A trained model, its outcome on the held-out rows, and the warnings of training."""

    model: TableModel
    outcome: RowsOutcome | None
    warned: tuple[str, ...]


def prepare_rows(source: Any, task: TableTask) -> PreparedRows:
    """Find out what the columns of a raw table mean and what there is to learn, and divide its rows.

    Parameters
    ----------
    source : path, list of paths, LazyFrame of polars, dataset of Arrow or relation of DuckDB
    task : TableTask

    Raises
    ------
    InputError
        If the table does not fit the task, or has too few rows for early stopping.
    """
    split = Split(task.seed, task.holdout, task.validation or 0.0)
    rows = TableRows.learn(source, task.target, task=task.task, weight=task.weight, options=task.options, split=split)
    assert rows.target is not None
    watched, held_out = (rows.of_part(part) for part in (WATCHED, HELD_OUT))
    if not len(rows):
        raise TableError(f"holdout={task.holdout:g} leaves no row to learn from. Hold fewer out.")
    if task.validation is not None and not len(watched):
        raise TableError(
            f"The table leaves {len(rows)} rows for training, too few to take {task.validation:g} of them to watch for "
            "early stopping. Leave early stopping out."
        )
    judged = held_out if len(held_out) else None
    return PreparedRows(
        task=task,
        training=rows,
        watched=judged if task.validation is None else watched,
        held_out=judged,
        target=rows.target,
        notices=rows.notices,
    )


def learn_rows(
    prepared: PreparedRows,
    parameters: Mapping[str, Any],
    *,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
) -> RowsRun:
    """Train a classifier or a regressor, and judge it on the held-out rows. Ctrl-C ends training and keeps the result.

    Parameters
    ----------
    prepared : PreparedRows
    parameters : mapping
        Parameters of the estimator, by name. Labels in `class_weight` may be texts.
    callbacks, checkpoint, resume
        As for the estimator's `fit`.

    Raises
    ------
    SettingsError
        If a parameter is outside its range, or acts on classes although the target is a quantity.
    """
    target = prepared.target
    model, warned = fitted_model(
        prepared.task,
        parameters,
        (prepared.training,),
        encoder=prepared.training.encoder,
        labels=np.array(target.classes),
        scale=target.scale,
        form=target.form,
        eval_set=None if prepared.watched is None else (prepared.watched,),
        callbacks=callbacks,
        checkpoint=checkpoint,
        resume=resume,
    )
    outcome = None if prepared.held_out is None else _judged(model, prepared.held_out)
    return RowsRun(replace(model, held_out=None if outcome is None else outcome.figures), outcome, warned)


def _judged(model: TableModel, rows: TableRows) -> RowsOutcome:
    """Measure a model on rows, part by part."""
    classes, scale = model.classes, model.scale
    confusion = None if classes is None else np.zeros((len(classes), len(classes)), np.int64)
    count, cost, squares, distance, spread, centre = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    source = rows.source_for(Asked(is_coded=classes is not None))
    for chunk in source.chunks(np.dtype(np.float64)):
        if isinstance(chunk.y, Coded):
            assert classes is not None
            assert confusion is not None
            y = np.array(list(chunk.y.values), dtype=classes.dtype)[chunk.y.places]
            outcome = outcome_of(model.estimator, chunk.X, y)
            np.add.at(confusion, (np.searchsorted(classes, y), np.searchsorted(classes, outcome.predicted)), 1)
        else:
            assert scale is not None
            assert chunk.y is not None
            outcome = outcome_of(model.estimator, chunk.X, chunk.y[:, 0])
            y = chunk.y[:, 0]
            rest = outcome.predicted - y
            squares, distance = squares + float(np.square(rest).sum()), distance + float(np.abs(rest).sum())
            # Σ(y − ȳ)² of two parts together, as in `Moments`.
            mean, rows_now = float(y.mean()), len(y)
            both = count + rows_now
            spread += float(np.square(y - mean).sum()) + (mean - centre) ** 2 * count * rows_now / both
            centre += (mean - centre) * rows_now / both
        count += len(chunk.X)
        cost += float(outcome.costs.sum())
    if confusion is not None:
        right = int(np.trace(confusion))
        return RowsOutcome(HeldOut(count, right / count, cost / count), classes, confusion)
    assert scale is not None
    r2 = 1 - squares / spread if spread > 0 else float("nan")
    unit = scale.deviation
    return RowsOutcome(
        HeldOutQuantity(count, r2, unit * (squares / count) ** 0.5, unit * distance / count, cost / count)
    )
