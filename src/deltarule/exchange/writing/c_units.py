"""Hidden units in C, from <math.h> alone; {r} is the type of the network and {f} the mark of its functions."""

from deltarule.network.parts import Unit
from deltarule.network.smooth_units import GELU_CUBE, GELU_LINE
from deltarule.network.units import SELU_ALPHA, SELU_SCALE

__all__ = ["HELPERS", "unit_expression"]

HELPERS = {
    "logistic": """static {r} logistic({r} z)
{{
    {r} e = exp{f}(-fabs{f}(z));
    return (z >= 0 ? 1 : e) / (1 + e);
}}
""",
    "mish": """static {r} mish({r} z)
{{
    {r} e = exp{f}(-fabs{f}(z));
    return z >= 0 ? z * (1 + 2 * e) / (1 + 2 * e * (1 + e)) : z * (e * (2 + e)) / (2 + e * (2 + e));
}}
""",
}
"""Functions that some units call."""

_EXPRESSIONS = {
    "identity": "z",
    "tanh": "tanh{f}(z)",
    "relu": "z > 0 ? z : 0",
    "logistic": "logistic(z)",
    "leaky_relu": "z > 0 ? z : {0} * z",
    "elu": "z > 0 ? z : {0} * expm1{f}(z)",
    "selu": "{scale} * (z > 0 ? z : {alpha} * expm1{f}(z))",
    "gelu": "{half} * z * erfc{f}(-z * {root})",
    "gelu_tanh": "z * logistic({line} * z + {cube} * z * z * z)",
    "silu": "z * logistic(z)",
    "mish": "mish(z)",
    "softplus": "(z > 0 ? z : 0) + log1p{f}(exp{f}(-fabs{f}(z)))",
}


def unit_expression(unit: Unit, suffix: str) -> tuple[str, str]:
    """Return g of a variable z, and the name of the helper that it calls, or nothing.

    >>> unit_expression(Unit("leaky_relu", 0.2), "f")
    ('z > 0 ? z : 0.2f * z', '')
    """
    numbers = [f"{number!r}{suffix}" for number in unit.numbers]
    more = {"scale": SELU_SCALE, "alpha": SELU_ALPHA, "half": 0.5, "root": 0.5**0.5}
    more |= {"line": GELU_LINE, "cube": GELU_CUBE}
    text = _EXPRESSIONS[unit.name].format(
        *numbers, f=suffix, **{name: f"{number!r}{suffix}" for name, number in more.items()}
    )
    return text, next((name for name in HELPERS if f"{name}(" in text), "")
