"""The formula of each unit, short enough for a title of 80 columns, and the formula with numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deltarule.common.arrays import Array
from deltarule.explain.numbers import factor, number
from deltarule.network.network import Network
from deltarule.network.parts import Unit
from deltarule.network.smooth_units import GELU_CUBE, GELU_LINE
from deltarule.network.units import SELU_ALPHA, SELU_SCALE

__all__ = ["formula_of", "formula_of_output"]


def _nothing(_: float) -> str:
    return ""


@dataclass(frozen=True)
class _HiddenFormula:
    """The formulas of a hidden unit.

    Attributes
    ----------
    g, slope : str
        g(z) and g′(z).
    with_z : callable
        z ↦ the formula of g with the number z; empty if nothing is computed.
    with_a : callable
        a ↦ the formula of g′ with the number a, written as a factor; empty if g′ is not computed from a, or if four
        digits of a do not determine g′.
    """

    g: str
    slope: str
    with_z: Callable[[float], str]
    with_a: Callable[[float], str] = _nothing


@dataclass(frozen=True)
class _OutputFormula:
    """The formulas of an output unit.

    Attributes
    ----------
    h, cost : str
        h_i of z, and ℓ.
    with_z : callable
        (z⁽ᴸ⁾, i) ↦ the formula of h_i with numbers; empty if nothing is computed.
    error : str
        δ⁽ᴸ⁾_k of a_k and y_k.
    number : int
        Of the equation of δ⁽ᴸ⁾.
    """

    h: str
    cost: str
    with_z: Callable[[Array, int], str]
    error: str = "a_k − y_k"
    number: int = 3


def _power(z: float) -> str:
    return f"e^{number(z)}"


def _logistic(z: float) -> str:
    return f"1/(1 + {_power(-z)})"


def _softmax(z: Array, i: int) -> str:
    if np.abs(z).max() > 700:  # the powers would overflow
        return ""
    return f"{_power(z[i])}/{number(np.exp(z).sum())}"


def _below(formula: str) -> str:
    """Add that the second half of a formula is for z below 0, if a title of 80 columns has room."""
    return f"{formula} below 0" if len(formula) <= 10 else formula


def _leaky_relu(slope: float) -> _HiddenFormula:
    s = number(slope)
    return _HiddenFormula(_below(f"z; {s}z"), _below(f"1; {s}"), lambda z: "" if z > 0 else f"{s}·{factor(z)}")


def _elu(alpha: float) -> _HiddenFormula:
    if alpha == 1:
        return _HiddenFormula("z; eᶻ − 1 below 0", "1; eᶻ below 0", lambda z: "" if z > 0 else f"{_power(z)} − 1")
    s = number(alpha)
    return _HiddenFormula(
        _below(f"z; {s}(eᶻ−1)"), _below(f"1; {s}eᶻ"), lambda z: "" if z > 0 else f"{s}·({_power(z)} − 1)"
    )


HIDDEN = {
    "logistic": _HiddenFormula(
        "1/(1 + e⁻ᶻ)",
        "a(1 − a)",
        _logistic,
        lambda a: f"{number(a)}·(1 − {number(a)})" if a <= 0.99 else "",
    ),
    "tanh": _HiddenFormula(
        "tanh z", "1 − a²", lambda z: f"tanh {factor(z)}", lambda a: f"(1 − {factor(a)}²)" if abs(a) <= 0.99 else ""
    ),
    "relu": _HiddenFormula("max(0, z)", "[z > 0]", lambda z: f"max(0, {number(z)})"),
    "identity": _HiddenFormula("z", "1", _nothing),
    "selu": _HiddenFormula(
        "1.05z; 1.76(eᶻ−1)",
        "1.05; 1.76eᶻ",
        lambda z: (
            f"{number(SELU_SCALE)}·{number(z)}" if z > 0 else f"{number(SELU_SCALE * SELU_ALPHA)}·({_power(z)} − 1)"
        ),
    ),
    "gelu": _HiddenFormula("z Φ(z)", "Φ(z) + z φ(z)", lambda z: f"{number(z)}·Φ({number(z)})"),
    "gelu_tanh": _HiddenFormula(
        "z σ(1.6z+0.071z³)",
        "σ(u) + a σ(−u) u′",
        lambda z: f"{number(z)}/(1 + {_power(-(GELU_LINE * z + GELU_CUBE * z**3))})",
    ),
    "silu": _HiddenFormula("z/(1 + e⁻ᶻ)", "σ(z) + a σ(−z)", lambda z: f"{number(z)}/(1 + {_power(-z)})"),
    "mish": _HiddenFormula(
        "z tanh log(1 + eᶻ)", "a/z + z(1−a²/z²)σ", lambda z: f"{number(z)}·tanh log(1 + {_power(z)})"
    ),
    "softplus": _HiddenFormula("log(1 + eᶻ)", "1/(1 + e⁻ᶻ)", lambda z: f"log(1 + {_power(z)})"),
}

WITH_NUMBERS = {"leaky_relu": _leaky_relu, "elu": _elu}
"""Functions that make the formulas of units with numbers, such as the slope of `leaky_relu`."""

_OUTPUT = {
    "sigmoid": _OutputFormula(
        "1/(1 + e⁻ᶻ)", "−Σ_k [ y_k log h_k + (1 − y_k) log(1 − h_k) ]", lambda z, i: _logistic(z[i])
    ),
    "softmax": _OutputFormula("exp z_i / Σ exp z", "−Σ_k y_k log h_k", _softmax),
    "identity": _OutputFormula("z_i", "½ Σ_k (h_k − y_k)²", lambda *_: ""),
    "exp": _OutputFormula("exp z_i", "Σ_k [ h_k − y_k z_k + y_k log y_k − y_k ]", lambda z, i: _power(z[i])),
    "pinball": _OutputFormula(
        "z in ascending order",
        "Σ_k [ τ_k (y_k − h_k), or (1 − τ_k)(h_k − y_k) ]",
        lambda *_: "",
        "1 − τ, or −τ where its a is below y",
        15,
    ),
}


def formula_of_output(network: Network) -> _OutputFormula:
    """Return the formulas of a network's output units, with their numbers."""
    if network.output != "huber":
        return _OUTPUT[network.output]
    kappa = number(network.output_numbers[0])
    cost = f"Σ_k c_k (|h_k − y_k| − ½ c_k), c ≤ {kappa}"
    return _OutputFormula("z_i", cost, lambda *_: "", f"a_k − y_k, cut at {kappa}", 14)


def formula_of(unit: Unit) -> _HiddenFormula:
    """Return the formulas of a hidden unit, with its numbers."""
    return WITH_NUMBERS[unit.name](*unit.numbers) if unit.numbers else HIDDEN[unit.name]
