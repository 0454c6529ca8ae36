"""The rows of files of Parquet: one file, a folder, a pattern, or a list of them.

Each file is read in slices (`ParquetFile.iter_batches`), and its columns through small buffers, so that memory does not
depend on how large its row groups are. `Dataset.to_batches` reads ahead without bound.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from deltarule.blocks.sources.arrow_rows import batch_rows
from deltarule.blocks.sources.parquet_paths import Keys, files_of, with_keys
from deltarule.blocks.sources.source import Reopened
from deltarule.common.errors import InputError

__all__ = ["ParquetFiles"]

BUFFER_BYTES = 1 << 18
"""Bytes of a column that are read at a time."""

GIANT_ROWS = 4 << 20
"""A notice says that row groups of at least so many rows are slow to read from their middle."""

_log = logging.getLogger("deltarule")


@dataclass(frozen=True, eq=False)
class ParquetFiles:
    """The rows of files of Parquet, one file after the other.

    Attributes
    ----------
    files : tuple of Path or Reopened
    keys : tuple of Keys
        What the folders of each file say of its rows.
    own_schemas : tuple of (str, Schema)
        Name and schema of each file, with the columns that its folders say.
    lengths : tuple of int
        Rows of each file.
    stats : tuple of (int, int, int)
        Size of each file, and the times when its bytes and when anything of it were changed, as they were looked at.
    given : tuple of str
        The paths as they were given, from the root.
    bytes : int
        Bytes of all values, before they were compressed.
    groups : tuple of int, optional
        Numbers of the row groups to read, of rows of one file. Default: all.
    first : int
        The number, in its file, of the first row of these row groups.
    slice_rows : int, optional
        Most rows that are decoded at a time, if they are fewer than `batch_rows` says.
    """

    files: tuple[Path | Reopened, ...]
    keys: tuple[Keys, ...]
    own_schemas: tuple[tuple[str, pa.Schema], ...]
    lengths: tuple[int, ...]
    stats: tuple[tuple[int, int, int], ...]
    given: tuple[str, ...]
    bytes: int
    groups: tuple[int, ...] | None = None
    first: int = 0
    slice_rows: int | None = None

    @classmethod
    def of(cls, given: Any) -> "ParquetFiles":
        """Return the rows of one or several paths; only what the files say of themselves is read."""
        files, keys = zip(*files_of(given), strict=True)
        schemas, lengths, stats, total = [], [], [], 0
        for file in files:
            stats.append(_stat(file))
            said = _metadata(file)
            schemas.append(said.schema.to_arrow_schema())
            lengths.append(said.num_rows)
            groups = [said.row_group(n) for n in range(said.num_row_groups)]
            total += sum(group.total_byte_size for group in groups)
            largest = max((group.num_rows for group in groups), default=0)
            if largest >= GIANT_ROWS:
                _log.info(
                    "%s holds %d rows in one row group. It is read in slices; written with row_group_size=1_000_000 "
                    "it could also be read from its middle.",
                    file,
                    largest,
                )
        several = given if isinstance(given, list | tuple) else [given]
        named = tuple(zip(map(str, files), with_keys(schemas, keys), strict=True))
        absolute = tuple(str(one if isinstance(one, Reopened) else Path(one).absolute()) for one in several)
        return cls(files, keys, named, tuple(lengths), tuple(stats), absolute, total)

    @property
    def schemas(self) -> tuple[tuple[str, pa.Schema], ...]:
        """Name and schema of each file with rows; of all files where none has any.

        A file without rows says nothing of what columns hold: pandas writes those of an empty frame as nulls.
        """
        with_rows = (named for named, length in zip(self.own_schemas, self.lengths, strict=True) if length)
        return tuple(with_rows) or self.own_schemas

    @property
    def unit(self) -> str:
        """What `position` counts."""
        return "row"

    @property
    def where(self) -> str:
        """The name of the first file."""
        return str(self.files[0])

    @property
    def rows(self) -> int:
        """Number of rows of all files."""
        return sum(self.lengths)

    @cached_property
    def fingerprint(self) -> str | None:
        """Path, size and times of each file, as they were when they were looked at; None for standard input."""
        found = []
        for file, stat in zip(self.files, self.stats, strict=True):
            if isinstance(file, Reopened):
                return None
            found.append([str(file.resolve()), *stat])
        return json.dumps(found)

    @property
    def identity(self) -> str | None:
        """What was given: a pattern stays the same when files are added. None for standard input."""
        return None if self.fingerprint is None else json.dumps(self.given)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Return all rows in order; see `ArrowRows`.

        Raises
        ------
        InputError
            If a file was changed since it was looked at, or cannot be read.
        """
        rows = batch_rows(len(columns))
        rows = rows if self.slice_rows is None else min(rows, self.slice_rows)
        for n, (file, length, stat) in enumerate(zip(self.files, self.lengths, self.stats, strict=True)):
            if not length:
                continue
            _check_unchanged(file, stat)
            try:
                with pq.ParquetFile(_opened(file), pre_buffer=False, buffer_size=BUFFER_BYTES) as opened:
                    groups = None if self.groups is None else list(self.groups)
                    inside = [name for name in columns if name in opened.schema_arrow.names]
                    for batch in opened.iter_batches(rows, columns=inside, row_groups=groups):
                        yield batch if len(inside) == len(columns) else self._with_keys(n, batch, columns)
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(file, error) from error
            _check_unchanged(file, stat)

    def _with_keys(self, n: int, batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
        """Return rows of file `n` with the columns that its folders say, which hold the same in every row."""
        keys, (_, schema) = dict(self.keys[n]), self.own_schemas[n]
        arrays = []
        for name in columns:
            if name in batch.schema.names:
                arrays.append(batch.column(name))
            else:
                kind = schema.field(name).type
                arrays.append(pa.repeat(pa.scalar(keys[name]).cast(kind), batch.num_rows))
        return pa.RecordBatch.from_arrays(arrays, list(columns))

    def position(self, row: int) -> tuple[str, int]:
        """Return the file that a row lies in, and its number there."""
        for file, end, length in zip(self.files, accumulate(self.lengths), self.lengths, strict=True):
            if row < end:
                return str(file), self.first + row - end + length
        return self.where, row

    def place(self, row: int) -> str:
        """Return where a row is."""
        file, inside = self.position(row)
        return f"row {inside} of {file}"


def _opened(file: Path | Reopened) -> Any:
    return file.open() if isinstance(file, Reopened) else file


def _metadata(file: Path | Reopened) -> Any:
    try:
        return pq.read_metadata(_opened(file))
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path | Reopened, error: Exception) -> InputError:
    return InputError(f"{file} cannot be read as Parquet ({error}). Give a whole file of Parquet.")


def _stat(file: Path | Reopened) -> tuple[int, int, int]:
    if isinstance(file, Reopened):
        return file.size, 0, 0
    try:
        found = file.stat()
    except OSError as error:
        raise _unreadable(file, error) from error
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _check_unchanged(file: Path | Reopened, stat: tuple[int, int, int]) -> None:
    """Raise InputError if the bytes were changed; a backup changes the time that says when anything was."""
    if _stat(file)[:2] != stat[:2]:
        raise InputError(f"{file} was changed while it was read. Fit again once nothing writes to it.")
