"""How far round a day is, as arithmetic in steps, for formats of formulas: parts of a date that come round again."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from deltarule.exchange.writing.exported import Exported

__all__ = ["Expression", "steps_of"]

Expression = str | float | tuple[Any, ...]
"""A field, a number, or a function with what it is applied to."""

_DAYS_OF_400_YEARS, _DAYS_TO_1970 = 146097.0, 719468.0
"""The second is counted from 0000-03-01, with which a period of 400 years begins."""


def steps_of(exported: Exported, names: Sequence[str]) -> dict[tuple[int, str], dict[str, Expression]]:
    """Return for each part of a date, by column and part, the fields that it takes; the last is the angle.

    Parameters
    ----------
    exported : Exported
    names : sequence of str
        Of the columns, as expressions name them.
    """
    found: dict[tuple[int, str], dict[str, Expression]] = {}
    for column, part in dict.fromkeys((one.column, one.part) for one in exported.features if one.part):
        steps: dict[str, Expression] = {}

        def add(name: str, expression: Expression, steps: dict[str, Expression] = steps) -> str:
            steps[name] = expression
            return name

        name = names[column]
        add(f"{name}: {part} (angle)", ("*", 2 * np.pi, _SHARES[part](name, add)))
        found[column, part] = steps
    return found


def _month(name: str, add: Callable[[str, Expression], str]) -> Expression:
    """Return the month as a share of the year, counted in years from March, so that the leap day is their last."""
    days = ("+", ("floor", name), _DAYS_TO_1970)
    day = add(f"{name}: day in 400 years", _rest(days, _DAYS_OF_400_YEARS))
    leaps = ("-", ("-", _whole(day, 36524.0), _whole(day, 1460.0)), _whole(day, 146096.0))
    year = add(f"{name}: year in 400", _whole(("+", day, leaps), 365.0))
    before = ("-", ("+", ("*", 365.0, year), _whole(year, 4.0)), _whole(year, 100.0))
    in_year = add(f"{name}: day from March", ("-", day, before))
    month = ("+", _whole(("+", ("*", 5.0, in_year), 2.0), 153.0), 2.0)
    return ("/", _rest(month, 12.0), 12.0)


_SHARES: dict[str, Callable[[str, Callable[[str, Expression], str]], Expression]] = {
    "month": _month,
    "weekday": lambda name, _: ("/", _rest(("+", ("floor", name), 3.0), 7.0), 7.0),
    "time": lambda name, _: ("-", name, ("floor", name)),
}


def _whole(value: Expression, by: float) -> Expression:
    return ("floor", ("/", value, by))


def _rest(value: Expression, by: float) -> Expression:
    return ("-", value, ("*", by, _whole(value, by)))
