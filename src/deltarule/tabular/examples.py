"""X, y, weights and groups of a fit, checked against each other before anything is learnt."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, column_or_1d

from deltarule.common.arrays import Array, is_sparse
from deltarule.common.errors import InputError, ShapeError
from deltarule.estimators.given_labels import as_labels, refuse_mixed_labels
from deltarule.estimators.masked import refuse_masked
from deltarule.estimators.soft_labels import named_columns
from deltarule.estimators.times import refuse_times
from deltarule.tables.cells import LARGEST
from deltarule.tabular.frames import Given, given_rows

__all__ = ["TableExamples", "examples_of"]


@dataclass(frozen=True, eq=False)
class TableExamples:
    """Rows to learn from, or to be measured on.

    Attributes
    ----------
    given : Given
    y : array of shape (m,) or (m, K)
    weights : array of shape (m,), or None
        Above 0: rows of weight 0 are left out, as if they were not there.
    groups : array of shape (m,), or None
    class_names : array of shape (K,), or None
        The names of the columns of y, if it is a frame of several.
    kept : array of shape (m_given,), or None
        Which of the rows that were given are here; None: all of them.
    """

    given: Given
    y: NDArray[Any]
    weights: Array | None = None
    groups: NDArray[Any] | None = None
    class_names: NDArray[Any] | None = None
    kept: NDArray[np.bool_] | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.y)


def examples_of(
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None,
    groups: ArrayLike | None,
    owner: Any,
    *,
    is_quantity: bool,
    name: str = "y",
) -> TableExamples:
    """Check what a fit was given.

    Raises
    ------
    ValueError
        If a part does not fit the others, or holds what cannot be learnt from.
    """
    given = given_rows(X, owner)
    m = len(given.frame)
    if y is None:
        raise InputError(
            f"This {type(owner).__name__} estimator requires y to be passed, but the target y is None. Give a label or "
            "number for each row."
        )
    for given_values, what in ((y, name), (sample_weight, "sample_weight"), (groups, "groups")):
        refuse_masked(given_values, what)
    values = _quantities(y, name) if is_quantity else _labels(y, name)
    if len(values) != m:
        raise ShapeError(
            f"{name} has {len(values)} values, but X has {m} rows: inconsistent numbers of samples. Give one value for "
            "each row."
        )
    weights = None if sample_weight is None else _weights(sample_weight, given.frame)
    told = None if groups is None else np.asarray(groups)
    if told is not None and told.shape[:1] != (m,):
        raise ShapeError(f"groups has the shape {told.shape}, but X has {m} rows. Pass the group of each row.")
    class_names = None if is_quantity or values.ndim == 1 else named_columns(y)
    if weights is None or (weights > 0).all():
        return TableExamples(given, values, weights, told, class_names)
    kept = weights > 0
    frame = given.frame[kept]
    told = None if told is None else told[kept]
    return TableExamples(given._replace(frame=frame), values[kept], weights[kept], told, class_names, kept)


def _labels(y: Any, name: str) -> NDArray[Any]:
    """Return labels of shape (m,), or a matrix as it is."""
    values = _without_gaps(y, name)
    if values.ndim == 2 and values.shape[1] > 1:
        return values
    values = np.asarray(column_or_1d(values, warn=True))
    refuse_mixed_labels(values, name)
    try:
        check_classification_targets(values)
    except ValueError as error:
        kind = type(values.tolist()[0]).__name__
        what = "Take a TableRegressor." if values.dtype.kind == "f" else f"Write labels of the type {kind} as texts."
        raise InputError(f"{error} {name} holds {str(values.tolist()[0])[:40]}. {what}") from None
    return values


def _quantities(y: Any, name: str) -> NDArray[Any]:
    """Return numbers of shape (m,) or (m, K), in float64."""
    values = _without_gaps(y, name)
    refuse_times(values, name)
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        strange = next(value for value in values.ravel().tolist() if not _is_number(value))
        raise InputError(
            f"{name} holds {strange!r}, and a regressor predicts numbers. Give numbers, or take a TableClassifier."
        ) from None
    if numbers.ndim == 2 and numbers.shape[1] == 1:
        numbers = column_or_1d(numbers, warn=True)
    bad = ~(np.abs(numbers) <= LARGEST)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise InputError(
            f"{name} holds {numbers[bad][0]} in row {row} ({np.count_nonzero(bad)} such values in all), and quantities "
            f"within ±{LARGEST:g} can be learnt. Leave such rows out, or take another unit."
        )
    return numbers


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _without_gaps(y: Any, name: str) -> NDArray[Any]:
    if isinstance(y, str):
        raise InputError(f"{name} is the text {y!r}. Pass the values of that column, and leave it out of X.")
    if is_sparse(y):
        y = y.toarray()
    values = np.asarray(as_labels(y))
    if values.ndim not in (1, 2) or 0 in values.shape[1:]:
        raise ShapeError(
            f"{name} has the shape {values.shape}; y should be a 1d array, got an array of shape {values.shape} "
            "instead. Give a value for each row."
        )
    if values.dtype.kind == "c":
        raise InputError(f"{name}: Complex data not supported. Give labels or real numbers.")
    gaps = np.asarray(pd.isna(values))
    if gaps.any():
        rows = np.flatnonzero(gaps.reshape(len(values), -1).any(axis=1))
        raise InputError(
            f"{name} contains NaN or another gap in {len(rows)} of {len(values)} rows, the first in row {rows[0]}: "
            "what is to be predicted must be known. Leave these rows out."
        )
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values))[0][0])
        raise InputError(
            f"{name} holds {values[row]} in row {row}: it contains infinity or a value too large. Leave such rows out."
        )
    return values


def _weights(sample_weight: ArrayLike, frame: pd.DataFrame) -> Array:
    weights = np.asarray(_check_sample_weight(sample_weight, frame, dtype=np.float64))
    if (weights < 0).any():
        row = int(np.flatnonzero(weights < 0)[0])
        raise InputError(
            f"sample_weight holds {weights[row]} in row {row}: a weight stands for repetitions of its row, so it is 0 "
            "or more."
        )
    if not weights.any():
        raise InputError("sample_weight is 0 in every row, which leaves no example to learn from.")
    return weights
