"""Some of the rows of a table that is read part by part, and what a model says of all rows whose target is known.

Of each row its target, its predictions and its cost are kept, which measures such as the area under the ROC curve take
together; the row itself is not. Where even these would take too much memory, a sample of the rows is measured.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.errors import TableError
from deltarule.estimators.outcomes import Outcome
from deltarule.network.data import TrainingSet
from deltarule.tables.cells import Form, asked_gaps, counts_of, gap_words_of
from deltarule.tables.model import EncodedExamples
from deltarule.tables.oddities import Oddities
from deltarule.tables.reading import check_columns
from deltarule.tables.streamed.frames import Frames, chosen
from deltarule.tables.streamed.meanings import SAMPLE_KEY
from deltarule.tables.streamed.predicting import Predicts, parts_of
from deltarule.tables.streamed.rows_target import LeftOut
from deltarule.tables.streamed.table_rows import frames_like
from deltarule.tables.target_column import quantity_of

__all__ = ["known_rows", "measured_parts", "row_of"]

_KEPT = ("y", "predicted", "probabilities", "costs")
"""What is kept of an outcome."""


class Measures(Predicts, Protocol):
    """A model of a table: TableModel or CommitteeModel."""

    @property
    def target(self) -> str:
        """Name of the column that it predicts."""

    @property
    def classes(self) -> NDArray[Any] | None:
        """The labels that it knows; None for a quantity."""

    @property
    def form(self) -> Form:
        """How a quantity is written in a table; of labels, which words are gaps."""

    def examples_of(self, table: pd.DataFrame) -> EncodedExamples:
        """Return the rows of a table whose target is known."""

    def outcome_of(self, examples: EncodedExamples) -> Outcome:
        """Return the predictions for examples, in units of the target, with the true values."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What a model says of the rows of a table.

    Attributes
    ----------
    outcome : Outcome
        Its `data` hold no row.
    notices : tuple of str
    """

    outcome: Outcome
    notices: tuple[str, ...]


def measured_parts(model: Measures, source: Any, most_bytes: float) -> Measured:
    """Return the predictions of a model for all rows of a source whose target is known, with the true values.

    Parameters
    ----------
    model : TableModel or CommitteeModel
    source : path, list of paths, LazyFrame of polars, dataset of Arrow or relation of DuckDB
    most_bytes : float
        What the answers to all rows may take; of more rows a sample is chosen by hashes of their numbers.

    Raises
    ------
    TableError
        If a column or the target is missing, or holds values of another kind than in training, or no row has a target.
    """
    frames = _frames(model, source)
    left_out, met, first = LeftOut(model.target, frames.place), Oddities(), None
    kept: dict[str, list[NDArray[Any]]] = {name: [] for name in _KEPT}
    share, of_sample = 1.0, np.ones(0, np.bool_)
    with frames.telling():
        for start, part in parts_of(frames, model.encoder, _columns(model)):
            gaps = _gaps_of(model, part[model.target], start, left_out)
            of_sample = chosen(SAMPLE_KEY, start, len(part), share)
            known = part[~gaps & of_sample]
            if not len(known):
                continue
            examples = model.examples_of(known)
            met.add(examples.oddities)
            outcome = model.outcome_of(examples)
            if first is None:
                share = min(1.0, most_bytes / (_bytes_of(outcome) / outcome.rows * len(frames)))
                first = replace(outcome, data=_without_rows(outcome.data))
            for name, values in kept.items():
                values += [] if getattr(outcome, name) is None else [getattr(outcome, name)]
    notices = (*left_out.notices(), *model.encoder.notices_of(met))
    assert first is not None, "a table without a target is refused by the notices"
    # What was put together is freed before the next is.
    together: dict[str, Any] = {name: np.concatenate(kept.pop(name)) for name in _KEPT if kept[name]}
    whole = replace(first, **together)
    if share < 1:
        notices = (
            f"The figures are of a sample of {whole.rows} of {len(frames)} rows, because the answers to all would take "
            "more memory than there is for them.",
            *notices,
        )
    return Measured(whole, notices)


def known_rows(model: Measures, source: Any, count: int) -> pd.DataFrame:
    """Return the first `count` rows of a source whose target is known, or fewer where there are no more.

    Raises
    ------
    TableError
        If a column is missing, or no row has a target.
    """
    frames = _frames(model, source)
    left_out, found = LeftOut(model.target, frames.place), list[pd.DataFrame]()
    with frames.telling():
        for start, part in parts_of(frames, model.encoder, _columns(model)):
            found.append(part[~_gaps_of(model, part[model.target], start, left_out)])
            if sum(map(len, found)) >= count:
                break
        else:
            left_out.notices()
    whole: pd.DataFrame = pd.concat(found)
    return whole.iloc[:count]


def row_of(model: Measures, source: Any, row: int) -> pd.DataFrame:
    """Return one row of a source, by its number from 0, as a frame.

    Raises
    ------
    TableError
        If a column is missing, or there are fewer rows.
    """
    frames = _frames(model, source)
    for start, part in parts_of(frames, model.encoder, _columns(model)):
        if row < start + len(part):
            return part.iloc[[row - start]]
    raise TableError(f"--row {row} is not there: the rows are 0 to {len(frames) - 1}.")


def _frames(model: Measures, source: Any) -> Frames:
    frames = frames_like(source, model.encoder, model.as_text)
    check_columns(pd.DataFrame(columns=pd.Index(frames.names)), [model.target], "is the target")
    return frames


def _columns(model: Measures) -> list[str]:
    return list(dict.fromkeys([*model.encoder.kinds, model.target]))


def _gaps_of(model: Measures, column: pd.Series, start: int, left_out: LeftOut) -> NDArray[np.bool_]:
    """Return which rows have no target, and note them."""
    form = model.form
    if model.classes is None:
        gaps: NDArray[np.bool_] = np.isnan(quantity_of(column, form))
        left_out.add(start, column, gaps, gap_words_of(column, form))
        return gaps
    named = asked_gaps(column, form.gaps)
    gaps = column.isna().to_numpy() | named
    left_out.add(start, column, gaps, counts_of(column[named]) if form.gaps and named.any() else {})
    return gaps


def _bytes_of(outcome: Outcome) -> int:
    return sum(part.nbytes for part in (getattr(outcome, name) for name in _KEPT) if part is not None)


def _without_rows(data: TrainingSet) -> TrainingSet:
    """Return a training set of the same columns; views of no rows would keep all rows in memory."""
    return TrainingSet(np.empty((0, data.X.shape[1])), np.empty((0, data.Y.shape[1])))
