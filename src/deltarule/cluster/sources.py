"""Where partitions come from, as the client sees them: calls that make them. Here, files of Parquet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from deltarule.blocks.sources.source import Asked, Coded
from deltarule.cluster.parts import Form, Part, checked_part
from deltarule.cluster.protocol import Call

__all__ = ["ParquetParts", "Parts"]

PART_BYTES = 4 << 20
"""Most bytes of X of the row groups that are read together; a group that is larger is read by itself.

A worker holds the partitions of a span beside the span, so this is what it needs more than its spans.
"""


SLICE_ROWS = 1 << 14
"""Rows that are decoded at a time, and then copied to their partition: 10 columns of float64 are 1.3 MB."""


class Parts(Protocol):
    """Partitions in order."""

    @property
    def form(self) -> Form:
        """Their form."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the columns of X."""

    @property
    def is_weighted(self) -> bool:
        """Whether rows have weights."""

    def calls(self, digests: Sequence[str] | None = None) -> list[Call]:
        """Return how each partition is made; with digests, it is refused if it has another."""


@dataclass(frozen=True, eq=False)
class ParquetParts:
    """Row groups of files of Parquet, which every worker reads where it needs them.

    Attributes
    ----------
    readers : tuple
        What reads each partition.
    form, names, is_weighted
        As for `Parts`.
    """

    readers: tuple["_RowGroups", ...]
    form: Form
    names: tuple[str, ...] | None
    is_weighted: bool

    @classmethod
    def of(cls, given: Any, asked: Asked) -> "ParquetParts":
        """Return the partitions of a path, a pattern, a folder or a list of them.

        Raises
        ------
        InputError
            If there is no file, or the columns do not fit.
        """
        import pyarrow.parquet as pq

        from deltarule.blocks.sources.number_columns import NumbersOf
        from deltarule.blocks.sources.parquet import ParquetFiles

        files = ParquetFiles.of(given)
        source = NumbersOf(files, asked)
        readers = []
        for n, file in enumerate(files.files):
            several = {
                name: getattr(files, name)[n : n + 1] for name in ("files", "keys", "own_schemas", "lengths", "stats")
            }
            alone = replace(files, **several, slice_rows=SLICE_ROWS)
            said = pq.read_metadata(file)
            lengths = [said.row_group(group).num_rows for group in range(said.num_row_groups)]
            most = max(1, PART_BYTES // (source.dtype.itemsize * source.n_features))
            first = 0
            for groups in _together(lengths, most):
                rows = sum(lengths[group] for group in groups)
                if rows:
                    some = replace(alone, groups=groups, lengths=(rows,), first=first)
                    readers.append(_RowGroups(some, replace(asked, features=source.names), source.dtype))
                first += rows
        form = Form(source.n_features, asked.is_coded)
        return cls(tuple(readers), form, source.names, asked.weight is not None)

    def calls(self, digests: Sequence[str] | None = None) -> list[Call]:
        """Return how each partition is read; see `Parts`."""
        return [
            Call("part", n, partial(reader.read, None if digests is None else digests[n]))
            for n, reader in enumerate(self.readers)
        ]


def _together(lengths: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """Return numbers of row groups that are read together: as many as have at most so many rows, and at least one.

    >>> list(_together([4, 4, 9, 0, 3], 8))
    [(0, 1), (2,), (3, 4)]
    """
    groups: list[int] = []
    rows = 0
    for group, length in enumerate(lengths):
        if groups and rows + length > most:
            yield tuple(groups)
            groups, rows = [], 0
        groups.append(group)
        rows += length
    if groups:
        yield tuple(groups)


@dataclass(frozen=True, eq=False)
class _RowGroups:
    """Some row groups of a file, with the dtype of X of all files."""

    files: Any
    asked: Asked
    dtype: np.dtype[Any]

    def read(self, digest: str | None) -> Part:
        """Return their rows. Each batch is copied to its place, so that no row is in memory twice."""
        from deltarule.blocks.sources.number_columns import NumbersOf

        asked, source = self.asked, NumbersOf(self.files, self.asked)
        X = np.empty((source.rows, source.n_features), self.dtype)
        weights = None if asked.weight is None else np.empty(source.rows)
        codes: dict[Any, int] = {}
        y: Any = np.empty(source.rows, np.int64) if asked.is_coded else np.empty((source.rows, len(asked.targets)))
        at = 0
        for chunk in source.chunks(self.dtype):
            rows = slice(at, at + len(chunk.X))
            X[rows] = chunk.X
            if isinstance(chunk.y, Coded):
                of_values = [codes.setdefault(value, len(codes)) for value in chunk.y.values]
                y[rows] = np.array(of_values, np.int64)[chunk.y.places]
            else:
                y[rows] = chunk.y
            if weights is not None:
                weights[rows] = chunk.weights
            at = rows.stop
        part = Part(X, Coded(y, list(codes)) if asked.is_coded else y, weights)
        return checked_part(part, f"{self.files.where}, counted from row {self.files.first}", digest)
