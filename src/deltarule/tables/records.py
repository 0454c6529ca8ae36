"""The records of a text file of separated fields, with their first lines; the file is never in memory as a whole.

Every record must have as many fields as the header has names. Blanks around a field, quoted or not, are dropped. A
quoted field that is empty or blank is read as `EMPTY_WORD`: it is a word, whereas an empty field is a gap.
"""

import codecs
import csv
import io
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow
import pyarrow.csv

from deltarule.common.errors import TableError

__all__ = ["EMPTY_WORD", "Records", "separators"]

EMPTY_WORD = "\ufdd0"
"""The text that stands for a quoted field without text: a code point to which Unicode will never give a meaning."""

_BATCH = 1 << 19
"""How many bytes of a file are read at a time; if csv reads them, their fields take about ten times as many."""

_BLANK_LINE = re.compile(rb"(?:\A|\n)\r?\n")

_TEXT = pyarrow.large_string()

_AS_EMPTY_WORD = rf'\1"{EMPTY_WORD}"'


@dataclass(frozen=True)
class Batch:
    """The fields of some records of a file, column by column, and the line on which each record begins."""

    columns: list[Any]
    lines: Sequence[int]


class Records:
    """The records of a file: first the names of the columns, then the others, many at a time.

    Arrow cuts most lines, many times faster than csv. If quotes are in doubtful places, or Arrow fails, csv reads the
    lines and finds out what is wrong.

    Parameters
    ----------
    path : Path
        For messages.
    file : BinaryIO
        At its beginning.
    separator : str

    Raises
    ------
    TableError
        If a record cannot be read, has too few or too many fields, or repeats the header.
    UnicodeDecodeError
        If the file is not UTF-8.
    """

    def __init__(self, path: Path, file: BinaryIO, separator: str) -> None:
        self.names: list[str] = []
        self._path, self._file, self._separator = path, file, separator
        mark = re.escape(separator)
        self._blank = re.compile(rf'(\A|\n|{mark})[ ]*"[^\S\n]*"(?=[^\S\r\n]*(?:{mark}|[\r\n]|\Z))')
        # A blank before an opening quote, or a quote that neither begins nor ends a field nor is beside another quote.
        self._doubtful = re.compile(rf'[{mark}\n][ ]+"|[^{mark}\n"]"[^{mark}\r\n"]'.encode())
        self._line = 1
        self._raw: list[str] = []  # the lines of the record that is being read
        self._waiting: deque[str] = deque()  # the lines that come next
        self._reader = csv.reader(self._lines(), delimiter=separator, skipinitialspace=True, strict=True)
        self._put(file.readline().removeprefix(codecs.BOM_UTF8))
        while not self.names and (self._waiting or self._put(file.readline())):
            for record, _ in self._records(1):
                self.names = _names(record)
                names = mark.join(rf'[ \t]*"?{re.escape(name)}"?[ \t]*' for name in self.names)
                raw = re.escape("".join(self._raw).strip())
                self._header_again = re.compile(rf"^(?:{names}|{raw})\r?$".encode(), re.MULTILINE)

    def batches(self, wanted: Sequence[int] | None = None) -> Iterator[Batch]:
        """Yield the records below the names; `wanted` are the numbers of the columns to yield, by default all."""
        wanted = range(len(self.names)) if wanted is None else wanted
        while data := self._next():
            fast = None if self._waiting or len(self.names) < 2 else self._cut_by_arrow(data, wanted)
            if fast is not None:
                m = fast.num_rows
                columns = [fast[str(n)].combine_chunks() for n in wanted]
                yield Batch(columns, range(self._line, self._line + m))
                self._line += m
                continue
            self._put(data)
            if records := list(self._records()):
                fields = list(zip(*(record for record, _ in records), strict=True))
                yield Batch([pyarrow.array(fields[n], _TEXT) for n in wanted], [line for _, line in records])

    def _next(self) -> bytes:
        """Return the waiting lines, or else some of the next lines of the file."""
        if self._waiting:
            data = "".join(self._waiting).encode()
            self._waiting.clear()
            return data
        data = self._file.read(_BATCH)
        return data + self._file.readline()

    def _cut_by_arrow(self, data: bytes, wanted: Sequence[int]) -> Any | None:
        """Return lines as a table whose columns are named by their numbers; None if they are better read by csv."""
        data.decode()  # raises where the data are not UTF-8
        if data.count(b"\r") != data.count(b"\r\n") or self._header_again.search(data):
            return None
        if _BLANK_LINE.search(data):  # which Arrow would take for a row of gaps
            return None
        if b'"' in data:
            if self._doubtful.search(data) or any(line.count(b'"') % 2 for line in data.split(b"\n")):
                return None
            text = self._blank.sub(_AS_EMPTY_WORD, data.decode())
            if any(piece.count('"') % 2 for piece in text.split(f'"{EMPTY_WORD}"')):  # one was inside a quoted field
                return None
            data = text.encode()
        names = [str(n) for n in range(len(self.names))]
        try:
            return pyarrow.csv.read_csv(
                pyarrow.BufferReader(data),
                pyarrow.csv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
                pyarrow.csv.ParseOptions(delimiter=self._separator, ignore_empty_lines=False),
                pyarrow.csv.ConvertOptions(
                    check_utf8=False,
                    include_columns=[names[n] for n in wanted],  # none stands for all
                    column_types=dict.fromkeys(names, pyarrow.large_string()),
                    strings_can_be_null=False,
                ),
            )
        except pyarrow.ArrowInvalid:  # a blank line, or a record with too few or too many fields
            return None

    def _put(self, data: bytes) -> int:
        """Add lines to those that wait for csv; return how many were added."""
        lines = [*io.StringIO(data.decode(), newline="")]
        self._waiting.extend(lines)
        return len(lines)

    def _lines(self) -> Iterator[str]:
        """Yield lines as csv asks for them: the waiting lines, then more of the file if a record continues."""
        while self._waiting or self._put(self._file.readline()):
            line = self._waiting.popleft()
            self._raw.append(line)
            # If this changes the inside of a quoted field, csv reports the quote and _fields takes over.
            yield self._blank.sub(_AS_EMPTY_WORD, line) if '"' in line else line

    def _records(self, most: int = sys.maxsize) -> Iterator[tuple[list[str], int]]:
        """Yield the records of the waiting lines, and the line on which each begins."""
        found = 0
        with _fields_of_any_length():
            while self._waiting and found < most:
                self._raw.clear()
                try:
                    record = next(self._reader)
                except csv.Error as error:
                    record = self._careful()
                    if not record:
                        raise _unreadable(self._path, self._line, error) from None
                if record and (record != [""] or self._raw[-1].strip()):  # not a blank line; "" alone is a gap
                    found += 1
                    self._check(record)
                    yield record, self._line
                self._line += len(self._raw)

    def _careful(self) -> list[str]:
        """Read a record that csv gave up, even inside a quoted field; at its end the number of quotes is even."""
        quotes = sum(line.count('"') for line in self._raw)
        more = self._lines()
        while quotes % 2 and (line := next(more, None)) is not None:
            quotes += line.count('"')
        return _fields("".join(self._raw), self._separator) or []

    def _check(self, record: list[str]) -> None:
        if self.names and len(record) != len(self.names):
            raise _ragged(self._path, self._line, len(record), len(self.names), self._separator)
        if len(record) > 1 and _names(record) == self.names:
            raise TableError(
                f"{self._path}, line {self._line}: the row repeats the names of the columns "
                f"({', '.join(record)[:60]}), as in files that were put one after another. Take the line out."
            )


