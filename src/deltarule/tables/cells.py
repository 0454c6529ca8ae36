"""What the cells of a column mean: numbers, dates, durations, booleans or words, and which of them are gaps.

A column of texts is what most of its cells are. Where at least four of five are numbers (or dates, or durations) it is
a column of these: what stands for a gap by custom is one then, and every other text among them is an error. In a column
of words only a missing value is a gap, so the words None and NA stay words.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import TableError
from deltarule.tables.dates import date_numbers, days_of, duration_days, learn_date_form
from deltarule.tables.numbers import PLAIN, NumberForm, is_currency, learn_number_form, tell_marks_apart
from deltarule.tables.options import TableOptions
from deltarule.tables.reading import place_of

__all__ = [
    "KINDS",
    "LARGEST",
    "NUMBERS",
    "USUAL_GAPS",
    "Form",
    "Meaning",
    "gap_words_of",
    "is_plain",
    "meaning_of",
    "numbers_of",
    "settle_marks",
    "texts_of",
    "words_of",
]  # fmt: skip

KINDS = ("number", "date", "duration", "category", "boolean")
NUMBERS = ("number", "date", "duration")
"""Kinds whose columns become one number for each row."""

LARGEST = 1e100
"""Numbers beyond it are refused as infinite ones are: their squares leave the finite numbers."""

MOST = 0.8
"""Share of the cells that must be numbers for the column to be one of numbers."""

MOST_OF_UNIT = 0.95
"""The same where a unit made of letters stands beside the numbers: 2A, 3A and 3B are codes."""

USUAL_GAPS = frozenset(
    [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
        "NULL", "NaN", "None", "n/a", "nan", "null",
    ]
)  # fmt: skip
"""What pandas reads as a gap in any column."""

_MARKS = frozenset(word.lower() for word in USUAL_GAPS) | frozenset(
    [
        "?", "??", ".", "..", "...", "-", "--", "---", "–", "—", "*", r"\n", "#div/0!", "#value!", "#ref!", "#name?",
        "#num!", "#null!", "#error!", "unknown", "missing", "n.a.", "n.a", "na.", "nil", "not available", "unspecified",
        "not applicable", "(null)", "(none)", "[null]", "<null>", "undefined", "nat", "void", "unk",
    ]
)  # fmt: skip
"""What stands for a gap among numbers, in small letters."""

_KIND_OF = {
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "decimal": "number",
    "boolean": "boolean",
    "categorical": "category",
    "datetime": "date",
    "datetime64": "date",
    "date": "date",
    "timedelta": "duration",
    "timedelta64": "duration",
}
"""What pandas calls a column's values, and how they are used."""


@dataclass(frozen=True)
class Form:
    """How the cells of a column are written.

    Attributes
    ----------
    number : NumberForm
    date : str
        One of `DATE_FORMS`.
    parts : tuple of str
        Parts of a date that come round again and have columns of X of their own.
    gaps : tuple of str
        Words that are gaps in this column, beyond what is one by custom.
    """

    number: NumberForm = PLAIN
    date: str = "iso"
    parts: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Meaning:
    """What the cells of a column were found to mean.

    Attributes
    ----------
    kind : str
        One of `KINDS`, or `"empty"`.
    form : Form
    gap_words : mapping of str to int
        Among numbers: words that are gaps, and in how many rows.
    word_gaps : mapping of str to int
        Among words: those that are usual gaps and are words here.
    example : str
        A cell, as it is written, where a notice should show one.
    why : str
        `"zeros"` or `"mixed"` where cells with digits are used as words.
    numbers : int
        How many rows hold numbers, where `why` is `"mixed"`.
    open : str
        `"comma"` or `"dot"` where the column alone does not tell whether `1,222` or `1.222` has decimals.
    """

    kind: str
    form: Form = Form()
    gap_words: dict[str, int] = field(default_factory=dict)
    word_gaps: dict[str, int] = field(default_factory=dict)
    example: str = ""
    why: str = ""
    numbers: int = 0
    open: str = ""


