"""A frame to the inputs of a network with a first floor: what is scaled, what is marked, what is looked up in a table.

`TableEncoder` says what the columns mean and which of them are used. The inputs are, in this order:

    numbers    numbers, dates (in days) and durations with more than two values; a curve is learnt for each
    marks      everything that takes few values: numbers with two values, a mark where a column of numbers has a gap,
               sine and cosine of the parts of dates, a column for each of at most 8 words, −1 and 1 for two words
    codes      0, 1, … for the words of a column that has more than 8; −1 for a word that training never saw

A word that training never saw is 0 in each mark of its column. Numbers and marks are taken around their median c and
over the distance of their quartiles q (or half of their range, where that is 0), and bent to within ±3:

    u = (x − c)/q,   a = u/√(1 + (u/3)²)

Source: Holzmüller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on tabular
data", 2024, appendix A.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from deltarule.common.arrays import Array
from deltarule.files.archive import of_type
from deltarule.tables.cells import NUMBERS, Form, words_of
from deltarule.tables.dates import cyclic
from deltarule.tables.encoding import TableEncoder, numbers_in
from deltarule.tables.oddities import Oddities
from deltarule.tables.options import TableOptions
from deltarule.tables.reading import as_frame, check_columns
from deltarule.tables.stored import different, finite, one_of

__all__ = ["TableColumns"]

MOST_MARKS = 8
"""Most words of a column that have marks; with more, a vector is learnt for each."""

BEND = 3.0
"""The bound of scaled numbers."""

FAR = 1e9
"""Scaled numbers above this are replaced by their bound, so that their squares need not be finite."""

NARROWEST = 1e-200
LARGEST = 1e100


@dataclass(frozen=True, eq=False)
class TableColumns:
    """The columns of a training table as inputs of a network; make it with `TableColumns.fit`.

    Attributes
    ----------
    encoder : TableEncoder
        What the columns mean, which are used, and their medians and words.
    pairs : tuple of str
        Columns of numbers with at most two values, which are marks.
    centres, spreads : array of shape (numbers + marks,)
    """

    encoder: TableEncoder
    pairs: tuple[str, ...]
    centres: Array
    spreads: Array

    @classmethod
    def fit(
        cls,
        table: Any,
        options: TableOptions | None = None,
        *,
        without: Sequence[str] = (),
        rows: Sequence[int] | None = None,
    ) -> "TableColumns":
        """Learn what the columns of a training table mean, and how they are scaled.

        Parameters
        ----------
        table, options, without, rows
            As for `TableEncoder.fit`.

        Raises
        ------
        TableError
            As `TableEncoder.fit`.

        Examples
        --------
        >>> table = pd.DataFrame({"size": [1.0, 2.0, 3.0, 9.0], "colour": ["red", "blue", "red", "red"]})
        >>> columns = TableColumns.fit(table)
        >>> columns.names, columns.n_numbers, columns.categories
        (['size', 'colour=red'], 1, ())
        >>> columns.transform(table).round(2)
        array([[-0.54,  0.  ],
               [-0.18, -2.4 ],
               [ 0.18,  0.  ],
               [ 1.86,  0.  ]])
        """
        table = as_frame(table)
        encoder = TableEncoder.fit(table, without=without, options=options, rows=rows)
        table = table if rows is None else table.iloc[list(rows)]
        values = {name: _values(table, encoder, name) for name in _numbers_of(encoder)}
        pairs = tuple(name for name, column in values.items() if len(np.unique(column[~np.isnan(column)])) <= 2)
        width = cls(encoder, pairs, np.empty(0), np.empty(0)).n_scaled
        made = cls(encoder, pairs, np.zeros(width), np.ones(width))
        raw = made._raw(table, Oddities())[:, :width]
        low, middle, high = np.quantile(raw, [0.25, 0.5, 0.75], axis=0)
        half = (raw.max(axis=0) - raw.min(axis=0)) / 2
        spreads = np.where(high > low, high - low, np.where(half > 0, half, 1.0))
        return cls(encoder, pairs, middle, np.maximum(spreads, NARROWEST))

    @classmethod
    def from_content(cls, content: Any, arrays: Mapping[str, Array]) -> "TableColumns":
        """Return the columns that `to_content` took apart.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a part is missing, of another type or beyond its range, or parts do not fit each other.
        """
        encoder = TableEncoder.from_content(of_type(dict, content["encoder"]), arrays)
        pairs = tuple(one_of(_numbers_of(encoder), name) for name in different(content["pairs"]))
        n = cls(encoder, pairs, np.empty(0), np.empty(0)).n_scaled
        centres = finite(arrays["centres"], n, -LARGEST, LARGEST)
        return cls(encoder, pairs, centres, finite(arrays["spreads"], n, NARROWEST, np.inf))

    def to_content(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return everything that was learnt, as JSON content and arrays."""
        content, arrays = self.encoder.to_content()
        return {"encoder": content, "pairs": list(self.pairs)}, {
            **arrays,
            "centres": self.centres,
            "spreads": self.spreads,
        }

    @property
    def notices(self) -> tuple[str, ...]:
        """A sentence for each thing that was dropped, or read in a way that one should know of."""
        return self.encoder.notices

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the columns of a table that are used."""
        return tuple(self.encoder.kinds)

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Columns for which a curve is learnt."""
        return tuple(name for name in _numbers_of(self.encoder) if name not in self.pairs)

    @property
    def n_numbers(self) -> int:
        """How many columns have a curve: the first inputs."""
        return len(self.numbers)

    @property
    def n_scaled(self) -> int:
        """How many inputs are numbers or marks."""
        marked = sum(_width(self._words(name)) for name in self.marked)
        parts = sum(2 * len(form.parts) for form in self.encoder.forms.values())
        return len(_numbers_of(self.encoder)) + len(self.encoder.gaps) + parts + marked

    @cached_property
    def categories(self) -> tuple[int, ...]:
        """The number of words of each column that is looked up in a table."""
        return tuple(len(self._words(name)) for name in self.looked_up)

    @property
    def names(self) -> list[str]:
        """Names of the inputs: `age`, `age is missing`, `day: month (sine)`, `colour=red`, `town` (a code)."""
        names = [*self.numbers, *self.pairs, *(f"{name} is missing" for name in self.encoder.gaps)]
        for name, form in self.encoder.forms.items():
            names += [f"{name}: {part} ({wave})" for part in form.parts for wave in ("sine", "cosine")]
        for name in self.marked:
            words = self._words(name)
            names += [
                f"{name} is missing" if word is None else f"{name}={word}"
                for word in words[len(words) - _width(words) :]
            ]
        return [*names, *self.looked_up]

    @property
    def of_inputs(self) -> list[str]:
        """The column of the table that each input comes from."""
        names = [*self.numbers, *self.pairs, *self.encoder.gaps]
        names += [name for name, form in self.encoder.forms.items() for _ in range(2 * len(form.parts))]
        names += [name for name in self.marked for _ in range(_width(self._words(name)))]
        return [*names, *self.looked_up]

    def transform(self, table: Any) -> Array:
        """Return the inputs of a table: one row for each of its rows; see `encode`."""
        return self.encode(table)[0]

    def encode(self, table: Any) -> tuple[Array, tuple[str, ...]]:
        """Return the inputs of a table, and how it differs from the training table.

        Columns are found by name, wherever they are; columns that training did not use are ignored.

        Returns
        -------
        X : array of shape (m, numbers + marks + codes), float64
        notices : tuple of str

        Raises
        ------
        TableError
            If a column is missing or occurs twice, or held numbers or dates in training and now holds something else.
        """
        X, oddities = self.encode_part(as_frame(table))
        return X, self.encoder.notices_of(oddities)

    def encode_part(self, table: pd.DataFrame) -> tuple[Array, Oddities]:
        """Return the inputs of some rows of a table, and how they differ from the training table, to be added up.

        Raises
        ------
        TableError
            As in `encode`.
        """
        check_columns(table, self.encoder.kinds, "the model was trained on")
        oddities = Oddities(len(table))
        X = self._raw(table, oddities)
        n = self.n_scaled
        with np.errstate(over="ignore"):  # the square of a number far outside, whose a is ±3
            u = (X[:, :n] - self.centres) / self.spreads
            X[:, :n] = np.where(np.abs(u) > FAR, np.sign(u) * BEND, u / np.sqrt(1 + (u / BEND) ** 2))
        oddities.filled.update(name for name in self.encoder.kinds if not table[name].isna().all())
        return X, oddities

    @cached_property
    def marked(self) -> tuple[str, ...]:
        """Columns of words that have marks."""
        return tuple(name for name, words in self.encoder.categories.items() if len(words) <= MOST_MARKS)

    @cached_property
    def looked_up(self) -> tuple[str, ...]:
        """Columns of words for which vectors are learnt."""
        return tuple(name for name in self.encoder.categories if name not in self.marked)

    def _words(self, name: str) -> tuple[str | None, ...]:
        return self.encoder.categories[name]

    def _raw(self, table: pd.DataFrame, oddities: Oddities) -> Array:
        """Return the inputs before they are scaled, and add the words that are not known to `oddities`."""
        encoder = self.encoder
        values = {name: _values(table, encoder, name) for name in _numbers_of(encoder)}
        medians = dict(zip(values, encoder.medians, strict=True))
        inputs = [
            np.where(np.isnan(values[name]), medians[name], values[name]) for name in (*self.numbers, *self.pairs)
        ]
        inputs += [np.isnan(values[name]).astype(np.float64) for name in encoder.gaps]
        for name, form in encoder.forms.items():
            for part in form.parts:
                inputs += list(cyclic(values[name], part).T)
        for name in self.marked:
            codes, known = self._codes(table, name, oddities), len(self._words(name))
            if known == 2 and None not in self._words(name):
                inputs.append(np.where(codes < 0, 0.0, 2.0 * codes - 1))
            else:
                inputs += [(codes == k).astype(np.float64) for k in range(known)]
        inputs += [self._codes(table, name, oddities).astype(np.float64) for name in self.looked_up]
        return np.stack(inputs, axis=1)

    def _codes(self, table: pd.DataFrame, name: str, oddities: Oddities) -> Array:
        """Return the place of each cell's word among those of training, −1 where it is none of them."""
        words = self._words(name)
        codes, there = words_of(table[name], self.encoder.kinds[name], self.encoder.forms.get(name, Form()))
        places: dict[str | None, int] = {word: place for place, word in enumerate(words)}
        found = np.array([*(places.get(word, -1) for word in there), places.get(None, -1)])[codes]
        strange = {there[k]: int(n) for k in np.unique(codes[(codes >= 0) & (found < 0)]) for n in [(codes == k).sum()]}
        if strange:
            oddities.unknown[name] = Counter(strange)
        return np.asarray(found)


def _numbers_of(encoder: TableEncoder) -> list[str]:
    return [name for name, kind in encoder.kinds.items() if kind in NUMBERS]


def _values(table: pd.DataFrame, encoder: TableEncoder, name: str) -> Array:
    return numbers_in(table[name], encoder.kinds[name], encoder.forms.get(name, Form()))


def _width(words: tuple[str | None, ...]) -> int:
    """Return how many marks a column with these words has."""
    return 1 if len(words) == 2 and None not in words else len(words)
