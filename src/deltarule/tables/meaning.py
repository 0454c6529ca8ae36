"""What the cells of a column of a training table mean: the kind of the column, and the form in which they are written.

A column of texts has the kind of most of its cells. If at least four of five are numbers (or dates, or durations), it
is a column of these: texts that mean a gap by custom are then gaps, and every other text is an error. In a column of
words only a missing value is a gap, so the words None and NA stay words.
"""

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from numbers import Number

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.common.errors import TableError
from deltarule.tables.cells import SAID_AS_TEXT, USUAL_GAPS, Form, counts_of, is_gap, is_plain, numbers_of, texts_of
from deltarule.tables.dates import DATE_FORMS, duration_days, has_zone, learn_date_form
from deltarule.tables.numbers import PLAIN, learn_number_form, tell_marks_apart
from deltarule.tables.options import TableOptions
from deltarule.tables.reading import place_of

__all__ = ["Complaints", "Meaning", "meaning_of", "meaning_of_kind", "meaning_of_texts", "settle_by", "settle_marks"]

MOST = 0.8
"""Share of the cells that must be numbers for the column to be one of numbers."""

SOME = 0.1
"""Above this share of numbers among words, a notice says so."""

FEW_WORDS = 5
MANY_NUMBERS = 20
"""A column with at most FEW_WORDS different words and more than MANY_NUMBERS different numbers is one of numbers."""

MANY_DIGITS = 10
"""More different words that begin with digits than this may be a quantity: 1st, 2nd and 3rd are none."""

MOST_OF_UNIT = 0.95
"""MOST for numbers with a unit made of letters: 2A, 3A and 3B are codes."""

_DIGIT_FIRST = re.compile(r"[^\w\s]{0,2}\s*\d")

_SOME = 500
"""If none of this many commonest texts is a number or date, and none of as many others, there are too few."""

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
"""The kind of a column for each type of values that pandas infers."""


@dataclass(frozen=True, eq=False)
class Meaning:
    """The meaning of the cells of a column.

    Attributes
    ----------
    kind : str
        One of `KINDS`, or `"empty"`.
    form : Form
    gap_words : mapping of str to int
        In a column of numbers: words that are gaps, each with its number of rows.
    word_gaps : mapping of str to int
        In a column of words: words that usually mean a gap but are words here.
    example : str
        A cell as it is written, for a notice to show.
    why : str
        `"zeros"`, `"mixed"` or `"digits"` where cells with digits are used as words.
    numbers : int
        How many rows hold numbers, where `why` is `"mixed"`.
    zoneless : int
        How many rows hold a date without a time zone, where others have one.
    open : str
        `"comma"` or `"dot"` if the column alone does not show whether `1,222` or `1.222` has decimals.
    """

    kind: str
    form: Form
    gap_words: dict[str, int] = field(default_factory=dict)
    word_gaps: dict[str, int] = field(default_factory=dict)
    example: str = ""
    why: str = ""
    numbers: int = 0
    zoneless: int = 0
    open: str = ""


def meaning_of(column: pd.Series, options: TableOptions) -> Meaning:
    """Return what the cells of a column of a training table mean.

    Raises
    ------
    TableError
        If nearly all cells are of one kind but the others are not, if day and month cannot be distinguished, or if a
        cell is not a number, text, boolean, date or duration.
    """
    kind = _kind_of_values(column)
    if kind != "text":
        return meaning_of_kind(str(column.name), kind, options)
    complaints = Complaints(
        lambda kind, form, rows: _strays(column, kind, form, rows),
        lambda: _day_or_month(column),
    )
    return meaning_of_texts(str(column.name), counts_of(column), options, complaints)


def meaning_of_kind(name: str, kind: str, options: TableOptions) -> Meaning:
    """Return what the cells of a column mean whose values have types that say it: `kind` is not `"text"`."""
    form = Form(gaps=options.gaps)
    asked = name in options.categories and kind != "empty"
    return Meaning("category", replace(form, digits=kind == "number")) if asked else Meaning(kind, form)


@dataclass(frozen=True)
class Complaints:
    """The errors about a column of texts, with the places of cells; made where the cells are at hand.

    Attributes
    ----------
    strays : callable
        (kind, form, filled rows) ↦ error that names the cells that are not of the kind of the others.
    day_or_month : callable
        () ↦ error that shows dates whose day and month could be swapped.
    """

    strays: Callable[[str, Form, int], TableError]
    day_or_month: Callable[[], TableError]


