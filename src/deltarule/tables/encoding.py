"""A data frame to X, by what the training rows taught; all of it plain data, kept with the model.

    number     gaps become the median, plus one column that says where they were; then mean 0 and variance 1
    date       the same, in days since 1970-01-01 (UTC)
    category   words: one column for each value seen in training, 1 where a row has it and 0 elsewhere; a value never
               seen is all zeros; a gap is a value of its own if training had gaps, else all zeros
    boolean    a category with the values false and true

Dropped in training, each with a notice: a column without any value; a column with one value and no gap; a column of
words with more than 20 different ones that differ in more than half of the rows (names, identifiers, free text). Of a
category with more than 200 values, the rarer ones are as if never seen, with a notice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from deltarule.common.arrays import Array
from deltarule.common.errors import TableError
from deltarule.tables.reading import check_columns, check_names, name_some, place_of

__all__ = ["LARGEST", "NARROWEST", "TableEncoder"]

LARGEST = 1e100
"""Numbers beyond it are refused as infinite ones are: their squares leave the finite numbers."""

NARROWEST = 1e-200
"""Smallest deviation that is divided by: the largest number over it is finite still."""

MANY = 20
"""A column of words with more different values than this, in more than half of its rows, names the rows."""

MOST_CATEGORIES = 200
"""Columns of X for one column of words: 10⁶ rows take 1.6 GB then, and rarer values teach little."""

DROPPED = {
    "empty": "No value in any row, so dropped",
    "constant": "One value only, so dropped",
    "names": "Another text in most rows, which says nothing about new rows, so dropped",
}
"""Why a column is not used, and the notice that says so."""

_KINDS = {
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "decimal": "number",
    "boolean": "boolean",
    "string": "category",
    "categorical": "category",
    "datetime": "date",
    "datetime64": "date",
    "date": "date",
}
"""What pandas calls a column's values, and how they are used."""

NUMBERS = ("number", "date")


