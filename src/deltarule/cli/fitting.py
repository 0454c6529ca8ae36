"""From a table to a trained model: split, encode, fit, measure. Nothing here prints."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from deltarule import MLPClassifier, cost
from deltarule.common.arrays import Array
from deltarule.common.errors import TableError
from deltarule.common.messages import Message
from deltarule.models.model_file import HeldOut, Model
from deltarule.tables import TableEncoder, hold_out, known_labels, training_labels
from deltarule.training.checkpoint import Checkpoint
from deltarule.training.record import Callback

__all__ = ["Examples", "Prepared", "examples_of", "fit", "measure", "prepare"]

Rows = tuple[Array, NDArray[Any]]
"""X and y of some rows."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table made ready for training.

    Attributes
    ----------
    encoder : TableEncoder
        Fitted on all rows that are not held out.
    training, held_out : (X, y)
        `held_out` is never looked at in training; only its cost is shown.
    watched : (X, y)
        Rows whose cost is recorded by epoch: those held out; with early stopping, others, taken from the
        training rows, so that the held-out figures stay honest.
    training_places, held_out_places : arrays of int
        Where these rows stand in the table.
    notices : tuple of str
    """

    encoder: TableEncoder
    training: Rows
    watched: Rows
    held_out: Rows
    training_places: NDArray[np.intp]
    held_out_places: NDArray[np.intp]
    notices: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of a table with labels, in the terms of a model: X, y, and what to say about them."""

    X: Array
    y: NDArray[Any]
    notices: tuple[str, ...]


def prepare(
    table: pd.DataFrame, target: str, *, share: float, seed: int, validation_share: float | None = None
) -> Prepared:
    """Split a table and encode it.

    Parameters
    ----------
    table : DataFrame
    target : str
    share : float
        Of the rows that are held out, in [0, 1).
    seed : int
    validation_share : float, optional
        Share of the training rows to watch instead of the held-out ones, for early stopping.

    Raises
    ------
    TableError
        If the table does not fit, or has too few rows for early stopping.
    """
    labels = training_labels(table, target)
    rest, held_out, notices = hold_out(labels.values, share, seed)
    encoder = TableEncoder.fit(table.iloc[labels.rows[rest]], without=[target])
    X, y = encoder.transform(table.iloc[labels.rows]), labels.values
    training, watched = rest, held_out
    if validation_share is not None:
        inner, chosen, _ = hold_out(y[rest], validation_share, seed + 1)
        training, watched = rest[inner], rest[chosen]
        if len(watched) == 0:
            raise TableError(
                f"The table leaves {len(rest)} rows for training, too few to take {validation_share:g} of them to "
                "watch for early stopping. Leave --early-stopping out."
            )
    return Prepared(
        encoder,
        (X[training], y[training]),
        (X[watched], y[watched]),
        (X[held_out], y[held_out]),
        labels.rows[training],
        labels.rows[held_out],
        (*labels.notices, *notices, *encoder.notices),
    )


def fit(
    prepared: Prepared,
    parameters: Mapping[str, Any],
    seed: int,
    callbacks: Sequence[Callback],
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
) -> tuple[MLPClassifier, tuple[str, ...]]:
    """Train a classifier; Ctrl-C ends it early with what it has learnt. Return it with what training warned of."""
    if isinstance(weights := parameters.get("class_weight"), Mapping):
        # On the command line labels are text, in y perhaps numbers.
        labels = {str(label): label for label in np.unique(prepared.training[1]).tolist()}
        parameters = {**parameters, "class_weight": {labels.get(name, name): at for name, at in weights.items()}}
    classifier = MLPClassifier(random_state=seed, **parameters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier.fit(
            *prepared.training,
            eval_set=prepared.watched if len(prepared.watched[1]) else None,
            callbacks=callbacks,
            checkpoint=checkpoint,
            resume=resume,
        )
    told = (
        text if isinstance(text := cast(Warning, warning.message).args[0], Message) else str(text)
        for warning in caught
        if not issubclass(warning.category, ConvergenceWarning) and "interrupted by user" not in str(warning.message)
    )
    # Once, not for every epoch. What became of the run is in history_: notices, stopped and reason.
    return classifier, tuple(dict.fromkeys(told))


def measure(classifier: MLPClassifier, X: Array, y: NDArray[Any]) -> HeldOut | None:
    """Return accuracy and mean cost (2), without penalty, on rows; None if there are none."""
    if len(y) == 0:
        return None
    return HeldOut(
        rows=len(y),
        accuracy=float(np.mean(classifier.predict(X) == y)),
        cost=cost(classifier.network_, classifier.theta_, X, classifier.encode(y)),
    )


def examples_of(model: Model, table: pd.DataFrame) -> Examples:
    """Return X and y of the rows of a table that have a label."""
    labels = known_labels(table, model.target, model.classifier.classes_)
    X, notices = model.encoder.encode(table.iloc[labels.rows])
    return Examples(X, labels.values, (*labels.notices, *notices))
