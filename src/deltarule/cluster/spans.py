"""Spans: consecutive rows of the training set as the engine takes them, cut without regard to partitions.

    rows of all partitions, in order      0 … m − 1
    full batch     spans of 2ᵏ leaves of 8 192 rows: any cut of the leaves gives the bits of one machine
    chain          spans of a fixed number of whole batches, whatever the workers are

A span depends on the few partitions that it overlaps, so what is lost can be made again from these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from deltarule.blocks.sources.held_out import held_out
from deltarule.blocks.sources.source import Coded
from deltarule.cluster.parts import Part
from deltarule.common.arrays import Array, is_sparse
from deltarule.common.errors import InputError
from deltarule.network.data import TrainingSet
from deltarule.network.summation import LEAF_ROWS

__all__ = ["Chosen", "Encoding", "Piece", "Span", "pieces_of", "rows_of_leaves", "span_of"]


class Piece(NamedTuple):
    """Rows `start` … `stop` − 1 of those chosen in a partition."""

    part: int
    start: int
    stop: int


@dataclass(frozen=True)
class Chosen:
    """Which rows of all partitions are taken: those that early stopping holds out, or the others."""

    seed: int
    share: float
    keeps: bool

    def of(self, first: int, rows: int) -> Array:
        """Return the chosen among the rows first … first + rows − 1, counted from `first`."""
        return np.flatnonzero(held_out(self.seed, self.share, first, first + rows) == self.keeps)


@dataclass(frozen=True, eq=False)
class Encoding:
    """How targets and weights become Y and weights of the network, in plain arrays.

    Attributes
    ----------
    dtype, given : str
        Of training, and of X as it came, to which weights are rounded first, as in memory.
    classes : tuple or None
        Labels, in the order of the rows of `table`; None: targets are numbers.
    table : array of shape (classes, K)
        Y of each label.
    class_weights : array of shape (classes,), or None
    factor, shift : float
        Numbers become factor · y + shift, where labels of several columns are smoothed; else 1 and 0.
    """

    dtype: str
    given: str
    classes: tuple[Any, ...] | None
    table: Array
    class_weights: Array | None
    factor: float = 1.0
    shift: float = 0.0

    def encoded(self, y: Coded | Array, weights: Array | None) -> tuple[Array, Array | None, Array | None]:
        """Return Y, the weights in the cost, and those of the rows alone."""
        dtype = np.dtype(self.dtype)
        of_rows = None if weights is None else weights.astype(self.given)
        if not isinstance(y, Coded):
            Y = y if (self.factor, self.shift) == (1.0, 0.0) else self.factor * y + self.shift
            w = None if of_rows is None else of_rows.astype(dtype)
            return np.ascontiguousarray(Y, dtype), w, w
        assert self.classes is not None
        known = {label: place for place, label in enumerate(self.classes)}
        unknown = [value for value in y.values if value not in known]
        if unknown:
            raise InputError(
                f"y holds the label {unknown[0]!r}, which is none of the {len(known)} classes that the network has: "
                f"{', '.join(map(repr, self.classes[:10]))}. Leave such rows out."
            )
        index = np.array([known[value] for value in y.values], np.int64)[y.places]
        Y = self.table[index].astype(dtype)
        if self.class_weights is None:
            w = None if of_rows is None else of_rows.astype(dtype)
            return Y, w, w
        in_cost = self.class_weights[index]
        if of_rows is not None:
            in_cost = (of_rows * in_cost).astype(of_rows.dtype)
        return Y, in_cost.astype(dtype), None if of_rows is None else of_rows.astype(dtype)


@dataclass(frozen=True, eq=False)
class Span:
    """Consecutive rows of a training set, on a worker.

    Attributes
    ----------
    X, Y, weights
        As those of a `TrainingSet`.
    row_weights : array or None
        The weights of the rows without those of classes, for scores.
    """

    X: Any
    Y: Array
    weights: Array | None
    row_weights: Array | None

    @property
    def nbytes(self) -> int:
        """Bytes of its numbers."""
        of_X = (self.X.data, self.X.indices, self.X.indptr) if is_sparse(self.X) else (self.X,)
        of_rows = () if self.row_weights is self.weights else (self.row_weights,)
        return sum(array.nbytes for array in (*of_X, self.Y, self.weights, *of_rows) if array is not None)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Arrays that came from another worker begin anywhere in a message, and the core takes aligned ones.
        for name, array in state.items():
            is_array = isinstance(array, np.ndarray)
            object.__setattr__(self, name, np.require(array, requirements=["C", "A"]) if is_array else array)

    def __sizeof__(self) -> int:  # Dask asks for it to know how full a worker is
        return object.__sizeof__(self) + self.nbytes

    def part(self, first: int, total_rows: int, m: float) -> TrainingSet:
        """Return it as the part of a training set that begins with row `first`."""
        return TrainingSet(self.X, self.Y, self.weights, offset=first, total_rows=total_rows, total_weight=m)


def rows_of_leaves(rows: int, count: int, most_rows: float = np.inf) -> int:
    """Return the rows of spans of 2ᵏ leaves: at most `count` spans, unless one may hold only `most_rows`."""
    span_rows = LEAF_ROWS
    while -(-rows // span_rows) > count and 2 * span_rows <= most_rows:
        span_rows *= 2
    return span_rows


def pieces_of(lengths: Sequence[int], span_rows: int) -> list[tuple[Piece, ...]]:
    """Return the pieces of each span, for the numbers of rows chosen in each partition.

    >>> pieces_of([3, 0, 1, 4], 4)[0]
    (Piece(part=0, start=0, stop=3), Piece(part=2, start=0, stop=1))
    """
    spans: list[tuple[Piece, ...]] = []
    now: list[Piece] = []
    room = span_rows
    for part, length in enumerate(lengths):
        start = 0
        while start < length:
            stop = min(length, start + room)
            now.append(Piece(part, start, stop))
            room -= stop - start
            start = stop
            if not room:
                spans.append(tuple(now))
                now, room = [], span_rows
    return [*spans, tuple(now)] if now else spans


def span_of(
    encoding: Encoding, chosen: Chosen | None, firsts: tuple[int, ...], pieces: tuple[Piece, ...], *parts: Part
) -> Span:
    """Return a span, made of pieces of partitions.

    Parameters
    ----------
    encoding : Encoding
    chosen : Chosen or None
        None: all rows.
    firsts : tuple of int
        The number of the first row of each of these partitions among the rows of all.
    pieces : tuple of Piece
    *parts : Part
        The partition of each piece.
    """
    taken = []
    for (_, start, stop), first, part in zip(pieces, firsts, parts, strict=True):
        rows: Any = slice(start, stop)
        if chosen is not None:
            rows = chosen.of(first, part.X.shape[0])[start:stop]
        y = Coded(part.y.places[rows], part.y.values) if isinstance(part.y, Coded) else part.y[rows]
        weights = None if part.weights is None else part.weights[rows]
        taken.append((part.X[rows], *encoding.encoded(y, weights)))
    dtype = np.dtype(encoding.dtype)
    X = _stacked([one[0] for one in taken], dtype)
    Y = np.concatenate([one[1] for one in taken])
    weights, row_weights = (None if taken[0][n] is None else np.concatenate([one[n] for one in taken]) for n in (2, 3))
    return Span(X, Y, weights, weights if encoding.class_weights is None else row_weights)


def _stacked(matrices: list[Any], dtype: np.dtype[Any]) -> Any:
    """Return matrices one below the other, in a dtype; float arrays are copied once."""
    if is_sparse(matrices[0]):
        from scipy.sparse import vstack

        return vstack(matrices, format="csr", dtype=dtype)
    X = np.empty((sum(len(one) for one in matrices), matrices[0].shape[1]), dtype)
    at = 0
    for one in matrices:
        X[at : at + len(one)] = one
        at += len(one)
    return X