def _names(record: list[str]) -> list[str]:
    """Return the names that a record has, without blanks around them."""
    return [name.strip().replace(EMPTY_WORD, "") for name in record]


@contextmanager
def _fields_of_any_length() -> Iterator[None]:
    """Let csv read fields of more than 131 072 characters, in this block only."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _fields(record: str, separator: str) -> list[str] | None:
    """Return the fields of a whole record, with empty quoted ones marked; None if a quote is misplaced."""
    mark = re.escape(separator)
    one = re.compile(
        rf'[ ]*(?:"(?P<quoted>[^"]*(?:""[^"]*)*)"[^\S\r\n{mark}]*|(?P<plain>[^{mark}\r\n" ][^{mark}\r\n]*|))'
        rf"(?P<end>{mark}|(?:\r\n|\r|\n)?\Z)"
    )
    fields = []
    place = 0
    while found := one.match(record, place):
        quoted = found["quoted"]
        fields.append(found["plain"] if quoted is None else quoted.replace('""', '"').strip() or EMPTY_WORD)
        place = found.end()
        if found["end"] != separator:
            return fields
    return None


def separators(file: BinaryIO, usual: str) -> list[str]:
    """Return the marks that may separate the fields of a file, the likelier first, judging by its first line.

    The usual mark comes first, unless it does not cut the line and another does. A mark that cuts the line into more
    fields than the usual one comes second: for names such as `price, EUR` in a file with semicolons.
    """
    file.seek(0)
    lines = file.read(100_000).decode("utf-8-sig", errors="replace").lstrip().splitlines()
    with _fields_of_any_length():
        fields = {mark: len(next(csv.reader(lines, delimiter=mark), [])) for mark in (usual, *",;\t|")}
    best = max(fields, key=lambda mark: fields[mark])
    return [usual] if best == usual else [best] if fields[usual] < 2 else [usual, best]


def _unreadable(path: Path, line: int, error: csv.Error) -> TableError:
    return TableError(
        f"{path}, line {line}: the row cannot be read ({error}). A field that holds a quote or a line break "
        "goes in quotes, with each quote in it doubled."
    )


def _ragged(path: Path, line: int, fields: int, columns: int, separator: str) -> TableError:
    few = fields < columns
    mark = {",": "comma", ";": "semicolon", "\t": "tab"}.get(separator, repr(separator))
    return TableError(
        f"{path}, line {line}: the row has {fields} {'field' if fields == 1 else 'fields'}, but the header names "
        f"{columns} {'column' if columns == 1 else 'columns'}. {'Add' if few else 'Take out'} {abs(columns - fields)}: "
        f"a gap is an empty field, and a field that holds a {mark} goes in quotes."
    )
