"""CSV and TSV files as rows that are read part by part: columns are what `read_table` makes of one file of all rows.

A first pass reads the files as `read_table` does, and keeps only what their columns are: numbers of a dtype, or texts.
It refuses what `read_table` refuses. Each later pass reads the same records again.
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
from deltarule.tables.byte_sources import SEPARATORS, Piped, name_of, streamed, text_kind
from deltarule.tables.reading import TextFile, columns_of, no_row, text_of
from deltarule.tables.records import Batch, Records, separators
from deltarule.tables.streamed.text_files import TextFiles
from deltarule.tables.text_columns import number_fields, text_fields

__all__ = ["TextRows", "about_text"]

_SOME_BYTES = 1 << 20


class TextRows:
    """The rows of text files, one file after the other; see `ArrowRows`.

    Whether a column is numbers or texts is settled over all files, as in a file of all rows. Its place may differ from
    file to file, and so may the separator.

    Parameters
    ----------
    of : TextFiles
    as_text : sequence of str
        Columns to keep as they are written.

    Raises
    ------
    TableError
        If a file cannot be read, lacks a column of the first, or no file has a row; see `read_table`.
    """

    unit = "line"

    def __init__(self, of: TextFiles, as_text: Sequence[str] = ()) -> None:
        self._given = of.given
        self._files, self._states = [], []
        for file in of.files:
            self._files.append(TextFile(name_of(file), partial(streamed, file), _separator(file)))
            self._states.append((file, _look(file)))
        found = columns_of(self._files, as_text, keeps=False)
        self._headers, self._lengths = found.headers, found.lengths
        if not self.rows:
            raise no_row(self.where, len(found.columns))
        self._dtypes = {name: column.dtype for name, column in found.columns.items()}
        types = {
            name: pa.large_string() if dtype is None else pa.from_numpy_dtype(dtype)
            for name, dtype in self._dtypes.items()
        }
        schema = pa.schema(list(types.items()))
        self.schemas = tuple((str(file.path), schema) for file in self._files)

    @property
    def where(self) -> str:
        """The name of the first file."""
        return str(self._files[0].path)

    @property
    def rows(self) -> int:
        """Number of rows of all files."""
        return sum(self._lengths)

    @property
    def fingerprint(self) -> str | None:
        """Path, size and time of each file, and what its columns are; None for standard input."""
        dtypes = {name: str(dtype) for name, dtype in self._dtypes.items()}
        files = []
        for (file, state), text in zip(self._states, self._files, strict=True):
            if isinstance(file, Piped):
                return None
            files.append([str(file.resolve()), *state, text.separator])
        return json.dumps([files, dtypes])

    @property
    def identity(self) -> str | None:
        """What was given; None for standard input."""
        return None if any(isinstance(file, Piped) for file, _ in self._states) else json.dumps(self._given)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Return all rows in order, each with its line; see `ArrowRows`.

        Raises
        ------
        TableError
            If the file was changed since it was looked at, or cannot be read.
        """
        most = batch_rows(len(columns))
        readers = [partial(_read, self._dtypes[name]) for name in columns]
        for n, file in enumerate(self._files):
            for batch in self._batches(n, columns):
                try:
                    arrays = [read(fields) for read, fields in zip(readers, batch.columns, strict=True)]
                except TypeError:  # texts among numbers, where there were none before
                    raise _changed(file.path) from None
                found = pa.RecordBatch.from_arrays([*arrays, pa.array(batch.lines, pa.int64())], [*columns, LINES])
                for first in range(0, found.num_rows, most):
                    yield found.slice(first, most)

    def position(self, row: int) -> tuple[str, int]:
        """Return the file of a row and its line there, for which that file is read up to it."""
        for n, (file, length) in enumerate(zip(self._files, self._lengths, strict=True)):
            for batch in self._batches(n, []) if row < length else ():
                if row < len(batch.lines):
                    return str(file.path), batch.lines[row]
                row -= len(batch.lines)
            row -= length
        return self.where, row

    def place(self, row: int) -> str:
        """Return where a row is."""
        file, line = self.position(row)
        return f"line {line} of {file}"

    def _batches(self, n: int, columns: Sequence[str]) -> Iterator[Batch]:
        """Return the records of file `n`, as the first pass has seen it."""
        given, state = self._states[n]
        file = self._files[n]
        if _look(given) != state:
            raise _changed(file.path)
        with file.open() as data:
            records = Records(file.path, data, file.separator)
            yield from records.batches([self._headers[n].index(name) for name in columns])
        if _look(given) != state:
            raise _changed(file.path)


def about_text(given: Path | Piped) -> tuple[int, int, int]:
    """Return about how many bytes, rows and columns a text file has, as its first megabyte tells.

    Raises
    ------
    TableError
        If it cannot be read.
    """
    with streamed(given) as file:
        start = file.read(_SOME_BYTES)
        inner = getattr(file, "fileobj", file)  # of gzip, which has read more than it has given, but not much
        size = int(_look(given)[0] * len(start) / max(1, inner.tell()))
        columns = start.partition(b"\n")[0].count(separators(file, _usual(given))[0].encode()) + 1
    return size, size * start.count(b"\n") // max(1, len(start)), columns


def _usual(given: Path | Piped) -> str:
    kind = text_kind(given)
    assert kind is not None, "the name of a text file, as the caller has checked"
    return SEPARATORS[kind]


def _separator(given: Path | Piped) -> str:
    """Return the mark that separates the fields of a file; where two may, the file is read to find out."""
    with streamed(given) as file:
        usual = _usual(given)
        marks = separators(file, usual)
        return marks[0] if len(marks) == 1 else text_of(name_of(given), file, usual, (), keeps=False).separator


def _look(given: Path | Piped) -> tuple[int, int]:
    if isinstance(given, Piped):
        return given.size, 0
    try:
        found = given.stat()
    except OSError as error:
        raise TableError(f"{given} cannot be read any more ({error.strerror}). Give it again.") from None
    return found.st_size, found.st_mtime_ns


def _changed(path: Path) -> TableError:
    return TableError(f"{path} was changed while it was read. Fit again once nothing writes to it.")


def _read(dtype: np.dtype[Any] | None, fields: Any) -> Any:
    """Return the fields of a column of numbers (dtype) or of texts (None) as an array of Arrow."""
    if dtype is None:
        return text_fields(fields)
    numbers = number_fields(fields)
    if numbers is None or not np.can_cast(numbers.dtype, dtype):
        raise TypeError
    return pa.array(numbers.astype(dtype, copy=False))
