"""A text file of separated fields, record by record, with the line on which each begins; never the whole file at once.

Every record must have as many fields as the header has names. A field is taken without the blanks around it, quoted or
not. A quoted field that is empty, or blank, comes as `EMPTY_WORD`, because it is a word and an empty field is a gap.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from deltarule.common.errors import TableError

__all__ = ["EMPTY_WORD", "batches", "separators"]

EMPTY_WORD = "\ufdd0"
"""What stands for a quoted field without text: a code point that Unicode promises never to give a meaning."""

_BATCH = 1 << 19
"""Characters of a file that are taken at a time; their fields take some ten times as many bytes while they are read."""

_AS_EMPTY_WORD = rf'\1"{EMPTY_WORD}"'


@dataclass(frozen=True)
class Batch:
    """Some records of a file, and the line on which each begins."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def batches(path: Path, file: BinaryIO, separator: str) -> Iterator[Batch]:
    """Return the records of a file: first the header alone, and then the others, many at a time.

    Raises
    ------
    TableError
        If a record cannot be read, has too few or too many fields, or repeats the header.
    UnicodeDecodeError
        If the file is not UTF-8.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    mark = re.escape(separator)
    blank = re.compile(rf'(\A|{mark})[ ]*"\s*"(?=[^\S\r\n]*(?:{mark}|[\r\n]|\Z))')
    raw: list[str] = []  # the lines of the record that is being read

    def lines() -> Iterator[str]:
        for line in text:
            raw.append(line)
            # Where this meets the inside of a quoted field, csv finds the quote at fault and _fields takes over.
            yield blank.sub(_AS_EMPTY_WORD, line) if '"' in line else line

    reader = csv.reader(lines(), delimiter=separator, skipinitialspace=True, strict=True)
    header: list[str] = []
    names: list[str] = []
    batch, size, line = Batch(), 0, 1
    try:
        with _fields_of_any_length():
            while True:
                raw.clear()
                try:
                    record = next(reader)
                except StopIteration:
                    break
                except csv.Error as error:
                    _finish_record(raw, lines())
                    record = _fields("".join(raw), separator) or []
                    if not record:
                        raise _unreadable(path, line, error) from None
                if record and (record != [""] or raw[-1].strip()):  # else a blank line; "" alone is a gap
                    if not header:
                        header, names = record, [name.strip().replace(EMPTY_WORD, "") for name in record]
                        yield Batch([names], [line])
                    elif len(record) != len(header):
                        raise _ragged(path, line, len(record), len(header), separator)
                    elif record == header and len(header) > 1:
                        raise TableError(
                            f"{path}, line {line}: the row repeats the names of the columns, as files do that were put "
                            "one after another. Take the line out."
                        )
                    else:
                        batch.rows.append(record)
                        batch.lines.append(line)
                        size += len(raw[0])
                        if size > _BATCH:
                            yield batch
                            batch, size = Batch(), 0
                line += len(raw)
    finally:
        text.detach()  # the file stays open: it may be read again
    yield batch


@contextmanager
def _fields_of_any_length() -> Iterator[None]:
    """Let csv read fields of more than 131 072 characters, in this block only."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _finish_record(raw: Sequence[str], more: Iterator[str]) -> None:
    """Read on to the end of a record that csv gave up within a quoted field: its quotes are even in number then."""
    quotes = sum(line.count('"') for line in raw)
    while quotes % 2 and (line := next(more, None)) is not None:
        quotes += line.count('"')


def _fields(record: str, separator: str) -> list[str] | None:
    """Return the fields of a whole record, telling quoted ones apart; None if a quote stands where none belongs."""
    mark = re.escape(separator)
    one = re.compile(
        rf'[ ]*(?:"(?P<quoted>[^"]*(?:""[^"]*)*)"[^\S\r\n{mark}]*|(?P<plain>[^{mark}\r\n"][^{mark}\r\n]*|))'
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
    """Return the marks that may separate the fields of a file, the likelier first, by its first line.

    It is the usual one, unless that does not cut the line at all and another does. Where another cuts it into more
    fields, it comes second: for names such as `price, EUR` in a file with semicolons.
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
