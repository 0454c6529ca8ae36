"""`TableRows`: rows of a raw table that may be larger than the memory, encoded part by part, as `fit` takes them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from deltarule.blocks.sources import Asked, GivenSource, rows_of
from deltarule.blocks.sources.arrow_rows import batch_rows
from deltarule.blocks.sources.source import Chunk, Coded
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, TableError
from deltarule.tables.encoding import TableEncoder
from deltarule.tables.options import TableOptions
from deltarule.tables.reading import check_columns
from deltarule.tables.streamed.frames import Frames, chosen
from deltarule.tables.streamed.meanings import SAMPLE_KEY, meanings_of
from deltarule.tables.streamed.profile import Profile
from deltarule.tables.streamed.rows_target import RowsTarget, target_of
from deltarule.tables.streamed.split import HELD_OUT, LEARNT, PARTS, Split
from deltarule.tables.streamed.text_files import text_files_of
from deltarule.tables.streamed.text_rows import TextRows
from deltarule.tables.target_column import Task
from deltarule.tables.weights import weightless, weights_in

__all__ = ["TableRows", "first_rows", "frames_like", "sampled"]


@dataclass(frozen=True, eq=False)
class TableRows(GivenSource):
    """The rows of a raw table, larger than the memory or not, as numbers that a network learns from.

    `TableRows.learn` finds out what the columns mean (numbers, dates, words, with their gaps) in two passes or three,
    by the rules of tables in memory. `MLPClassifier.fit(rows)` then converts them once; they hold y and the weights.

    Attributes
    ----------
    encoder : TableEncoder
        What was learnt of the columns.
    target : RowsTarget or None
        The column to predict; None for rows of `like`.
    notices : tuple of str
        What one should know of how the table was read.

    Examples
    --------
    >>> rows = TableRows.learn("train/*.parquet", "label")       # doctest: +SKIP
    >>> clf = MLPClassifier().fit(rows)                          # doctest: +SKIP
    >>> clf.predict(rows.like("new/*.parquet"))                  # doctest: +SKIP
    """

    frames: Frames
    encoder: TableEncoder
    target: RowsTarget | None = None
    weight: str | None = None
    notices: tuple[str, ...] = ()
    split: Split = field(default_factory=Split)
    part: int = LEARNT

    @classmethod
    def learn(
        cls,
        source: Any,
        target: str,
        *,
        task: Task = "auto",
        weight: str | None = None,
        options: TableOptions | None = None,
        split: Split | None = None,
    ) -> Self:
        """Find out what the columns of a raw table mean, and what there is to learn.

        Parameters
        ----------
        source : path, list of paths, LazyFrame of polars, dataset of Arrow or relation of DuckDB
            A path is that of a file of Parquet, CSV or TSV (also .gz), of a folder of them, or a pattern.
        target : str
            Name of the column to predict.
        task : {"auto", "classify", "regress"}, default "auto"
        weight : str, optional
            Name of the column of weights.
        options : TableOptions, optional
        split : Split, optional
            Which rows are held out and watched; these are the others.

        Raises
        ------
        InputError
            If the source, its columns or its cells do not fit.
        """
        options, split = options or TableOptions(), split or Split()
        frames = frames_of(source)
        named = pd.DataFrame(columns=pd.Index(frames.names))
        check_columns(named, [target], "is the target")
        check_columns(named, [] if weight is None else [weight], "is the column of weights")
        check_columns(named, [*options.categories, *options.keep, *options.drop], "is named in the options")
        with frames.telling():
            return cls._learnt(frames, target, task, weight, options, split)

    @classmethod
    def _learnt(
        cls, frames: Frames, target: str, task: Task, weight: str | None, options: TableOptions, split: Split
    ) -> Self:
        features = [name for name in frames.names if name not in (target, weight)]
        used = [name for name in features if name not in options.drop]
        meanings = meanings_of(frames, options, [*used, target])
        found = target_of(frames, target, meanings.pop(target), task, options.gaps, split)
        profile = Profile(
            {name: meanings[name] for name in used},
            {name: "asked" for name in features if name in options.drop},
            options,
            len(frames),
        )
        weights = _Weights(weight, found)
        for start, frame in frames.read([*profile.columns, *weights.columns, target]):
            parts, _ = found.read(frame[target], split.parts(start, len(frame)))
            weights.add(frame, parts)
            profile.add(start, frame, (parts >= 0) & (parts != HELD_OUT))
        weights.check()
        encoder = profile.encoder()
        notices = (*found.notices, *encoder.notices)
        return cls(frames, encoder, found, weight, notices, split)

    def of_part(self, part: int) -> Self:
        """Return the rows that are learnt from, watched or held out."""
        return replace(self, part=part)

    def like(self, source: Any) -> Self:
        """Return the rows of another table with the same columns, to predict them; y is not needed."""
        return replace(self, frames=frames_like(source, self.encoder), target=None, weight=None)

    def __len__(self) -> int:
        return len(self.frames) if self.target is None else int(self.target.rows[self.part])

    def source_for(self, asked: Asked) -> "_Encoded":
        """Return the rows as X, with y and weights unless they are to be predicted.

        Raises
        ------
        InputError
            If there is no row, or the target does not fit the estimator.
        """
        if self.target is None or asked.is_prediction:
            return _Encoded(replace(self, target=None))
        if asked.is_coded != (self.target.scale is None):
            fits = "MLPRegressor" if self.target.scale is not None else "MLPClassifier"
            raise InputError(f"The target {self.target.name!r} was taken for {self.target.why}. Take {fits}.")
        if not len(self):
            raise InputError("There is no row with a value in the target. Give at least one example.")
        return _Encoded(self)


def sampled(rows: TableRows, most: int) -> pd.DataFrame:
    """Return about as many rows as a frame of all columns, or all where there are no more.

    They are chosen by hashes of their numbers from the rows of one part, and stay in their order.
    """
    assert rows.target is not None, "rows to predict are in no part"
    share, found = most / max(1, len(rows)), []
    for start, frame in rows.frames.read(rows.frames.names):
        parts, _ = rows.target.read(frame[rows.target.name], rows.split.parts(start, len(frame)))
        found.append(frame[(parts == rows.part) & chosen(SAMPLE_KEY, start, len(frame), share)])
    whole: pd.DataFrame = pd.concat(found)
    return whole


def first_rows(source: Any, count: int, as_text: Sequence[str] = ()) -> pd.DataFrame:
    """Return the first `count` rows of a source as a frame of all columns, or all where there are no more."""
    frames, found = frames_of(source, as_text), list[pd.DataFrame]()
    for start, part in frames.read(frames.names):
        found.append(part)
        if start + len(part) >= count:
            break
    whole: pd.DataFrame = pd.concat(found)
    return whole.iloc[:count]


def frames_like(source: Any, encoder: TableEncoder, as_text: Sequence[str] | None = None) -> Frames:
    """Return the rows of a source that has the columns of an encoder.

    `as_text` names the columns of a text file to keep as they are written; by default those of the encoder.

    Raises
    ------
    TableError
        If a column is missing, or there is no row.
    """
    frames = frames_of(source, encoder.as_text if as_text is None else as_text)
    check_columns(pd.DataFrame(columns=pd.Index(frames.names)), encoder.kinds, "the model was trained on")
    return frames


def frames_of(source: Any, as_text: Sequence[str] = ()) -> Frames:
    """Return the rows of a source; raise TableError if there is none.

    Parameters
    ----------
    source : path, list of paths, LazyFrame of polars, dataset of Arrow or relation of DuckDB
    as_text : sequence of str
        Columns of a text file to keep as they are written.
    """
    texts = text_files_of(source)
    frames = Frames(rows_of(source) if texts is None else TextRows(texts, as_text))
    if not len(frames):
        raise TableError(f"{frames.rows.schemas[0][0]} holds no row. Give at least one example.")
    return frames


class _Encoded:
    """The rows of a part as a `Source`."""

    def __init__(self, of: TableRows) -> None:
        self._of = of
        self.names, self.n_features, self.rows = None, len(of.encoder.names), len(of)
        self.dtype = np.dtype(np.float64)

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the files, with what was learnt of their columns."""
        of_rows = self._of.frames.rows.fingerprint
        if of_rows is None:
            return None
        content, arrays = self._of.encoder.to_content()
        digest = hashlib.blake2b(json.dumps([content, str(self._of.target)], default=str).encode(), digest_size=16)
        for name in sorted(arrays):
            digest.update(np.ascontiguousarray(arrays[name]).tobytes())
        target = self._of.target
        digest.update(json.dumps([] if target is None else _content_of(target)).encode())
        return json.dumps([of_rows, digest.hexdigest()])

    @property
    def identity(self) -> str | None:
        """The identity of the files, with which of their rows these are."""
        of_rows, of = self._of.frames.rows.identity, self._of
        if of_rows is None or of.target is None:
            return None
        split = [of.split.seed, of.split.held_out, of.split.watched]
        return json.dumps([of_rows, "encoded", of.target.name, of.target.scale is None, of.weight, split, of.part])

    def chunks(self, dtype: np.dtype[Any]) -> Iterator[Chunk]:
        """Return all rows in order; see `Source`."""
        of, target = self._of, self._of.target
        columns = [*of.encoder.kinds, *([] if target is None else [target.name]), *filter(None, [of.weight])]
        most = batch_rows(self.n_features)
        with of.frames.telling():
            for start, frame in of.frames.read(list(dict.fromkeys(columns))):
                y: Coded | Array | None = None
                if target is not None:
                    parts, y = target.read(frame[target.name], of.split.parts(start, len(frame)))
                    of_part = np.flatnonzero(parts == of.part)
                    frame = frame.iloc[of_part]
                    if isinstance(y, Coded):
                        y = Coded(y.places[of_part], y.values)
                    elif target.scale is not None:
                        y = target.scale.standardised(y[of_part])
                for first in range(0, len(frame), most):
                    some = slice(first, first + most)
                    piece = frame.iloc[some]
                    X = of.encoder.encode_part(piece)[0].astype(dtype)
                    weights = None if of.weight is None else weights_in(piece[of.weight])
                    yield Chunk(X, _part_of(y, some), weights)

    def place(self, row: int) -> str:
        """Return where a row is."""
        return f"row {row} of those that are used"


