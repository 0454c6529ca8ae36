"""The way from a table to a trained model: choose the task and the held-out rows, encode, fit, measure; nothing prints.

task = TableTask("price", holdout=0.2, seed=1)
learnt = learn(prepare(read_table("houses.csv"), task), {"hidden_layer_sizes": (64,)})
learnt.model.predict(read_table("new.csv"))
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError, TableError
from deltarule.common.messages import Message
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.outcomes import Outcome
from deltarule.estimators.regressor import MLPRegressor
from deltarule.tables.cells import Form
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.labels import hold_out
from deltarule.tables.model import EncodedExamples, TableModel, measured
from deltarule.tables.notices import words_read_as_gaps
from deltarule.tables.options import TableOptions
from deltarule.tables.target_column import Target, TargetScale, Task, training_target
from deltarule.tables.weights import weightless, weights_of
from deltarule.training.checkpoint import Checkpoint
from deltarule.training.record import Callback
from deltarule.training.settings import CLASSIFIER_SETTINGS

__all__ = [
    "Prepared",
    "TableRun",
    "TableTask",
    "fitted_model",
    "learn",
    "notices_of_order",
    "prepare",
    "told_once",
    "with_labels_of",
]


@dataclass(frozen=True)
class TableTask:
    """What to learn from a table, and how many rows to hold out.

    Parameters
    ----------
    target : str
        Name of the column to predict.
    task : {"auto", "classify", "regress"}, default "auto"
        `"auto"` decides by the values of the target (`targets.py`).
    holdout : float, default 0.2
        Share of the rows that training never sees, in [0, 1).
    validation : float, optional
        Share of the other rows to watch during training, for early stopping. Default: the held-out rows are watched,
        but training does not stop on them.
    seed : int, default 0
        Seed of the hold-out, the first weights and the order of the examples.
    weight : str, optional
        Name of a column of weights: a weight of w counts as w copies of its row, in training and in the costs by epoch.
        Held-out figures count each row once.
    options : TableOptions, optional

    Raises
    ------
    SettingsError
        If `holdout` is outside its range, or if the target or the column of weights is named for another use as well.
    """

    target: str
    task: Task = "auto"
    holdout: float = 0.2
    validation: float | None = None
    seed: int = 0
    weight: str | None = None
    options: TableOptions = field(default_factory=TableOptions)

    def __post_init__(self) -> None:
        if not 0 <= self.holdout < 1:
            raise SettingsError(f"holdout={self.holdout!r} is not in [0, 1).")
        uses = {"weight": (self.weight,), "drop": self.options.drop, "keep": self.options.keep}
        for use, names in uses.items():
            if self.target in names:
                raise SettingsError(f"The target {self.target!r} is named in {use}, too. It can only be the target.")
        if self.weight in (*self.options.drop, *self.options.keep):
            raise SettingsError(f"The column of weights {self.weight!r} is named in drop or keep, too. Take it out.")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table that is ready for training.

    Attributes
    ----------
    task : TableTask
    target : Target
    scale : TargetScale or None
        How the quantity is standardised; None for labels.
    encoder : TableEncoder
        Fitted on all rows that are not held out.
    training : EncodedExamples
    watched : EncodedExamples or None
        Rows whose cost is recorded by epoch: the held-out rows, or other rows with early stopping, so that the held-out
        figures stay honest.
    held_out : EncodedExamples or None
        Rows that training never learns from; only their cost is shown.
    notices : tuple of str
    """

    task: TableTask
    target: Target
    scale: TargetScale | None
    encoder: TableEncoder
    training: EncodedExamples
    watched: EncodedExamples | None
    held_out: EncodedExamples | None
    notices: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TableRun:
    """A trained model, its outcome on the held-out rows, and the warnings of training."""

    model: TableModel
    outcome: Outcome | None
    warned: tuple[str, ...]


def prepare(table: pd.DataFrame, task: TableTask) -> Prepared:
    """Decide what there is to learn, split the rows, and encode each row once.

    Raises
    ------
    TableError
        If the table does not fit the task, or has too few rows for early stopping.
    """
    target = training_target(table, task.target, task.task, task.options)
    classes = np.zeros(len(target.values)) if target.is_quantity else target.values
    rest, held_out, notices = hold_out(classes, task.holdout, task.seed)
    training, chosen = rest, rest[:0]
    if task.validation is not None:
        inner, outer, _ = hold_out(classes[rest], task.validation, task.seed + 1)
        training, chosen = rest[inner], rest[outer]
        if len(chosen) == 0:
            raise TableError(
                f"The table leaves {len(rest)} rows for training, too few to take {task.validation:g} of them to watch "
                "for early stopping. Leave early stopping out."
            )
    if target.is_quantity and notices:
        notices = ("No row is held out: there are too few to split.",)
    weights = None if task.weight is None else weights_of(table, task.weight)
    if weights is not None and not weights[target.rows[training]].any():
        raise TableError(weightless(task.weight, len(training)))
    without = [task.target] + ([] if task.weight is None else [task.weight])
    encoder = TableEncoder.fit(table, without=without, options=task.options, rows=target.rows[rest].tolist())

    def examples(places: NDArray[np.intp]) -> EncodedExamples | None:
        if len(places) == 0:
            return None
        rows = target.rows[places]
        X, strays = encoder.encode(table.iloc[rows])
        return EncodedExamples(X, target.values[places], rows, strays, None if weights is None else weights[rows])

    learnt, judged = examples(training), examples(held_out)
    assert learnt is not None
    strays: tuple[str, ...] = ()
    if judged is not None:
        said = words_read_as_gaps(table.iloc[judged.rows], encoder.kinds, encoder.forms)  # of all rows, by the encoder
        strays = tuple(
            f"In the held-out rows, {notice[0].lower()}{notice[1:]}" for notice in judged.notices if notice not in said
        )
    return Prepared(
        task=task,
        target=target,
        scale=TargetScale.of(target.values[rest]) if target.is_quantity else None,
        encoder=encoder,
        training=learnt,
        watched=judged if task.validation is None else examples(chosen),
        held_out=judged,
        notices=(*target.notices, *notices_of_order(task, target), *notices, *encoder.notices, *strays),
    )


