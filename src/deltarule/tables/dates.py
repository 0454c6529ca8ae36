"""Dates, times of day and durations as people write them: one form for a whole column.

Texts of every form are rewritten in ISO 8601 and read by one reader, so a day is the same number in every form: days
since 1970-01-01 (UTC), with the time of day as a fraction.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from deltarule.common.arrays import Array

__all__ = [
    "DATE_FORMS",
    "PARTS",
    "cyclic",
    "date_numbers",
    "days_of",
    "duration_days",
    "has_zone",
    "learn_date_form",
    "parts_of_days",
    "parts_that_vary",
]

DATE_FORMS = {
    "iso": "year-month-day",
    "year-first": "year, month, day",
    "day-first": "day, month, year",
    "month-first": "month, day, year",
    "named": "the month by its name",
    "time": "the time of day",
}
"""The forms of dates, and their names in notices."""

ORDERS = ("day-first", "month-first")

PARTS = {"month": 12, "weekday": 7, "time": 1}
"""The cyclic parts of a date, and their periods in months, days and days."""

_MONTHS = {
    name: n
    for n, names in enumerate(
        [
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ],
        1,
    )
    for name in names.split()
}  # fmt: skip

_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>[.,]\d{1,9})?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_ZONE = r"(?:\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d\d:?\d\d))?"
_AFTER = rf"(?:(?:[Tt]|,?\s+){_TIME}{_ZONE})?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_WORD = r"(?P<name>[a-z]{3,9})\.?"

_PATTERNS = {
    "year-first": [
        rf"(?P<year>[12]\d{{3}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?:(?P=mark)(?P<day>\d{{1,2}}){_AFTER})?"
    ],
    "day-first": [rf"(?P<day>\d{{1,2}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d\d){_AFTER}"],
    "month-first": [rf"(?P<month>\d{{1,2}})(?P<mark>[-/.])(?P<day>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d\d){_AFTER}"],
    "named": [
        rf"{_WORD},?[-\s]\s*(?P<year>\d{{4}})",
        rf"{_WEEKDAY}{_WORD}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_AFTER}",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[-\s/]\s*{_WORD},?[-\s/]\s*(?P<year>\d{{4}}|\d\d){_AFTER}",
    ],
    "time": [rf"{_TIME}{_ZONE}"],
}
_READERS = {form: [re.compile(text, re.IGNORECASE) for text in texts] for form, texts in _PATTERNS.items()}
_ENDS_IN_ZONE = re.compile(r":\d\d.*(?:[zZ]|UTC|GMT|[+-]\d\d:?\d\d)\s*$")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_DURATION = re.compile(
    r"\s*(?P<sign>-?)(?P<days>\d+) days?"
    r"(?:,? (?P<inner>[+-]?)(?P<hour>\d\d?):(?P<minute>\d\d):(?P<second>\d\d(?:\.\d+)?))?\s*"
)


@dataclass(frozen=True)
class DatesFound:
    """What the cells of a column show about its dates.

    Attributes
    ----------
    form : str
        The form that most cells fit.
    rows : int
        Number of rows that it fits.
    any_rows : int
        Number of rows that some form fits.
    in_doubt : bool
        Whether day and month could be swapped in all these cells.
    """

    form: str = "iso"
    rows: int = 0
    any_rows: int = 0
    in_doubt: bool = False


def learn_date_form(cells: Mapping[str, int], order: str | None) -> DatesFound:
    """Return what the cells of a column show about its dates.

    Parameters
    ----------
    cells : mapping of str to int
        Distinct texts of a column without its gaps, each with its number of rows.
    order : {"day-first", "month-first"} or None
        The order that the caller gives for dates such as 03/04/2024.
    """
    texts = list(cells)
    some = texts[:: max(1, len(texts) // 200)]  # if none of these fits, the form fits too few rows to matter
    counts = np.array([*cells.values()])
    fits = {}
    for form in DATE_FORMS:
        if (form not in ORDERS or order in (None, form)) and any(_as_iso(text, form) for text in some):
            fits[form] = ~np.isnan(_days_of_iso([_as_iso(text, form) for text in texts]))
    rows = {form: int(counts[fit].sum()) for form, fit in fits.items()}
    if not rows:
        return DatesFound()
    best = max(rows, key=lambda form: rows[form])
    in_doubt = best in ORDERS and all(rows.get(form) == rows[best] for form in ORDERS)
    return DatesFound(best, rows[best], int(counts[np.any([*fits.values()], axis=0)].sum()), in_doubt)


def date_numbers(texts: Sequence[str], form: str) -> Array:
    """Return the dates that texts of a form say, as days since 1970-01-01; NaN for texts that are not dates.

    The form `iso` accepts all of ISO 8601, such as 2024-W01-1, as models of 0.1.0 do.
    """
    return _days_of_iso(texts if form == "iso" else [_as_iso(text, form) for text in texts])


def _days_of_iso(texts: Sequence[Any]) -> Array:
    return days_of(pd.to_datetime(pd.Series(list(texts), dtype=object), errors="coerce", utc=True, format="ISO8601"))


def days_of(dates: pd.Series) -> Array:
    """Return dates with a time zone as days since 1970-01-01; NaN for gaps."""
    # Counted in seconds, which reach every date; nanoseconds end in 2262.
    return ((dates - pd.Timestamp(0, tz="UTC").as_unit("s")) / pd.Timedelta(days=1).as_unit("s")).to_numpy()


def has_zone(text: str) -> bool:
    """Return whether a date that can be read says its time zone."""
    return _ENDS_IN_ZONE.search(text) is not None


def duration_days(texts: Iterable[str]) -> Array:
    """Return durations, written as pandas does (`2 days 06:00:00`), in days; NaN for other texts."""
    values = []
    for text in texts:
        found = _DURATION.fullmatch(text)
        days = np.nan
        if found is not None:
            clock = [float(found[part] or 0) for part in ("hour", "minute", "second")]
            share = (clock[0] * 3600 + clock[1] * 60 + clock[2]) / 86400
            days = float(found["days"]) * (-1 if found["sign"] else 1)
            days += -share if found["inner"] == "-" or (found["sign"] and not found["inner"]) else share
        values.append(days)
    return np.array(values, dtype=np.float64)


def cyclic(days: Array, part: str) -> Array:
    """Return sine and cosine of a cyclic part of dates, of shape (m, 2); 0 and 0 for a gap.

    >>> cyclic(np.array([0.0, 0.25]), "time").round(12)
    array([[0., 1.],
           [1., 0.]])
    """
    turns = 2 * np.pi * parts_of_days(days, part) / PARTS[part]
    waves: Array = np.nan_to_num(np.stack([np.sin(turns), np.cos(turns)], axis=1))
    return waves


def parts_that_vary(days: Array) -> tuple[str, ...]:
    """Return the cyclic parts of dates that have more than one value."""
    known = days[~np.isnan(days)]
    return tuple(part for part in PARTS if len(np.unique(parts_of_days(known, part))) > 1)


def parts_of_days(days: Array, part: str) -> Array:
    """Return the month from 0, the weekday from 0 (Monday), or the time of day from 0 to 1; NaN for a gap."""
    whole = np.floor(days)
    if part == "time":
        return days - whole
    if part == "weekday":
        return (whole + 3) % 7  # 1970-01-01 was a Thursday
    gaps = np.isnan(whole)
    months = np.where(gaps, 0, whole).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return np.where(gaps, np.nan, months)


def _as_iso(text: str, form: str) -> str | None:
    """Return a date of a form in ISO 8601; None if the form does not fit."""
    if form == "iso":
        return text if _ISO.match(text.strip()) else None
    for reader in _READERS[form]:
        if found := reader.fullmatch(text.strip()):
            break
    else:
        return None
    said = {name: value for name, value in found.groupdict().items() if value is not None}
    year, month, day = said.get("year", "1970"), int(said.get("month", 1)), int(said.get("day", 1))
    if "name" in said:
        month = _MONTHS.get(said["name"].lower(), 0)
    if len(year) == 2:
        year = ("19" if int(year) >= 69 else "20") + year  # as POSIX says
    hour = int(said.get("hour", 0))
    if "half" in said:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if said["half"] in "pP" else 0)
    clock = f"{hour:02}:{said.get('minute', '00')}:{said.get('second', '00')}"
    zone = said.get("zone", "")
    zone = "Z" if zone.upper() in ("Z", "UTC", "GMT") else zone
    return f"{year}-{month:02}-{day:02}T{clock}{said.get('fraction', '').replace(',', '.')}{zone}"