class _Weights:
    """The column of weights, checked while the others are profiled."""

    def __init__(self, name: str | None, target: RowsTarget) -> None:
        self._name, self._target = name, target
        self._sums = np.zeros(PARTS)

    @property
    def columns(self) -> Sequence[str]:
        return () if self._name is None else (self._name,)

    def add(self, frame: pd.DataFrame, parts: Array) -> None:
        if self._name is not None:
            weights = weights_in(frame[self._name])
            self._sums += np.bincount(parts[parts >= 0], weights[parts >= 0], PARTS)

    def check(self) -> None:
        if self._name is not None and not self._sums[LEARNT]:
            raise TableError(weightless(self._name, self._target.rows[LEARNT]))


def _part_of(y: Coded | Array | None, rows: slice) -> Coded | Array | None:
    if y is None:
        return None
    if not isinstance(y, Coded):
        return y[rows, np.newaxis]
    there, places = np.unique(y.places[rows], return_inverse=True)
    return Coded(places, [y.values[place] for place in there])


def _content_of(target: RowsTarget) -> list[Any]:
    """Return what decides how the cells of a target are read, as JSON."""
    scale = None if target.scale is None else [target.scale.mean, target.scale.deviation]
    labels = [[str(value), str(label)] for value, label in target.labels.items()]
    return [target.name, str(target.form), labels, scale, sorted(map(str, target.learnt))]
