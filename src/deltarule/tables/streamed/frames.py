"""Raw rows as data frames of a few thousand rows each, and the kinds of their columns by the types that files say."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from deltarule.blocks.sources import ArrowRows
from deltarule.blocks.sources.arrow_rows import LINES
from deltarule.common.errors import TableError
from deltarule.engines.splitmix import base_of_epoch, counted
from deltarule.tables.reading import missing_column

__all__ = ["Frames", "chosen"]


class Frames:
    """Raw rows of Arrow as data frames, as `read_table` would return them, part by part.

    Parameters
    ----------
    rows : ArrowRows

    Attributes
    ----------
    names : list of str
        Columns, in the order in which `read_table` has them.
    kinds : dict of str to str
        The kind of each column by the types of its values: one of `KINDS`, `"text"`, or `"empty"` where no file says a
        type.

    Raises
    ------
    TableError
        If the types of a column differ between files, or a column holds something that no network can learn from.
    """

    def __init__(self, rows: ArrowRows) -> None:
        self.rows = rows
        self._at = -1  # the first row of the part that was read last; −1 if none was, or all were
        where, schema = rows.schemas[0]
        if twice := sorted({name for name in schema.names if schema.names.count(name) > 1}):
            raise TableError(f"{where} has the column {twice[0]!r} more than once. Give each a name.")
        index = [name for name in _index_of(schema) if name in schema.names]
        unnamed = [name for name in index if name.startswith("__index_level_")]
        first = [name for name in index if name not in unnamed]
        self.names = [*first, *(name for name in schema.names if name not in index)]
        self.kinds = {name: self._kind(name) for name in self.names}

    def __len__(self) -> int:
        return self.rows.rows

    def read(self, columns: Sequence[str]) -> Iterator[tuple[int, pd.DataFrame]]:
        """Return all rows in order: the number of the first row of each part, and the part.

        The index of a part says where its rows are in their file, and `telling` which file that is.
        """
        start = 0
        for batch in self.rows.batches(columns):
            if not batch.num_rows:
                continue
            # A dictionary may differ from batch to batch, and so may the dtype of whole numbers with and without gaps.
            frame = pa.Table.from_batches([batch]).select(list(columns)).to_pandas(ignore_metadata=True)
            if LINES in batch.schema.names:
                frame.index = pd.Index(batch.column(LINES).to_numpy(), name="line")
            else:
                inside = self.rows.position(start)[1]
                frame.index = pd.RangeIndex(inside, inside + len(frame), name="row")
            self._at = start
            yield start, frame
            start += len(frame)
        self._at = -1

    def place(self, row: int) -> str:
        """Return where a row is: `row 7`, or `line 9` of a text file, and of which file if there are several."""
        file, inside = self.rows.position(row)
        return f"{self.rows.unit} {inside}" + (f" of {file}" if len(self.rows.schemas) > 1 else "")

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Put the name of its file into an error about a part of several files: that of the part that was read last.

        An error that is raised when all parts have been read is about no file.
        """
        self._at = -1
        try:
            yield
        except TableError as error:
            if self._at < 0 or len(self.rows.schemas) == 1:
                raise
            raise TableError(f"{self.rows.position(self._at)[0]}: {error}") from error

    def _kind(self, name: str) -> str:
        found: dict[str, tuple[str, Any]] = {}
        for where, schema in self.rows.schemas:
            if name not in schema.names:
                raise missing_column(where, name, self.rows.schemas[0][0], schema.names)
            kind = schema.field(name).type
            found.setdefault(_kind_of(name, kind, where), (where, kind))
        found.pop("empty", None)
        if {*found} == {"text", "category"}:  # dictionaries in some files
            return "text"
        if len(found) > 1:
            (one, kind), (other, differs) = list(found.values())[:2]
            raise TableError(
                f"The column {name!r} holds {kind} in {one}, but {differs} in {other}. Write it in one way in all "
                "files."
            )
        return next(iter(found), "empty")


def chosen(key: int, start: int, count: int, share: float) -> NDArray[np.bool_]:
    """Return which of `count` rows from `start` on are chosen: those whose hash is below `share`.

    Row t is chosen if mix(base(key, 0) + t γ) < share · 2⁶⁴ (`splitmix.py`), as in `held_out.py`, however rows are
    read.
    """
    if share >= 1:
        return np.ones(count, dtype=bool)
    hashes = counted(base_of_epoch(key, 0), np.arange(start, start + count, dtype=np.uint64))
    return np.asarray(hashes < np.uint64(int(share * 2**64)))


def _index_of(schema: pa.Schema) -> list[str]:
    """Return the columns in which pandas has kept the index of a frame."""
    said = (schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in said if isinstance(name, str)]


def _kind_of(name: str, kind: pa.DataType, where: str) -> str:
    types = pa.types
    if types.is_null(kind):
        return "empty"
    if types.is_dictionary(kind):
        return "category"
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_timestamp(kind) or types.is_date(kind):
        return "date"
    if types.is_duration(kind):
        return "duration"
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_time(kind):
        return "text"
    raise TableError(
        f"Column {name!r} of {where} holds {kind}, which is not a number, a text, a boolean, a date or a duration. "
        "Turn it into one of these, or leave the column out."
    )
