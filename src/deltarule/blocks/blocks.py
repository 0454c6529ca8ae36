"""`Blocks`: a list of blocks of rows that can be read again and again, in any order and from any process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, ShapeError
from deltarule.common.messages import a

__all__ = ["Blocks"]

BLOCK_ROWS = 65_536
"""Rows of a block unless the caller says otherwise: of 28 columns in float32 they are 7 MB."""

Block = tuple[Array, Array, Array | None]
"""X, y and the weights of the rows of one block."""


class BlockReader(Protocol):
    """How the blocks of a `Blocks` are made; it can be pickled."""

    def read(self, index: int) -> Sequence[Any]:
        """Return (X, y) or (X, y, weights) of one block."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """A list of blocks of rows that can be read again and again, in any order.

    `Blocks.from_arrays` makes one of arrays and memory maps, `Blocks.from_function` of a function. It can be pickled,
    unless its arrays or its function cannot: a memory map of a whole file is pickled as the name of the file.

    Attributes
    ----------
    lengths : tuple of int
        Rows of each block; 0 is allowed.
    n_features : int
        Columns of X.
    names : tuple of str, or None
        Names of the columns.

    Examples
    --------
    >>> blocks = Blocks.from_arrays(np.zeros((5, 3)), np.arange(5), block_rows=2)
    >>> blocks.lengths
    (2, 2, 1)
    >>> blocks.read(1)[1]
    array([2, 3])
    """

    lengths: tuple[int, ...]
    n_features: int
    recipe: BlockReader
    names: tuple[str, ...] | None = None

    @classmethod
    def from_arrays(
        cls, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, *, block_rows: int = BLOCK_ROWS
    ) -> Self:
        """Return the blocks of arrays or memory maps, which are not copied.

        Parameters
        ----------
        X : array or memory map of shape (m, n_features)
        y : array or memory map of shape (m,) or (m, K)
        sample_weight : array or memory map of shape (m,), optional
        block_rows : int, default 65536
            Rows of each block; the last may be shorter.

        Raises
        ------
        ShapeError
            If the arrays have different numbers of rows, or X is no matrix.
        InputError
            If there is no row, or `block_rows` is not a number of rows.
        """
        arrays = {"X": _array(X), "y": _array(y)}
        if sample_weight is not None:
            arrays["sample_weight"] = _array(sample_weight)
        rows = len(arrays["X"])
        if arrays["X"].ndim != 2:
            raise ShapeError(f"X has the shape {arrays['X'].shape}. Give a matrix, one example a row.")
        for name, array in arrays.items():
            if len(array) != rows:
                raise ShapeError(f"X has {rows} rows, but {name} has {len(array)}. Give one of each for every example.")
        if block_rows < 1:
            raise InputError(f"block_rows={block_rows!r} is not a number of rows. Give a whole number from 1 on.")
        bounds = [*range(0, rows, block_rows), rows]
        recipe = _OfArrays(tuple(map(_Kept, arrays.values())), tuple(bounds))
        return cls(tuple(np.diff(bounds).tolist()), arrays["X"].shape[1], recipe)

    @classmethod
    def from_function(cls, load: Callable[[int], Sequence[Any]], lengths: Sequence[int]) -> Self:
        """Return the blocks that a function makes.

        Parameters
        ----------
        load : callable
            Number of a block, from 0 ↦ (X, y) or (X, y, sample_weight) of its rows; always the same rows for the same
            number. The first block with rows is read at once, to count its columns.
        lengths : sequence of int
            Rows of each block.

        Raises
        ------
        InputError
            If a length is not a number of rows, or there is no row.
        ShapeError
            If the first block with rows does not have its length.

        Examples
        --------
        >>> def load_month(n):
        ...     return np.full((2, 1), n), np.array([0.0, 1.0])
        >>> Blocks.from_function(load_month, lengths=[2, 2]).n_features
        1
        """
        sizes = tuple(int(length) for length in lengths)
        if not callable(load):
            raise InputError(f"load is {a(load)}. Pass a function: number of a block ↦ (X, y).")
        if any(size < 0 or size != length for size, length in zip(sizes, lengths, strict=True)):
            raise InputError(f"lengths={list(lengths)[:10]!r} are not numbers of rows. Give whole numbers from 0 on.")
        first = next((n for n, size in enumerate(sizes) if size), None)
        if first is None:
            raise InputError("The blocks are empty: all lengths are 0. Give at least one example.")
        made = cls(sizes, -1, _OfFunction(load))
        X, _, _ = made.read(first)
        return cls(sizes, X.shape[1], made.recipe)

    @property
    def rows(self) -> int:
        """Number of rows of all blocks."""
        return sum(self.lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def read(self, index: int) -> Block:
        """Return X, y and the weights (or None) of the rows of one block.

        Raises
        ------
        ShapeError
            If the block does not have its length or its columns.
        InputError
            If a function returned something else than arrays.
        """
        given = self.recipe.read(index)
        if not (isinstance(given, tuple | list) and len(given) in (2, 3)):
            raise InputError(f"Block {index} is {a(given)}. Return (X, y) or (X, y, sample_weight).")
        X, y = np.asarray(given[0]), np.asarray(given[1])
        weights = None if len(given) == 2 or given[2] is None else np.asarray(given[2])
        rows = self.lengths[index]
        for name, array in {"X": X, "y": y, "sample_weight": y if weights is None else weights}.items():
            if array.shape[:1] != (rows,):
                raise ShapeError(
                    f"Block {index} has {rows} rows by its length, but its {name} has the shape {array.shape}. Let "
                    "every block be what its length says."
                )
        if X.ndim != 2 or (self.n_features >= 0 and X.shape[1] != self.n_features):
            raise ShapeError(
                f"X of block {index} has the shape {X.shape}, but the first block has {self.n_features} columns. Give "
                "every block the same columns."
            )
        return X, y, weights

    def __iter__(self) -> Iterator[Block]:
        return (self.read(index) for index in range(len(self.lengths)))


@dataclass(frozen=True, eq=False)
class _OfArrays:
    arrays: tuple["_Kept", ...]
    bounds: tuple[int, ...]

    def read(self, index: int) -> Sequence[Any]:
        return [array.rows(self.bounds[index], self.bounds[index + 1]) for array in self.arrays]


@dataclass(frozen=True, eq=False)
class _OfFunction:
    load: Callable[[int], Sequence[Any]]

    def read(self, index: int) -> Sequence[Any]:
        return self.load(index)


class _Kept:
    """An array; of a memory map of a whole file only where it is, so that its rows are read and not mapped.

    Mapped pages count in the resident memory of a process, and a disk that goes away ends it by SIGBUS.
    """

    def __init__(self, array: Array) -> None:
        self.array: Array | None = array
        # A slice of a memory map is one too, with the file's name and the offset of the whole; what is written into one
        # of mode "c" is not in the file.
        mapped: Any = array if isinstance(array, np.memmap) and not isinstance(array.base, np.ndarray) else None
        if mapped is not None and mapped.filename is not None and mapped.mode != "c" and array.flags.c_contiguous:
            self.path, self.offset = Path(mapped.filename), int(mapped.offset)
            self.shape, self.dtype = array.shape, array.dtype
            self.array = None

    def rows(self, start: int, stop: int) -> Array:
        if self.array is not None:
            return self.array[start:stop]
        of_row = int(np.prod(self.shape[1:], dtype=np.int64))
        with self.path.open("rb") as file:
            file.seek(self.offset + start * of_row * self.dtype.itemsize)
            values = np.fromfile(file, self.dtype, (stop - start) * of_row)
        if len(values) < (stop - start) * of_row:
            raise InputError(f"{self.path} is shorter than it was. Give the file that the memory map was made of.")
        return values.reshape(stop - start, *self.shape[1:])


def _array(values: ArrayLike) -> Array:
    return values if isinstance(values, np.memmap) else np.asarray(values)