def meaning_of_texts(name: str, counts: Mapping[str, int], options: TableOptions, complaints: Complaints) -> Meaning:
    """Return what the cells of a column of texts mean; see `meaning_of`.

    Parameters
    ----------
    name : str
        Name of the column.
    counts : mapping of str to int
        The number of rows of each text.
    options : TableOptions
    complaints : Complaints
    """
    form = Form(gaps=options.gaps)
    as_words = name in options.categories
    known = {text: n for text, n in counts.items() if text not in options.gaps}
    if not known:
        return Meaning("empty", form)
    words = Meaning("category", form, word_gaps={text: n for text, n in known.items() if _looks_like_gap(text)})
    if as_words:
        return words
    if all(text.lower() in ("true", "false") for text in known):
        return Meaning("boolean", form)
    filled = {text: n for text, n in known.items() if not is_gap(text)}
    if not filled:
        return words
    found, fitting = _numbers_dates_or_durations(filled, form, options, complaints)
    rows = sum(filled.values())
    enough = MOST_OF_UNIT if found.form.number.unit.isalpha() and found.kind == "number" else MOST
    if found.numbers < enough * rows and not _few_words_among_many_numbers(filled, found):
        some = found.numbers > SOME * rows
        if some:
            return replace(words, why="mixed", numbers=found.numbers)
        return replace(words, why="digits", example=next(iter(filled))) if _begin_with_digits(filled) else words
    if found.kind == "number" and _has_zeros_in_front(filled):
        return replace(words, why="zeros", example=next(text for text in filled if text[0] == "0"))
    if fitting < rows:
        raise complaints.strays(found.kind, found.form, rows)
    gap_words = {text: n for text, n in known.items() if text not in filled}
    zoneless = rows - sum(n for text, n in filled.items() if has_zone(text)) if found.kind == "date" else 0
    zoneless = zoneless if zoneless < rows else 0
    return replace(found, gap_words=gap_words, numbers=0, example=_example(filled, found.form), zoneless=zoneless)


def _numbers_dates_or_durations(
    filled: dict[str, int], form: Form, options: TableOptions, complaints: Complaints
) -> tuple[Meaning, int]:
    """Return the kind of most cells, with the rows that any form fits (`numbers`), and the rows that the best fits."""
    if len(filled) > 2 * _SOME and not _any_numbers_or_dates(_some(filled), options):
        return Meaning("number", form), 0
    days = duration_days(filled)
    durations = sum(n for n, value in zip(filled.values(), days, strict=True) if not np.isnan(value))
    if durations >= MOST * sum(filled.values()):
        return Meaning("duration", form, numbers=durations), durations
    number, date = learn_number_form(filled), learn_date_form(filled, options.dates)
    if date.any_rows <= number.any_rows:
        in_doubt = "comma" if not number.certain else ""
        if number.form == PLAIN and tell_marks_apart(filled):
            in_doubt = "dot"
        return Meaning("number", replace(form, number=number.form), numbers=number.any_rows, open=in_doubt), number.rows
    if date.in_doubt and date.rows == sum(filled.values()):
        raise complaints.day_or_month()
    return Meaning("date", replace(form, date=date.form), numbers=date.any_rows), date.rows


def _few_words_among_many_numbers(filled: dict[str, int], found: Meaning) -> bool:
    """Whether a few words such as <0.5 recur among measured values."""
    if found.kind != "number" or found.form.number.unit.isalpha() or found.numbers <= SOME * sum(filled.values()):
        return False
    words = int(np.isnan(found.form.number.numbers(filled)).sum())
    return words <= FEW_WORDS and len(filled) - words > MANY_NUMBERS


def _any_numbers_or_dates(cells: dict[str, int], options: TableOptions) -> bool:
    durations = not np.isnan(duration_days(cells)).all()
    return durations or learn_number_form(cells).any_rows > 0 or learn_date_form(cells, options.dates).any_rows > 0


