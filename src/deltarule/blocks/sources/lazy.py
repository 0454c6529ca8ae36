"""Frames that are not computed yet as rows: polars' lazy frames, Arrow's datasets, DuckDB's relations.

Whether they have changed cannot be known, so what is converted of them is not kept.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from deltarule.blocks.sources.arrow_rows import batch_rows
from deltarule.common.errors import InputError

__all__ = ["ArrowDataset", "DuckRelation", "PolarsFrame"]


class _Frame:
    """What the three have in common."""

    fingerprint = identity = None
    where = "The source"
    unit = "row"

    def __init__(self, schema: pa.Schema, rows: int) -> None:
        self.rows = int(rows)
        self.schemas = ((self.where, schema),)

    def position(self, row: int) -> tuple[str, int]:
        """Return the name of the source, because it has no files, and the number of a row in it."""
        return self.where, row

    def place(self, row: int) -> str:
        """Return where a row is."""
        return f"row {row}"


@contextmanager
def _telling(where: str, *errors: type[Exception]) -> Iterator[None]:
    """Put into words what a library raises that cannot compute its frame; errors of a user's functions stay."""
    try:
        yield
    except (pa.ArrowException, OSError, *errors) as error:
        said = next(filter(None, map(str.strip, str(error).splitlines())), "").rstrip(".")
        raise InputError(
            f"{where} cannot be computed ({type(error).__name__}: {said}). Its plan, its connection and its files must "
            "be there and as they were until the fit ends."
        ) from error


class PolarsFrame(_Frame):
    """The rows of a lazy frame, computed by its streaming engine each time."""

    where = "The lazy frame"

    def __init__(self, frame: Any) -> None:
        import polars as pl

        self._errors = pl.exceptions.PolarsError
        with _telling(self.where, self._errors):
            schema = pl.DataFrame(schema=frame.collect_schema()).to_arrow().schema
            super().__init__(schema, frame.select(pl.len()).collect(engine="streaming").item())
        self.frame = frame

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Return all rows in order; see `ArrowRows`."""
        rows = batch_rows(len(columns))
        with _telling(self.where, self._errors):
            for frame in self.frame.select(columns).collect_batches(chunk_size=rows, maintain_order=True):
                yield from frame.to_arrow().to_batches(rows)


class ArrowDataset(_Frame):
    """The rows of a dataset, file by file."""

    where = "The dataset"

    def __init__(self, dataset: Any) -> None:
        with _telling(self.where):
            super().__init__(dataset.schema, dataset.count_rows())
        self.dataset = dataset

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Return all rows in order; see `ArrowRows`."""
        # One batch and one file ahead: with Arrow's defaults, 16 and 4, memory grows with the row groups.
        with _telling(self.where):
            yield from self.dataset.to_batches(
                columns=list(columns), batch_size=batch_rows(len(columns)), batch_readahead=1, fragment_readahead=1
            )


class DuckRelation(_Frame):
    """The rows of a relation, computed by DuckDB each time."""

    where = "The relation"

    def __init__(self, relation: Any) -> None:
        import duckdb

        self._errors = duckdb.Error
        with _telling(self.where, self._errors):
            # fetchall, because relations of DuckDB 2 have no fetchone
            super().__init__(relation.limit(0).to_arrow_table().schema, relation.count("*").fetchall()[0][0])
        self.relation = relation

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Return all rows in order; see `ArrowRows`."""
        named = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in columns)
        with _telling(self.where, self._errors):
            relation = self.relation.project(named)
            # fetch_arrow_reader is its name before DuckDB 1.4
            reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
            yield from reader(batch_rows(len(columns)))
