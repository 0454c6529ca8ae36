"""Notices about the columns of a table: what was dropped, and what was read in a way that one should know of."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from deltarule.tables.cells import NUMBERS, Form, gap_words_of
from deltarule.tables.dates import DATE_FORMS, has_zone
from deltarule.tables.meaning import Meaning
from deltarule.tables.numbers import PLAIN
from deltarule.tables.reading import name_some

__all__ = [
    "DROPPED", "MOST_CATEGORIES", "alike", "gap_words_in", "notices_of", "said_of_form", "said_of_gap_words",
    "unknown_words", "words_read_as_gaps",
]  # fmt: skip

MOST_CATEGORIES = 200
"""Most columns of X for one column of words: with them 10⁶ rows take 1.6 GB, and rarer values teach little."""

DROPPED = {
    "empty": "No value in any row, so dropped",
    "constant": "One value only, so dropped",
    "names": "Another text in most rows, which says nothing about new rows, so dropped",
    "row numbers": "Row numbers, which say nothing about new rows, so dropped (name them in keep to use them)",
    "asked": "",
}
"""The reasons why a column is not used, and their notices; there is none for what the caller asked for."""

_PARTS_SAID = {"time": "time of day"}

_MOST_NAMED = 8


def notices_of(
    meanings: Mapping[str, Meaning],
    dropped: Mapping[str, str],
    kinds: Mapping[str, str],
    forms: Mapping[str, Form],
    crowded: Mapping[str, int],
    rising: Sequence[str],
    categories: Mapping[str, Sequence[str | None]],
) -> tuple[str, ...]:
    """Return a sentence for each thing that one should know about how a table was read.

    Parameters
    ----------
    meanings : mapping
        Meanings of all columns that were examined.
    dropped, kinds, forms : mapping
        As of a TableEncoder.
    crowded : mapping of str to int
        Columns with more words than are used, and how many they have.
    rising : sequence of str
        Columns of whole numbers that rise or fall from each row to the next.
    categories : mapping
        As of a TableEncoder.
    """
    used = {name: meaning for name, meaning in meanings.items() if name in kinds}
    notices = [
        f"{text}: {name_some(names, _MOST_NAMED)}."
        for why, text in DROPPED.items()
        if text and (names := [name for name, its in dropped.items() if its == why])
    ]
    by_form: dict[str, list[str]] = {}
    for name, meaning in used.items():
        form, example = forms.get(name, Form()), f" ({meaning.example!r})" if meaning.example else ""
        if meaning.kind == "date":
            parts = (
                f", with {_and([_PARTS_SAID.get(part, part) for part in form.parts])} as sine and cosine"
                if form.parts
                else ""
            )
            written = f" ({DATE_FORMS[form.date]})" if form.date != "iso" else ""
            what = f"Dates{written}, used as days since 1970-01-01"
            if form.date == "time":
                what = "Times of day, used as parts of a day"
            elif has_zone(meaning.example):
                what += " in UTC"
            _add(by_form, f"{what}{parts}", f"{name!r}{example}")
        elif meaning.kind == "duration":
            _add(by_form, "Durations, used as days", f"{name!r}{example}")
        elif form.number != PLAIN:
            _add(by_form, _written(form), f"{name!r}{example}")
        elif meaning.why == "zeros":
            _add(by_form, "Digits of one length with zeros in front, used as words", f"{name!r}{example}")
    by_form |= {
        "Numbers in some rows but words in others, so read as words": [
            f"{name!r} ({meaning.numbers} numbers)"
            for name, meaning in meanings.items()
            if meaning.why == "mixed" and (name in kinds or dropped[name] == "names")
        ],
        "Cells that begin with digits, but are no numbers, dates or durations that are known, used as words": [
            f"{name!r} ({meaning.example!r})" for name, meaning in used.items() if meaning.why == "digits"
        ],
        "Dates without a time zone among others that have one, taken for UTC": [
            f"{name!r} ({meaning.zoneless} {_rows(meaning.zoneless)})"
            for name, meaning in used.items()
            if meaning.zoneless
        ],
        "Read as gaps, because the columns hold numbers or dates": _quoted(
            {name: meaning.gap_words for name, meaning in used.items()}
        ),
        "Words that elsewhere stand for gaps, used as words (--gaps makes them gaps)": _quoted(
            {name: meaning.word_gaps for name, meaning in used.items()}
        ),
        "Words that differ in case, blanks or invisible marks only, and count as different": [
            f"{name!r} ({' and '.join(map(repr, groups[0]))})"
            for name, words in categories.items()
            if (groups := alike(word for word in words if word is not None))
        ],
        "Whole numbers that rise or fall from each row to the next, as row numbers do (--drop leaves them out)": [
            repr(name) for name in rising if name in kinds
        ],
        f"More values than the {MOST_CATEGORIES} that are used, of which the rarer ones count as unknown": [
            f"{name!r} ({n})" for name, n in crowded.items()
        ],
    }
    notices += [f"{text}: {_some(columns)}." for text, columns in by_form.items() if columns]
    return tuple(notices)


def said_of_form(name: str, meaning: Meaning) -> tuple[str, ...]:
    """Say how the numbers of one column are written, unless as computers write them."""
    if meaning.form.number == PLAIN:
        return ()
    return (f"{_written(meaning.form)}: {name!r} ({meaning.example!r}).",)


def _written(form: Form) -> str:
    return f"Numbers written with {form.number}"


def unknown_words(name: str, unknown: Mapping[str, int], rows: int, known: Iterable[str | None]) -> str:
    """Return a notice of the words in a column that the model does not know."""
    most = sorted(unknown, key=lambda word: (-unknown[word], word))
    return (
        f"{name!r} holds what the model does not know in {sum(unknown.values())} of {rows} rows "
        f"({name_some(most, 3)}). It knows {name_some([word for word in known if word is not None], 3)}."
    )


def words_read_as_gaps(table: pd.DataFrame, kinds: Mapping[str, str], forms: Mapping[str, Form]) -> list[str]:
    """Return a notice of the words in columns of numbers that were read as gaps."""
    return said_of_gap_words(gap_words_in(table, kinds, forms))


def gap_words_in(table: pd.DataFrame, kinds: Mapping[str, str], forms: Mapping[str, Form]) -> dict[str, Counter[str]]:
    """Return the words in columns of numbers that are read as gaps, with their rows."""
    found = {
        name: Counter(gap_words_of(table[name], forms.get(name, Form())))
        for name, kind in kinds.items()
        if kind in NUMBERS
    }
    return {name: words for name, words in found.items() if words}


def said_of_gap_words(words: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return a notice of the words in columns of numbers that are read as gaps."""
    return [f"Read as gaps: {_some(quoted)}."] if (quoted := _quoted(words)) else []


