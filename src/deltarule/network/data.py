"""A training set, checked once: X, Y and the weights of the examples.

Everything below the public functions trusts a `TrainingSet`, so no check is made twice and none is left out. X may be
one of SciPy's sparse matrices; it is kept as compressed rows (CSR), which can be multiplied like an array.
"""

from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array, as_float, float_dtype, is_sparse
from deltarule.common.errors import InputError, ShapeError
from deltarule.network.network import Network

__all__ = ["TrainingSet", "check_inputs", "check_lambda", "is_sparse"]


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Examples that fit a network: a whole training set, or consecutive rows of one.

    `TrainingSet.of` makes a whole one, and `part` a part of it. Two training sets are equal only if they are the same
    object; comparing every number is left to the caller.

    Attributes
    ----------
    X : array or CSR matrix of shape (rows, s₁)
    Y : array of shape (rows, K)
    weights : array of shape (rows,) or None
        A weight stands for that many repetitions of its row. None: 1 each.
    offset : int
        Number of the first row in the whole training set; 0 for the whole set.
    total_rows : int or None
        Number of rows of the whole training set; None if these rows are the whole set.
    total_weight : float or None
        Σ w over the whole training set; None if these rows are the whole set.
    """

    X: Array
    Y: Array
    weights: Array | None = None
    _: KW_ONLY
    offset: int = 0
    total_rows: int | None = None
    total_weight: float | None = None

    @classmethod
    def of(
        cls,
        network: Network,
        X: ArrayLike,
        Y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        dtype: np.dtype[Any] | None = None,
    ) -> "TrainingSet":
        """Check X, Y and weights against a network and each other; copies only what must be converted.

        Raises
        ------
        ShapeError
            If the numbers of rows or columns do not fit.
        InputError
            If there is no row, a value is not finite, or a target or weight is outside its range.
        """
        X = check_inputs(network, X, dtype or float_dtype(X))
        if X.shape[0] == 0:
            raise InputError("The training set is empty: X has 0 rows. Give at least one example.")
        return cls.of_checked(network, X, Y, sample_weight)

    @classmethod
    def of_checked(
        cls, network: Network, X: Array, Y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "TrainingSet":
        """Check Y and weights against a network and an X that `check_inputs` returned; see `of`."""
        dtype = X.dtype
        Y = as_float(Y, dtype)
        if Y.ndim == 1:
            Y = Y[:, np.newaxis]
        if Y.ndim != 2 or Y.shape != (X.shape[0], network.K):
            raise ShapeError(
                f"Y has the shape {Y.shape}, but X has {X.shape[0]} rows and the network {network} has "
                f"{network.K} outputs: Y must be {(X.shape[0], network.K)}, one row of targets an example."
            )
        _check_targets(network, Y)
        return cls(X, Y, None if sample_weight is None else _check_weights(sample_weight, X.shape[0], dtype))

    @property
    def rows(self) -> int:
        """Number of rows at hand."""
        return int(self.X.shape[0])

    @cached_property
    def m(self) -> float:
        """Number of examples of the whole training set, Σ w, added row after row: the divisor of cost and penalty.

        Kept, because 10⁶ weights take 13 ms to add in this way, and each call of an engine asks for the sum.
        """
        if self.total_weight is not None:
            return self.total_weight
        if self.weights is None or not self.rows:
            return float(self.rows)
        return float(np.add.accumulate(self.weights, dtype=np.float64)[-1])

    def part(self, start: int, stop: int) -> "TrainingSet":
        """Return the rows from `start` to `stop` − 1 as views, which keep the m of the whole training set.

        Raises
        ------
        InputError
            If there is no such row.

        Examples
        --------
        >>> part = TrainingSet(np.zeros((5, 1)), np.zeros((5, 1))).part(2, 4)
        >>> part.rows, part.offset, part.m
        (2, 2, 5.0)
        """
        if not 0 <= start < stop <= self.rows:
            raise InputError(
                f"part({start}, {stop}) holds no rows of these {self.rows}: give 0 <= start < stop <= {self.rows}."
            )
        X, Y, weights = self.take(slice(start, stop))
        total_rows = self.rows if self.total_rows is None else self.total_rows
        return replace(
            self,
            X=X,
            Y=Y,
            weights=weights,
            offset=self.offset + start,
            total_rows=total_rows,
            total_weight=self.m,
        )

    def take(self, rows: "slice | Array") -> tuple[Array, Array, Array | None]:
        """Return X, Y and weights of some rows."""
        return self.X[rows], self.Y[rows], None if self.weights is None else self.weights[rows]


def check_inputs(network: Network, X: Any, dtype: np.dtype[Any] | None = None) -> Array:
    """Return X as a float array or CSR matrix of shape (rows, s₁).

    Raises
    ------
    ShapeError
        If X is not a matrix with s₁ columns.
    InputError
        If X holds NaN or an infinity, or a number beyond the range of the dtype.
    """
    given = X
    X = _as_rows(X, dtype)  # (rows, s₁)
    if X.ndim != 2 or X.shape[1] != network.sizes[0]:
        came = f"X has {X.shape[1]} columns" if X.ndim == 2 else f"X has the shape {X.shape}"
        raise ShapeError(
            f"{came}, but the network {network} takes {network.sizes[0]}. "
            "Pass the columns it was trained on, in the same order, one example a row."
        )
    values = X.data if is_sparse(X) else X
    bad = ~np.isfinite(values)
    if bad.any():
        place = np.argwhere(bad)[0]
        if is_sparse(X):
            row, column = np.searchsorted(X.indptr, place[0], side="right") - 1, X.indices[place[0]]
            came = given.tocsr()[row, column]
        else:
            row, column = place
            came = np.asarray(given)[row, column]
        raise InputError(
            f"X holds {came} in row {row}, column {column} ({np.count_nonzero(bad)} such values in all). Fill or drop "
            f"the gaps first, and keep values within the range of {X.dtype}, ±{np.finfo(X.dtype).max:.2g}."
        )
    checked: Array = X
    return checked


def _as_rows(X: Any, dtype: np.dtype[Any] | None) -> Array:
    """Return X as a float array, or as compressed rows."""
    if not is_sparse(X):
        return as_float(X, dtype)
    with np.errstate(over="ignore"):  # as in `as_float`
        rows: Array = X.tocsr().astype(dtype or np.float64, copy=False)
    return rows


def check_lambda(lambda_: float) -> float:
    """Return λ as a float, or raise InputError."""
    if not (np.isfinite(lambda_) and lambda_ >= 0):
        raise InputError(f"lambda_={lambda_} cannot be: the strength of the penalty is a finite number, 0 or more.")
    return float(lambda_)


def _check_targets(network: Network, Y: Array) -> None:
    unit = network.output_unit
    bad = ~(np.isfinite(Y).all(axis=1) & unit.fits(Y))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"Y holds {Y[row].tolist()} in row {row}, but targets of {unit.name} outputs are {unit.targets} "
            f"({np.count_nonzero(bad)} such rows in all). Encode labels first, or take another output."
        )


def _check_weights(sample_weight: ArrayLike, rows: int, dtype: np.dtype[Any]) -> Array:
    weights = as_float(sample_weight, dtype)
    if weights.shape != (rows,):
        raise ShapeError(f"sample_weight has the shape {weights.shape}, but X has {rows} rows: one weight a row.")
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"sample_weight holds {weights[row]} in row {row}: a weight stands for repetitions of its row, "
            "so it is finite and 0 or more."
        )
    if not weights.any():
        raise InputError("sample_weight is 0 in every row, which leaves no example to learn from.")
    return weights
