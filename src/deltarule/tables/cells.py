"""The reading of cells whose kind and form are known: as numbers or as words, with the gaps among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.tables.dates import date_numbers, days_of, duration_days
from deltarule.tables.numbers import PLAIN, NumberForm, is_currency

__all__ = [
    "KINDS", "LARGEST", "NUMBERS", "SAID_AS_TEXT", "USUAL_GAPS", "Form", "asked_gaps", "counts_of", "gap_words_of",
    "is_gap", "is_plain", "number_that_fits", "numbers_of", "texts_of", "words_of",
]  # fmt: skip

KINDS = ("number", "date", "duration", "category", "boolean")
NUMBERS = ("number", "date", "duration")
"""The kinds whose columns become one number per row."""

SAID_AS_TEXT = ("time", "period")
"""Types of Python and pandas whose values are read as the texts that they print: 14:30:00 and 2024-01."""

LARGEST = 1e100
"""Larger numbers are refused like infinite ones, so that squares of the others stay finite."""

USUAL_GAPS = frozenset(
    [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
        "NULL", "NaN", "None", "n/a", "nan", "null",
    ]
)  # fmt: skip
"""The texts that pandas reads as a gap in any column."""

_MARKS = frozenset(word.lower() for word in USUAL_GAPS) | frozenset(
    [
        "?", "??", ".", "..", "...", "-", "--", "---", "–", "—", "*", r"\n", "#div/0!", "#value!", "#ref!", "#name?",
        "#num!", "#null!", "#error!", "unknown", "missing", "n.a.", "n.a", "na.", "nil", "not available", "unspecified",
        "not applicable", "(null)", "(none)", "[null]", "<null>", "undefined", "nat", "void", "unk",
    ]
)  # fmt: skip
"""The texts that mean a gap among numbers, in lower case."""


@dataclass(frozen=True)
class Form:
    """How the cells of a column are written.

    Attributes
    ----------
    number : NumberForm
    date : str
        One of `DATE_FORMS`.
    parts : tuple of str
        Cyclic parts of a date that have columns of X of their own.
    gaps : tuple of str
        Words that are gaps in this column, besides those that are gaps by custom.
    digits : bool
        Whether the words of a category are numbers, so that 1.0 is the word 1.
    """

    number: NumberForm = PLAIN
    date: str = "iso"
    parts: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    digits: bool = False


def number_that_fits(value: float) -> str:
    """Return in words what belongs where a cell has a value that is refused.

    >>> number_that_fits(float("inf")), number_that_fits(1e200)
    ('finite number', 'number within ±1e+100')
    """
    return f"number within ±{LARGEST:g}" if LARGEST < abs(value) < np.inf else "finite number"


def numbers_of(column: pd.Series, kind: str, form: Form) -> tuple[Array, NDArray[np.bool_]]:
    """Return a column of numbers, dates or durations as float64, and which cells are none of these.

    Gaps are NaN; the values of cells that are none of these are meaningless.
    """
    gaps = column.isna().to_numpy(dtype=bool)
    if is_plain(column):
        strange = kind != "number" or (form.number.unit != "" and not is_currency(form.number.unit))
        values = column.to_numpy(dtype=np.float64)
        gaps = gaps | asked_gaps(column, form.gaps)
        values = np.where(gaps, np.nan, values)
        return values, ~gaps if strange else ~gaps & ~(np.abs(values) <= LARGEST)
    if _may_hold_texts(column):
        codes, texts = texts_of(column)
        known = _values_of(texts, kind, form)
        marks = np.array([is_gap(text) or text in form.gaps for text in texts], dtype=bool)
        values = np.append(known, np.nan)[codes]
        gaps = gaps | np.append(marks, True)[codes]
        if kind != "number" and column.dtype == object:  # a number is not a date, though 20240131 reads as one
            values[[isinstance(value, Number) for value in column]] = np.inf
        return np.where(gaps, np.nan, values), ~gaps & ~(np.abs(values) <= LARGEST)
    values = _typed(column, kind)
    if form.gaps:
        gaps = gaps | (np.isin(values, PLAIN.numbers(form.gaps)) if kind == "number" else asked_gaps(column, form.gaps))
        values = np.where(gaps, np.nan, values)
    return values, ~gaps & ~(np.abs(values) <= LARGEST)


def _values_of(texts: list[str], kind: str, form: Form) -> Array:
    if kind == "number":
        return form.number.numbers(texts)
    return date_numbers(texts, form.date) if kind == "date" else duration_days(texts)


def _typed(column: pd.Series, kind: str) -> Array:
    """Return the values of a column without texts; NaN for gaps and for values of another kind."""
    strange = np.full(len(column), np.nan)
    if kind == "date":
        if pd.api.types.is_timedelta64_dtype(column.dtype):
            return strange
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return days_of(pd.to_datetime(column, utc=True))
        # A number is not a date, though pandas reads 20240131 as one.
        column = column.astype(object).mask(np.array([isinstance(value, Number) for value in column], dtype=bool))
        return days_of(pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601"))
    is_duration = pd.api.types.infer_dtype(column, skipna=True) in ("timedelta", "timedelta64")
    if kind == "duration":
        if not is_duration:
            return strange
        return (pd.to_timedelta(column) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64, na_value=np.nan)
    if is_duration or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return strange  # instead of nanoseconds, which pandas would return
    if pd.api.types.infer_dtype(column, skipna=True) == "decimal":
        column = column.astype(object)  # pandas loses the gaps of Arrow's decimals
    try:
        numbers = pd.to_numeric(column, errors="coerce")
        return strange if numbers.dtype.kind == "c" else numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    except OverflowError:  # a whole number of more than 308 digits; read as a text, it is infinite
        return PLAIN.numbers(["" if gap else str(value) for value, gap in zip(column, column.isna(), strict=True)])


def words_of(column: pd.Series, kind: str, form: Form) -> tuple[NDArray[np.intp], list[str]]:
    """Return the index of each cell's word (-1 for a gap), and the distinct words of a column."""
    codes, words = texts_of(column)
    if kind == "boolean":
        words = [word.lower() for word in words]
    if form.digits:
        values = PLAIN.numbers(words)
        words = [word if np.isnan(value) else _word(float(value)) for word, value in zip(words, values, strict=True)]
    if kind == "boolean" or form.gaps or form.digits:
        places: dict[str, int] = {}
        again = [-1 if word in form.gaps else places.setdefault(word, len(places)) for word in words]
        codes, words = np.append(np.array(again, dtype=np.intp), -1)[codes], list(places)
    return codes, words


