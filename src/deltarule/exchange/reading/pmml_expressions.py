"""Expressions of PMML as functions of one field: a·x + b where a number is there, a constant where it is missing.

An expression is computed for one field at a time, whose value is a number not yet known (`Linear`), a word, or missing
(None). So `if(isMissing(x), 41.5, x)` is the constant 41.5 for a gap and x elsewhere, and nothing is run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.xml_tree import Element

__all__ = ["Linear", "Value", "fields_of", "value_of"]

DEEPEST = 50


@dataclass(frozen=True)
class Linear:
    """a·x + b, of a number x that is not known yet; a constant if a is 0."""

    a: float
    b: float


Value = Linear | str | bool | None

_FIELDS = ("FieldRef", "NormContinuous", "NormDiscrete")


def fields_of(expression: Element, derived: Mapping[str, Element], depth: int = 0) -> list[str]:
    """Return the fields of the data that an expression refers to, each once.

    Raises
    ------
    ModelFileError
        If fields are defined by each other in a circle.
    """
    if depth > DEEPEST:
        raise ModelFileError(f"fields are defined by each other more than {DEEPEST} deep, or in a circle.")
    found: list[str] = []
    if expression.name in _FIELDS:
        name = expression.get("field")
        found = fields_of(_only(derived[name]), derived, depth + 1) if name in derived else [name]
    for child in expression:
        if child.name in (*_FIELDS, "Apply"):
            found += fields_of(child, derived, depth + 1)
    return list(dict.fromkeys(found))


def value_of(expression: Element, x: Value, derived: Mapping[str, Element], depth: int = 0) -> Value:
    """Return the value of an expression whose field has the value x.

    Raises
    ------
    ModelFileError
        If it is no function that can be a layer's.
    """
    if depth > 2 * DEEPEST:
        raise ModelFileError("an expression is too deep.")
    if expression.name == "Constant":
        return _constant(expression)
    if expression.name in _FIELDS:
        name = expression.get("field")
        value = value_of(_only(derived[name]), x, derived, depth + 1) if name in derived else x
        if value is None:
            given = expression.attributes.get("mapMissingTo")
            return None if given is None else _as_number(given) if expression.name != "FieldRef" else _plain(given)
        if expression.name == "NormDiscrete":
            return Linear(0.0, float(_word(value) == expression.get("value")))
        return value if expression.name == "FieldRef" else _norm(expression, value)
    if expression.name == "Apply":
        values = [value_of(child, x, derived, depth + 1) for child in expression if child.name != "Extension"]
        result = _apply(expression.get("function"), values)
        if result is None and "mapMissingTo" in expression.attributes:
            return _plain(expression.get("mapMissingTo"))
        return result
    raise ModelFileError(f"an input is computed by {expression.name}, which is not read.")


def _only(field: Element) -> Element:
    parts = [child for child in field if child.name not in ("Extension", "Value", "Interval")]
    if len(parts) != 1:
        raise ModelFileError(f"the field {field.get('name')!r} is computed by {len(parts)} expressions.")
    return parts[0]


def _as_number(text: str) -> Linear:
    return Linear(0.0, float(text))


def _plain(text: str) -> Value:
    try:
        return _as_number(text)
    except ValueError:
        return text


def _constant(expression: Element) -> Value:
    kind, text = expression.get("dataType"), expression.text.strip()
    if expression.get("missing") == "true":
        return None
    if kind == "boolean":
        return text in ("true", "1")
    return text if kind == "string" else _plain(text)


def _word(value: Value) -> str:
    if isinstance(value, Linear):
        if value.a != 0:
            raise ModelFileError("a number is compared with a word or a number, which makes steps, not a line.")
        return f"{value.b:.0f}" if value.b.is_integer() else repr(value.b)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _norm(expression: Element, value: Value) -> Linear:
    """Return the line through the points of a NormContinuous."""
    points = [(float(point.get("orig")), float(point.get("norm"))) for point in expression.all("LinearNorm")]
    if expression.get("outliers", "asIs") != "asIs":
        raise ModelFileError(
            f"it cuts {expression.get('field')!r} at the ends of its range (outliers), which is no line."
        )
    if len(points) < 2:
        raise ModelFileError(
            f"the NormContinuous of {expression.get('field')!r} has {len(points)} points (LinearNorm), and takes 2."
        )
    slopes = [(n1 - n0) / (o1 - o0) for (o0, n0), (o1, n1) in pairwise(points)]
    if max(slopes) - min(slopes) > 1e-12 * max(map(abs, slopes)):
        raise ModelFileError(f"the NormContinuous of {expression.get('field')!r} has a bend, so it is no line.")
    if not isinstance(value, Linear):
        raise ModelFileError(f"{expression.get('field')!r} is no number, but is scaled.")
    (orig, norm), slope = points[0], slopes[0]
    return Linear(slope * value.a, slope * (value.b - orig) + norm)


def _apply(function: str, values: list[Value]) -> Value:
    if function in ("isMissing", "isNotMissing") and len(values) == 1:
        return (values[0] is None) == (function == "isMissing")
    if function == "if" and len(values) in (2, 3):
        if values[0] is None:
            return None
        if not isinstance(values[0], bool):
            raise ModelFileError("an if depends on more than whether a value is missing or which word it is.")
        return values[1] if values[0] else values[2] if len(values) == 3 else None
    if function in ("and", "or") and all(isinstance(value, bool) for value in values):
        return all(values) if function == "and" else any(values)
    if any(value is None for value in values):
        return None
    if function == "not" and len(values) == 1 and isinstance(values[0], bool):
        return not values[0]
    if function in ("equal", "notEqual") and len(values) == 2:
        return (_word(values[0]) == _word(values[1])) == (function == "equal")
    if len(values) == 2 and function in ("+", "-", "*", "/"):
        return _arithmetic(function, *(_number(value) for value in values))
    raise ModelFileError(f"an input is computed by the function {function[:40]!r}, which is no line.")


def _number(value: Value) -> Linear:
    if isinstance(value, bool):
        return Linear(0.0, float(value))
    if not isinstance(value, Linear):
        raise ModelFileError(f"it computes with {str(value)[:40]!r}, which is no number.")
    return value


def _arithmetic(function: str, left: Linear, right: Linear) -> Linear:
    if function in "+-":
        sign = 1 if function == "+" else -1
        return Linear(left.a + sign * right.a, left.b + sign * right.b)
    if function == "*" and left.a == 0:
        left, right = right, left
    if right.a != 0:
        raise ModelFileError("an input multiplies or divides by what is not known, so it is no line.")
    if function == "*":
        return Linear(left.a * right.b, left.b * right.b)
    return Linear(left.a / right.b, left.b / right.b)
