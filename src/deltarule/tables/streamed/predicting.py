"""Predictions of a model of a table for rows that are read part by part."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from deltarule.blocks.sources.arrow_rows import batch_rows
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.streamed.table_rows import frames_like, frames_of

__all__ = ["parts_of_table"]


def parts_of_table(source: Any, encoder: TableEncoder | None, as_text: Sequence[str] = ()) -> Iterator[pd.DataFrame]:
    """Return the rows of a source in order, in parts that are small also when they are encoded.

    Parameters
    ----------
    source : path, list of paths, LazyFrame of polars, dataset of Arrow or relation of DuckDB
    encoder : TableEncoder or None
        Whose columns are read; None: all columns.
    as_text : sequence of str
        Columns of a text file to keep as they are written, if there is no encoder that says them.

    Raises
    ------
    TableError
        If a column is missing, or there is no row.
    """
    frames = frames_of(source, as_text) if encoder is None else frames_like(source, encoder)
    columns = frames.names if encoder is None else list(encoder.kinds)
    most = batch_rows(len(columns if encoder is None else encoder.names))
    for _, frame in frames.read(columns):
        for first in range(0, len(frame), most):
            yield frame.iloc[first : first + most]
