"""A training set whose rows lie on the disk: arrays are read when rows of them are asked for.

X, Y and weights of such a `TrainingSet` are `StoredArray`s: they have a shape and a dtype, and give rows by slices. Its
parts are training sets in memory. One thread reads what is wanted next while training works on what is there.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from deltarule.blocks.layout import LayoutFile, Parts
from deltarule.common.arrays import Array
from deltarule.network.data import TrainingSet

__all__ = ["Ranges", "StoredArray", "StoredRows", "is_stored"]

Ranges = tuple[tuple[int, int], ...]
"""Rows to read: from … to, several times."""


class _Loaded(NamedTuple):
    ranges: Ranges
    X: Array
    Y: Array
    weights: Array | None


class StoredRows:
    """The rows of a layout file as the network takes them.

    Parameters
    ----------
    file : LayoutFile
        It is closed by `close`.
    encode : callable
        Targets as they lie on the disk ↦ Y in the dtype of training.
    weigh : callable or None
        (targets, weights or None) ↦ weights in the dtype of training. None: no weights.
    outputs : int
        Columns of Y.
    """

    def __init__(
        self,
        file: LayoutFile,
        encode: Callable[[Array], Array],
        weigh: Callable[[Array, Array | None], Array] | None,
        outputs: int,
        digest: str,
    ) -> None:
        self.file, self.digest = file, digest
        self.rows, self.n_features, self.outputs = file.facts.rows, file.facts.n_features, outputs
        self.dtype = np.dtype(file.facts.dtype)
        self._encode, self._weigh = encode, weigh
        self._reader = _Reader(self)

    def training_set(self, total_weight: float) -> TrainingSet:
        """Return all rows as a training set; `total_weight` is Σ w."""
        X, Y = StoredArray(self, "X", (self.rows, self.n_features)), StoredArray(self, "Y", (self.rows, self.outputs))
        weights = None if self._weigh is None else StoredArray(self, "weights", (self.rows,))
        arrays: Any = (X, Y, weights)
        return TrainingSet(*arrays, total_rows=self.rows, total_weight=total_weight)

    def take(self, wanted: Ranges, following: Ranges | None = None) -> _Loaded:
        """Return X, Y and weights of some rows, and begin to read the next rows.

        What is returned is overwritten by the next but one call.
        """
        return self._reader.take(wanted, following)

    def load(self, ranges: Ranges, memory: Parts) -> _Loaded:
        """Read rows into memory that has room for them."""
        at = 0
        for start, stop in ranges:
            self.file.read_into(memory.rows(at, at + stop - start), start)
            at += stop - start
        parts = memory.rows(0, at)
        weights = None if self._weigh is None else self._weigh(parts.targets, parts.weights)
        return _Loaded(ranges, parts.X, self._encode(parts.targets), weights)

    def release(self) -> None:
        """Free the memory of the buffers."""
        self._reader.release()

    def close(self) -> None:
        """Free the memory, end the thread and close the file."""
        self._reader.close()
        self.file.close()


@dataclass(frozen=True, eq=False)
class StoredArray:
    """X, Y or the weights of stored rows: shape and dtype of an array, whose rows are read by slices."""

    stored: StoredRows
    part: str
    shape: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of training."""
        return self.stored.dtype

    @property
    def digest(self) -> str:
        """Digest of all rows, by which a run knows them again."""
        return self.stored.digest

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> Array:
        start, stop, step = rows.indices(self.shape[0])
        assert step == 1, "stored rows are read by slices without steps"
        memory = self.stored.file.facts.empty(stop - start)
        read: Array = getattr(self.stored.load(((start, stop),), memory), self.part)
        return read


def is_stored(X: object) -> bool:
    """Whether X is an array whose rows lie on the disk."""
    return isinstance(X, StoredArray)


class _Reader:
    """Two buffers and one thread: it fills one while training works on the other."""

    def __init__(self, stored: StoredRows) -> None:
        self._stored = stored
        self._thread: ThreadPoolExecutor | None = None
        self._memory: list[Parts | None] = [None, None]
        self._now: _Loaded | None = None
        self._slot = 0  # of `_now`
        self._next: tuple[Ranges, Future[_Loaded]] | None = None

    def take(self, wanted: Ranges, following: Ranges | None) -> _Loaded:
        if self._now is None or self._now.ranges != wanted:
            self._now = self._fetched(wanted)
        if following is not None and following != wanted and self._next is None:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "deltarule-reader")
            self._next = following, self._thread.submit(self._load, following, 1 - self._slot)
        return self._now

    def release(self) -> None:
        if self._next is not None:
            self._next[1].exception()  # wait: the thread may be writing into the buffer
        self._memory, self._now, self._next = [None, None], None, None

    def close(self) -> None:
        self.release()
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _fetched(self, wanted: Ranges) -> _Loaded:
        """Return rows that the thread has read, or read them now."""
        had, self._next = self._next, None
        if had is not None:
            loaded = had[1].result()
            if had[0] == wanted:
                self._slot = 1 - self._slot
                return loaded
        return self._load(wanted, self._slot)

    def _load(self, ranges: Ranges, slot: int) -> _Loaded:
        rows = sum(stop - start for start, stop in ranges)
        memory = self._memory[slot]
        if memory is None or len(memory.X) < rows:
            memory = self._memory[slot] = self._stored.file.facts.empty(rows)
        return self._stored.load(ranges, memory)
