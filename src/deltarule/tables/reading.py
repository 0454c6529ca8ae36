"""Functions that read a table from a file, or say exactly what is wrong with the file.

A text file is read record by record (records.py), and each of its columns is kept as numbers or as texts (columns.py).
Blank lines are not rows. The index of the table says for messages where each row is in the file: its line in a text
file, its number from 0 in Parquet.
"""

import codecs
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from deltarule.blocks.sources.source import missing_in_file
from deltarule.common.errors import TableError
from deltarule.tables.byte_sources import PARQUET, SEPARATORS, Piped, opened
from deltarule.tables.records import Records, separators
from deltarule.tables.row_numbers import UNNAMED
from deltarule.tables.text_columns import Column

__all__ = [
    "Text",
    "TextFile",
    "as_frame",
    "check_columns",
    "check_names",
    "columns_of",
    "is_number",
    "missing_column",
    "name_some",
    "no_row",
    "place_of",
    "read_table",
    "text_of",
]

WIDE = ("Int128", "UInt128")
"""Types of polars that neither Arrow nor NumPy has."""


def read_table(path: str | Path | Piped, *, as_text: Iterable[str] = ()) -> pd.DataFrame:
    """Read a CSV, TSV (also .gz) or Parquet file, by its suffix, or standard input.

    Parameters
    ----------
    path : str, Path or Piped
        Text files are UTF-8, with one line of column names first. `-` is standard input.
    as_text : iterable of str, optional
        Columns of a text file to keep as they are written: `01` stays `01`. Names that the file lacks are ignored.

    Returns
    -------
    table : DataFrame
        All columns and rows of the file, in its order. The index is named `line` (CSV, TSV; the header is line 1) or
        `row` (Parquet, from 0).

    Raises
    ------
    TableError
        If the file is missing, empty, of another kind, not UTF-8, has a row with too few or too many fields, has no
        row, or has columns without a name or with the same name.
    """
    with opened(path if isinstance(path, Piped) else Path(path)) as source:
        name, file = source.name, source.file
        if source.kind in PARQUET:
            table = _parquet(name, file)
        else:
            table = _text(name, file, SEPARATORS[source.kind], set(as_text))
    if len(table) == 0:
        raise no_row(name, len(table.columns))
    return table


def as_frame(table: Any) -> pd.DataFrame:
    """Return a table of pandas, polars or Arrow as a data frame of pandas.

    Raises
    ------
    TableError
        If the table is none of these.
    """
    if isinstance(table, pd.DataFrame):
        return table
    if hasattr(table, "to_pandas"):
        kinds = getattr(table, "schema", None)
        kinds = kinds.items() if isinstance(kinds, Mapping) else ()  # of polars
        wide = {name: float for name, kind in kinds if str(kind) in WIDE}
        return as_frame((table.cast(wide) if wide else table).to_pandas())
    raise TableError(
        f"A {type(table).__name__} is no table. Give a data frame of pandas or polars, or a table of Arrow: "
        "its columns have names."
    )


def check_columns(table: pd.DataFrame, names: Iterable[str], what: str) -> None:
    """Raise TableError if a table lacks one of some columns, or has it twice; the message names similar columns first.

    `what` says what the columns are for, in the caller's words: `"the model was trained on"`.
    """
    names = list(names)
    missing = [name for name in names if name not in table.columns]
    if not missing:
        if not table.columns.is_unique and (twice := set(names) & set(table.columns[table.columns.duplicated()])):
            raise TableError(f"The table has the column {name_some(sorted(twice))} more than once. Give each a name.")
        return
    there = [str(name) for name in table.columns]
    closest = get_close_matches(missing[0], there, n=3, cutoff=0.5)
    rest = [name for name in there if name not in closest]
    message = (
        f"The table has no column {name_some(missing)}, which {what}. "
        f"It has {len(there)}: {name_some(closest + rest, 8)}."
    )
    if all(is_number(name) for name in there):
        message += " These look like values: the first line must hold the names of the columns."
    else:
        message += " Rename the column, or name one that is there."
    raise TableError(message)


