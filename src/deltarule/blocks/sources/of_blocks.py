"""`Blocks` as a source."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from deltarule.blocks.blocks import Blocks
from deltarule.blocks.sources.source import Asked, Chunk, Coded
from deltarule.common.arrays import Array, as_float, float_dtype
from deltarule.common.errors import InputError, ShapeError

__all__ = ["BlocksSource"]


class BlocksSource:
    """The rows of `Blocks`, one block after the other."""

    fingerprint = identity = None

    def __init__(self, blocks: Blocks, asked: Asked) -> None:
        self.blocks, self.asked = blocks, asked
        self.names, self.n_features, self.rows = blocks.names, blocks.n_features, blocks.rows
        if not self.rows:
            raise InputError("The blocks are empty: all lengths are 0. Give at least one example.")
        self._first = next(n for n, length in enumerate(blocks.lengths) if length)
        X, self._y, self._weights = blocks.read(self._first)
        if X.dtype.kind not in "biuf":
            raise InputError(
                f"X of block {self._first} holds {X.dtype}, but the network takes numbers. Encode it first."
            )
        self.dtype = float_dtype(X)

    def chunks(self, dtype: np.dtype[Any]) -> Iterator[Chunk]:
        """Return all rows in order; see `Source`."""
        for index, length in enumerate(self.blocks.lengths):
            if not length:
                continue
            X, y, weights = self.blocks.read(index)
            if (weights is None) != (self._weights is None) or y.shape[1:] != self._y.shape[1:]:
                raise ShapeError(
                    f"Block {index} has y of the shape {y.shape} and {'no ' * (weights is None)}weights, other than "
                    f"block {self._first}. Give every block the same parts."
                )
            yield Chunk(as_float(X, dtype), self._target(y, index), weights)

    def place(self, row: int) -> str:
        """Return where a row is."""
        ends = np.cumsum(self.blocks.lengths)
        block = int(np.searchsorted(ends, row, side="right"))
        return f"row {row - int(ends[block]) + self.blocks.lengths[block]} of block {block}"

    def _target(self, y: Array, index: int) -> Coded | Array:
        if self.asked.is_coded and (y.ndim == 1 or y.shape[1] == 1):
            labels = y.reshape(len(y))
            if labels.dtype.kind == "f" and np.isnan(labels).any():
                row = int(np.flatnonzero(np.isnan(labels))[0])
                raise InputError(f"y holds NaN in row {row} of block {index}. Leave rows without a label out.")
            values, places = np.unique(labels, return_inverse=True)
            return Coded(places, values.tolist())
        if y.dtype.kind not in "biuf":
            raise InputError(f"y of block {index} holds {y.dtype}, but quantities are numbers.")
        return y.reshape(len(y), -1)