def meaning_of(column: pd.Series, options: TableOptions) -> Meaning:
    """Return what the cells of a column of a training table mean.

    Raises
    ------
    TableError
        If nearly all cells are of one kind and others are not, if day and month cannot be told apart, or if a cell is
        neither a number, a text, a boolean nor a date.
    """
    form = Form(gaps=options.gaps)
    as_words = column.name in options.categories
    if is_plain(column):
        kind = "empty" if column.isna().all() else "category" if as_words else "number"
        return Meaning(kind, form)
    kind = _kind_of_values(column)
    if kind != "text":
        return Meaning("category" if as_words and kind != "empty" else kind, form)
    counts = _counts(column)
    known = {text: n for text, n in counts.items() if text not in options.gaps}
    if not known:
        return Meaning("empty", form)
    words = Meaning("category", form, word_gaps={text: n for text, n in known.items() if text in USUAL_GAPS})
    if as_words:
        return words
    if all(text.lower() in ("true", "false") for text in known):
        return Meaning("boolean", form)
    filled = {text: n for text, n in known.items() if not is_gap(text)}
    if not filled:
        return words
    found = _numbers_dates_or_durations(column, filled, form, options)
    rows = sum(filled.values())
    enough = MOST_OF_UNIT if found.form.number.unit.isalpha() and found.kind == "number" else MOST
    if found.numbers < enough * rows:
        return replace(words, why="mixed", numbers=found.numbers) if 2 * found.numbers > rows else words
    if found.kind == "number" and _has_zeros_in_front(filled):
        return replace(words, why="zeros", example=next(text for text in filled if text[0] == "0"))
    if found.numbers < rows:
        raise _strays(column, found.kind, found.form, rows)
    gap_words = {text: n for text, n in known.items() if text not in filled}
    return replace(found, gap_words=gap_words, numbers=0, example=_example(filled))


def _numbers_dates_or_durations(
    column: pd.Series, filled: dict[str, int], form: Form, options: TableOptions
) -> Meaning:
    """Return which of these most cells are, and in how many rows (`numbers`)."""
    days = duration_days(filled)
    durations = sum(n for n, value in zip(filled.values(), days, strict=True) if not np.isnan(value))
    if durations >= MOST * sum(filled.values()):
        return Meaning("duration", form, numbers=durations)
    number, numbers, certain = learn_number_form(filled)
    date = learn_date_form(filled, options.dates)
    if date.rows <= numbers:
        in_doubt = "comma" if not certain else "dot" if number == PLAIN and tell_marks_apart(filled) else ""
        return Meaning("number", replace(form, number=number), numbers=numbers, open=in_doubt)
    if date.other and date.rows == sum(filled.values()):
        raise _day_or_month(column)
    return Meaning("date", replace(form, date=date.form), numbers=date.rows)


def _example(filled: dict[str, int]) -> str:
    """Return a cell that shows how numbers are written: the first of those with the most marks."""
    return max(filled, key=lambda text: len(text) - sum(map(str.isdecimal, text)))


def _has_zeros_in_front(filled: dict[str, int]) -> bool:
    """Whether the cells are digits of one length, some with a 0 in front: codes, which are no quantities."""
    lengths = {len(text) for text in filled}
    return (
        len(lengths) == 1
        and lengths != {1}
        and all(map(str.isdecimal, filled))
        and any(text[0] == "0" for text in filled)
    )