def name_some(names: Iterable[Any], most: int = 5) -> str:
    """Return the first names in quotes, and how many more there are.

    >>> name_some(["a", "b", "c"], 2)
    "'a', 'b' and 1 more"
    """
    names = [name.item() if isinstance(name, np.generic) else name for name in names]
    text = ", ".join(repr(name) for name in names[:most])
    return f"{text} and {len(names) - most} more" if len(names) > most else text


def is_number(text: str) -> bool:
    """Return whether a text is a number to Python.

    >>> is_number("1e3"), is_number("1,000")
    (True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def place_of(table: pd.DataFrame | pd.Series, row: int) -> str:
    """Return where a row is in its file: `line 7`."""
    return f"{table.index.name or 'row'} {table.index[row]}"


def _empty(path: Path) -> TableError:
    return TableError(f"{path} is empty. A table has one line of column names and one line for each example.")


def _text(path: Path, file: BinaryIO, separator: str, as_text: set[str]) -> pd.DataFrame:
    found = text_of(path, file, separator, as_text)
    index = pd.Index(np.frombuffer(found.lines, dtype=np.int64), name="line")
    series = {name: column.finish().set_axis(index) for name, column in found.columns.items()}
    table = pd.DataFrame(series, index=index, copy=False)
    table.attrs["separator"] = found.separator
    return table


@dataclass(frozen=True, eq=False)
class TextFile:
    """A text file whose separator is known; `open` opens it, or gives it once more."""

    path: Path
    open: Callable[[], AbstractContextManager[BinaryIO]]
    separator: str


@dataclass(frozen=True, eq=False)
class Text:
    """What text files hold one after the other: the columns of the first by name, the rows of each, and their lines.

    `lines` is empty if rows are not kept.
    """

    separator: str
    headers: list[list[str]]
    columns: dict[str, Column]
    lengths: tuple[int, ...]
    lines: Any


def text_of(path: Path, file: BinaryIO, separator: str, as_text: Iterable[str], keeps: bool = True) -> Text:
    """Return the columns of a text file, whose usual separator is given.

    Parameters
    ----------
    path : Path
        For messages.
    file : binary file
        It can be read again from its beginning.
    separator : str
    as_text : iterable of str
        Columns to keep as they are written.
    keeps : bool, default True
        False: only what the columns are, in memory that does not grow with the file.

    Raises
    ------
    TableError
        If the file cannot be read; see `read_table`.
    """
    complaint: TableError | None = None
    for mark in separators(file, separator):
        try:
            return columns_of([TextFile(path, lambda: nullcontext(file), mark)], as_text, keeps)
        except TableError as error:
            complaint = complaint or error
    raise complaint or _empty(path)


def columns_of(files: Sequence[TextFile], as_text: Iterable[str], keeps: bool) -> Text:
    """Return the columns of text files, as of one file that holds the rows of all.

    They are read again if columns turn out to be text. Such a column has a field far down that is not a number, or
    numbers like 1.234 in a file that puts commas before decimals.

    Parameters
    ----------
    files : sequence of TextFile
    as_text, keeps
        As for `text_of`.

    Raises
    ------
    TableError
        If a file cannot be read, or lacks a column of the first.
    """
    as_text = set(as_text)
    headers = [_header(file) for file in files]
    for file, names in zip(files, headers, strict=True):
        if missing := [name for name in headers[0] if name not in names]:
            raise missing_column(file.path, missing[0], files[0].path, names)
    while True:
        columns = {name: Column(name in as_text, keeps) for name in headers[0]}
        lines, lengths = array("q"), []
        for file, names in zip(files, headers, strict=True):
            lengths.append(0)
            with _decoded(file) as data:
                records = Records(file.path, data, file.separator)
                for batch in records.batches([names.index(name) for name in columns]):
                    lengths[-1] += len(batch.lines)
                    if keeps:
                        lines.extend(batch.lines)
                    for column, fields in zip(columns.values(), batch.columns, strict=True):
                        column.add(fields)
        commas = any(file.separator != "," for file in files) and any(column.has_commas for column in columns.values())
        lost = {name for name, column in columns.items() if column.lost or (commas and column.dots_may_group)}
        if not lost:
            return Text(files[0].separator, headers, columns, tuple(lengths), lines)
        as_text |= lost


def _header(of: TextFile) -> list[str]:
    """Return the names of the columns; a first column without a name gets the name that pandas gives it."""
    with _decoded(of) as file:
        names = Records(of.path, file, of.separator).names
    if not names:
        raise _empty(of.path)
    if len(names) > 1 and not names[0] and UNNAMED not in names:
        names = [UNNAMED, *names[1:]]
    check_names(of.path, names)
    return names


@contextmanager
def _decoded(of: TextFile) -> Iterator[BinaryIO]:
    """Open a text file at its beginning, and say where it is not UTF-8."""
    with of.open() as file:
        file.seek(0)
        try:
            yield file
        except UnicodeDecodeError:
            raise _not_utf8(of.path, file) from None


def missing_column(where: str | Path, name: str, first: str | Path, there: Sequence[str]) -> TableError:
    """Return the error about one of several files that lacks a column of the first."""
    return TableError(missing_in_file(str(where), name, there, str(first)))


def _not_utf8(path: Path, file: BinaryIO) -> TableError:
    file.seek(0)
    utf16 = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    file.seek(0)
    line, place, byte = 0, 0, b""
    for data in file:  # a line break is never a part of another character
        line += 1
        try:
            data.decode()
        except UnicodeDecodeError as error:
            place, byte = error.start + 1, data[error.start : error.start + 1]
            break
    return TableError(
        f"{path} is not UTF-8: line {line} holds the byte 0x{byte.hex()} at place {place}. Convert the "
        f"file first, for example: iconv -f {'utf-16' if utf16 else 'latin1'} -t utf-8 {path} > utf8{path.suffix}"
    )


def no_row(name: str | Path, columns: int) -> TableError:
    """Return the error about a table that has columns alone."""
    return TableError(f"{name} has {columns} columns but no row below their names. Add at least one example.")


def check_names(where: str | Path, names: Sequence[Any]) -> None:
    """Raise TableError unless every column has a unique name that is a text."""
    if other := [name for name in names if not isinstance(name, str)]:
        raise TableError(
            f"{where}: a column has the name {other[0]!r} ({type(other[0]).__name__}), but names are texts. "
            "Rename the columns: table.columns = table.columns.map(str)."
        )
    unnamed = [n for n, name in enumerate(names, 1) if not name]
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if unnamed:
        raise TableError(
            f"{where}: column {unnamed[0]} of {len(names)} has no name. Give every column a name of its own"
            + (" (a row index that pandas wrote: save with index=False)." if unnamed == [1] else ".")
        )
    if twice:
        looks_like_data = all(is_number(name) for name in twice)
        raise TableError(
            f"{where}: the column name {twice[0]!r} stands {names.count(twice[0])} times. "
            + (
                "This looks like a value: the first line must hold the names of the columns."
                if looks_like_data
                else "Give every column a name of its own."
            )
        )


def _parquet(path: Path, file: BinaryIO) -> pd.DataFrame:
    if not file.read(1):
        raise _empty(path)
    file.seek(0)
    try:
        table = pd.read_parquet(file)
    except ImportError:
        raise TableError(f"{path} is Parquet, which needs pyarrow: pip install 'deltarule[cli]'") from None
    except Exception as error:  # pyarrow raises several kinds of exceptions for a damaged file
        raise TableError(
            f"{path} cannot be read as Parquet ({str(error).splitlines()[0].rstrip('.')}). It may be cut short or be "
            "of another kind: make it again, or save it as CSV."
        ) from None
    kept = [name for name in table.index.names if name is not None]
    table = table.reset_index(level=kept) if kept else table
    table = table.reset_index(drop=True)
    table.index.name = "row"
    table.columns = pd.Index([str(name) for name in table.columns])
    check_names(path, list(table.columns))
    return table
