"""The column to predict in a raw table that is read part by part: labels or a quantity, by the rules of `targets.py`.

It is read by itself, before the other columns, because only all rows decide what it is and which of them have a value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.blocks.sources.source import Coded
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError, TableError
from deltarule.tables.cells import Form, asked_gaps, counts_of, gap_words_of
from deltarule.tables.labels import check_labels, doubts_of, plain_labels, said_of_left_out
from deltarule.tables.meaning import Meaning
from deltarule.tables.notices import said_of_form
from deltarule.tables.reading import is_number, name_some
from deltarule.tables.streamed.frames import Frames
from deltarule.tables.streamed.running_numbers import Moments
from deltarule.tables.streamed.split import HELD_OUT, LEARNT, PARTS, Split
from deltarule.tables.streamed.tally import MOST
from deltarule.tables.target_column import (
    TASKS,
    TargetScale,
    Task,
    check_varies,
    no_numbers,
    quantity_of,
    reason_of_numbers,
)

__all__ = ["LeftOut", "RowsTarget", "target_of"]

Place = Callable[[int], str]
"""Where a row is, by its number among all rows."""


@dataclass(frozen=True, eq=False)
class RowsTarget:
    """What a column is as a target.

    Attributes
    ----------
    name : str
    form : Form
        How a quantity is written; of labels, which words are gaps.
    rows : array of shape (3,)
        Rows with a value that are learnt from, watched and held out.
    why : str
        What it was taken for, and why.
    notices : tuple of str
    labels : dict
        Each value of the column ↦ its label; empty for a quantity.
    scale : TargetScale or None
        Of a quantity.
    learnt : frozenset
        Labels all of whose rows are learnt from, because too few rows have them to split.
    """

    name: str
    form: Form
    rows: NDArray[np.int64]
    why: str
    notices: tuple[str, ...] = ()
    labels: dict[Any, Any] = field(default_factory=dict)
    scale: TargetScale | None = None
    learnt: frozenset[Any] = frozenset()

    @property
    def classes(self) -> list[Any]:
        """The labels, in order."""
        return sorted(set(self.labels.values()))

    def read(self, column: pd.Series, parts: NDArray[np.int8]) -> tuple[NDArray[np.int8], Coded | Array]:
        """Return the part of each row, −1 where it has no value, and the values: labels, or a quantity in its units."""
        if self.scale is not None:
            values = quantity_of(column, self.form)
            return np.where(np.isnan(values), -1, parts).astype(np.int8), values
        gaps = column.isna().to_numpy() | asked_gaps(column, self.form.gaps)
        codes, raw = pd.factorize(column.mask(gaps) if gaps.any() else column)
        labels = [self.labels[value] for value in list(raw)]
        kept = np.array([label in self.learnt for label in labels] + [False])
        parts = np.where(kept[codes], LEARNT, parts)
        return np.where(codes < 0, -1, parts).astype(np.int8), Coded(codes, labels)


def target_of(
    frames: Frames, name: str, meaning: Meaning, task: Task, gaps: tuple[str, ...], split: Split
) -> RowsTarget:
    """Return what a column is as a target; one pass over it alone.

    Raises
    ------
    SettingsError, TableError
        As `training_target` does.
    """
    if task not in TASKS:
        raise SettingsError(f"task={task!r} is unknown. Take one of {', '.join(TASKS)}.")
    may_be_quantity = task != "classify" and meaning.kind == "number"
    labels = _LabelCounts(name, gaps, frames.place)
    quantity = _Quantity(name, meaning.form, frames.place) if may_be_quantity else None
    for start, frame in frames.read([name]):
        parts = split.parts(start, len(frame))
        if task != "regress":
            labels.add(start, frame[name], parts)
        if quantity is not None:
            quantity.add(start, frame[name], parts)
    if quantity is None:
        if task == "regress" and meaning.kind != "empty":
            raise no_numbers(name, meaning.kind, labels.example or meaning.example)
        what = {"boolean": "booleans", "category": "texts"}.get(meaning.kind, f"{meaning.kind}s")
        why = (
            "classification, as asked"
            if task == "classify"
            else f"classification: {{name}} holds {{n}} different {what}"
        )
        return labels.target(why)
    said = said_of_form(name, meaning)
    if task == "regress":
        return quantity.target("regression, as asked", said)
    reason = reason_of_numbers(name, quantity.different, quantity.counts, quantity.has_fractions)
    if reason is not None:
        return quantity.target(reason[0], (*said, *reason[1]))
    words = len(meaning.gap_words)
    also = f" and {words} {'other text' if words == 1 else 'other texts'}" if words else ""
    return labels.target(f"classification: {{name}} holds {{n}} different whole numbers{also}", words)


class _LabelCounts:
    """The different values of a column, each with its rows in every part of the table."""

    def __init__(self, name: str, gaps: tuple[str, ...], place: Place) -> None:
        self._name, self._gaps = name, gaps
        self._counts: dict[Any, NDArray[np.int64]] = {}
        self._too_many = False
        self._left_out = LeftOut(name, place)
        self.example = ""

    def add(self, start: int, column: pd.Series, parts: NDArray[np.int8]) -> None:
        named = asked_gaps(column, self._gaps)
        gaps = column.isna().to_numpy() | named
        self._left_out.add(start, column, gaps, counts_of(column[named]) if self._gaps and named.any() else {})
        if self._too_many:
            return
        codes, raw = pd.factorize(column[~gaps])
        by_part = np.zeros((len(raw), PARTS), np.int64)
        np.add.at(by_part, (codes, parts[~gaps]), 1)
        for value, rows in zip(list(raw), by_part, strict=True):
            self._counts[value] = self._counts.get(value, 0) + rows
        self.example = self.example or next((str(value) for value in self._counts), "")
        self._too_many = len(self._counts) > MOST

    def target(self, why: str, words: int = 0) -> RowsTarget:
        notices = self._left_out.notices()
        if self._too_many:
            numbers = any(is_number(str(value)) for value in self._counts)
            raise TableError(
                f"The target {self._name!r} has more than {MOST} different values ({name_some(self._counts, 3)}), and "
                "the classifier needs labels that come back. Take another target"
                + (", or predict it as a number: --task regress." if numbers else ".")
            )
        raw = pd.Series(list(self._counts))
        values = plain_labels(raw)
        labels = dict(zip(self._counts, values.tolist(), strict=True))
        by_label: dict[Any, NDArray[np.int64]] = {}
        for value, label in labels.items():
            by_label[label] = by_label.get(label, 0) + self._counts[value]
        classes = np.array(sorted(by_label), dtype=values.dtype)
        counts = np.array([by_label[label] for label in classes.tolist()])
        check_labels(self._name, classes, counts.sum(axis=1), pd.api.types.is_float_dtype(raw.dtype))
        rare = counts[:, LEARNT] == 0
        learnt = classes[rare].tolist()
        counts[rare, LEARNT] = counts[rare].sum(axis=1)
        counts[rare, LEARNT + 1 :] = 0
        absent = classes[counts[:, HELD_OUT] == 0]
        if len(absent) and counts[:, HELD_OUT].any():
            notices += (
                f"No row of {name_some(absent)} is held out: there are too few to split. Figures on the held-out rows "
                "say nothing about these labels.",
            )
        return RowsTarget(
            name=self._name,
            form=Form(gaps=self._gaps),
            rows=counts.sum(axis=0),
            why=why.format(name=repr(self._name), n=len(classes) - words),
            notices=(*notices, *doubts_of(self._name, classes, counts.sum(axis=1))),
            labels=labels,
            learnt=frozenset(learnt),
        )


class _Quantity:
    """The numbers of a column."""

    def __init__(self, name: str, form: Form, place: Place) -> None:
        self._name, self._form = name, form
        self._left_out = LeftOut(name, place)
        self._counts: dict[float, int] = {}
        self._rows = np.zeros(PARTS, np.int64)
        self._moments, self._all = Moments(), Moments()
        self.has_fractions = False

    def add(self, start: int, column: pd.Series, parts: NDArray[np.int8]) -> None:
        values = quantity_of(column, self._form)
        gaps = np.isnan(values)
        self._left_out.add(start, column, gaps, gap_words_of(column, self._form))
        known, parts = values[~gaps], parts[~gaps]
        self._rows += np.bincount(parts, minlength=PARTS)
        self._all.add(known)
        self._moments.add(known[parts != HELD_OUT])
        self.has_fractions = self.has_fractions or bool((known != np.rint(known)).any())
        if not self.has_fractions and len(self._counts) <= MOST:
            for value, n in zip(*(each.tolist() for each in np.unique(known, return_counts=True)), strict=True):
                self._counts[value] = self._counts.get(value, 0) + n

    @property
    def different(self) -> int:
        return len(self._counts)

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.array([*self._counts.values()], np.int64)

    def target(self, why: str, said: Sequence[str]) -> RowsTarget:
        notices = self._left_out.notices()
        check_varies(self._all.least, self._all.greatest)
        mean, deviation = self._moments.filled(self._moments.mean)
        return RowsTarget(
            name=self._name,
            form=self._form,
            rows=self._rows,
            why=why,
            notices=(*notices, *said),
            scale=TargetScale(mean, deviation),
        )


class LeftOut:
    """The rows without a value, counted over the parts of a table."""

    def __init__(self, name: str, place: Place) -> None:
        self._name, self._place, self._first = name, place, -1
        self._rows = self._count = 0
        self._words: dict[str, int] = {}

    def add(self, start: int, column: pd.Series, gaps: NDArray[np.bool_], words: dict[str, int]) -> None:
        """Note which rows of the next part have no value, and the words that stand for gaps there."""
        self._rows += len(column)
        self._count += int(gaps.sum())
        for word, n in words.items():
            self._words[word] = self._words.get(word, 0) + n
        if self._first < 0 and gaps.any():
            self._first = start + int(np.flatnonzero(gaps)[0])

    def notices(self) -> tuple[str, ...]:
        """Return a notice of the rows without a value; raise TableError if no row has one."""
        first = self._place(self._first) if self._count else ""
        return said_of_left_out(self._name, self._count, self._rows, first, self._words)