def texts_of(column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Return the index of each cell's text (-1 for a gap), and the distinct texts as they are written."""
    if not isinstance(column.dtype, pd.StringDtype):
        gaps = column.isna().to_numpy(dtype=bool)
        column = pd.Series(
            [None if gap else _word(value) for value, gap in zip(column, gaps, strict=True)], dtype=object
        )
    codes, texts = pd.factorize(column)
    return codes, np.asarray(texts, dtype=object).tolist()


def asked_gaps(column: pd.Series, gaps: Sequence[str]) -> NDArray[np.bool_]:
    """Return which cells are one of the gaps that the caller named: numbers by their value, dates by their day."""
    if not gaps:
        return np.zeros(len(column), dtype=bool)
    if is_plain(column):
        return np.isin(column.to_numpy(dtype=np.float64), PLAIN.numbers(gaps))
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.isin(days_of(pd.to_datetime(column, utc=True)), date_numbers(gaps, "iso"))
    codes, texts = texts_of(column)
    return np.append(np.isin(texts, gaps), False)[codes]


def gap_words_of(column: pd.Series, form: Form) -> dict[str, int]:
    """Return the words in a column of numbers that are gaps, each with its number of rows."""
    if not _may_hold_texts(column):
        return {}
    return {text: n for text, n in counts_of(column).items() if is_gap(text) or text in form.gaps}


def is_plain(column: pd.Series) -> bool:
    """Return whether a column has a numeric dtype of NumPy."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"


def is_gap(text: str) -> bool:
    """Return whether a text among numbers means a gap by custom."""
    return text.strip().lower() in _MARKS


def _may_hold_texts(column: pd.Series) -> bool:
    texts = ("string", "mixed", "mixed-integer", "empty", "categorical", *SAID_AS_TEXT)
    return pd.api.types.infer_dtype(column, skipna=True) in texts


def _word(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # pandas stores whole numbers with a gap as floats
    return str(value)


def counts_of(column: pd.Series) -> dict[str, int]:
    """Return the number of rows of each text of a column."""
    codes, texts = texts_of(column)
    rows = np.bincount(codes[codes >= 0], minlength=len(texts))
    return dict(zip(texts, rows.tolist(), strict=True))
