"""Files of Parquet as a source: one file, a folder, a pattern, or a list of them.

Each file is read in slices (`ParquetFile.iter_batches`), and its columns through small buffers, so that memory does not
depend on how large its row groups are. `Dataset.to_batches` reads ahead without bound.
"""

import glob
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deltarule.blocks.sources.arrow import check_numbers, chunks_of, float_dtype_of
from deltarule.blocks.sources.source import Asked, Chunk, columns_of
from deltarule.common.errors import InputError

__all__ = ["ParquetFiles"]

BATCH_ROWS = 65_536
"""Rows that are decoded at a time: 10 columns of float64 are 5 MB."""

BUFFER_BYTES = 1 << 18
"""Bytes of a column that are read at a time."""

GIANT_ROWS = 4 << 20
"""Rows of a row group from which on a notice says that such groups are slow to read from their middle."""

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
    if path.is_dir():
        found = sorted(path.rglob("*.parquet"))
        if not found:
            raise InputError(
                f"The folder {path} holds no *.parquet. Give a folder with files of Parquet, or a pattern."
            )
        return found
    if path.is_file():
        return [path]
    if glob.has_magic(str(given)):
        found = sorted(one for one in map(Path, glob.glob(str(given), recursive=True)) if one.is_file())
        if not found:
            raise InputError(
                f"The pattern {str(given)!r} matches no file. Patterns count from the folder {Path.cwd()}; give one "
                "that matches."
            )
        return found
    raise InputError(
        f"There is no file {path}. Give a file of Parquet, a folder of them, or a pattern such as *.parquet."
    )


@dataclass(frozen=True, eq=False)
class ParquetFiles:
    """The rows of files of Parquet, one file after the other.

    Attributes
    ----------
    files : tuple of Path
    asked : Asked
    names : tuple of str
        Columns of X.
    lengths : tuple of int
        Rows of each file.
    dtype : dtype
    stats : tuple of (int, int)
        Size and time of each file when the source was made.
    given : tuple of str
        The paths as they were given, from the root.
    """

    files: tuple[Path, ...]
    asked: Asked
    names: tuple[str, ...]
    lengths: tuple[int, ...]
    dtype: np.dtype[Any]
    stats: tuple[tuple[int, int], ...]
    given: tuple[str, ...]

    @classmethod
    def of(cls, given: Any, asked: Asked) -> "ParquetFiles":
        """Return the source of one or several paths; only what the files say of themselves is read."""
        files = files_of(given)
        names: tuple[str, ...] = ()
        lengths, dtypes, stats = [], [], []
        first = None
        for file in files:
            stats.append(_stat(file))
            said = _metadata(file)
            schema = said.schema.to_arrow_schema()
            if first is None:
                first, names = schema, columns_of(schema.names, asked, str(file))
                if len(set(schema.names)) < len(schema.names):
                    raise InputError(f"{file} has two columns of one name. Give every column a name of its own.")
            else:
                columns_of(schema.names, Asked(asked.target, asked.weight, asked.is_coded, names), str(file))
            numbers = [*names, *([] if asked.is_coded else asked.targets), *filter(None, [asked.weight])]
            check_numbers(schema, numbers, str(file))
            if asked.is_coded:
                _check_same_labels(first, schema, asked.targets[0], files[0], file)
            lengths.append(said.num_rows)
            dtypes.append(float_dtype_of(schema, names))
            largest = max((said.row_group(n).num_rows for n in range(said.num_row_groups)), default=0)
            if largest >= GIANT_ROWS:
                _log.info(
                    "%s holds %d rows in one row group. It is read in slices; written with row_group_size=1_000_000 "
                    "it could also be read from its middle.",
                    file,
                    largest,
                )
        if not sum(lengths):
            raise InputError(
                f"{files[0]}{' and the other files hold' if files[1:] else ' holds'} no row. Give examples."
            )
        narrow = all(dtype == np.float32 for dtype in dtypes)
        dtype = np.dtype(np.float32 if narrow else np.float64)
        several = given if isinstance(given, list | tuple) else [given]
        absolute = tuple(str(Path(one).absolute()) for one in several)
        return cls(tuple(files), asked, names, tuple(lengths), dtype, tuple(stats), absolute)

    @property
    def rows(self) -> int:
        """Number of rows of all files."""
        return sum(self.lengths)

    @property
    def n_features(self) -> int:
        """Number of columns of X."""
        return len(self.names)

    @cached_property
    def fingerprint(self) -> str:
        """Path, size and time of each file, as they were when the source was made."""
        return json.dumps([[str(file.resolve()), *stat] for file, stat in zip(self.files, self.stats, strict=True)])

    @property
    def identity(self) -> str:
        """What was given, and the columns: a pattern stays the same when files are added."""
        return json.dumps([self.given, self.names, self.asked.targets, self.asked.weight, self.asked.is_coded])

    def chunks(self, dtype: np.dtype[Any]) -> Iterator[Chunk]:
        """Return all rows in order; see `Source`.

        Raises
        ------
        InputError
            If a file was changed since the source was made, holds gaps, or cannot be read.
        """
        return chunks_of(self._batches(), self.names, self.asked, dtype, self.place)

    def place(self, row: int) -> str:
        """Return where a row is."""
        for file, end, length in zip(self.files, accumulate(self.lengths), self.lengths, strict=True):
            if row < end:
                return f"row {row - end + length} of {file}"
        return f"row {row}"

    def _batches(self) -> Iterator[pa.RecordBatch]:
        columns = list(dict.fromkeys([*self.names, *self.asked.targets, *filter(None, [self.asked.weight])]))
        for file, length, stat in zip(self.files, self.lengths, self.stats, strict=True):
            if not length:
                continue
            _check_unchanged(file, stat)
            try:
                with pq.ParquetFile(file, pre_buffer=False, buffer_size=BUFFER_BYTES) as opened:
                    yield from opened.iter_batches(BATCH_ROWS, columns=columns)
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(file, error) from error
            _check_unchanged(file, stat)


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


def _check_same_labels(first: pa.Schema, schema: pa.Schema, name: str, one: Path, other: Path) -> None:
    """Raise InputError if labels are texts in one file and numbers in another."""
    kinds = [_plain(each.field(name).type) for each in (first, schema)]
    if any(test(kinds[0]) != test(kinds[1]) for test in (pa.types.is_string, pa.types.is_boolean)):
        raise InputError(
            f"The column {name!r} holds {kinds[0]} in {one}, but {kinds[1]} in {other}. Write the labels of all files "
            "in one way."
        )


def _plain(kind: pa.DataType) -> pa.DataType:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else kind
