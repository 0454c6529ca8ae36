"""The encoding of a data frame as X, learnt from the training rows. It is plain data and kept with the model.

    number     gaps become the median, plus one column that says where they were; then mean 0 and variance 1
    date       the same, in days since 1970-01-01 (UTC); and month, weekday and time of day as sine and cosine, where
               they vary
    duration   the same as a number, in days
    category   words: one column for each value seen in training, 1 where a row has it and 0 elsewhere; a value never
               seen is all zeros; a gap is a value of its own if training had gaps, else all zeros
    boolean    a category with the values false and true

meaning.py finds out what the cells of a column mean, from all rows of a table; medians and the like come from the rows
to learn from. These columns are dropped, each with a notice: a column without any value; a column with one value and no
gap; row numbers (row_numbers.py); a column of words with more than 20 different ones, and more than half as many as
filled rows (names, identifiers, free text). Of a category with more than 200 values, the rarer ones count as never
seen, with a notice.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from deltarule.common.arrays import Array
from deltarule.common.errors import TableError
from deltarule.tables.cells import LARGEST, NUMBERS, Form, number_that_fits, numbers_of, words_of
from deltarule.tables.choosing import MANY, commonest, counted_words, why_no_category, why_no_number
from deltarule.tables.dates import cyclic, parts_that_vary
from deltarule.tables.meaning import Meaning, meaning_of, settle_marks
from deltarule.tables.notices import DROPPED, MOST_CATEGORIES, gap_words_in, notices_of
from deltarule.tables.numbers import PLAIN
from deltarule.tables.oddities import Oddities
from deltarule.tables.options import TableOptions
from deltarule.tables.reading import as_frame, check_columns, check_names, name_some, place_of
from deltarule.tables.row_numbers import are_row_numbers, is_unnamed, rise_or_fall
from deltarule.tables.stored import checked_parts, form_content

__all__ = [
    "LARGEST", "MANY", "NUMBERS", "TableEncoder", "commonest", "counted_words", "encoder_of", "numbers_in",
    "why_no_category",
]  # fmt: skip

NARROWEST = 1e-200
"""Lower bound for a standard deviation, so that LARGEST / NARROWEST stays finite."""


@dataclass(frozen=True, eq=False)
class TableEncoder:
    """An encoder of tables with the columns of the training table as X; make it with `TableEncoder.fit`.

    Attributes
    ----------
    kinds : dict of str to str
        `"number"`, `"date"`, `"duration"`, `"category"` or `"boolean"` for each column that is used, in the order of
        the training table.
    medians : array of shape (numbers,)
        Medians of the columns of numbers, dates and durations, in their order; their gaps become these.
    gaps : tuple of str
        Columns of numbers, dates and durations that had gaps in training.
    means, deviations : arrays of shape (numbers + gaps,)
        Of the columns of numbers, dates and durations, and of the columns that mark their gaps.
    categories : dict of str to tuple
        For each other column, the values that have a column of X, in its order; None for a gap.
    notices : tuple of str
        A sentence for each thing that was dropped, or read in a way that one should know of.
    forms : dict of str to Form
        How the cells of a column are written; a column without an entry has the plain form.
    dropped : dict of str to str
        Why a column of the training table is not used: `"empty"`, `"constant"`, `"names"`, `"row numbers"` or
        `"asked"`.
    """

    kinds: dict[str, str]
    medians: Array
    gaps: tuple[str, ...]
    means: Array
    deviations: Array
    categories: dict[str, tuple[str | None, ...]]
    notices: tuple[str, ...]
    forms: dict[str, Form] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        *,
        without: Sequence[str] = (),
        options: TableOptions | None = None,
        rows: Sequence[int] | None = None,
    ) -> "TableEncoder":
        """Learn from a training table what its columns mean, and medians, means, deviations and categories.

        Parameters
        ----------
        table : DataFrame of pandas or polars, or Table of Arrow
            The whole table, because only all rows show whether a column numbers the rows, and in which form its dates
            are written.
        without : sequence of str
            Columns that are not features, such as the target.
        options : TableOptions, optional
        rows : sequence of int, optional
            Positions of the rows to learn medians, means, deviations and categories from; all rows by default.

        Raises
        ------
        TableError
            If no column is left to learn from, or a column has no unique name, holds something that is not a number,
            text, boolean, date or duration, or is of one kind in nearly all rows but not in the others.

        Examples
        --------
        >>> table = pd.DataFrame({"size": [1.0, 3.0], "colour": ["red", "blue"], "unit": ["cm", "cm"]})
        >>> encoder = TableEncoder.fit(table)
        >>> encoder.notices
        ("One value only, so dropped: 'unit'.",)
        >>> encoder.names
        ['size', 'colour=blue', 'colour=red']
        >>> encoder.transform(table)
        array([[-1.,  0.,  1.],
               [ 1.,  1.,  0.]])
        """
        table = as_frame(table)
        options = options or TableOptions()
        check_names("The table", list(table.columns))
        check_columns(table, [*options.categories, *options.keep, *options.drop], "is named in the options")
        names = [name for name in table.columns if name not in without]
        dropped = {name: "asked" for name in names if name in options.drop}
        meanings = {name: meaning_of(table[name], options) for name in names if name not in dropped}
        settle_marks(table, meanings, options)
        kinds: dict[str, str] = {}
        forms: dict[str, Form] = {}
        learnt = np.arange(len(table)) if rows is None else np.asarray(rows, dtype=np.intp)
        numbers: dict[str, Array] = {}
        categories: dict[str, tuple[str | None, ...]] = {}
        crowded: dict[str, int] = {}
        rising: list[str] = []
        for name, meaning in meanings.items():
            column, kind, form = table[name], meaning.kind, meaning.form
            if kind in NUMBERS:
                values = numbers_in(column, kind, form)
                # Nobody numbers rows in kg.
                if kind == "number" and not form.number.unit and name not in options.keep:
                    if are_row_numbers(values, name):
                        dropped[name] = "row numbers"
                        continue
                    rising += [name] if rise_or_fall(values) else []
                values = values[learnt]
                why = why_no_number(values)
                if kind == "date" and not why:
                    form = replace(form, parts=parts_that_vary(values))
                numbers |= {} if why else {name: values}
            elif kind == "empty":
                why = "empty"
            else:
                codes, words = words_of(column, kind, form)
                counts = counted_words(codes[learnt], words)
                most = 0 if is_unnamed(name) else MANY
                many = most if kind == "category" and name not in options.keep else np.inf
                filled = sum(n for word, n in counts.items() if word is not None)
                why = why_no_category(counts, many, len(counts) - (None in counts), filled)
                if not why:
                    categories[name] = commonest(counts)
                    crowded |= {name: len(counts)} if len(counts) > MOST_CATEGORIES else {}
            if why:
                dropped[name] = why
            else:
                kinds[name] = kind
                forms |= {name: form} if form != Form() else {}
        matrix = np.stack([*numbers.values()], axis=1) if numbers else np.empty((len(learnt), 0))
        medians = np.nanmedian(matrix, axis=0) if numbers else np.empty(0)
        holes = np.flatnonzero(np.isnan(matrix).any(axis=0))
        means, deviations = _means_and_deviations(_filled_and_marked(matrix, medians, holes.tolist()))
        gaps = tuple(list(numbers)[n] for n in holes)
        return encoder_of(
            meanings, kinds, forms, dropped, categories, crowded, rising,
            medians=medians, gaps=gaps, means=means, deviations=deviations,
        )  # fmt: skip

    @classmethod
    def from_content(cls, content: Any, arrays: Mapping[str, Array]) -> "TableEncoder":
        """Return the encoder that `to_content` took apart, also one of a model file of 0.1.0.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a part is missing, of another type or beyond its range, or parts do not fit each other.
        """
        return cls(**checked_parts(content, arrays, tuple(DROPPED), -LARGEST, LARGEST, NARROWEST))

    def to_content(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return everything that was learnt, as JSON content and arrays.

        Examples
        --------
        >>> encoder = TableEncoder.fit(pd.DataFrame({"colour": ["red", "blue"]}))
        >>> content, arrays = encoder.to_content()
        >>> content["categories"], sorted(arrays)
        ({'colour': ('blue', 'red')}, ['deviations', 'means', 'medians'])
        """
        content = {name: getattr(self, name) for name in ("kinds", "gaps", "categories", "notices", "dropped")}
        content["forms"] = {name: form_content(form) for name, form in self.forms.items()}
        return content, {name: getattr(self, name) for name in ("medians", "means", "deviations")}

    @property
    def as_text(self) -> list[str]:
        """Columns to read as they are written; pass them to `read_table`, so that a category `01` stays `01`."""
        return [
            name
            for name, kind in self.kinds.items()
            if (kind == "category" and not self._form(name).digits)
            or (kind == "number" and self._form(name).number != PLAIN)
        ]

    @property
    def names(self) -> list[str]:
        """Names of the columns of X: `age`, `age is missing`, `day: month (sine)`, `colour=red`."""
        names = self._number_names + [f"{name} is missing" for name in self.gaps]
        for name, form in self.forms.items():
            names += [f"{name}: {part} ({wave})" for part in form.parts for wave in ("sine", "cosine")]
        for name, values in self.categories.items():
            names += [f"{name} is missing" if value is None else f"{name}={value}" for value in values]
        return names

    @property
    def _number_names(self) -> list[str]:
        return [name for name, kind in self.kinds.items() if kind in NUMBERS]

    def _form(self, name: str) -> Form:
        return self.forms.get(name, Form())

    def transform(self, table: pd.DataFrame) -> Array:
        """Return X of a table: one row for each of its rows, in their order.

        Columns are found by name, wherever they are; columns that training did not use are ignored.

        Returns
        -------
        X : array of shape (m, s₁), float64
            Finite, whatever gaps the table has.

        Raises
        ------
        TableError
            If a column is missing or occurs twice, or held numbers or dates in training and now holds something else.
        """
        return self.encode(table)[0]

    def encode(self, table: pd.DataFrame) -> tuple[Array, tuple[str, ...]]:
        """Return X of a table as `transform` does, and how the table differs from the training table.

        Returns
        -------
        X : array of shape (m, s₁), float64
        notices : tuple of str
            A sentence for each column with words that the model does not know, and one for all empty columns.

        Raises
        ------
        TableError
            As in `transform`.

        Examples
        --------
        >>> encoder = TableEncoder.fit(pd.DataFrame({"colour": ["red", "blue"]}))
        >>> X, notices = encoder.encode(pd.DataFrame({"colour": ["RED", "red", "Blue"]}))
        >>> X
        array([[0., 0.],
               [0., 1.],
               [0., 0.]])
        >>> notices
        ("'colour' holds what the model does not know in 2 of 3 rows ('Blue', 'RED'). It knows 'blue', 'red'.",)
        """
        X, oddities = self.encode_part(as_frame(table))
        return X, self.notices_of(oddities)

    def notices_of(self, oddities: Oddities) -> tuple[str, ...]:
        """Return what there is to say of how a table, or all of its parts together, differ from the training table."""
        return oddities.notices(list(self.kinds), self.categories)

    def encode_part(self, table: pd.DataFrame) -> tuple[Array, Oddities]:
        """Return X of some rows of a table, and how they differ from the training table, to be added up.

        Raises
        ------
        TableError
            As in `transform`.
        """
        check_columns(table, self.kinds, "the model was trained on")
        oddities = Oddities(len(table), gap_words=gap_words_in(table, self.kinds, self.forms))
        numbers = {name: numbers_in(table[name], self.kinds[name], self._form(name)) for name in self._number_names}
        values = np.stack([*numbers.values()], axis=1) if numbers else np.empty((len(table), 0))
        places = {name: n for n, name in enumerate(numbers)}
        marked = _filled_and_marked(values, self.medians, [places[name] for name in self.gaps])
        width = marked.shape[1]
        X = np.zeros((len(table), len(self.names)))
        X[:, :width] = (marked - self.means) / self.deviations
        for name, form in self.forms.items():
            for part in form.parts:
                X[:, width : width + 2] = cyclic(numbers[name], part)
                width += 2
        for name, known in self.categories.items():
            codes, words = words_of(table[name], self.kinds[name], self._form(name))
            place_of_word = {word: place for place, word in enumerate(known, width)}
            at = np.array([*(place_of_word.get(word, -1) for word in words), place_of_word.get(None, -1)])[codes]
            X[np.flatnonzero(at >= 0), at[at >= 0]] = 1
            width += len(known)
            counts = counted_words(codes, words)
            unknown = Counter({word: n for word, n in counts.items() if word not in place_of_word and word})
            oddities.unknown |= {name: unknown} if unknown else {}
        oddities.filled.update(name for name in self.kinds if table[name].notna().any())
        return X, oddities


