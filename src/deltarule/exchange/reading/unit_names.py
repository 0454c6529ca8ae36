"""Units as callers name them: "relu", "leaky_relu(0.2)", `Unit("elu", 0.5)`."""

import re
from typing import Any

from deltarule.common.errors import SettingsError
from deltarule.network.parts import Unit

__all__ = ["unit_of"]

_NAMED = re.compile(r"\s*(\w+)\s*(?:\(\s*([-+.\deE]+)\s*\))?\s*")

OTHERS = {"sigmoid": "logistic", "linear": "identity", "swish": "silu"}
"""Usual names of units that have another one here."""


def unit_of(unit: Any) -> tuple[str, tuple[float, ...]]:
    """Return name and numbers of a unit.

    Raises
    ------
    SettingsError
        If there is no such unit.

    Examples
    --------
    >>> unit_of("leaky_relu(0.2)"), unit_of("sigmoid")
    (('leaky_relu', (0.2,)), ('logistic', ()))
    """
    if isinstance(unit, str) and (found := _NAMED.fullmatch(unit)):
        name = OTHERS.get(found[1], found[1])
        unit = Unit(name, float(found[2])) if found[2] else Unit(name)
    if not isinstance(unit, Unit):
        raise SettingsError(f"{unit!r} is no unit. Take a name, such as 'relu', or 'leaky_relu(0.2)'.")
    return unit.name, unit.numbers
