"""Tables of all kinds of cells, and what must hold whatever they are: shared by the tests and by `make torture`."""

import csv
import datetime
import io
import json
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from deltarule.common.errors import TableError
from deltarule.tables import TableEncoder, known_labels, read_table, training_labels

__all__ = ["check_file", "check_frames", "check_labels", "files", "frames"]

WORDS = [
    "a", "b", "ü", "01", "1", "1.0", "NA", "nan", "", " ", "True", "false", "2024-01-01", "2024-13-45", "9999-12-31",
    "0001-01-01", "2024-01-01T12:00:00+05:00", "1e400", "-1e-400", "1_000", "0x10", "１", "\0", "a\nb", 'q"q', "a,b",
    "=1+1", "x" * 300, "١", "inf", "-Infinity", "1,5", "10" * 200, "None", "null", "?", ".", "-", r"\N", "#DIV/0!",
    "unknown", "<0.5", "−12", "1\u00a0222", "1,222", "1.234,5", "1.234", "$84,835.00", "45%", "5 kg", "(1,2)",
    "1'000", "31/01/2024", "01/02/2024", "01.02.2024", "Jan 3, 2024", "14:30", "2:30 PM", "2024-01",
    "1 days 02:00:00", "yes", "yes ", "Yes", "001", "c0", "\ufdd0", "\u200b", "1e5", "+5", "-0", "7",
]  # fmt: skip

CELLS: dict[str, st.SearchStrategy[Any]] = {
    "number": st.floats(-1e6, 1e6),
    "whole": st.integers(-5, 5),
    "any float": st.floats(),
    "enormous": st.integers(0, 400).map(lambda n: 10**n),
    "subnormal": st.sampled_from([5e-324, -1e-310, 1e-300, 0.0]),
    "word": st.sampled_from(WORDS),
    "text": st.text(max_size=5),
    "boolean": st.booleans(),
    "date": st.dates(),
    "moment": st.datetimes(),
    "moment with zone": st.datetimes(timezones=st.just(datetime.UTC)),
    "gap": st.sampled_from([None, float("nan"), pd.NA, pd.NaT]),
    "numpy": st.sampled_from([np.float32(1.5), np.int8(3), np.bool_(True), np.float16(np.inf), np.uint64(2**63)]),
    "decimal": st.sampled_from([Decimal("1.5"), Decimal("NaN"), Decimal("Infinity"), Decimal("1e500")]),
    "other": st.sampled_from([1j, (1,), b"a", Fraction(1, 3), pd.Timedelta(days=1), pd.Period("2024-01"), object]),
}  # fmt: skip


@st.composite
def _columns(draw: st.DrawFn, rows: int) -> list[Any]:
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=3))
    return draw(st.lists(st.one_of([CELLS[kind] for kind in kinds]), min_size=rows, max_size=rows))


@st.composite
def frames(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a table to learn from, and another with the same columns."""
    names = draw(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4, unique=True))
    tables = []
    for _ in range(2):
        rows = draw(st.integers(1, 8))
        columns = {name: draw(_columns(rows)) for name in names}
        try:
            table = pd.DataFrame(columns, dtype=object if draw(st.booleans()) else None)
        except (OverflowError, TypeError, ValueError):  # what pandas itself cannot hold
            table = pd.DataFrame(columns, dtype=object)
        tables.append(table)
    return tables[0], tables[1]


def check_frames(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """X has a row for each row, in order, finite; columns are found by name; else a TableError."""
    table, other = tables
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            encoder = TableEncoder.fit(table)
        except TableError:
            return
        X = encoder.transform(table)
        assert X.shape == (len(table), len(encoder.names))
        assert np.isfinite(X).all()
        content, arrays = encoder.to_content()
        again = TableEncoder.from_content(json.loads(json.dumps(content)), arrays)
        assert np.array_equal(again.transform(table), X)
        assert again.notices == encoder.notices
        order = np.random.default_rng(len(table)).permutation(len(table))
        shuffled = table.iloc[order, ::-1].assign(**{"one more column": 1})
        assert np.array_equal(encoder.transform(shuffled), X[order])
        used = next(iter(encoder.kinds))
        try:
            encoder.transform(table.drop(columns=used))
        except TableError as error:
            assert repr(used) in str(error)  # noqa: PT017
        else:
            raise AssertionError(f"nothing was said of the missing column {used!r}")
        try:
            X = encoder.transform(other)
        except TableError:
            return
        assert X.shape == (len(other), len(encoder.names))
        assert np.isfinite(X).all()
        for row in range(len(other)):
            assert np.array_equal(encoder.transform(other.iloc[[row]]), X[[row]])


def check_labels(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """Labels are those of the rows that have one, in order; rows with gaps are counted; else a TableError."""
    table, target = tables[0], tables[0].columns[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            labels = training_labels(table, target)
        except TableError:
            return
        filled = np.flatnonzero(table[target].notna())
        assert labels.rows.tolist() == filled.tolist()
        assert len(labels.values) == len(filled)
        assert any("no value in the target" in notice for notice in labels.notices) == (len(filled) < len(table))
        again = known_labels(table, target, np.unique(labels.values))
        assert again.values.tolist() == labels.values.tolist()


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Return a CSV file: mostly whole, at times ragged, or any bytes."""
    kind = draw(st.sampled_from(["whole", "whole", "ragged", "bytes", "text"]))
    if kind == "bytes":
        return draw(st.binary(max_size=60))
    if kind == "text":
        return draw(st.text(alphabet='ab1,;"\t\r\n \\\0é', max_size=60)).encode()
    fields = st.sampled_from(WORDS) | st.integers().map(str) | st.floats().map(str) | st.text(max_size=4)
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(fields, min_size=width, max_size=width), max_size=6))
    if kind == "ragged":
        rows.append(draw(st.lists(fields, max_size=6)))
    table = [[f"c{n}" for n in range(width)], *rows]
    return "\n".join(",".join(map(_field, line)) for line in table).encode(errors="replace")


def _bare(field: str) -> str:
    return "" if field == "\ufdd0" else field.strip()


def check_file(path: Path, data: bytes) -> None:
    """A file is a table with its rows in their order, which is encoded row by row; else a TableError."""
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            table = read_table(path)
        except TableError:
            return
        assert table.index.is_monotonic_increasing
        assert table.columns.is_unique
        check_frames((table, table))
        check_labels((table, table))
        # With a number for each row, what went in stands beside what came out.
        lines = [*table.index]
        texts = read_table(path, as_text=list(table.columns))
        assert [*texts.index] == lines
        assert texts.shape == table.shape
        # What csv says is in the file, cell by cell.
        with io.StringIO(data.decode("utf-8-sig"), newline="") as text:
            records = [*csv.reader(text, delimiter=table.attrs["separator"], skipinitialspace=True)]
        rows = [record for record in records if record and any(map(str.strip, record))][1:]
        cells = texts.fillna("").to_numpy().tolist()
        assert [row for row in cells if any(row)] == [[*map(_bare, row)] for row in rows if any(map(_bare, row))]
