"""A data frame to X, with scikit-learn's own transformers, fitted on the training rows and kept with the model.

    number     gaps become the median, plus one column that says where they were; then mean 0 and variance 1
    date       the same, in days since 1970-01-01 (UTC)
    category   words: one column for each value seen in training, 1 where a row has it and 0 elsewhere; a value never
               seen is all zeros; a gap is a value of its own if training had gaps, else all zeros
    boolean    a category with the values false and true

Dropped in training, each with a notice: a column without any value; a column with one value and no gap; a column of
words with more than 20 different ones that differ in more than half of the rows (names, identifiers, free text).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from deltarule.arrays import Array
from deltarule.errors import TableError
from deltarule.tables.reading import check_columns, name_some, place_of

__all__ = ["TableEncoder"]

LARGEST = 1e100
"""Numbers beyond it are refused as infinite ones are: their squares leave the finite numbers."""

MANY = 20
"""A column of words with more different values than this, in more than half of its rows, names the rows."""


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


@dataclass(frozen=True, eq=False)
class TableEncoder:
    """Turns tables with the columns of the training table into X; make it with `TableEncoder.fit`.

    Attributes
    ----------
    kinds : dict of str to str
        `"number"`, `"date"`, `"category"` or `"boolean"` for each column that is used, in the order of
        the training table.
    transformer : sklearn.compose.ColumnTransformer
    notices : tuple of str
        What was dropped or read in a way that one should know of, a sentence each.
    """

    kinds: dict[str, str]
    transformer: ColumnTransformer
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
            If no column is left to learn from, or a column holds what is neither a number, text, a boolean nor a date.

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
        numbers = [name for name, kind in kinds.items() if kind in ("number", "date")]
        words = [name for name, kind in kinds.items() if kind in ("category", "boolean")]
        transformer = ColumnTransformer(
            [
                (
                    "numbers",
                    make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
                    numbers,
                ),
                ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
            ],
            sparse_threshold=0,
        )
        transformer.fit(_prepare(table, kinds))
        return cls(kinds, transformer, tuple(notices))

    @property
    def as_text(self) -> list[str]:
        """Columns to read as they are written: give it to `read_table`, so that a category `01` stays `01`."""
        return [name for name, kind in self.kinds.items() if kind == "category"]

    @property
    def names(self) -> list[str]:
        """Names of the columns of X: `age`, `age is missing`, `colour=red`."""
        names = []
        numbers, words = (columns for _, _, columns in self.transformer.transformers_[:2])
        if numbers:
            imputer = self.transformer.named_transformers_["numbers"][0]
            names += numbers
            if imputer.indicator_ is not None:
                names += [f"{numbers[n]} is missing" for n in imputer.indicator_.features_]
        if words:
            for name, values in zip(words, self.transformer.named_transformers_["words"].categories_, strict=True):
                names += [f"{name} is missing" if pd.isna(value) else f"{name}={value}" for value in values]
        return names

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
            If a column is missing, or one that held numbers or dates in training holds something else.
        """
        check_columns(table, self.kinds, "the model was trained on")
        return np.ascontiguousarray(self.transformer.transform(_prepare(table, self.kinds)), dtype=np.float64)


def _use(column: pd.Series) -> str:
    """Return the kind of a column of a training table, or why it is dropped."""
    filled = column.dropna()
    if filled.empty:
        return "empty"
    kind = _kind_of_values(filled)
    values = (_as_words(filled, kind) if kind in ("category", "boolean") else filled).drop_duplicates()
    if len(values) == 1 and len(filled) == len(column):
        return "constant"
    return "names" if kind == "category" and len(values) > max(MANY, len(filled) / 2) else kind


def _kind_of_values(filled: pd.Series) -> str:
    inferred = pd.api.types.infer_dtype(filled)
    if (
        inferred == "string"
        and filled.str.match(r"\d{4}-\d\d-\d\d").all()
        and _as_numbers(filled, "date").notna().all()
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


def _prepare(table: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """Return the columns that are used: numbers and dates as float64 with NaN for gaps, words as str or NaN."""
    columns = {}
    for name, kind in kinds.items():
        column = table[name]
        if kind in ("category", "boolean"):
            columns[name] = _as_words(column, kind)
            continue
        numbers = _as_numbers(column, kind)
        strange = column.notna() & ~(numbers.abs() <= LARGEST)
        if strange.any():
            first = int(np.flatnonzero(strange)[0])
            raise TableError(
                f"Column {name!r} holds {column.iloc[first]!r} in {place_of(column, first)}, where a "
                f"{kind if kind == 'date' else 'finite number'} belongs ({np.count_nonzero(strange)} such values in "
                "all). Correct the values, or leave the fields empty: gaps are filled."
            )
        columns[name] = numbers
    return pd.DataFrame(columns, index=table.index)


def _as_numbers(column: pd.Series, kind: str) -> pd.Series:
    """Return float64; NaN for gaps and for what is no number (or no date)."""
    if kind == "date":
        dates = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
        return (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.Series(np.nan, index=column.index)  # pandas would count nanoseconds
    numbers = pd.to_numeric(column, errors="coerce")
    return pd.Series(numbers.to_numpy(dtype=np.float64, na_value=np.nan), index=column.index)


def _as_words(column: pd.Series, kind: str) -> pd.Series:
    """Return each value as it is written, in an object column; NaN for gaps."""
    words = [np.nan if gap else _word(value, kind) for value, gap in zip(column, column.isna(), strict=True)]
    return pd.Series(words, index=column.index, dtype=object)


def _word(value: Any, kind: str) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of whole numbers with a gap comes as floats
    return str(value).lower() if kind == "boolean" else str(value)
