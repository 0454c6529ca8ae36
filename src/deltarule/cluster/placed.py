"""A training set whose rows lie on a cluster: shapes and dtypes of arrays, and handles of their spans."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from deltarule.cluster.protocol import Placed
from deltarule.network.data import TrainingSet

__all__ = ["PlacedArray", "placed_set", "spans_in"]


@dataclass(frozen=True, eq=False)
class PlacedArray:
    """X, Y or the weights of rows on a cluster: shape and dtype of an array that is never brought together.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    placed : Placed
    span_rows : int
        Rows of each span; of the last perhaps fewer.
    digest : str
        Of all rows, by which a run knows them again.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    placed: Placed
    span_rows: int
    digest: str

    def __len__(self) -> int:
        return self.shape[0]


def placed_set(
    placed: Placed, span_rows: int, shape: tuple[int, int, int], dtype: np.dtype[Any], m: float | None, digest: str
) -> TrainingSet:
    """Return placed spans as a training set.

    Parameters
    ----------
    placed : Placed
    span_rows : int
    shape : tuple of int
        Rows, features and outputs.
    dtype : dtype
    m : float or None
        Σ w; None: the rows have no weights.
    digest : str
    """
    rows, features, outputs = shape
    shapes = ((rows, features), (rows, outputs), (rows,))
    X, Y, weights = (PlacedArray(one, dtype, placed, span_rows, digest) for one in shapes)
    arrays: Any = (X, Y, None if m is None else weights)
    return TrainingSet(*arrays, total_rows=rows, total_weight=float(rows) if m is None else m)


def spans_in(data: TrainingSet) -> PlacedArray | None:
    """Return X of a training set if its rows lie on a cluster, else None."""
    return data.X if isinstance(data.X, PlacedArray) else None
