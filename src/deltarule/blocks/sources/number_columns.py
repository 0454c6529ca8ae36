"""Columns of numbers as a source: rows of Arrow whose features are numbers, with a target and weights by name."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from deltarule.blocks.sources.arrow import check_numbers, chunks_of, float_dtype_of
from deltarule.blocks.sources.arrow_rows import ArrowRows
from deltarule.blocks.sources.source import Asked, Chunk, columns_of, missing_in_file
from deltarule.common.errors import InputError

__all__ = ["NumbersOf"]


class NumbersOf:
    """The rows of files or of a frame that is not computed yet, as X, y and weights.

    Parameters
    ----------
    rows : ArrowRows
    asked : Asked

    Raises
    ------
    InputError
        If a column is missing or holds no numbers, in any of the files, or there is no row.
    """

    def __init__(self, rows: ArrowRows, asked: Asked) -> None:
        self._rows, self.asked = rows, asked
        where, first = rows.schemas[0]
        self.names = columns_of(first.names, asked, where)
        if len(set(first.names)) < len(first.names):
            raise InputError(f"{where} has two columns of one name. Give every column a name of its own.")
        numbers = [*self.names, *([] if asked.is_coded else asked.targets), *filter(None, [asked.weight])]
        narrow = True
        for other, schema in rows.schemas:
            for name in dict.fromkeys([*self.names, *numbers, *asked.targets]):
                if name not in schema.names:
                    raise InputError(missing_in_file(other, name, schema.names, where))
            check_numbers(schema, numbers, f"the {other[4:]}" if other.startswith("The ") else other)
            if asked.is_coded and asked.targets:
                _check_same_labels(first, schema, asked.targets[0], where, other)
            narrow = narrow and float_dtype_of(schema, self.names) == np.float32
        if not rows.rows:
            more = " and the other files hold" if len(rows.schemas) > 1 else " holds"
            raise InputError(f"{where}{more} no row. Give at least one example.")
        self.n_features, self.rows = len(self.names), rows.rows
        self.dtype = np.dtype(np.float32 if narrow else np.float64)
        self.columns = list(dict.fromkeys([*self.names, *asked.targets, *filter(None, [asked.weight])]))

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the rows of Arrow that the numbers are read from."""
        return self._rows.fingerprint

    @property
    def identity(self) -> str | None:
        """The identity of the rows of Arrow, with the columns that are read."""
        of_rows = self._rows.identity
        if of_rows is None:
            return None
        return json.dumps([of_rows, self.names, self.asked.targets, self.asked.weight, self.asked.is_coded])

    def chunks(self, dtype: np.dtype[Any]) -> Iterator[Chunk]:
        """Return all rows in order; see `Source`.

        Raises
        ------
        InputError
            If a file was changed since the source was made, holds gaps, or cannot be read.
        """
        return chunks_of(self._rows.batches(self.columns), self.names, self.asked, dtype, self.place)

    def place(self, row: int) -> str:
        """Return where a row is."""
        return self._rows.place(row)


def _check_same_labels(first: pa.Schema, schema: pa.Schema, name: str, one: str, other: str) -> None:
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
