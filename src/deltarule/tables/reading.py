"""Read a table from a file, or say exactly what is wrong with the file.

pandas pads short rows and shifts long ones without a word, so a CSV file is first gone through record by record: every
record must have as many fields as the header has names. An empty field, and NA, N/A, NaN, null, None and the other
spellings that pandas knows, is a gap. Blank lines are no rows. The index of the table says where each row stands in the
file (its line, for text; its number from 0, for Parquet), for messages.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deltarule.common.errors import TableError

__all__ = ["check_columns", "check_names", "is_number", "name_some", "place_of", "read_table"]

SEPARATORS = {".csv": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")


def read_table(path: str | Path, *, as_text: Iterable[str] = ()) -> pd.DataFrame:
    """Read a CSV, TSV or Parquet file, by its suffix.

    Parameters
    ----------
    path : str or Path
        Text files are UTF-8, with one line of column names first.
    as_text : iterable of str, optional
        Columns of a text file whose values are kept as they are written: `01` stays `01`. Names that the file does
        not have are passed over.

    Returns
    -------
    table : DataFrame
        Columns as in the file, rows in the order of the file, none left out. The index is named `line` (CSV, TSV;
        the header is line 1) or `row` (Parquet, from 0).

    Raises
    ------
    TableError
        If the file is missing, empty, of another kind, not UTF-8, has a row with too few or too many fields, has no
        row, or has columns without a name or with the same name.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SEPARATORS and suffix not in PARQUET:
        raise TableError(
            f"{path} ends in {path.suffix!r}, which is no kind of table that is known here. "
            f"Take a file that ends in {', '.join([*SEPARATORS, *PARQUET])}."
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise TableError(f"{path} does not exist. Give the path of a table (CSV or Parquet).") from None
    except OSError as error:
        raise TableError(
            f"{path} cannot be read ({error.strerror}). Give the path of a table (CSV or Parquet)."
        ) from None
    if not data.strip():
        raise TableError(f"{path} is empty. A table has one line of column names and one line for each example.")
    table = _parquet(path, data) if suffix in PARQUET else _text(path, data, SEPARATORS[suffix], set(as_text))
    if len(table) == 0:
        raise TableError(
            f"{path} has {len(table.columns)} columns but no row below their names. Add at least one example."
        )
    return table


def check_columns(table: pd.DataFrame, names: Iterable[str], what: str) -> None:
    """Raise TableError if a table lacks a column, naming those that it has, closest first, or has one twice.

    `what` says in the caller's words what the columns are for: `"the model was trained on"`.
    """
    names = list(names)
    missing = [name for name in names if name not in table.columns]
    if not missing:
        if not table.columns.is_unique and (twice := set(names) & set(table.columns[table.columns.duplicated()])):
            raise TableError(f"The table has the column {name_some(sorted(twice))} more than once. Give each a name.")
        return
    there = [str(name) for name in table.columns]
    if len(there) == 1 and (other := _other_separator(there[0])):
        raise _separated_otherwise(f"The table has no column {name_some(missing)}, which {what}", other)
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
    """Return whether a text says a number.

    >>> is_number("1e3"), is_number("1,000")
    (True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def place_of(table: pd.DataFrame | pd.Series, row: int) -> str:
    """Return where a row stands in its file: `line 7`."""
    return f"{table.index.name or 'row'} {table.index[row]}"


def _text(path: Path, data: bytes, separator: str, as_text: set[str]) -> pd.DataFrame:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, data, error) from None
    try:
        names, lines = _records(path, text, separator)
    except TableError:
        if other := _other_separator(text, separator):
            raise _separated_otherwise(str(path), other) from None
        raise
    table = pd.read_csv(
        io.StringIO(text, newline=""),
        sep=separator,
        header=0,
        names=names,
        dtype={name: str for name in names if name in as_text},
        skipinitialspace=True,
        index_col=False,
        low_memory=False,
    )
    if len(table) != len(lines):
        raise TableError(
            f"{path} has {len(lines)} rows, but {len(table)} could be read. Look for stray quotes, and write the "
            "file again with a program that quotes fields as RFC 4180 says."
        )
    table.index = pd.Index(lines, name="line")
    return table


def _records(path: Path, text: str, separator: str) -> tuple[list[str], list[int]]:
    """Check every record of a text; return the names of the columns and the line on which each row begins."""
    last = ""

    def physical_lines() -> Iterator[str]:
        nonlocal last
        for physical in io.StringIO(text, newline=""):
            last = physical
            yield physical

    reader = csv.reader(physical_lines(), delimiter=separator, skipinitialspace=True, strict=True)
    names: list[str] = []
    lines = []
    line = 1
    try:
        for record in reader:
            if record and (record != [""] or last.strip()):  # else a blank line; "" alone is a gap
                if not names:
                    names = [name.strip() for name in record]
                    check_names(path, names)
                elif len(record) != len(names):
                    raise _ragged(path, line, len(record), len(names), separator)
                else:
                    lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            f"{path}, line {line}: the row cannot be read ({error}). A field that holds a quote or a line break "
            "goes in quotes, with each quote in it doubled."
        ) from None
    return names, lines


def _other_separator(text: str, separator: str = "") -> str:
    """Return the mark that cuts the first line of a text into more fields than the separator does, or nothing."""
    lines = text[:100_000].lstrip().splitlines()  # csv refuses fields that are longer still
    fields = {mark: len(next(csv.reader(lines, delimiter=mark), [])) for mark in ",;\t|"}
    best = max(fields, key=lambda mark: fields[mark])
    return best if fields[best] > fields.get(separator, 1) else ""


def _separated_otherwise(where: str, separator: str) -> TableError:
    named = next((suffix for suffix, mark in SEPARATORS.items() if mark == separator), None)
    return TableError(
        f"{where}: the columns seem to be separated by {separator!r}. "
        + (
            f"Give the file a name that ends in {named}."
            if named
            else "Write it anew with commas, for example with pandas: "
            f"pandas.read_csv('old.csv', sep={separator!r}, decimal=',').to_csv('new.csv', index=False)."
        )
    )


def _ragged(path: Path, line: int, fields: int, columns: int, separator: str) -> TableError:
    few = fields < columns
    return TableError(
        f"{path}, line {line}: the row has {fields} {'field' if fields == 1 else 'fields'}, but the header names "
        f"{columns} {'column' if columns == 1 else 'columns'}. {'Add' if few else 'Take out'} {abs(columns - fields)}: "
        f"a gap is an empty field, and a field that holds a {'comma' if separator == ',' else 'tab'} goes in quotes."
    )


def _not_utf8(path: Path, data: bytes, error: UnicodeDecodeError) -> TableError:
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    line = data.count(b"\n", 0, error.start) + 1
    place = error.start - data.rfind(b"\n", 0, error.start)
    return TableError(
        f"{path} is not UTF-8: line {line} holds the byte 0x{data[error.start]:02x} at place {place}. Convert the "
        f"file first, for example: iconv -f {'utf-16' if utf16 else 'latin1'} -t utf-8 {path} > utf8{path.suffix}"
    )


def check_names(where: str | Path, names: Sequence[Any]) -> None:
    """Raise TableError unless every column has a text of its own for a name."""
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


def _parquet(path: Path, data: bytes) -> pd.DataFrame:
    try:
        table = pd.read_parquet(io.BytesIO(data))
    except ImportError:
        raise TableError(f"{path} is Parquet, which needs pyarrow: pip install 'deltarule[cli]'") from None
    except Exception as error:  # pyarrow has no one exception for a damaged file
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
