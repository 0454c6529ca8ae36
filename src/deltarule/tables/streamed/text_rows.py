"""A CSV or TSV file as rows that are read part by part: columns are what `read_table` makes of the whole file.

A first pass reads the file as `read_table` does, and keeps only what its columns are: numbers of a dtype, or texts. It
refuses what `read_table` refuses. Each later pass reads the same records again.
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from deltarule.blocks.sources.arrow_rows import LINES, batch_rows
from deltarule.common.errors import TableError
from deltarule.tables.byte_sources import SEPARATORS, streamed, text_kind
from deltarule.tables.reading import no_row, text_of
from deltarule.tables.records import Batch, Records, separators
from deltarule.tables.text_columns import number_fields, text_fields

__all__ = ["TextRows", "about_text"]

_SOME_BYTES = 1 << 20


class TextRows:
    """The rows of a text file; see `ArrowRows`.

    Parameters
    ----------
    path : Path
        A file that ends in .csv or .tsv, each of them also .gz.
    as_text : sequence of str
        Columns to keep as they are written.

    Raises
    ------
    TableError
        If the file cannot be read, or has no row; see `read_table`.
    """

    unit = "line"

    def __init__(self, path: Path, as_text: Sequence[str] = ()) -> None:
        kind = text_kind(path)
        assert kind is not None, "the name of a text file, as the caller has checked"
        self._path = path
        with streamed(path) as file:
            self._state = self._look()
            found = text_of(path, file, SEPARATORS[kind], as_text, keeps=False)
        if not found.rows:
            raise no_row(path, len(found.columns))
        self._separator, self.rows = found.separator, found.rows
        self._dtypes = {name: column.dtype for name, column in found.columns.items()}
        types = {
            name: pa.large_string() if dtype is None else pa.from_numpy_dtype(dtype)
            for name, dtype in self._dtypes.items()
        }
        self.schemas = ((str(path), pa.schema(list(types.items()))),)

    @property
    def where(self) -> str:
        """The name of the file."""
        return str(self._path)

    @property
    def fingerprint(self) -> str:
        """Path, size and time of the file, and what its columns are."""
        dtypes = {name: str(dtype) for name, dtype in self._dtypes.items()}
        return json.dumps([str(self._path.resolve()), *self._state, self._separator, dtypes])

    @property
    def identity(self) -> str:
        """The path of the file."""
        return json.dumps([str(self._path.absolute())])

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Return all rows in order, each with its line; see `ArrowRows`.

        Raises
        ------
        TableError
            If the file was changed since it was looked at, or cannot be read.
        """
        most = batch_rows(len(columns))
        readers = [partial(_read, self._dtypes[name]) for name in columns]
        for batch in self._batches(columns):
            try:
                arrays = [read(fields) for read, fields in zip(readers, batch.columns, strict=True)]
            except TypeError:  # texts among numbers, where there were none before
                raise self._changed() from None
            found = pa.RecordBatch.from_arrays([*arrays, pa.array(batch.lines, pa.int64())], [*columns, LINES])
            for first in range(0, found.num_rows, most):
                yield found.slice(first, most)

    def position(self, row: int) -> tuple[str, int]:
        """Return the name of the file and the line of a row, for which the file is read up to it."""
        for batch in self._batches([]):
            if row < len(batch.lines):
                return self.where, batch.lines[row]
            row -= len(batch.lines)
        return self.where, row

    def place(self, row: int) -> str:
        """Return where a row is."""
        return f"line {self.position(row)[1]} of {self._path}"

    def _batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        if self._look() != self._state:
            raise self._changed()
        with streamed(self._path) as file:
            records = Records(self._path, file, self._separator)
            names = list(self._dtypes)
            yield from records.batches([names.index(name) for name in columns])
        if self._look() != self._state:
            raise self._changed()

    def _look(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise TableError(f"{self._path} cannot be read any more ({error.strerror}). Give it again.") from None
        return found.st_size, found.st_mtime_ns

    def _changed(self) -> TableError:
        return TableError(f"{self._path} was changed while it was read. Fit again once nothing writes to it.")


def about_text(path: Path) -> tuple[int, int, int]:
    """Return about how many bytes, rows and columns a text file has, as its first megabyte tells.

    Raises
    ------
    TableError
        If it cannot be read.
    """
    kind = text_kind(path)
    assert kind is not None, "the name of a text file, as the caller has checked"
    with streamed(path) as file:
        start = file.read(_SOME_BYTES)
        inner = getattr(file, "fileobj", file)  # of gzip, which has read more than it has given, but not much
        size = int(path.stat().st_size * len(start) / max(1, inner.tell()))
        columns = start.partition(b"\n")[0].count(separators(file, SEPARATORS[kind])[0].encode()) + 1
    return size, size * start.count(b"\n") // max(1, len(start)), columns


def _read(dtype: np.dtype[Any] | None, fields: Any) -> Any:
    """Return the fields of a column of numbers (dtype) or of texts (None) as an array of Arrow."""
    if dtype is None:
        return text_fields(fields)
    numbers = number_fields(fields)
    if numbers is None or not np.can_cast(numbers.dtype, dtype):
        raise TypeError
    return pa.array(numbers.astype(dtype, copy=False))