def encoder_of(
    meanings: Mapping[str, Meaning],
    kinds: dict[str, str],
    forms: dict[str, Form],
    dropped: dict[str, str],
    categories: dict[str, tuple[str | None, ...]],
    crowded: Mapping[str, int],
    rising: Sequence[str],
    **learnt: Any,
) -> TableEncoder:
    """Return the encoder of a table of which everything is known, with its notices.

    Raises
    ------
    TableError
        If no column is left to learn from.
    """
    notices = notices_of(meanings, dropped, kinds, forms, crowded, rising, categories)
    if not kinds:
        raise TableError("No column is left to learn from: " + (" ".join(notices) or _nothing_left(dropped)))
    return TableEncoder(kinds=kinds, categories=categories, notices=notices, forms=forms, dropped=dropped, **learnt)


def _nothing_left(dropped: Mapping[str, str]) -> str:
    if dropped:
        return f"every column but the target is dropped, as asked ({name_some(list(dropped), 8)})."
    return "the table has no column but the target."


def _filled_and_marked(values: Array, medians: Array, gaps: Sequence[int]) -> Array:
    """Return numbers with medians in their gaps, then a column for each of `gaps`: 1 where it has a gap, else 0."""
    holes = np.isnan(values)
    return np.hstack([np.where(holes, medians, values), holes[:, gaps]])