def alike(words: Iterable[str]) -> list[list[str]]:
    """Return groups of words that differ only in case, blanks or invisible marks.

    >>> alike(["yes", "no", "Yes "])
    [['yes', 'Yes ']]
    """
    groups: dict[str, list[str]] = {}
    for word in words:
        seen = "".join(c for c in unicodedata.normalize("NFKC", word) if unicodedata.category(c) != "Cf")
        groups.setdefault(" ".join(seen.casefold().split()), []).append(word)
    return [group for group in groups.values() if len(group) > 1]


def _add(groups: dict[str, list[str]], text: str, column: str) -> None:
    groups.setdefault(text, []).append(column)


def _quoted(words: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return each column that has such words, with the words and their numbers of rows."""
    return [
        f"{name!r} ({', '.join(f'{word!r} in {n} {_rows(n)}' for word, n in list(counts.items())[:4])})"
        for name, its in words.items()
        if (counts := {word: n for word, n in its.items() if word})
    ]


def _rows(n: int) -> str:
    return "row" if n == 1 else "rows"


def _some(columns: Sequence[str]) -> str:
    text = ", ".join(columns[:_MOST_NAMED])
    return f"{text} and {len(columns) - _MOST_NAMED} more" if len(columns) > _MOST_NAMED else text


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
