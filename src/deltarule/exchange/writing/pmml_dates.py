"""How far round a day is, as derived fields of PMML: parts of a date that come round again, as angles."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np

from deltarule.exchange.writing.exported import Exported

__all__ = ["add_parts", "turn_name"]

Expression = str | float | tuple[Any, ...]
"""A field, a number, or a function with what it is applied to."""

_DAYS_OF_400_YEARS, _DAYS_TO_1970 = 146097.0, 719468.0
"""The second is counted from 0000-03-01, with which a period of 400 years begins."""


def turn_name(name: str, part: str) -> str:
    """Return the name of the field that holds the angle."""
    return f"{name}: {part} (angle)"


def add_parts(parent: Any, exported: Exported, fields: tuple[str, ...]) -> None:
    """Add a derived field for each part of a date, and those that it is computed from."""
    parts = dict.fromkeys((one.column, one.part) for one in exported.features if one.part)
    if not parts:
        return
    local = ElementTree.SubElement(parent, "LocalTransformations")

    def add(name: str, expression: Expression) -> str:
        field = ElementTree.SubElement(local, "DerivedField", name=name, optype="continuous", dataType="double")
        _write(field, expression)
        return name

    for column, part in parts:
        name = fields[column]
        share = _SHARES[part](name, add)
        add(turn_name(name, part), ("*", 2 * np.pi, share))


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


def _write(parent: Any, expression: Expression) -> None:
    if isinstance(expression, str):
        ElementTree.SubElement(parent, "FieldRef", field=expression)
    elif isinstance(expression, float):
        ElementTree.SubElement(parent, "Constant", dataType="double").text = repr(expression)
    else:
        function, *arguments = expression
        apply = ElementTree.SubElement(parent, "Apply", function=function)
        for argument in arguments:
            _write(apply, argument)
