"""The compiled core as a module, or the reason why there is none."""

from types import ModuleType

from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Embedding, Keep, Scale
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS

__all__ = ["core", "difference", "why_unavailable"]

FLOOR_PARTS = {part.kind for part in (Keep, Scale, Embedding, PiecewiseLinear, Periodic)}
"""Parts of the first floor that stand beside each other, which every core has code for."""


def difference(built: object) -> str:
    """Return how a core that was built from other sources differs from this package; empty if it does not differ."""
    ours = {name: len(unit.numbers) for name, unit in HIDDEN_UNITS.items()}
    hidden: dict[str, int] = getattr(built, "hidden_units", dict)()
    output: list[str] = getattr(built, "output_units", list)()
    if hidden == ours and set(output) == set(OUTPUT_UNITS):
        if set(getattr(built, "floor_parts", list)()) == FLOOR_PARTS:
            return ""
        return (
            "the compiled core cannot be used: it was built for other parts of the first floor than this package has. "
            "Install the package anew"
        )
    return (
        "the compiled core cannot be used: it was built for other units than this package has: hidden "
        f"{', '.join(f'{name} ({n} numbers)' for name, n in hidden.items())}; output {', '.join(output)}"
    )


try:
    import deltarule._native as _native
except ModuleNotFoundError as error:
    core: ModuleType | None = None
    _why = (
        "no C++ compiler was found at the installation"
        if error.name == "deltarule._native"
        else f"the compiled core cannot be loaded: {error}"
    )
except ImportError as error:  # the core was built for another system: the loader says what is missing
    core, _why = None, f"the compiled core cannot be loaded: {error}"
else:
    _why = difference(_native)
    core = None if _why else _native


def why_unavailable() -> str:
    """Return why there is no compiled core: it was not built, or the loader's error. Empty if there is one."""
    return _why
