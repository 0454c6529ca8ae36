"""The second pass over a raw table: what its columns hold, and the encoder that follows from it.

It gives the encoder that `TableEncoder.fit` gives on the same rows: the same columns, categories and notices; the same
means and deviations to rounding; and medians that are exact up to SAMPLE_ROWS rows to learn from, and those of a sample
of about as many beyond.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.tables.cells import NUMBERS, Form, gap_words_of, words_of
from deltarule.tables.choosing import MANY, commonest, counted_words, why_no_category
from deltarule.tables.encoding import NARROWEST, TableEncoder, encoder_of, numbers_in
from deltarule.tables.meaning import Meaning
from deltarule.tables.notices import MOST_CATEGORIES
from deltarule.tables.options import TableOptions
from deltarule.tables.row_numbers import is_unnamed
from deltarule.tables.streamed.frames import chosen
from deltarule.tables.streamed.meanings import SAMPLE_KEY, SAMPLE_ROWS
from deltarule.tables.streamed.running_numbers import Moments, Numbering, VaryingParts
from deltarule.tables.streamed.tally import Tally

__all__ = ["Profile"]

_SAMPLE_BYTES = 64 << 20
"""Most bytes of the sample of all columns of numbers."""

_WAITING_VALUES = 1 << 22
"""About how many values of all columns of numbers wait until their moments are added up: 32 MB."""


class Profile:
    """What the columns of a raw table hold, added up part by part.

    Parameters
    ----------
    meanings : mapping of str to Meaning
        Of the columns that may be features, in the order of the table.
    dropped : mapping of str to str
        Columns that the caller dropped; see `TableEncoder`.
    options : TableOptions
    rows : int
        Rows of the table.
    """

    def __init__(
        self, meanings: Mapping[str, Meaning], dropped: Mapping[str, str], options: TableOptions, rows: int
    ) -> None:
        self._meanings, self._dropped, self._options = dict(meanings), dropped, options
        numbers = [name for name, meaning in meanings.items() if meaning.kind in NUMBERS]
        most = max(1024, min(SAMPLE_ROWS, _SAMPLE_BYTES // (8 * max(1, len(numbers)))))
        self._share = most / max(1, rows)
        leaf = max(1024, min(8192, _WAITING_VALUES // max(1, len(numbers))))
        self._numbers = {name: _Numbers(name, meanings[name], options, leaf) for name in numbers}
        self._words = {
            name: _Words(meaning)
            for name, meaning in meanings.items()
            if name not in self._numbers and meaning.kind != "empty"
        }

    @property
    def columns(self) -> list[str]:
        """The columns to read."""
        return [*self._numbers, *self._words]

    def add(self, start: int, frame: pd.DataFrame, learnt: NDArray[np.bool_]) -> None:
        """Add some rows; `learnt` are those that medians, means, deviations and categories are learnt from.

        Raises
        ------
        TableError
            If a cell is none of its column's kind.
        """
        in_sample = chosen(SAMPLE_KEY, start, len(frame), self._share)[learnt]
        for name, numbers in self._numbers.items():
            numbers.add(frame[name], learnt, in_sample)
        for name, words in self._words.items():
            words.add(frame[name], learnt)

    def encoder(self) -> TableEncoder:
        """Return the encoder.

        Raises
        ------
        TableError
            If no column is left to learn from.
        """
        kinds: dict[str, str] = {}
        forms: dict[str, Form] = {}
        dropped = dict(self._dropped)
        categories: dict[str, tuple[str | None, ...]] = {}
        crowded: dict[str, int] = {}
        rising: list[str] = []
        learnt: list[_Numbers] = []
        for name, meaning in self._meanings.items():
            form = meaning.form
            if name in self._numbers:
                numbers = self._numbers[name]
                self._meanings[name] = replace(meaning, gap_words=dict(numbers.gap_words))
                why = numbers.why_dropped
                rising += [name] if numbers.rises_or_falls and why != "row numbers" else []
                if not why:
                    learnt.append(numbers)
                    form = replace(form, parts=numbers.parts.names) if meaning.kind == "date" else form
            elif name in self._words:
                tally = self._words[name].tally
                counts: dict[str | None, int] = {None: tally.gaps} if tally.gaps else {}
                counts.update(tally.counts.items())
                most = 0 if is_unnamed(name) else MANY
                many = most if meaning.kind == "category" and name not in self._options.keep else np.inf
                why = why_no_category(counts, many, tally.different, tally.rows - tally.gaps)
                if not why:
                    categories[name] = commonest(Counter(counts))
                    different = tally.different + bool(tally.gaps)
                    crowded |= {name: different} if different > MOST_CATEGORIES else {}
            else:
                why = "empty"
            if why:
                dropped[name] = why
            else:
                kinds[name] = meaning.kind
                forms |= {name: form} if form != Form() else {}
        names = [name for name in kinds if name in self._numbers]
        medians = np.array([self._numbers[name].median for name in names])
        gaps = [name for name in names if self._numbers[name].moments.gaps]
        filled = [self._numbers[name].moments.filled(median) for name, median in zip(names, medians, strict=True)]
        marks = [_of_marks(self._numbers[name].moments) for name in gaps]
        means, deviations = np.array([*filled, *marks]).reshape(-1, 2).T
        deviations = np.maximum(deviations, NARROWEST)
        return encoder_of(
            self._meanings, kinds, forms, dropped, categories, crowded, rising,
            medians=medians, gaps=tuple(gaps), means=means, deviations=deviations,
        )  # fmt: skip


class _Numbers:
    """What a column of numbers, dates or durations holds."""

    def __init__(self, name: str, meaning: Meaning, options: TableOptions, leaf: int) -> None:
        self._kind, self._form = meaning.kind, meaning.form
        # Nobody numbers rows in kg.
        may_number = meaning.kind == "number" and not meaning.form.number.unit and name not in options.keep
        self._numbering = Numbering(name) if may_number else None
        self.moments, self.parts = Moments(leaf), VaryingParts()
        self.gap_words: Counter[str] = Counter()
        self._sample: list[Array] = []

    def add(self, column: pd.Series, learnt: NDArray[np.bool_], in_sample: NDArray[np.bool_]) -> None:
        values = numbers_in(column, self._kind, self._form)
        words = gap_words_of(column, self._form)
        self.gap_words.update({word: n for word, n in words.items() if word not in self._form.gaps})
        if self._numbering is not None:
            self._numbering.add(values)
        values = values[learnt]
        self.moments.add(values)
        self._sample.append(values[in_sample])
        if self._kind == "date":
            self.parts.add(values)

    @property
    def why_dropped(self) -> str:
        if self._numbering is not None and self._numbering.number_the_rows:
            return "row numbers"
        if not self.moments.count:
            return "empty"
        return "constant" if not self.moments.gaps and self.moments.least == self.moments.greatest else ""

    @property
    def rises_or_falls(self) -> bool:
        return self._numbering is not None and self._numbering.rise_or_fall

    @property
    def median(self) -> float:
        sample = np.concatenate(self._sample)
        known = sample[~np.isnan(sample)]
        return float(np.median(known)) if len(known) else self.moments.mean


class _Words:
    """What a column of words holds in the rows to learn from."""

    def __init__(self, meaning: Meaning) -> None:
        self._kind, self._form = meaning.kind, meaning.form
        self.tally = Tally()

    def add(self, column: pd.Series, learnt: NDArray[np.bool_]) -> None:
        codes, words = words_of(column, self._kind, self._form)
        self.tally.add(counted_words(codes[learnt], words))


def _of_marks(moments: Moments) -> tuple[float, float]:
    """Return mean and deviation of the column that is 1 where another has a gap."""
    share = moments.gaps / moments.rows
    return share, float(np.sqrt(share * (1 - share)))