def numbers_of(column: pd.Series, kind: str, form: Form) -> tuple[Array, NDArray[np.bool_]]:
    """Return a column of numbers, dates or durations as float64, and where a cell is none of them.

    Gaps are NaN; the values of such cells are not to be used.
    """
    gaps = column.isna().to_numpy(dtype=bool)
    if is_plain(column):
        strange = kind != "number" or (form.number.unit != "" and not is_currency(form.number.unit))
        values = column.to_numpy(dtype=np.float64)
        return values, ~gaps if strange else ~gaps & ~(np.abs(values) <= LARGEST)
    if _may_hold_texts(column):
        codes, texts = texts_of(column)
        known = _values_of(texts, kind, form)
        marks = np.array([is_gap(text) or text in form.gaps for text in texts], dtype=bool)
        values = np.append(known, np.nan)[codes]
        gaps = gaps | np.append(marks, True)[codes]
        if kind != "number" and column.dtype == object:  # a number is no date, though 20240131 reads as one
            values[[isinstance(value, Number) for value in column]] = np.inf
        return np.where(gaps, np.nan, values), ~gaps & ~(np.abs(values) <= LARGEST)
    values = _typed(column, kind)
    return values, ~gaps & ~(np.abs(values) <= LARGEST)


def _values_of(texts: list[str], kind: str, form: Form) -> Array:
    if kind == "number":
        return form.number.numbers(texts)
    return date_numbers(texts, form.date) if kind == "date" else duration_days(texts)


