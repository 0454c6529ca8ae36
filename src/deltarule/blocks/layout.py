"""Rows on the disk in this library's own layout, from which training reads them.

    X         rows × n_features numbers of one dtype, float32 or float64, row after row
    targets   rows × 1 codes (int32) of labels, or rows × K numbers (float64)
    weights   rows numbers (float64), if rows have weights
    footer    JSON: shapes, dtype, labels, what is known of the numbers, and a checksum of each page of rows
    end       the length of the footer and its checksum (8 and 4 bytes), and `END`

The three parts follow each other without gaps, so the place of each row is known, and any rows are read by at most
three reads. The end is written last: a file that was cut short does not have it, and so is never taken for whole.
Numbers are in the order of bytes of the machine that wrote them, which the footer says.
"""

import hashlib
import json
import os
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from io import FileIO
from math import prod
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.common.version import __version__

__all__ = ["Facts", "LayoutFile", "LayoutWriter", "Parts"]

FORMAT = 1
END = b"DELTAROW"
_END = struct.Struct("<QI8s")
_PIECE_ROWS = 65_536


class Parts(NamedTuple):
    """X, targets and weights of some rows, as they lie on the disk."""

    X: Array
    targets: Array
    weights: Array | None

    def rows(self, start: int, stop: int) -> "Parts":
        """Return some of the rows, as views."""
        return Parts(*(None if part is None else part[start:stop] for part in self))  # type: ignore[arg-type]

    @property
    def arrays(self) -> list[Array]:
        """The arrays that are not None."""
        return [part for part in self if part is not None]


@dataclass(frozen=True)
class Facts:
    """What the footer says of the rows.

    Attributes
    ----------
    rows, n_features, n_targets : int
    dtype : str
        Name of the dtype of X.
    given : str
        Name of the dtype that X would have in memory: float32 if all columns are, else float64.
    is_coded, is_weighted : bool
    names : tuple of str, or None
        Columns of X.
    values : tuple
        The labels in the order of their codes.
    largest : float
        The largest |x|.
    least, greatest : float
        The least and the greatest target, if targets are numbers.
    heaviest : float
        The greatest weight.
    are_binary : bool
        Whether all targets are 0 or 1.
    fingerprint : str or None
        That of the source.
    """

    rows: int
    n_features: int
    n_targets: int
    dtype: str
    given: str
    is_coded: bool
    is_weighted: bool
    names: tuple[str, ...] | None = None
    values: tuple[Any, ...] = ()
    largest: float = 0.0
    least: float = 0.0
    greatest: float = 0.0
    heaviest: float = 1.0
    are_binary: bool = False
    fingerprint: str | None = None

    @property
    def dtypes(self) -> tuple[np.dtype[Any], np.dtype[Any], np.dtype[Any]]:
        """Dtypes of X, targets and weights."""
        return np.dtype(self.dtype), np.dtype(np.int32 if self.is_coded else np.float64), np.dtype(np.float64)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of a row of X, targets and weights."""
        return (self.n_features,), (self.n_targets,), ()

    @cached_property
    def row_bytes(self) -> tuple[int, ...]:
        """Bytes of a row in each part."""
        found = (prod(shape) * dtype.itemsize for shape, dtype in zip(self.shapes, self.dtypes, strict=True))
        return tuple(found)[: 3 if self.is_weighted else 2]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each part begins in the file, and where the last ends."""
        starts = [0]
        for of_row in self.row_bytes:
            starts.append(starts[-1] + of_row * self.rows)
        return tuple(starts)

    def empty(self, rows: int) -> Parts:
        """Return memory for some rows."""
        parts = [np.empty((rows, *shape), dtype) for shape, dtype in zip(self.shapes, self.dtypes, strict=True)]
        return Parts(parts[0], parts[1], parts[2] if self.is_weighted else None)


class LayoutWriter:
    """Writes rows to their places in an open file, page by page, and the footer at the end.

    Pages are given in any order, each once.
    """

    def __init__(self, file: BinaryIO, facts: Facts) -> None:
        self._file, self._facts = file, facts
        self._pages: list[tuple[int, int, int]] = []  # first row, rows, checksum

    def write(self, first: int, parts: Parts) -> None:
        """Write consecutive rows, of which the first has the number `first`."""
        checksum = 0
        for start, of_row, array in zip(self._facts.starts, self._facts.row_bytes, parts.arrays, strict=False):
            bytes_ = _bytes(np.ascontiguousarray(array))
            self._file.seek(start + first * of_row)
            self._file.write(bytes_)
            checksum = zlib.crc32(bytes_, checksum)
        self._pages.append((first, len(parts.X), checksum))

    def finish(self, **found: Any) -> Facts:
        """Write the footer, with what was found out about the rows, and sync the file to the disk."""
        facts = Facts(**{**asdict(self._facts), **found})
        pages = sorted(self._pages)
        written = sum(rows for _, rows, _ in pages)
        assert written == facts.rows, f"{written} of {facts.rows} rows were written"
        content = {
            "format": FORMAT,
            "deltarule": __version__,
            "byte_order": sys.byteorder,
            "facts": asdict(facts),
            "pages": [list(column) for column in zip(*pages, strict=True)],
        }
        footer = json.dumps(content).encode()
        self._file.seek(facts.starts[-1])
        self._file.write(footer + _END.pack(len(footer), zlib.crc32(footer), END))
        self._file.flush()
        os.fsync(self._file.fileno())
        return facts


