"""Evaluates what a line says: its tokens as a formula, with exact numbers or with those that are shown."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["evaluated", "half_unit", "rounding_of", "shown_value"]

_PYTHON = {"·": "*", "−": "-", "²": "**2", "√": "sqrt", "e^": "exp", "^": "**", "Φ": "Phi", "φ": "phi", "σ": "sigma"}

_NAMES: dict[str, Callable[..., float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "max": max,
    "sigma": lambda z: 1 / (1 + math.exp(-z)),
    "Phi": lambda z: math.erfc(-z / math.sqrt(2)) / 2,
    "phi": lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
}


def evaluated(tokens: Sequence[Any], values: Sequence[float] | None = None) -> float:
    """Return the value of the right side of a line, with other numbers in place of its exact ones if given."""
    numbers = iter([token.value for token in tokens if token.kind == "number"] if values is None else values)
    text = ""
    for token in tokens:
        text += f"({next(numbers)!r})" if token.kind == "number" else _PYTHON.get(token.text, token.text)
    return float(eval(text, {"__builtins__": {}}, _NAMES))  # of tokens of this library, in its tests


def shown_value(text: str) -> float:
    """Return the number that a text shows."""
    assert re.fullmatch(r"−?\d+(\.\d+)?(e[-+]\d+)?", text), text
    return float(text.replace("−", "-"))


def half_unit(text: str) -> float:
    """Return half of the last place that a text shows."""
    mantissa, _, exponent = text.replace("−", "").partition("e")
    places = len(mantissa.partition(".")[2])
    return 0.5 * 10.0 ** (int(exponent or 0) - places)


def rounding_of(tokens: Sequence[Any]) -> tuple[float, float]:
    """Return the value of the numbers as shown, and how far it may be from the exact one because they are rounded."""
    numbers = [token for token in tokens if token.kind == "number"]
    shown = [shown_value(token.text) for token in numbers]
    value, bound = evaluated(tokens, shown), 0.0
    for n, token in enumerate(numbers):
        exact = token.value
        if exact == shown[n]:
            continue
        assert abs(shown[n] - exact) <= half_unit(token.text) * (1 + 1e-9), (token.text, exact)
        ends = []
        for end in (shown[n] - half_unit(token.text), shown[n] + half_unit(token.text)):
            ends.append(evaluated(tokens, [*shown[:n], end, *shown[n + 1 :]]))
        bound += max(abs(end - value) for end in ends)
    return value, bound
