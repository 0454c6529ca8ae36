"""Formulas of units that can be computed as they stand: each letter z, a, h or y is a number of its unit.

`formulas.py` has the short forms for titles; these are the long forms, with brackets wherever they are needed, so that
numbers can be put in place of letters and the result is the value. Functions are tanh, log, max, σ (logistic), Φ and φ
(normal distribution and density); e^(…) is a power.
"""

from collections.abc import Callable

from deltarule.network.parts import Unit
from deltarule.network.smooth_units import GELU_CUBE, GELU_LINE
from deltarule.network.units import SELU_ALPHA, SELU_SCALE

__all__ = ["cost_of_output", "g_of", "h_of", "slope_of"]

_S, _SA = repr(SELU_SCALE), repr(SELU_SCALE * SELU_ALPHA)

_TANH_SOFTPLUS = "tanh(log(1 + e^(z)))"

_U, _MINUS_U = f"{GELU_LINE!r}·z + {GELU_CUBE!r}·z·z²", f"−({GELU_LINE!r}·z + {GELU_CUBE!r}·z·z²)"

_HIDDEN: dict[str, Callable[..., tuple[str, str]]] = {
    "logistic": lambda _: ("1/(1 + e^(−z))", "a·(1 − a)"),
    "tanh": lambda _: ("tanh(z)", "1 − a²"),
    "relu": lambda z: ("max(0, z)", "1" if z > 0 else "0"),
    "identity": lambda _: ("z", "1"),
    "leaky_relu": lambda z, slope: ("z", "1") if z > 0 else (f"{slope!r}·z", f"{slope!r}"),
    "elu": lambda z, alpha: ("z", "1") if z > 0 else (f"{alpha!r}·(e^(z) − 1)", f"{alpha!r}·e^(z)"),
    "selu": lambda z: (f"{_S}·z", _S) if z > 0 else (f"{_SA}·(e^(z) − 1)", f"{_SA}·e^(z)"),
    "gelu": lambda _: ("z·Φ(z)", "Φ(z) + z·φ(z)"),
    "gelu_tanh": lambda _: (
        f"z·σ({_U})",
        f"σ({_U})·(1 + z·σ({_MINUS_U})·({GELU_LINE!r} + {3 * GELU_CUBE!r}·z²))",
    ),
    "silu": lambda _: ("z·σ(z)", "σ(z)·(1 + z·σ(−z))"),
    "mish": lambda _: (f"z·{_TANH_SOFTPLUS}", f"{_TANH_SOFTPLUS} + z·(1 − {_TANH_SOFTPLUS}²)·σ(z)"),
    "softplus": lambda _: ("log(1 + e^(z))", "σ(z)"),
}
"""(z, *numbers) ↦ g and g′, of the side of 0 on which z lies."""

_FLAT = {"logistic": "σ(z)·σ(−z)", "tanh": "4/(e^(z) + e^(−z))²"}
"""g′ from z, where a is so near to its limit that a few digits of it do not determine 1 − a."""

SMALLEST = 1e-300
"""Below it the logarithm of a probability is taken from z, which still has it."""


def g_of(unit: Unit, z: float) -> str:
    """Return g with the letter z.

    >>> g_of(Unit("leaky_relu", 0.2), -1.0)
    '0.2·z'
    """
    return _HIDDEN[unit.name](z, *unit.numbers)[0]


def slope_of(unit: Unit, z: float, a: float, digits: int) -> str:
    """Return g′ with the letters z and a, from a where so many digits of a determine it.

    >>> slope_of(Unit("tanh"), 0.3, 0.2913, 3), slope_of(Unit("tanh"), 5.0, 0.9999, 3)
    ('1 − a²', '4/(e^(z) + e^(−z))²')
    """
    if unit.name in _FLAT and _is_near_1(abs(a), digits):
        return _FLAT[unit.name]
    return _HIDDEN[unit.name](z, *unit.numbers)[1]


def _is_near_1(value: float, digits: int) -> bool:
    """Whether so many digits of a number below 1 leave hardly any of what is missing to 1.

    >>> _is_near_1(0.98, 3), _is_near_1(0.995, 3)
    (False, True)
    """
    return value > 1 - 10.0 ** (1 - digits)


def h_of(output: str) -> str:
    """Return h of an output unit with the letter z; for softmax with S, the sum of all powers of e."""
    return {"sigmoid": "1/(1 + e^(−z))", "softmax": "e^(z)/S", "identity": "z", "exp": "e^(z)"}[output]


def cost_of_output(output: str, h: float, y: float, digits: int) -> str:
    """Return what an output adds to ℓ, with the letters h, z and y; empty where that is nothing.

    With softmax S is the sum of all powers of e.

    >>> cost_of_output("sigmoid", 0.2, 1.0, 3), cost_of_output("sigmoid", 1.0, 1.0, 3)
    ('−log(h)', 'log(1 + e^(−z))')
    """
    if output == "identity":
        return "(h − y)²/2"
    if output == "exp":
        return "h − y·z + y·log(y) − y" if y > 0 else "h"
    from_z = _is_near_1(h, digits) or h < SMALLEST
    share = "" if y == 1 else "y·"
    if output == "softmax":
        return "" if y == 0 else f"{share}(log(S) − z)" if from_z else f"−{share}log(h)"
    lower = "log(1 + e^(−z))" if from_z else "−log(h)"
    upper = "log(1 + e^(z))" if from_z else "−log(1 − h)"
    if y in (0, 1):
        return lower if y == 1 else upper
    return f"y·({lower}) + (1 − y)·({upper})"
