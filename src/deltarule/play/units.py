"""Hidden units as a scene writes them: `tanh`, `leaky_relu:0.2`, or one for each layer with commas between."""

from collections.abc import Sequence

from deltarule.common.errors import SettingsError
from deltarule.network.parts import Unit
from deltarule.network.units import HIDDEN_UNITS

__all__ = ["read_units", "written_units"]


def read_units(text: str, layers: int) -> tuple[Unit, ...]:
    """Return the units of each hidden layer.

    Raises
    ------
    SettingsError
        If a unit is unknown, or there are several but not one for each layer.

    Examples
    --------
    >>> read_units("tanh, leaky_relu:0.2", 2)
    (Unit('tanh'), Unit('leaky_relu', 0.2))
    """
    units = [_read(one.strip()) for one in text.split(",")]
    if len(units) == 1:
        return tuple(units * layers)
    if len(units) != layers:
        raise SettingsError(
            f"unit={text[:80]!r} names {len(units)} units for {layers} hidden layers. Give one for all."
        )
    return tuple(units)


def written_units(units: Sequence[Unit]) -> str:
    """Return units as a scene writes them."""
    written = [unit.name + "".join(f":{number:g}" for number in unit.numbers) for unit in units]
    return ",".join(written if len(set(written)) > 1 else written[:1])


def _read(text: str) -> Unit:
    name, *numbers = text.split(":")
    if name not in HIDDEN_UNITS:
        raise SettingsError(f"unit={name[:40]!r} is not a hidden unit. Take one of {', '.join(HIDDEN_UNITS)}.")
    try:
        return Unit(name, *map(float, numbers))
    except ValueError as error:
        raise SettingsError(f"unit={text[:40]!r} is not a name with numbers, such as leaky_relu:0.2.") from error
