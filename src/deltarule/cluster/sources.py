"""Where partitions come from, as the client sees them: calls that make them. Here, files of Parquet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from deltarule.blocks.sources.source import Asked, Coded
from deltarule.cluster.parts import Form, Part, checked_part
from deltarule.cluster.protocol import Call
from deltarule.common.arrays import Array

__all__ = ["ParquetParts", "Parts"]

PART_BYTES = 16 << 20
"""Bytes of X of the row groups that are read together."""


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
            several = {name: getattr(files, name)[n : n + 1] for name in ("files", "schemas", "lengths", "stats")}
            alone = replace(files, **several)
            said = pq.read_metadata(file)
            most = max(1, PART_BYTES // (8 * source.n_features))
            groups: list[int] = []
            rows = first = 0
            for group in range(said.num_row_groups):
                groups.append(group)
                rows += said.row_group(group).num_rows
                if rows >= most or group == said.num_row_groups - 1:
                    some = replace(alone, groups=tuple(groups))
                    readers.append(_RowGroups(some, source.names, asked, source.dtype, first))
                    first, rows, groups = first + rows, 0, []
        form = Form(source.n_features, asked.is_coded)
        return cls(tuple(readers), form, source.names, asked.weight is not None)

    def calls(self, digests: Sequence[str] | None = None) -> list[Call]:
        """Return how each partition is read; see `Parts`."""
        return [
            Call("part", n, partial(reader.read, None if digests is None else digests[n]))
            for n, reader in enumerate(self.readers)
        ]


@dataclass(frozen=True, eq=False)
class _RowGroups:
    """Some row groups of a file."""

    files: Any
    names: tuple[str, ...]
    asked: Asked
    dtype: np.dtype[Any]
    first: int

    def read(self, digest: str | None) -> Part:
        """Return their rows."""
        from deltarule.blocks.sources.arrow import chunks_of

        columns = list(dict.fromkeys([*self.names, *self.asked.targets, *filter(None, [self.asked.weight])]))
        chunks = list(
            chunks_of(
                self.files.batches(columns),
                self.names,
                self.asked,
                self.dtype,
                lambda row: str(self.files.place(self.first + row)),
            )
        )
        X = np.concatenate([chunk.X for chunk in chunks]) if chunks else np.empty((0, len(self.names)))
        weights = None
        if self.asked.weight is not None:
            weights = np.concatenate([chunk.weights for chunk in chunks]).astype(np.float64) if chunks else np.empty(0)
        part = Part(X, _joined([chunk.y for chunk in chunks], self.asked), weights)
        return checked_part(part, f"{self.files.where}, counted from row {self.first}", digest)


def _joined(several: list[Any], asked: Asked) -> Coded | Array:
    if not asked.is_coded:
        return np.concatenate([np.empty((0, len(asked.targets))), *several])
    codes: dict[Any, int] = {}
    places = [
        np.array([codes.setdefault(value, len(codes)) for value in one.values], np.int64)[one.places] for one in several
    ]
    return Coded(np.concatenate([np.empty(0, np.int64), *places]), list(codes))
