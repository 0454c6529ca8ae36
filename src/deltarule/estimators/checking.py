"""Checks of X, y and weights, as scikit-learn makes them, in one pass over X.

`check_examples` is for training, `check_rows` for predictions. Both skip scikit-learn's own checks, which take at
least 0.1 ms, if these would return X unchanged.
"""

from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.validation import _check_sample_weight, column_or_1d, validate_data

from deltarule.blocks.sources import is_dask, is_source
from deltarule.common.arrays import Array, as_float
from deltarule.common.errors import InputError, ShapeError
from deltarule.common.messages import a
from deltarule.estimators.given_labels import as_labels, refuse_mixed_labels
from deltarule.estimators.masked import refuse_masked
from deltarule.estimators.quantities import text_as_quantity
from deltarule.estimators.soft_labels import holds_probabilities, named_columns
from deltarule.estimators.times import refuse_times
from deltarule.network.data import is_sparse

__all__ = [
    "CheckedExamples",
    "Columns",
    "check_examples",
    "check_rows",
    "check_validation_set",
    "refuse_sources",
    "validation_set_of",
]

_BLOCK = 2**16
"""How many numbers are checked and converted at a time: 512 KB of float64, which stay in the cache in between."""

_LARGE = 16384
"""Above this many numbers, checking that a sum is finite first is faster than looking at each (10 000 × 64: 362 µs
instead of 452 µs per prediction); for one row it would cost 2 µs."""


class Columns(NamedTuple):
    """The number of columns of X, and their names if X is a frame with names."""

    n: int
    names: NDArray[Any] | None = None

    @classmethod
    def of(cls, estimator: Any) -> "Columns":
        """Return the columns that an estimator was fitted on."""
        return cls(estimator.n_features_in_, getattr(estimator, "feature_names_in_", None))

    def set_on(self, estimator: Any) -> None:
        """Set the columns as attributes of an estimator, as scikit-learn does."""
        estimator.n_features_in_ = self.n
        estimator.__dict__.pop("feature_names_in_", None)
        if self.names is not None:
            estimator.feature_names_in_ = self.names


class CheckedExamples(NamedTuple):
    """Examples as scikit-learn's checks return them, and what the same pass over X found.

    Attributes
    ----------
    X : array or CSR matrix of shape (m, n), float32 or float64
    y : array of shape (m,) or (m, K)
    columns : Columns
    inputs : array or CSR matrix of shape (m, n)
        X in the dtype that was asked for.
    largest : float
        The largest |x|; 0 if nothing was converted.
    classes : array of shape (K,) or None
        The names of the columns of y, if it is a frame of several.
    weights : array of shape (m,) or None
    """

    X: Array
    y: NDArray[Any]
    columns: Columns
    inputs: Array
    largest: float
    classes: NDArray[Any] | None = None
    weights: Array | None = None


def check_examples(
    estimator: Any,
    X: Any,
    y: Any,
    columns: Columns | None = None,
    dtype: np.dtype[Any] | None = None,
    sample_weight: ArrayLike | None = None,
) -> CheckedExamples:
    """Check X, y and the weights of their rows for training.

    Parameters
    ----------
    estimator : estimator
        Messages name its class; nothing is set on it.
    X, y
        As a user gave them.
    columns : Columns, optional
        Columns that X must have. Default: any.
    dtype : dtype, optional
        Dtype of `inputs`; numbers outside its range become infinite. Default: that of X.
    sample_weight : array of shape (m,), optional

    Raises
    ------
    ValueError
        If X, y or a weight does not fit, in scikit-learn's words.
    """
    refuse_sources(X)
    refuse_sources(y, "y")
    for given, name in ((X, "X"), (y, "y"), (sample_weight, "sample_weight")):
        refuse_masked(given, name)
    examples = _checked(estimator, X, y, columns, dtype)
    if sample_weight is None:
        return examples
    return examples._replace(weights=_check_sample_weight(sample_weight, examples.X, dtype=examples.X.dtype))


def _checked(estimator: Any, X: Any, y: Any, columns: Columns | None, dtype: np.dtype[Any] | None) -> CheckedExamples:
    if (
        _is_plain(X)
        and (columns is None or (columns.n == X.shape[1] and columns.names is None))
        and type(y) is np.ndarray
        and y.dtype.kind in "biuf"
        and y.shape == X.shape[:1]
        and (y.dtype.kind != "f" or bool(np.isfinite(y).all()))
    ):
        is_finite, inputs, largest = _looked_over(X, dtype)
        if is_finite:
            return CheckedExamples(X, y, Columns(X.shape[1]), inputs, largest)
    given = y
    X, y, columns = _checked_by_scikit_learn(estimator, X, y, columns)
    _, inputs, largest = _looked_over(X, dtype)
    classes = named_columns(given) if is_classifier(estimator) and holds_probabilities(y, estimator.output) else None
    return CheckedExamples(X, y, columns, inputs, largest, classes)


def check_width(estimator: Any, features: int, expected: int) -> None:
    """Raise ShapeError if rows have another number of columns than those that an estimator was trained on."""
    if features != expected:
        raise ShapeError(
            f"X has {features} features, but {type(estimator).__name__} is expecting {expected} features as input. "
            "Pass the columns it was trained on."
        )


def check_validation_set(estimator: Any, eval_set: Any, columns: Columns, dtype: np.dtype[Any]) -> CheckedExamples:
    """Check X, y and the optional weights of a validation set.

    Raises
    ------
    InputError
        If `eval_set` is neither (X, y) nor (X, y, sample_weight).
    """
    if not (isinstance(eval_set, tuple | list) and len(eval_set) in (2, 3)):
        length = f" of length {len(eval_set)}" if hasattr(eval_set, "__len__") else ""
        raise InputError(
            f"eval_set is a {type(eval_set).__name__}{length}. Pass one tuple, (X, y) or (X, y, sample_weight)."
        )
    X, y, sample_weight = (*eval_set, None)[:3]
    return check_examples(estimator, X, y, columns, dtype, sample_weight)


