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
from deltarule.common.errors import InputError
from deltarule.files.patterns import files_matching, is_pattern

__all__ = ["ParquetFiles"]

BUFFER_BYTES = 1 << 18
"""Bytes of a column that are read at a time."""

GIANT_ROWS = 4 << 20
"""A notice says that row groups of at least so many rows are slow to read from their middle."""

_log = logging.getLogger("deltarule")


def files_of(given: Any) -> list[Path]:
    """Return the files that a path, a pattern, a folder or a list of them stands for, in the order of their names.

    Raises
    ------
    InputError
        If there is none, or one does not exist.
    """
    if isinstance(given, list | tuple):
        return [file for one in given for file in files_of(one)]
    path = Path(given)
    if path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv")):
        raise InputError(
            f"{path} is no Parquet. TableRows.learn(path, target) reads text files part by part, and fit takes their "
            "rows."
        )
    if path.is_dir():
        found = sorted(path.rglob("*.parquet"))
        if not found:
            raise InputError(
                f"The folder {path} holds no *.parquet. Give a folder with files of Parquet, or a pattern; "
                "TableRows.learn(path, target) also reads those of text files."
            )
        return found
    if path.is_file():
        return [path]
    if is_pattern(path):
        return files_matching(given, InputError)
    raise InputError(
        f"There is no file {path}. Give a file of Parquet, a folder of them, or a pattern such as *.parquet."
    )


@dataclass(frozen=True, eq=False)
class ParquetFiles:
    """The rows of files of Parquet, one file after the other.

    Attributes
    ----------
    files : tuple of Path
    schemas : tuple of (str, Schema)
        Name and schema of each file.
    lengths : tuple of int
        Rows of each file.
    stats : tuple of (int, int)
        Size and time of each file when they were looked at.
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

    files: tuple[Path, ...]
    schemas: tuple[tuple[str, pa.Schema], ...]
    lengths: tuple[int, ...]
    stats: tuple[tuple[int, int], ...]
    given: tuple[str, ...]
    bytes: int
    groups: tuple[int, ...] | None = None
    first: int = 0
    slice_rows: int | None = None

    @classmethod
    def of(cls, given: Any) -> "ParquetFiles":
        """Return the rows of one or several paths; only what the files say of themselves is read."""
        files = files_of(given)
        schemas, lengths, stats, total = [], [], [], 0
        for file in files:
            stats.append(_stat(file))
            said = _metadata(file)
            schemas.append((str(file), said.schema.to_arrow_schema()))
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
        absolute = tuple(str(Path(one).absolute()) for one in several)
        return cls(tuple(files), tuple(schemas), tuple(lengths), tuple(stats), absolute, total)

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
    def fingerprint(self) -> str:
        """Path, size and time of each file, as they were when they were looked at."""
        return json.dumps([[str(file.resolve()), *stat] for file, stat in zip(self.files, self.stats, strict=True)])

    @property
    def identity(self) -> str:
        """What was given: a pattern stays the same when files are added."""
        return json.dumps(self.given)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Return all rows in order; see `ArrowRows`.

        Raises
        ------
        InputError
            If a file was changed since it was looked at, or cannot be read.
        """
        rows = batch_rows(len(columns))
        rows = rows if self.slice_rows is None else min(rows, self.slice_rows)
        for file, length, stat in zip(self.files, self.lengths, self.stats, strict=True):
            if not length:
                continue
            _check_unchanged(file, stat)
            try:
                with pq.ParquetFile(file, pre_buffer=False, buffer_size=BUFFER_BYTES) as opened:
                    groups = None if self.groups is None else list(self.groups)
                    yield from opened.iter_batches(rows, columns=list(columns), row_groups=groups)
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(file, error) from error
            _check_unchanged(file, stat)

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


def _metadata(file: Path) -> Any:
    try:
        return pq.read_metadata(file)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> InputError:
    return InputError(f"{file} cannot be read as Parquet ({error}). Give a whole file of Parquet.")


def _stat(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError as error:
        raise _unreadable(file, error) from error
    return found.st_size, found.st_mtime_ns


def _check_unchanged(file: Path, stat: tuple[int, int]) -> None:
    if _stat(file) != stat:
        raise InputError(f"{file} was changed while it was read. Fit again once nothing writes to it.")