def _means_and_deviations(values: Array) -> tuple[Array, Array]:
    """Return the mean and the deviation of each column; for a constant they are its value exactly, and 1."""
    means = values[0] + (values - values[0]).mean(axis=0)
    centred = values - means
    largest = np.abs(centred).max(axis=0)
    scale = np.where(largest > 0, largest, 1)
    deviations = scale * np.sqrt(np.square(centred / scale).mean(axis=0))  # squares of 1e-300 would be 0
    return means, np.where(largest > 0, np.maximum(deviations, NARROWEST), 1)


def numbers_in(column: pd.Series, kind: str, form: Form) -> Array:
    """Return a column of numbers, dates or durations as float64, with NaN for gaps."""
    values, strange = numbers_of(column, kind, form)
    if strange.any():
        first, count = int(np.flatnonzero(strange)[0]), int(np.count_nonzero(strange))
        raise TableError(
            f"Column {column.name!r} holds {str(column.iloc[first])[:40]!r} in {place_of(column, first)}, where a "
            f"{kind if kind != 'number' else number_that_fits(values[first]) + _like(form)} belongs "
            f"({count} such {'value' if count == 1 else 'values'} in all). Correct the values, or leave the fields "
            "empty: gaps are filled."
        )
    return values


def _like(form: Form) -> str:
    return f" with {form.number}" if form.number != PLAIN else ""
