"""Numbers as people write them: marks, currencies, percent, units; one form for a whole column.

A form is learnt from all cells of a column and then used for every cell: `1.234,50 €` is read by the form with the
decimal mark `,`, the thousands mark `.` and the unit `€`. A cell that the form does not fit is not a number.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["DECIMALS", "PLAIN", "THOUSANDS", "NumberForm", "learn_number_form", "tell_marks_apart"]

DECIMALS = (".", ",")
THOUSANDS = ("", ",", ".", " ", "'")

_MARKS = ((".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"))
"""Pairs of decimal and thousands marks to try, the likelier first."""

_SAME = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | {"\u2212": "-", "\u2019": "'"})
"""Blanks that keep digits together, the minus sign and the apostrophe, mapped to the characters of a keyboard."""

_CURRENCY = r"(?:(?:US|A|C|NZ|HK|R)?[$¢£¥\u20a0-\u20cf]|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|BRL|ZAR)"

_CELL = re.compile(
    rf"""\s*(?P<open>\()?\s*(?P<sign>[+-]?)\s*(?P<before>{_CURRENCY}?)\s*(?P<inner>[+-]?)\s*
    (?P<body>(?:\d|[.,]\d)(?:[\d.,']|\ (?=\d))*(?:[eE][+-]?\d+)?)
    \s*(?P<after>(?!(?:st|nd|rd|th)\b)(?:[^\W\d_]|[%‰°$¢£¥µ\u20a0-\u20cf])[^\d()]{{0,11}})?(?P<close>\))?\s*""",
    re.VERBOSE,
)


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    d, t = re.escape(decimal), re.escape(thousands)
    groups = rf"(?!0)(?:\d{{1,3}}(?:{t}\d{{3}})+|\d{{1,2}}(?:{t}\d{{2}})+{t}\d{{3}})"  # the second as in 1,00,000
    whole = rf"(?:{groups}|\d+)" if thousands else r"\d+"
    return re.compile(rf"(?:{whole}(?:{d}\d*)?|{d}\d+)(?:[eE][+-]?\d+)?")


_PATTERNS = {marks: _pattern(*marks) for marks in _MARKS}
_COMMON = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*")
_THREE = re.compile(r"\d{1,3}[.,]\d{3}")


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written.

    Attributes
    ----------
    decimal, thousands : str
        The marks; `thousands` is empty if there is none.
    unit : str
        The unit beside each number: a currency, `%`, or a unit such as `kg`; empty if there is none. A cell may leave
        out a currency, but no other unit.
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""

    def __str__(self) -> str:
        """Say the form in words, for a notice."""
        marks = [f"{self.decimal!r} before the decimals"] if self.decimal != "." else []
        marks += [f"{self.thousands!r} between thousands"] if self.thousands else []
        marks += [f"the unit {self.unit!r}"] if self.unit else []
        return " and ".join(marks)

    def shown_by(self, text: str) -> int:
        """Return how many of the marks and the unit of the form a text has."""
        parts = _parts(text)
        if parts is None or self == PLAIN:
            return 0
        _, unit, body = parts
        marks = (self.thousands or " ", "" if self.decimal == "." else self.decimal)
        return sum(mark in body for mark in marks if mark) + (unit == self.unit != "")

    def numbers(self, texts: Iterable[str]) -> Array:
        """Return the value of each text: NaN where the form does not fit, infinity where it is too large."""
        return np.array([self._number(text) for text in texts], dtype=np.float64)

    def _number(self, text: str) -> float:
        if self == PLAIN and _COMMON.fullmatch(text):
            return float(text)
        parts = _parts(text)
        if parts is None:
            return np.nan
        negative, unit, body = parts
        marks = (self.decimal, self.thousands)
        if (unit != self.unit and (unit or not is_currency(self.unit))) or not _PATTERNS[marks].fullmatch(body):
            return np.nan
        value = float(body.replace(self.thousands or " ", "").replace(",", "."))
        return -value if negative else value


PLAIN = NumberForm()


@dataclass(frozen=True)
class NumbersFound:
    """What the cells of a column show about its numbers.

    Attributes
    ----------
    form : NumberForm
        The form that most cells fit.
    rows : int
        Number of rows that it fits.
    any_rows : int
        Number of rows that some form fits, with no unit, a currency or `%`.
    certain : bool
        False if another form fits all these cells and gives other numbers: `1,222`.
    """

    form: NumberForm = PLAIN
    rows: int = 0
    any_rows: int = 0
    certain: bool = True


def learn_number_form(cells: Mapping[str, int]) -> NumbersFound:
    """Return what the distinct texts of a column, each with its number of rows, show about its numbers."""
    found = [(parts[1], parts[2], n) for text, n in cells.items() if (parts := _parts(text))]
    units: Counter[str] = Counter()
    for unit, _, n in found:
        units[unit] += n
    if not units:
        return NumbersFound()
    unit = max(units, key=lambda name: (units[name], not name))
    if not unit and (currencies := [name for name in units if is_currency(name)]):
        unit = max(currencies, key=lambda name: units[name])  # most prices have no currency sign, but some do
    fit = {unit, ""} if is_currency(unit) else {unit}
    bodies: Counter[str] = Counter()
    any_rows = 0
    for its_unit, body, n in found:
        if its_unit in fit:
            bodies[body] += n
        if not its_unit.isalpha() or is_currency(its_unit):
            any_rows += n * any(pattern.fullmatch(body) for pattern in _PATTERNS.values())
    counts = {
        marks: sum(n for body, n in bodies.items() if pattern.fullmatch(body)) for marks, pattern in _PATTERNS.items()
    }
    best = max(_MARKS, key=lambda marks: counts[marks])  # the first of equal ones
    certain = best != (".", ",") or counts[",", ""] < counts[best]
    return NumbersFound(NumberForm(*best, unit), counts[best], max(any_rows, counts[best]), certain)


def tell_marks_apart(cells: Iterable[str]) -> bool:
    """Return whether each cell with a mark is like `1.234`, which has decimals in one file and thousands in another."""
    marked = [body for text in cells if (parts := _parts(text)) and not (body := parts[2]).isdecimal()]
    return bool(marked) and all(_THREE.fullmatch(body) and body[0] != "0" for body in marked)


def is_currency(unit: str) -> bool:
    """Return whether a unit is a currency, which a cell may leave out."""
    return re.fullmatch(_CURRENCY, unit) is not None


def _parts(text: str) -> tuple[bool, str, str] | None:
    """Return whether a number is negative, its unit, and its digits with marks; None if the text is not a number."""
    found = _CELL.fullmatch(text.translate(_SAME) if not text.isascii() else text)
    if found is None:
        return None
    before, after = found["before"], (found["after"] or "").strip()
    signs = found["sign"] + found["inner"]
    brackets = found["open"] is not None
    if (before and after) or len(signs) > 1 or brackets != (found["close"] is not None) or (brackets and signs):
        return None
    return brackets or signs == "-", before or after, found["body"]