def _some(filled: dict[str, int]) -> dict[str, int]:
    """Return the commonest texts, and others spread from the first to the last."""
    chosen = [*heapq.nlargest(_SOME, filled, key=lambda text: filled[text]), *list(filled)[:: len(filled) // _SOME]]
    return {text: filled[text] for text in chosen[: 2 * _SOME]}


def _looks_like_gap(word: str) -> bool:
    return word in USUAL_GAPS or (is_gap(word) and not word.isalpha())


def _example(filled: dict[str, int], form: Form) -> str:
    """Return a cell that shows how numbers are written: the first of those with the most marks of the form, or any."""
    return max(filled, key=lambda text: (form.number.shown_by(text), len(text) - sum(map(str.isdecimal, text))))


def _begin_with_digits(filled: dict[str, int]) -> bool:
    """Whether cells look like measured values that are not understood, such as 5'11: many, most with a digit first."""
    rows = sum(n for text, n in filled.items() if _DIGIT_FIRST.match(text))
    return len(filled) > MANY_DIGITS and rows >= MOST * sum(filled.values())


def _has_zeros_in_front(filled: dict[str, int]) -> bool:
    """Whether the cells are digits of one length, some with a leading 0: codes and not quantities."""
    lengths = {len(text) for text in filled}
    return (
        len(lengths) == 1
        and lengths != {1}
        and all(map(str.isdecimal, filled))
        and any(text[0] == "0" for text in filled)
    )


def settle_marks(table: pd.DataFrame, meanings: dict[str, Meaning], options: TableOptions) -> None:
    """Settle by all columns of a table whether 1,222 and 1.222 have decimals, where a column alone does not tell.

    The target, the weights and what is dropped tell as well, for they were written as the others were.

    Raises
    ------
    TableError
        If a file with semicolons or tabs between columns holds 1,222, and no other column decides, or they disagree.
    """
    if not any(meaning.open for meaning in meanings.values()):
        return
    found: list[Meaning] = []
    for name, column in table.items():
        with suppress(TableError):  # what cannot be read tells nothing
            found.append(meanings[str(name)] if name in meanings else meaning_of(column, options))
    fractions = any(
        is_plain(column) and not (values := column.dropna()).eq(values.round()).all() for _, column in table.items()
    )
    settle_by(meanings, found, fractions, table.attrs.get("separator", ","))


def settle_by(meanings: dict[str, Meaning], found: Iterable[Meaning], fractions: bool, separator: str = ",") -> None:
    """Settle whether 1,222 and 1.222 have decimals, by what the columns of a table mean; see `settle_marks`.

    Parameters
    ----------
    meanings : dict
        The meanings to settle, by column.
    found : iterable of Meaning
        Meanings of all columns.
    fractions : bool
        Whether a column of numbers holds fractions.
    separator : str
        What is between columns in the file.
    """
    in_doubt = {name: meaning for name, meaning in meanings.items() if meaning.open}
    sure = [meaning.form.number for meaning in found if not meaning.open and meaning.kind == "number"]
    commas = any(number.decimal == "," for number in sure)
    dots = fractions or any(number.thousands == "," for number in sure)
    for name, meaning in in_doubt.items():
        if commas and not dots:
            number = replace(meaning.form.number, decimal=",", thousands="." if meaning.open == "dot" else "")
            meanings[name] = replace(meaning, form=replace(meaning.form, number=number))
        elif meaning.open == "comma" and (commas if dots else separator != ","):
            text = meaning.example
            raise TableError(
                f"Column {name!r} holds numbers such as {text!r}, which may be {text.replace(',', '')} or "
                f"{text.replace(',', '.')}, and the other columns do not tell. Write them without the mark or with a "
                f"dot, or use the column as words (--categories {name})."
            )


def _kind_of_values(column: pd.Series) -> str:
    """Return the kind of a column by the types of its values: `"text"` if texts must decide, `"empty"` without any."""
    filled = column.dropna()
    if filled.empty:
        return "empty"
    if is_plain(column):
        return "number"
    inferred = pd.api.types.infer_dtype(filled)
    if inferred in _KIND_OF:
        return _KIND_OF[inferred]
    if inferred in ("string", *SAID_AS_TEXT) or all(
        isinstance(value, str | Number | np.bool_) and not isinstance(value, complex | np.complexfloating)
        for value in filled
    ):
        return "text"
    raise TableError(
        f"Column {filled.name!r} holds {str(filled.iloc[0])[:40]!r} in {place_of(filled, 0)} ({inferred}), which is "
        "not a number, a text, a boolean, a date or a duration. Turn it into one of these, or leave the column out."
    )


def _strays(column: pd.Series, kind: str, form: Form, filled: int) -> TableError:
    """Return an error that names the cells of a column that are not of the kind of the others."""
    _, strange = numbers_of(column, kind, form)
    places = np.flatnonzero(strange)
    cells = Counter(str(column.iloc[place])[:40] for place in places)
    named = [f"{cell!r} in {place_of(column, int(place))}" for place, cell in _first_of_each(column, places)]
    more = len(cells) - len(named)
    gaps = " ".join(f'--gaps "{cell}"' for cell in list(cells)[:3])
    said = f" ({DATE_FORMS[form.date]})" if kind == "date" else f" with {form.number}" if form.number != PLAIN else ""
    return TableError(
        f"Column {column.name!r} holds {kind}s{said} in {filled - len(places)} of {filled} rows, but something else in "
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
