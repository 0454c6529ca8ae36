"""Frames that are not computed yet as sources: polars' lazy frames, Arrow's datasets, DuckDB's relations.

Whether such a source has changed cannot be known, so what is converted of it is not kept.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from deltarule.blocks.sources.arrow import check_numbers, chunks_of, float_dtype_of
from deltarule.blocks.sources.parquet import BATCH_ROWS
from deltarule.blocks.sources.source import Asked, Chunk, columns_of
from deltarule.common.errors import InputError

__all__ = ["ArrowDataset", "DuckRelation", "PolarsFrame"]


class _Frame:
    """What the three have in common."""

    fingerprint = identity = None
    where = "The source"

    def __init__(self, schema: pa.Schema, rows: int, asked: Asked) -> None:
        self.asked, self.rows = asked, int(rows)
        self.names = columns_of(schema.names, asked, self.where)
        self.n_features = len(self.names)
        numbers = [*self.names, *([] if asked.is_coded else asked.targets), *filter(None, [asked.weight])]
        check_numbers(schema, numbers, self.where[0].lower() + self.where[1:])
        self.dtype = float_dtype_of(schema, self.names)
        if not self.rows:
            raise InputError(f"{self.where} has no row. Give at least one example.")
        self.columns = list(dict.fromkeys([*self.names, *asked.targets, *filter(None, [asked.weight])]))

    def chunks(self, dtype: np.dtype[Any]) -> Iterator[Chunk]:
        """Return all rows in order; see `Source`."""
        return chunks_of(self._batches(), self.names, self.asked, dtype, self.place)

    def place(self, row: int) -> str:
        """Return where a row is."""
        return f"row {row}"

    def _batches(self) -> Iterator[pa.RecordBatch]:
        raise NotImplementedError


class PolarsFrame(_Frame):
    """The rows of a lazy frame, computed by its streaming engine each time."""

    where = "The lazy frame"

    def __init__(self, frame: Any, asked: Asked) -> None:
        import polars as pl

        schema = pl.DataFrame(schema=frame.collect_schema()).to_arrow().schema
        super().__init__(schema, frame.select(pl.len()).collect(engine="streaming").item(), asked)
        self.frame = frame

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for frame in self.frame.select(self.columns).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            yield from frame.to_arrow().to_batches(BATCH_ROWS)


class ArrowDataset(_Frame):
    """The rows of a dataset, file by file."""

    where = "The dataset"

    def __init__(self, dataset: Any, asked: Asked) -> None:
        super().__init__(dataset.schema, dataset.count_rows(), asked)
        self.dataset = dataset

    def _batches(self) -> Iterator[pa.RecordBatch]:
        # One batch and one file ahead: with Arrow's defaults, 16 and 4, memory grows with the row groups.
        yield from self.dataset.to_batches(
            columns=self.columns, batch_size=BATCH_ROWS, batch_readahead=1, fragment_readahead=1
        )


class DuckRelation(_Frame):
    """The rows of a relation, computed by DuckDB each time."""

    where = "The relation"

    def __init__(self, relation: Any, asked: Asked) -> None:
        schema = relation.limit(0).to_arrow_table().schema
        super().__init__(schema, relation.count("*").fetchall()[0][0], asked)
        self.relation = relation

    def _batches(self) -> Iterator[pa.RecordBatch]:
        named = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in self.columns)
        reader = self.relation.project(named).to_arrow_reader(BATCH_ROWS)
        yield from reader
