"""Predictions of a model of a table for rows that are read part by part."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import pandas as pd

from deltarule.blocks.sources.arrow_rows import batch_rows
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.oddities import Oddities
from deltarule.tables.streamed.frames import Frames
from deltarule.tables.streamed.table_rows import frames_like

__all__ = ["Predicts", "parts_of", "predicted_parts"]


class Predicts(Protocol):
    """A model of a table that predicts some of its rows."""

    @property
    def encoder(self) -> TableEncoder:
        """What was learnt of the columns."""

    @property
    def as_text(self) -> Sequence[str]:
        """Columns of a text file to keep as they are written."""

    def predict_part(self, table: pd.DataFrame) -> tuple[pd.DataFrame, Oddities]:
        """Predict some rows of a table, and say how they differ from the training table, to be added up."""


def predicted_parts(model: Predicts, source: Any) -> Iterator[tuple[pd.DataFrame, Oddities]]:
    """Return the predictions for the rows of a source in order, in parts, and what was met in each.

    Parameters
    ----------
    model : TableModel or CommitteeModel
    source : path, list of paths, LazyFrame of polars, dataset of Arrow or relation of DuckDB

    Raises
    ------
    TableError
        If a column is missing or holds values of another kind than in training, or there is no row.
    """
    frames = frames_like(source, model.encoder, model.as_text)
    with frames.telling():
        for _, part in parts_of(frames, model.encoder, list(model.encoder.kinds)):
            yield model.predict_part(part)


def parts_of(frames: Frames, encoder: TableEncoder, columns: Sequence[str]) -> Iterator[tuple[int, pd.DataFrame]]:
    """Return the rows of frames in parts that are small also when they are encoded, with the number of the first."""
    most = batch_rows(len(encoder.names))
    for start, frame in frames.read(columns):
        for first in range(0, len(frame), most):
            yield start + first, frame.iloc[first : first + most]
