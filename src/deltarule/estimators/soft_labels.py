"""Soft labels: a matrix of probabilities as y, with a column for each class.

A matrix is taken for probabilities if it holds fractions. One of 0 and 1 alone may also be several labels a row, as in
scikit-learn, so it is taken for probabilities only if the outputs are said to be softmax and each row has one 1. A
frame names the classes by its columns; without names they are 0 … K − 1.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.common.messages import Message

__all__ = ["check_probabilities", "holds_probabilities", "named_columns"]

_TOLERANCE = 1e-5
"""Most by which a row's sum may differ from 1; float32 probabilities of 1 000 classes differ by less."""


def holds_probabilities(y: NDArray[Any], output: str = "auto") -> bool:
    """Whether y is a matrix of probabilities and not of labels.

    >>> holds_probabilities(np.array([[0.2, 0.8]])), holds_probabilities(np.array([[0.0, 1.0]]))
    (True, False)
    >>> holds_probabilities(np.array([[0.0, 1.0]]), "softmax")
    True
    """
    if y.ndim != 2 or y.shape[1] < 2 or y.dtype.kind not in "biuf":
        return False
    if y.dtype.kind == "f" and bool((y != np.floor(y)).any()):
        return True
    return output == "softmax" and bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def check_probabilities(y: Array) -> None:
    """Check that each row is a distribution over the classes.

    Raises
    ------
    InputError
        If a row holds a number outside 0 … 1, or does not sum to 1 within rounding.
    """
    outside = ((y < 0) | (y > 1)).any(axis=1)
    if outside.any():
        row = int(outside.argmax())
        values = y[row].tolist()
        worst = min(values) if min(values) < 0 else max(values)
        raise InputError(
            f"y is a matrix of {y.shape[1]} columns with fractions, so it is taken for probabilities of {y.shape[1]} "
            f"classes, but row {row} holds {worst:g}. Pass numbers between 0 and 1 with the sum 1 in each row, or one "
            "column of labels."
        )
    sums = y.sum(axis=1, dtype=np.float64)
    wrong = np.abs(sums - 1) > _TOLERANCE
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"The probabilities in row {row} of y sum to {sums[row]:.9g} and not to 1 ({int(wrong.sum())} of {len(y)} "
            "rows). Divide each row by its sum if each example has one class. Several labels a row are a matrix of 0 "
            "and 1."
        )


def named_columns(y: Any) -> NDArray[Any] | None:
    """Return the classes that the columns of a frame name; None for a frame without names, or no frame.

    Raises
    ------
    InputError
        If the names are neither texts nor whole numbers, or do not ascend.
    """
    columns = getattr(y, "column_names", getattr(y, "columns", None))  # Arrow, or pandas and polars
    if columns is None or np.ndim(y) != 2:
        return None
    names = list(columns)
    are_texts = all(isinstance(name, str) for name in names)
    if not are_texts and not all(isinstance(name, int | np.integer) and not isinstance(name, bool) for name in names):
        raise InputError(
            Message(
                "The columns of y name the classes, {names}, which are neither all texts nor all whole numbers. Name "
                "them so, or pass an array.",
                names=names[:10],
            )
        )
    if any(second <= first for first, second in pairwise(names)):
        raise InputError(
            Message(
                "The columns of y name the classes, {names}, and do not ascend. Pass y[sorted(y.columns)], each class "
                "once: classes_ and the columns of predict_proba are in this order.",
                names=names[:10],
            )
        )
    return np.array(names)