def _typed(column: pd.Series, kind: str) -> Array:
    """Return the values of a column without texts; NaN for gaps and for what is of another kind."""
    strange = np.full(len(column), np.nan)
    if kind == "date":
        if pd.api.types.is_timedelta64_dtype(column.dtype):
            return strange
        # A number is no date, though pandas reads 20240131 as one.
        column = column.astype(object).mask(np.array([isinstance(value, Number) for value in column], dtype=bool))
        return days_of(pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601"))
    is_duration = pd.api.types.infer_dtype(column, skipna=True) in ("timedelta", "timedelta64")
    if kind == "duration":
        if not is_duration:
            return strange
        return (pd.to_timedelta(column) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64, na_value=np.nan)
    if is_duration or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return strange  # pandas would count nanoseconds
    try:
        numbers = pd.to_numeric(column, errors="coerce")
        return strange if numbers.dtype.kind == "c" else numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    except OverflowError:  # a whole number of more than 308 digits, which is infinite as a text
        return PLAIN.numbers(["" if gap else str(value) for value, gap in zip(column, column.isna(), strict=True)])


def words_of(column: pd.Series, kind: str, form: Form) -> tuple[NDArray[np.intp], list[str]]:
    """Return which word each cell of a column of words is, -1 for a gap, and the words, which differ."""
    codes, words = texts_of(column)
    if kind == "boolean":
        words = [word.lower() for word in words]
    if kind == "boolean" or form.gaps:
        places: dict[str, int] = {}
        again = [-1 if word in form.gaps else places.setdefault(word, len(places)) for word in words]
        codes, words = np.append(np.array(again, dtype=np.intp), -1)[codes], list(places)
    return codes, words


def texts_of(column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Return which text each cell is, -1 for a gap, and the texts, which differ, each as it is written."""
    if not isinstance(column.dtype, pd.StringDtype):
        gaps = column.isna().to_numpy(dtype=bool)
        column = pd.Series(
            [None if gap else _word(value) for value, gap in zip(column, gaps, strict=True)], dtype=object
        )
    codes, texts = pd.factorize(column)
    return codes, [str(text) for text in texts]


def gap_words_of(column: pd.Series, form: Form) -> dict[str, int]:
    """Return the words in a column of numbers that are gaps, and in how many rows each stands."""
    if not _may_hold_texts(column):
        return {}
    return {text: n for text, n in _counts(column).items() if is_gap(text) or text in form.gaps}


def settle_marks(table: pd.DataFrame, meanings: dict[str, Meaning]) -> None:
    """Settle by the other columns whether 1,222 and 1.222 have decimals, where a column alone does not tell.

    Raises
    ------
    TableError
        If a file that separates its columns by semicolons or tabs holds 1,222 and nothing tells.
    """
    in_doubt = {name: meaning for name, meaning in meanings.items() if meaning.open}
    if not in_doubt:
        return
    sure = [meaning.form.number for meaning in meanings.values() if not meaning.open and meaning.kind == "number"]
    commas = any(number.decimal == "," for number in sure)
    dots = any(number.thousands == "," for number in sure) or any(
        is_plain(table[name]) and not (values := table[name].dropna()).eq(values.round()).all() for name in meanings
    )
    for name, meaning in in_doubt.items():
        if commas and not dots:
            number = replace(meaning.form.number, decimal=",", thousands="." if meaning.open == "dot" else "")
            meanings[name] = replace(meaning, form=replace(meaning.form, number=number))
        elif meaning.open == "comma" and not dots and table.attrs.get("separator", ",") != ",":
            text = meaning.example
            raise TableError(
                f"Column {name!r} holds numbers such as {text!r}, which may be {text.replace(',', '')} or "
                f"{text.replace(',', '.')}, and no cell of the table tells. Write them without the mark or with a dot, "
                f"or use the column as words (--categories {name})."
            )


def is_plain(column: pd.Series) -> bool:
    """Return whether a column is numbers of NumPy's."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"


def is_gap(text: str) -> bool:
    """Return whether a text among numbers stands for a gap by custom."""
    return text.strip().lower() in _MARKS


def _may_hold_texts(column: pd.Series) -> bool:
    return pd.api.types.infer_dtype(column, skipna=True) in ("string", "mixed", "mixed-integer", "empty", "categorical")


def _word(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of whole numbers with a gap comes as floats
    return str(value)


def _counts(column: pd.Series) -> dict[str, int]:
    codes, texts = texts_of(column)
    rows = np.bincount(codes[codes >= 0], minlength=len(texts))
    return dict(zip(texts, rows.tolist(), strict=True))


def _kind_of_values(column: pd.Series) -> str:
    """Return the kind of a column by the types of its values; `"text"` where texts must tell, `"empty"` without any."""
    filled = column.dropna()
    if filled.empty:
        return "empty"
    inferred = pd.api.types.infer_dtype(filled)
    if inferred in _KIND_OF:
        return _KIND_OF[inferred]
    if inferred == "string" or all(isinstance(value, str | Number | np.bool_) for value in filled):
        return "text"
    raise TableError(
        f"Column {filled.name!r} holds {str(filled.iloc[0])[:40]!r} in {place_of(filled, 0)} ({inferred}), which is "
        "not a number, a text, a boolean, a date or a duration. Turn it into one of these, or leave the column out."
    )


def _strays(column: pd.Series, kind: str, form: Form, filled: int) -> TableError:
    """Say which cells of a column are none of what the others are."""
    _, strange = numbers_of(column, kind, form)
    places = np.flatnonzero(strange)
    cells = Counter(str(column.iloc[place])[:40] for place in places)
    named = [f"{cell!r} in {place_of(column, int(place))}" for place, cell in _first_of_each(column, places)]
    more = len(cells) - len(named)
    gaps = " ".join(f'--gaps "{cell}"' for cell in list(cells)[:3])
    return TableError(
        f"Column {column.name!r} holds {kind}s in {filled - len(places)} of {filled} rows, but something else in "
        f"{len(places)}: {', '.join(named)}{f' and {more} more' if more > 0 else ''}. Correct the "
        f"{'cell' if len(places) == 1 else 'cells'}, read {'it' if len(places) == 1 else 'them'} as gaps ({gaps}), "
        f"or use the column as words (--categories {column.name})."
    )


def _first_of_each(column: pd.Series, places: NDArray[np.intp]) -> list[tuple[int, str]]:
    first: dict[str, int] = {}
    for place in places:
        first.setdefault(str(column.iloc[place])[:40], int(place))
    return [(place, cell) for cell, place in list(first.items())[:3]]


def _day_or_month(column: pd.Series) -> TableError:
    codes, texts = texts_of(column)
    rows = [int(np.flatnonzero(codes == n)[0]) for n in range(min(2, len(texts)))]
    shown = " and ".join(f"{texts[codes[row]]!r} in {place_of(column, row)}" for row in rows)
    return TableError(
        f"Column {column.name!r} holds dates such as {shown}, and no row tells whether day or month comes first. "
        "Say it: --dates day-first or --dates month-first."
    )
