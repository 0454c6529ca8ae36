"""Hidden units as formulas of a spreadsheet, in functions that every version has; none overflows."""

from deltarule.network.parts import Unit
from deltarule.network.smooth_units import GELU_CUBE, GELU_LINE
from deltarule.network.units import SELU_ALPHA, SELU_SCALE

__all__ = ["logistic", "unit_formula"]

_FORMULAS = {
    "identity": "{z}",
    "tanh": "TANH({z})",
    "relu": "MAX({z},0)",
    "logistic": "{logistic}",
    "leaky_relu": "IF({z}>0,{z},{0}*{z})",
    "elu": "IF({z}>0,{z},{0}*(EXP(MIN({z},0))-1))",
    "selu": "{scale}*IF({z}>0,{z},{alpha}*(EXP(MIN({z},0))-1))",
    "gelu": "{z}*NORMSDIST({z})",
    "gelu_tanh": "{z}*{logistic_of_cube}",
    "silu": "{z}*{logistic}",
    "mish": "{z}*TANH({softplus})",
    "softplus": "{softplus}",
}


def unit_formula(unit: Unit, z: str) -> str:
    """Return g of a cell.

    >>> unit_formula(Unit("leaky_relu", 0.2), "$B3")
    'IF($B3>0,$B3,0.2*$B3)'
    """
    softplus = f"(MAX({z},0)+LN(1+EXP(-ABS({z}))))"
    more = {"logistic": logistic(z), "softplus": softplus, "scale": repr(SELU_SCALE), "alpha": repr(SELU_ALPHA)}
    more["logistic_of_cube"] = logistic(f"({GELU_LINE!r}*{z}+{GELU_CUBE!r}*{z}^3)")
    return _FORMULAS[unit.name].format(*map(repr, unit.numbers), z=z, **more)


def logistic(z: str) -> str:
    """Return 1/(1 + e⁻ᶻ) of a cell, with the digits of both tails.

    >>> logistic("$B3")
    '(IF($B3>0,1,EXP(-ABS($B3)))/(1+EXP(-ABS($B3))))'
    """
    e = f"EXP(-ABS({z}))"
    return f"(IF({z}>0,1,{e})/(1+{e}))"