@dataclass(frozen=True, eq=False)
class TableEncoder:
    """Turns tables with the columns of the training table into X; make it with `TableEncoder.fit`.

    Attributes
    ----------
    kinds : dict of str to str
        `"number"`, `"date"`, `"category"` or `"boolean"` for each column that is used, in the order of
        the training table.
    medians : array of shape (numbers,)
        Of the columns of numbers and dates, in their order: what their gaps become.
    gaps : tuple of str
        Those of them that had gaps in training.
    means, deviations : arrays of shape (numbers + gaps,)
        Of these columns and of the marks of their gaps.
    categories : dict of str to tuple
        The values of each other column that have a column of X, in its order; None for a gap.
    notices : tuple of str
        What was dropped or read in a way that one should know of, a sentence each.
    """

    kinds: dict[str, str]
    medians: Array
    gaps: tuple[str, ...]
    means: Array
    deviations: Array
    categories: dict[str, tuple[str | None, ...]]
    notices: tuple[str, ...]

    @classmethod
    def fit(cls, table: pd.DataFrame, *, without: Sequence[str] = ()) -> "TableEncoder":
        """Learn medians, means, deviations and categories from the rows of a training table.

        Parameters
        ----------
        table : DataFrame
        without : sequence of str
            Columns that are no features: the target.

        Raises
        ------
        TableError
            If no column is left to learn from, a column has no name of its own, or holds what is neither a number,
            text, a boolean nor a date.

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
        check_names("The table", list(table.columns))
        uses = {name: _use(table[name]) for name in table.columns if name not in without}
        kinds = {name: use for name, use in uses.items() if use not in DROPPED}
        notices = [
            f"{text}: {name_some(names, 8)}."
            for use, text in (*DROPPED.items(), ("date", "Dates, used as days since 1970-01-01"))
            if (names := [name for name in uses if uses[name] == use])
        ]
        if not kinds:
            raise TableError(
                "No column is left to learn from: "
                + (" ".join(notices) if notices else "the table has no column but the target.")
            )
        numbers = [name for name, kind in kinds.items() if kind in NUMBERS]
        values = _numbers(table, {name: kinds[name] for name in numbers})
        medians = np.nanmedian(values, axis=0) if len(numbers) else np.empty(0)
        gaps = tuple(numbers[n] for n in np.flatnonzero(np.isnan(values).any(axis=0)))
        marked = _filled_and_marked(values, medians, [numbers.index(name) for name in gaps])
        means, deviations = _means_and_deviations(marked)
        categories, crowded = {}, []
        for name, kind in kinds.items():
            if kind not in NUMBERS:
                counts = Counter(_as_words(table[name], kind))
                if len(counts) > MOST_CATEGORIES:
                    crowded.append(f"{name!r} ({len(counts)})")
                most = sorted(counts, key=lambda value: (-counts[value], value is None, value))[:MOST_CATEGORIES]
                categories[name] = tuple(sorted(most, key=lambda value: (value is None, value)))
        if crowded:
            notices.append(
                f"More values than the {MOST_CATEGORIES} that are used, of which the rarer ones count as unknown: "
                f"{', '.join(crowded[:8])}{f' and {len(crowded) - 8} more' if len(crowded) > 8 else ''}."
            )
        return cls(kinds, medians, gaps, means, deviations, categories, tuple(notices))

    @property
    def as_text(self) -> list[str]:
        """Columns to read as they are written: give it to `read_table`, so that a category `01` stays `01`."""
        return [name for name, kind in self.kinds.items() if kind == "category"]

    @property
    def names(self) -> list[str]:
        """Names of the columns of X: `age`, `age is missing`, `colour=red`."""
        names = self._number_names + [f"{name} is missing" for name in self.gaps]
        for name, values in self.categories.items():
            names += [f"{name} is missing" if value is None else f"{name}={value}" for value in values]
        return names

    @property
    def _number_names(self) -> list[str]:
        return [name for name, kind in self.kinds.items() if kind in NUMBERS]

    def transform(self, table: pd.DataFrame) -> Array:
        """Return X of a table: one row for each of its rows, in their order.

        Columns are found by name, wherever they stand; columns that training did not use are passed over.

        Returns
        -------
        X : array of shape (m, s₁), float64
            Finite, whatever gaps the table has.

        Raises
        ------
        TableError
            If a column is missing or there twice, or one that held numbers or dates in training holds something else.
        """
        return self.encode(table)[0]

    def encode(self, table: pd.DataFrame) -> tuple[Array, tuple[str, ...]]:
        """Return X of a table as `transform` does, and how the table strays from the one of training.

        Returns
        -------
        X : array of shape (m, s₁), float64
        notices : tuple of str
            A sentence for each column with words that the model does not know, and one for all that are empty.

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
        check_columns(table, self.kinds, "the model was trained on")
        notices = []
        numbers = self._number_names
        values = _numbers(table, {name: self.kinds[name] for name in numbers})
        marked = _filled_and_marked(values, self.medians, [numbers.index(name) for name in self.gaps])
        width = marked.shape[1]
        X = np.zeros((len(table), width + sum(map(len, self.categories.values()))))
        X[:, :width] = (marked - self.means) / self.deviations
        for name, known in self.categories.items():
            place_of_word = {word: place for place, word in enumerate(known, width)}
            words = _as_words(table[name], self.kinds[name])
            places = np.array([place_of_word.get(word, -1) for word in words])
            X[np.flatnonzero(places >= 0), places[places >= 0]] = 1
            width += len(known)
            if unknown := Counter(word for word in words if word is not None and word not in place_of_word):
                most = sorted(unknown, key=lambda word: (-unknown[word], word))
                notices.append(
                    f"{name!r} holds what the model does not know in {unknown.total()} of {len(words)} rows "
                    f"({name_some(most, 3)}). It knows {name_some([word for word in known if word is not None], 3)}."
                )
        if empty := [name for name in self.kinds if table[name].isna().all()]:
            notices.insert(0, f"Empty in every row, but not in training: {name_some(empty, 8)}.")
        return X, tuple(notices)


def _filled_and_marked(values: Array, medians: Array, gaps: Sequence[int]) -> Array:
    """Return numbers with medians in their gaps, and behind them 1 where the columns of `gaps` had one, else 0."""
    holes = np.isnan(values)
    return np.hstack([np.where(holes, medians, values), holes[:, gaps]])