class LayoutFile:
    """A whole file of this layout, open for reading.

    Parameters
    ----------
    file : file without a buffer
        It is closed by `close`.
    path : Path
        For messages.

    Attributes
    ----------
    facts : Facts
    digest : str
        Of all rows, by their checksums.

    Raises
    ------
    ValueError
        If the file is not whole, is damaged, or was written by another kind of machine or another version.
    """

    def __init__(self, file: FileIO, path: Path) -> None:
        self.path, self._file = path, file
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END.size))
        end = file.read(_END.size)
        if len(end) < _END.size or end[-len(END) :] != END:
            raise ValueError("it has no end")
        length, checksum, _ = _END.unpack(end)
        if length > size - _END.size:
            raise ValueError("its footer is longer than the file")
        file.seek(size - _END.size - length)
        footer = file.read(length)
        if zlib.crc32(footer) != checksum:
            raise ValueError("its footer is damaged")
        content = json.loads(footer)
        if content["format"] != FORMAT or content["byte_order"] != sys.byteorder:
            raise ValueError("it was written by another version or another kind of machine")
        given = content["facts"]
        names = None if given["names"] is None else tuple(given["names"])
        self.facts = Facts(**{**given, "names": names, "values": tuple(given["values"])})
        self._pages = list(zip(*content["pages"], strict=True))
        if self.facts.starts[-1] + length + _END.size != size:
            raise ValueError("its size is not what its footer says")
        known = {name: value for name, value in given.items() if name != "fingerprint"}
        self.digest = hashlib.blake2b(json.dumps([known, content["pages"]]).encode(), digest_size=16).hexdigest()
        self._lock = Lock()

    def read_into(self, parts: Parts, first: int) -> None:
        """Read consecutive rows, of which the first has the number `first`, into memory; any thread may call it.

        Raises
        ------
        InputError
            If the file has become shorter or cannot be read.
        """
        self._read(parts.arrays, 0, first)

    def _read(self, arrays: Sequence[Array], part: int, first: int) -> None:
        """Read consecutive rows of some parts, of which the first has the number `part`."""
        for start, of_row, array in zip(self.facts.starts[part:], self.facts.row_bytes[part:], arrays, strict=False):
            view = _bytes(array)
            try:
                with self._lock:
                    self._file.seek(start + first * of_row)
                    while view:
                        got = self._file.readinto(view)
                        if not got:
                            raise OSError("the file has become shorter")
                        view = view[got:]
            except OSError as error:
                raise InputError(
                    f"{self.path}, to which the rows were converted, cannot be read any more ({error}). Fit again; the "
                    "rows are then converted again."
                ) from error

    def targets(self) -> Iterator[Parts]:
        """Return targets and weights of all rows in order, in pieces; X has no columns. It does not read X."""
        for first in range(0, self.facts.rows, _PIECE_ROWS):
            memory = self.facts.empty(min(_PIECE_ROWS, self.facts.rows - first))
            self._read(memory.arrays[1:], 1, first)
            yield memory._replace(X=memory.X[:, :0])

    def check(self) -> None:
        """Raise ValueError if a page differs from its checksum: it reads the whole file."""
        for first, parts, checksum in self._read_pages():
            found = 0
            for array in parts.arrays:
                found = zlib.crc32(_bytes(array), found)
            if found != checksum:
                raise ValueError(f"its rows from {first} on are damaged")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_pages(self) -> Iterator[tuple[int, Parts, int]]:
        memory = self.facts.empty(max((rows for _, rows, _ in self._pages), default=0))
        for first, rows, checksum in self._pages:
            parts = memory.rows(0, rows)
            self.read_into(parts, first)
            yield first, parts, checksum


def _bytes(array: Array) -> memoryview:
    """Return the memory of a contiguous array."""
    view: Any = array
    return memoryview(view).cast("B")