def learn(
    prepared: Prepared,
    parameters: Mapping[str, Any],
    *,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
) -> TableRun:
    """Train a classifier or a regressor, and judge it on the held-out rows. Ctrl-C ends training and keeps the result.

    Parameters
    ----------
    prepared : Prepared
    parameters : mapping
        Parameters of the estimator, by name. Labels in `class_weight` may be texts.
    callbacks, checkpoint, resume
        As for the estimator's `fit`.

    Raises
    ------
    SettingsError
        If a parameter is outside its range, or acts on classes although the target is a quantity.
    """
    watched = prepared.watched
    model, warned = fitted_model(
        prepared.task,
        parameters,
        _arrays(prepared.training, prepared.scale),
        encoder=prepared.encoder,
        labels=prepared.training.y,
        scale=prepared.scale,
        form=prepared.target.form,
        eval_set=None if watched is None else _arrays(watched, prepared.scale),
        callbacks=callbacks,
        checkpoint=checkpoint,
        resume=resume,
    )
    outcome = None if prepared.held_out is None else model.outcome_of(prepared.held_out)
    model = replace(model, held_out=None if outcome is None else measured(outcome))
    return TableRun(model, outcome, warned)


def fitted_model(
    task: TableTask,
    parameters: Mapping[str, Any],
    rows: Sequence[Any],
    *,
    encoder: TableEncoder,
    labels: NDArray[Any],
    scale: TargetScale | None,
    form: Form,
    **fit: Any,
) -> tuple[TableModel, tuple[str, ...]]:
    """Fit the estimator of a table, and return the model without held-out figures, and what training warned of.

    Parameters
    ----------
    task : TableTask
    parameters : mapping
        As for `learn`.
    rows : sequence
        X, y and weights as `fit` takes them.
    encoder : TableEncoder
    labels : array
        Labels that the texts of `class_weight` are compared with; not used for a quantity.
    scale : TargetScale or None
        The scale of a quantity; None for labels.
    form : Form
        How the target is written.
    **fit
        Further arguments of `fit`.
    """
    estimator: MLPClassifier | MLPRegressor
    if scale is None:
        estimator = MLPClassifier(random_state=task.seed, **with_labels_of(parameters, labels))
    else:
        estimator = MLPRegressor(random_state=task.seed, **_without_classes(parameters))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator.fit(*rows, **fit)
    model = TableModel(
        encoder=encoder,
        estimator=estimator,
        target=task.target,
        seed=task.seed,
        settings={**parameters, "holdout": task.holdout},
        scale=scale,
        form=form,
    )
    return model, told_once(caught)


def notices_of_order(task: TableTask, target: Target) -> tuple[str, ...]:
    """Return a notice if the rows are sorted by label."""
    y = target.values
    if target.is_quantity or task.holdout == 0 or len(y) < 3:
        return ()
    if np.count_nonzero(y[1:] != y[:-1]) != len(np.unique(y)) - 1:
        return ()
    return (
        f"The rows are sorted by {task.target!r}. That does no harm: the held-out rows are drawn at random, the same "
        "share of each label.",
    )


def _arrays(examples: EncodedExamples, scale: TargetScale | None) -> tuple[Array, NDArray[Any], Array | None]:
    y = examples.y if scale is None else scale.standardised(examples.y)
    return examples.X, y, examples.weights


def with_labels_of(parameters: Mapping[str, Any], y: NDArray[Any]) -> Mapping[str, Any]:
    """Return parameters in which the labels of `class_weight`, if given as texts, have the type that they have in y."""
    if not isinstance(weights := parameters.get("class_weight"), Mapping):
        return parameters
    labels = {str(label): label for label in np.unique(y).tolist()}
    return {**parameters, "class_weight": {labels.get(name, name): weight for name, weight in weights.items()}}


def _without_classes(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return parameters without those that act on classes; raise SettingsError if one of these was given."""
    for name, setting in CLASSIFIER_SETTINGS.items():
        if (value := parameters.get(name, setting.default)) != setting.default:
            raise SettingsError(
                Message(
                    f"{name}={{value!r}} acts on classes, but the target is a quantity. Leave it out, or take "
                    "task='classify'.",
                    value=value,
                )
            )
    return {name: value for name, value in parameters.items() if name not in CLASSIFIER_SETTINGS}


def told_once(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    """Return each warning once, without those that the history holds as notices, stopped and reason."""
    told: dict[str, None] = {}
    for warning in caught:
        text = str(warning.message)
        if issubclass(warning.category, ConvergenceWarning) or "interrupted by user" in text:
            continue
        given = getattr(warning.message, "args", (text,))
        told[given[0] if given and isinstance(given[0], Message) else text] = None
    return tuple(told)
