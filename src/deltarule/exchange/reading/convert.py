"""A foreign network as an estimator, an encoder of tables, and a model of a table."""

from typing import Any

import numpy as np

from deltarule.common.errors import ModelFileError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.reading.columns import Numbers, Words
from deltarule.exchange.reading.foreign import ForeignNetwork
from deltarule.tables.cells import LARGEST, Form
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.model import TableModel
from deltarule.tables.target_column import TargetScale

__all__ = ["encoder_of", "estimator_of", "table_model_of"]

BOOLEAN = {"false", "true"}


def estimator_of(foreign: ForeignNetwork) -> MLPClassifier | MLPRegressor:
    """Return a fitted estimator that predicts as the network does."""
    if foreign.labels is None:
        return MLPRegressor.from_parts(foreign.network, foreign.theta)
    classes = np.array(foreign.labels)
    return MLPClassifier.from_parts(
        foreign.network, foreign.theta, classes=classes, several_labels=foreign.several_labels
    )


def encoder_of(foreign: ForeignNetwork) -> TableEncoder:
    """Return what makes the inputs of the network of a table; numbers go through as they are.

    Raises
    ------
    ModelFileError
        If a column has a word twice, or its gap counts as a number that is out of all range.
    """
    numbers = [column for column in foreign.columns if isinstance(column, Numbers)]
    words = [column for column in foreign.columns if isinstance(column, Words)]
    marks = [column.name for column in numbers if column.has_mark]
    gaps = np.array([column.gap for column in numbers], dtype=np.float64)
    if not (np.abs(gaps) <= LARGEST).all() or any(len(set(one.words)) < len(one.words) for one in words):
        raise ModelFileError("a gap counts as a number beyond 1e100 in it, or a column has a word twice.")
    return TableEncoder(
        kinds={column.name: _kind(column) for column in foreign.columns},
        medians=gaps,
        gaps=tuple(marks),
        means=np.zeros(len(numbers) + len(marks)),
        deviations=np.ones(len(numbers) + len(marks)),
        categories={one.name: (*one.words, None) if one.has_mark else one.words for one in words},
        notices=(),
        forms={one.name: Form(digits=True) for one in words if all(_is_whole(word) for word in one.words)},
    )


def table_model_of(foreign: ForeignNetwork, estimator: Any, encoder: TableEncoder, target: str) -> TableModel:
    """Return the network as a model of a table."""
    scale = TargetScale(0.0, 1.0) if foreign.labels is None else None
    return TableModel(encoder, estimator, target, seed=0, settings={"imported": foreign.tool}, scale=scale)


def _kind(column: Numbers | Words) -> str:
    if isinstance(column, Numbers):
        return "number"
    return "boolean" if set(column.words) == BOOLEAN else "category"


def _is_whole(word: str) -> bool:
    return word.lstrip("-").isdigit() and word == str(int(word))