def validation_set_of(
    eval_set: tuple[Any, ...] | None, X_val: Any = None, y_val: Any = None, sample_weight_val: Any = None
) -> tuple[Any, ...] | None:
    """Return the validation set that `fit` was given, as one tuple or in parts; None without one.

    Raises
    ------
    InputError
        If both forms were given, or a part is missing.
    """
    given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
    names = [name for name, value in given.items() if value is not None]
    if not names:
        return eval_set
    if eval_set is not None:
        raise InputError(f"eval_set and {names[0]} are both given, and there is one validation set. Leave one out.")
    for missing in ("X_val", "y_val"):
        if missing not in names:
            raise InputError(f"{names[0]} is provided, but {missing} was not provided.")
    return (X_val, y_val) if sample_weight_val is None else (X_val, y_val, sample_weight_val)


def check_rows(estimator: Any, X: Any) -> Any:
    """Return X for predictions of a fitted estimator: float32 or float64, dense or compressed rows.

    Raises
    ------
    ValueError
        If X does not fit, in scikit-learn's words.
    """
    if _fits(estimator, X) and _is_finite(X):
        return X
    refuse_sources(X)
    refuse_masked(X, "X")
    refuse_times(X, "X")
    return validate_data(estimator, X, accept_sparse="csr", dtype=(np.float64, np.float32), order="C", reset=False)


def is_plain(estimator: Any, X: Any) -> bool:
    """Whether X is C-contiguous, and `check_rows` would return it unchanged if its numbers are finite."""
    return _fits(estimator, X) and bool(X.flags.c_contiguous and X.flags.aligned)


def refuse_sources(given: Any, name: str = "X") -> None:
    """Raise InputError for what only `fit` takes, and for collections of Dask."""
    if is_source(given) and name == "X":
        raise InputError(
            f"X is {a(given)}, which is read block by block. fit and score take it, with y as the name of a "
            "column, and so do predictions; everything else takes arrays."
        )
    if is_dask(given):
        raise InputError(
            f"{name} is {a(given)} of Dask, all of whose rows would be brought into this process. "
            "deltarule.cluster.DaskMLPClassifier and DaskMLPRegressor learn from it and predict it on the workers; "
            "or write it to files and fit on their path."
        )


def _fits(estimator: Any, X: Any) -> bool:
    """Whether X is plain and has the columns of a fitted estimator."""
    return (
        _is_plain(X)
        and X.shape[1] == estimator.n_features_in_
        and getattr(estimator, "feature_names_in_", None) is None
    )


def _is_plain(X: Any) -> bool:
    """Whether scikit-learn's checks would return X unchanged, if its values are finite and its columns fit."""
    return type(X) is np.ndarray and X.dtype in (np.float32, np.float64) and X.ndim == 2 and X.size > 0


def _is_numeric(X: Any) -> bool:
    if is_sparse(X):
        return True
    try:
        np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return True


def _checked_by_scikit_learn(
    estimator: Any, X: Any, y: Any, columns: Columns | None
) -> tuple[Any, NDArray[Any], Columns]:
    refuse_times(X, "X")
    refuse_times(y, "y")
    y = as_labels(y)
    learns = copy(estimator)  # scikit-learn sets the columns on this copy
    if columns is not None:
        columns.set_on(learns)
    try:
        X, y = validate_data(
            learns,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=is_regressor(estimator),
            dtype=(np.float64, np.float32),
            order="C",
            reset=columns is None,
        )
    except ValueError as error:
        if "could not convert string to float" not in str(error):
            raise
        if is_regressor(estimator) and _is_numeric(X):
            raise text_as_quantity(error) from error
        table = "TableRegressor" if is_regressor(estimator) else "TableClassifier"
        raise InputError(
            f"{error}. X holds text, and the network takes numbers. Take {table}, which encodes frames by itself, or "
            "encode text first, for instance with scikit-learn's OneHotEncoder in a pipeline."
        ) from error
    y = y.toarray() if is_sparse(y) else y
    y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
    refuse_mixed_labels(y)
    return X, y, Columns.of(learns)


def _looked_over(X: Any, dtype: np.dtype[Any] | None) -> tuple[bool, Array, float]:
    """Return whether X is finite, X in another dtype, and the largest |x| (0 if nothing was converted)."""
    if dtype is None or X.dtype == dtype:
        return is_sparse(X) or _is_finite(X), X if is_sparse(X) else as_float(X, X.dtype), 0.0
    if is_sparse(X):
        values, inputs = X.data, X.astype(dtype)
        return True, inputs, float(max(values.max(), -values.min())) if values.size else 0.0
    inputs = np.empty(X.shape, dtype)
    largest = 0.0
    with np.errstate(over="ignore"):  # the caller compares `largest` with the range of the dtype
        for rows in _blocks(X):
            block = X[rows]
            # A NaN makes both max and min NaN, so one comparison finds every non-finite value.
            largest = max(float(block.max()), -float(block.min()), largest)
            if not largest < np.inf:
                return False, X, largest
            inputs[rows] = block
    return True, inputs, largest


def _blocks(X: Array) -> Iterator[slice]:
    rows = max(1, _BLOCK // X.shape[1])
    return (slice(first, first + rows) for first in range(0, len(X), rows))


def _is_finite(X: Array) -> bool:
    """Whether every value is finite.

    A finite sum proves it with one pass less over a large array; a non-finite sum may only have overflowed.
    """
    if X.size > _LARGE:
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(X.sum()):
                return True
    return bool(np.isfinite(X).all())