def _means_and_deviations(values: Array) -> tuple[Array, Array]:
    """Return them by column; the deviation of a constant is 1, and a mean is one of the value itself then."""
    means = values[0] + (values - values[0]).mean(axis=0)
    centred = values - means
    largest = np.abs(centred).max(axis=0)
    scale = np.where(largest > 0, largest, 1)
    deviations = scale * np.sqrt(np.square(centred / scale).mean(axis=0))  # squares of 1e-300 would be 0
    return means, np.where(largest > 0, np.maximum(deviations, NARROWEST), 1)


def _use(column: pd.Series) -> str:
    """Return the kind of a column of a training table, or why it is dropped."""
    filled = column.dropna()
    if filled.empty:
        return "empty"
    if _is_plain(column):  # the shortest way, for tables of very many columns
        return "constant" if len(filled) == len(column) and filled.min() == filled.max() else "number"
    kind = _kind_of_values(filled)
    different = filled.nunique() if kind in NUMBERS else len(set(_as_words(filled, kind)))
    if different == 1 and len(filled) == len(column):
        return "constant"
    return "names" if kind == "category" and different > max(MANY, len(filled) / 2) else kind


def _kind_of_values(filled: pd.Series) -> str:
    inferred = pd.api.types.infer_dtype(filled)
    if (
        inferred == "string"
        and filled.str.match(r"\d{4}-\d\d-\d\d").all()
        and not np.isnan(_as_numbers(filled, "date")).any()
    ):
        return "date"
    if inferred in _KINDS:
        return _KINDS[inferred]
    if all(isinstance(value, str | Number | np.bool_) for value in filled):  # text beside numbers
        return "category"
    raise TableError(
        f"Column {filled.name!r} holds {str(filled.iloc[0])[:40]!r} in {place_of(filled, 0)} ({inferred}), which is "
        "not a number, a text, a boolean or a date. Turn it into one of these, or leave the column out."
    )


def _numbers(table: pd.DataFrame, kinds: dict[str, str]) -> Array:
    """Return columns of numbers and dates as float64, of shape (m, columns), with NaN for gaps."""
    values = np.empty((len(table), len(kinds)))
    for n, (name, kind) in enumerate(kinds.items()):
        column = table[name]
        numbers = _as_numbers(column, kind)
        strange = column.notna().to_numpy() & ~(np.abs(numbers) <= LARGEST)
        if strange.any():
            first, count = int(np.flatnonzero(strange)[0]), int(np.count_nonzero(strange))
            raise TableError(
                f"Column {name!r} holds {str(column.iloc[first])[:40]!r} in {place_of(column, first)}, where a "
                f"{kind if kind == 'date' else 'finite number'} belongs "
                f"({count} such {'value' if count == 1 else 'values'} in all). Correct the values, or leave the fields "
                "empty: gaps are filled."
            )
        values[:, n] = numbers
    return values


def _is_plain(column: pd.Series) -> bool:
    """Whether a column is numbers of NumPy's."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"


def _as_numbers(column: pd.Series, kind: str) -> Array:
    """Return float64; NaN for gaps and for what is no number (or no date), infinity for what is too large."""
    if kind == "date":
        # A number is no date, though pandas reads 20240131 as one.
        column = column.astype(object).mask(np.array([isinstance(value, Number) for value in column]))
        dates = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
        # Counted in seconds from 1970, of which there are enough for every date; nanoseconds end in 2262.
        return ((dates - pd.Timestamp(0, tz="UTC").as_unit("s")) / pd.Timedelta(days=1).as_unit("s")).to_numpy()
    if _is_plain(column):
        return column.to_numpy(dtype=np.float64)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.full(len(column), np.nan)  # pandas would count nanoseconds
    try:
        numbers = pd.to_numeric(column, errors="coerce")
        if numbers.dtype.kind == "c":
            return np.full(len(column), np.nan)
        return numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    except OverflowError:  # a whole number of more than 308 digits, which is infinite as a text
        return _as_numbers(column.astype(str).where(column.notna()), kind)


def _as_words(column: pd.Series, kind: str) -> list[str | None]:
    """Return each value as it is written; None for gaps."""
    return [None if gap else _word(value, kind) for value, gap in zip(column, column.isna(), strict=True)]


def _word(value: Any, kind: str) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of whole numbers with a gap comes as floats
    return str(value).lower() if kind == "boolean" else str(value)
