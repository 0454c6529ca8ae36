"""The data summary: figures of each column of the rows in a report."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from deltarule.common.arrays import Array
from deltarule.common.errors import ShapeError
from deltarule.network.data import is_sparse

__all__ = ["MOST_COLUMNS", "Numbers", "ShownColumns", "Words", "columns_of", "dense_rows", "summary_of"]

MOST_COLUMNS = 40
"""Most columns shown; a wider table shows its first columns."""


@dataclass(frozen=True)
class Numbers:
    """The summary of a column of numbers; if all cells are gaps, the figures are NaN."""

    name: str
    gaps: int
    mean: float
    deviation: float
    smallest: float
    largest: float


@dataclass(frozen=True)
class Words:
    """The summary of a column of words: how many are different, and the commonest with its number of rows."""

    name: str
    gaps: int
    different: int
    commonest: str
    count: int


@dataclass(frozen=True, eq=False)
class ShownColumns:
    """The columns that a report shows, without copying their values.

    Attributes
    ----------
    values : mapping from names to sequences of length m
        The first `MOST_COLUMNS`.
    index : sequence of length m, or None
        Names of the rows in the table.
    n_columns : int
        Number of columns of the whole table.
    """

    values: Mapping[str, Sequence[Any]]
    index: Any
    n_columns: int

    def row_name(self, t: int) -> str:
        """Return the name of row t."""
        if self.index is None:
            return f"row {t}"
        return f"{self.index.name or 'row'} {self.index[t]}"

    def row(self, t: int) -> Iterator[tuple[str, Any]]:
        """Return the name of each column and its value in row t."""
        for name, column in self.values.items():
            yield name, getattr(column, "iloc", column)[t]


def columns_of(X: Any, table: Any = None) -> ShownColumns:
    """Return the columns of a table, or those of X.

    Parameters
    ----------
    X : array, sparse matrix or frame of shape (m, n)
    table : DataFrame, or mapping from names to sequences, optional
        The rows before they were encoded as X.

    Raises
    ------
    ShapeError
        If the table and X have different numbers of rows.
    """
    m = X.shape[0] if hasattr(X, "shape") else len(X)
    if table is None:
        table = X if hasattr(X, "columns") else _columns_of_matrix(X)
    names = list(table.columns if hasattr(table, "columns") else table)
    values = {str(name): table[name] for name in names[:MOST_COLUMNS]}
    for name, column in values.items():
        if len(column) != m:
            raise ShapeError(
                f"Column {name!r} of the table has {len(column)} rows, but X has {m}. Give the rows of X, in the same "
                "order."
            )
    n_columns = X.shape[1] if is_sparse(X) and not hasattr(table, "columns") else len(names)
    index = getattr(table, "index", None)
    return ShownColumns(values, None if callable(index) else index, n_columns)


def summary_of(name: str, values: Sequence[Any]) -> Numbers | Words:
    """Return the summary of a column, as numbers if it holds only numbers, otherwise as words.

    Examples
    --------
    >>> summary_of("size", [1.0, 3.0, None])
    Numbers(name='size', gaps=1, mean=2.0, deviation=1.0, smallest=1.0, largest=3.0)
    >>> summary_of("colour", ["red", "blue", "red"])
    Words(name='colour', gaps=0, different=2, commonest='red', count=2)
    """
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        return _of_numbers(name, np.asarray(values, dtype=np.float64))
    filled = [value for value in values if not _is_gap(value)]
    gaps = len(values) - len(filled)
    if all(isinstance(value, Real) and not isinstance(value, bool | np.bool_) for value in filled):
        return _of_numbers(name, np.array(filled + [np.nan] * gaps, dtype=np.float64))
    counts = Counter(map(str, filled))
    # Among equally common words the first in the alphabet, so that the order of rows does not matter.
    commonest, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return Words(name, gaps, len(counts), commonest, count)


def _of_numbers(name: str, values: Array) -> Numbers:
    numbers = values[~np.isnan(values)]
    gaps = len(values) - len(numbers)
    if not numbers.size:
        return Numbers(name, gaps, *[np.nan] * 4)
    figures = numbers.mean(), numbers.std(), numbers.min(), numbers.max()
    return Numbers(name, gaps, *map(float, figures))


def dense_rows(X: Any, rows: Sequence[int]) -> Any:
    """Return some rows of X in the type of X, or as an array if X is a sparse matrix."""
    taken = _safe_indexing(X, np.asarray(rows, dtype=np.intp))
    return taken.toarray() if is_sparse(taken) else taken


def _columns_of_matrix(X: Any) -> dict[str, Array]:
    if is_sparse(X):
        X = X.tocsc()[:, :MOST_COLUMNS].toarray()
    X = np.asarray(X)
    return {f"x_{j}": column for j, column in enumerate(X.T, 1)}


def _is_gap(value: Any) -> bool:
    """Whether a value is None, NaN, or a missing value of pandas."""
    return value is None or (not isinstance(value, str) and str(value) in ("nan", "NaT", "<NA>"))
