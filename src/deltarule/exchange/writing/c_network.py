"""The parts of a network in C: z of X.

One network has a matrix for each of its `Dense` parts, Theta1 …; an estimator of tables has the θ of each member as one
array, in which each part knows where its own begins.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Any

from deltarule.exchange.writing.c_context import Context
from deltarule.exchange.writing.c_units import HELPERS, unit_expression
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Dense, Part, Unit

__all__ = ["network", "network_helpers", "weights"]

_FUNCTIONS: Mapping[type, str] = {
    Dense: """static void layer(const {r} *Theta, int units, int inputs, const {r} *a, {r} *z)
{{
    int i, j;
    for (i = 0; i < units; i++) {{
        {r} sum = *Theta++;
        for (j = 0; j < inputs; j++)
            sum += *Theta++ * a[j];
        z[i] = sum;
    }}
}}
""",
    Keep: """static void keep(int columns, const {r} *a, {r} *out)
{{
    int n;
    for (n = 0; n < columns; n++)
        out[n] = a[n];
}}
""",
    Scale: """static void scale(const {r} *s, int columns, const {r} *a, {r} *out)
{{
    int n;
    for (n = 0; n < columns; n++)
        out[n] = s[n] * a[n];
}}
""",
    Embedding: """static void embedding(const {r} *table, int categories, int width, const {r} *a, {r} *out)
{{
    int n, known = *a >= 0 && *a < ({r})categories && *a == floor{f}(*a);
    for (n = 0; n < width; n++)
        out[n] = known ? table[(int)*a * width + n] : 0;
}}
""",
    Periodic: """static void periodic(const {r} *theta, int columns, int waves, int width, const {r} *a, {r} *out)
{{
    int c, f, w;
    for (c = 0; c < columns; c++, out += width) {{
        const {r} *omega = theta, *phase = omega + waves, *V = phase + waves, *v = V + (width - 1) * waves;
        out[0] = a[c];
        for (w = 1; w < width; w++)
            out[w] = v[w - 1];
        for (f = 0; f < waves; f++) {{
            {r} wave = cos{f}(omega[f] * {turn} * a[c] + phase[f]);
            for (w = 1; w < width; w++)
                out[w] += V[(w - 1) * waves + f] * wave;
        }}
        theta = v + width - 1;
    }}
}}
""",
    PiecewiseLinear: """static void curve(const {r} *T, const double *knots, int n, int width, const {r} *a, {r} *out)
{{
    int k = 0, w;
    double r;
    while (k < n - 2 && *a >= knots[k + 1])
        k++;
    r = (*a - knots[k]) / (knots[k + 1] - knots[k]);
    r = r < 0 ? 0 : r > 1 ? 1 : r;
    for (w = 0; w < width; w++)
        out[w] = (1 - ({r})r) * T[k * width + w] + ({r})r * T[(k + 1) * width + w];
}}
""",
}


def network_helpers(context: Context) -> str:
    """Return the functions that the network calls."""
    exported = context.exported
    parts = [one for part in exported.network.parts for one in (part.parts if isinstance(part, Beside) else [part])]
    units = [part.unit for part in parts if part.unit is not None]
    used = {name for unit in units if (name := unit_expression(unit, context.suffix)[1])}
    if exported.output == "sigmoid":
        used.add("logistic")
    pieces = [text.format(r=context.real, f=context.suffix) for name, text in HELPERS.items() if name in used]
    kinds = {type(part) for part in parts}
    turn = context.number(6.283185307179586)
    pieces += [
        text.format(r=context.real, f=context.suffix, turn=turn) for kind, text in _FUNCTIONS.items() if kind in kinds
    ]
    return "\n".join(pieces)


def weights(context: Context) -> str:
    """Return θ: the matrices of a network of `Dense` parts, or an array for each member."""
    exported, real = context.exported, context.real
    if not exported.is_committee:
        return "".join(
            f"static const {real} Theta{n}[] = {{\n{_rows(context, Theta)}}};\n"
            for n, Theta in enumerate(exported.Thetas, 1)
        )
    arrays, knots = [], []
    for n, theta in enumerate(exported.thetas, 1):
        parts = exported.network.roll(theta)
        rows = "".join(_rows(context, one if one.ndim == 2 else one.reshape(1, -1)) for one in parts if one.size)
        arrays.append(f"static const {real} theta{n}[] = {{\n{rows}}};\n")
    names = ", ".join(f"theta{n}" for n in range(1, len(arrays) + 1))
    arrays.append(f"static const {real} *const thetas[] = {{{names}}};\n")
    for number, part in _numbered(exported.network.parts):
        if isinstance(part, PiecewiseLinear):
            for c, column in enumerate(part.knots, 1):
                values = ", ".join(map(repr, column))
                knots.append(f"static const double knots{number}_{c}[] = {{{values}}};\n")
    return "".join(arrays + knots)


def network(context: Context) -> str:
    """Return the functions that make z, from one array to the other and back: of a row, or of X by a member's θ."""
    exported, real = context.exported, context.real
    if exported.is_committee:
        widths, calls = _calls(context, _places(exported.network.parts))
        return _function(f"member(const {real} *theta, const {real} *x, {real} *output)", real, widths, calls)
    X = f"    {real} x[{exported.sizes[0]}];\n" if exported.columns else ""
    encode = ["encode(row, x);"] if exported.columns else []
    widths, calls = _calls(context, (f"Theta{n}" for n in range(1, len(exported.network.parts) + 1)))
    return _function(f"weighted_inputs({context.row}, {real} *output)", real, widths, encode + calls, X)


def _function(head: str, real: str, widths: Mapping[str, list[int]], lines: list[str], before: str = "") -> str:
    arrays = [f"    {real} {name}[{max(sizes)}];\n" for name, sizes in widths.items() if sizes]
    index = "    int n;\n" if any(line.startswith("for") for line in lines) else ""
    body = "".join(f"    {line}\n" for line in lines)
    return f"static void {head}\n{{\n{before}{''.join(arrays)}{index}{body}}}\n"


def _calls(context: Context, places: Iterator[str]) -> tuple[dict[str, list[int]], list[str]]:
    """Return the widths that the two arrays have in turn, and the lines."""
    exported = context.exported
    parts = exported.network.parts
    widths: dict[str, list[int]] = {"a": [], "b": []}
    lines: list[str] = []
    a = "x" if exported.columns else "row"
    for n, (part, place) in enumerate(zip(parts, places, strict=True), 1):
        if isinstance(part, Parametric):  # in place, behind the part that makes its z
            g = re.sub(r"\bz\b", f"{a}[n]", unit_expression(part.unit, context.suffix)[0])
            alpha = f"({place})[n]"
            lines.append(f"for (n = 0; n < {part.inputs}; n++)")
            lines.append(f"    {a}[n] = (1 - {alpha}) * {a}[n] + {alpha} * ({g});")
            continue
        to = "output" if n == len(parts) else "b" if a == "a" else "a"
        if to != "output":
            widths[to].append(part.outputs)
        lines += _call(part, place, a, to, n)
        if part.unit is not None and part.unit.name != "identity":
            lines += _unit(context, part.unit, part.outputs, to)
        a = to
    return widths, lines


def _unit(context: Context, unit: Unit, units: int, a: str) -> Iterator[str]:
    g = re.sub(r"\bz\b", f"{a}[n]", unit_expression(unit, context.suffix)[0])
    yield f"for (n = 0; n < {units}; n++)\n        {a}[n] = {g};"


def _call(part: Any, place: str, a: str, to: str, number: int) -> Iterator[str]:
    """Yield the calls of a part, which takes a and gives to."""
    yield from _CALLS[type(part)](part, place, a, to, number)


def _dense(part: Dense, place: str, a: str, to: str, _: int) -> Iterator[str]:
    yield f"layer({place}, {part.outputs}, {part.inputs}, {a}, {to});"


def _curves(part: PiecewiseLinear, place: str, a: str, to: str, number: int) -> Iterator[str]:
    row = 0
    for c, knots in enumerate(part.knots):
        table, name, width = f"{place} + {row * part.width}", f"knots{number}_{c + 1}", part.width
        yield f"curve({table}, {name}, {len(knots)}, {width}, {a} + {c}, {to} + {c * width});"
        row += len(knots)


def _beside(part: Beside, place: str, a: str, to: str, number: int) -> Iterator[str]:
    start, end, own = 0, 0, 0
    for n, one in enumerate(part.parts, 1):
        yield from _call(one, f"{place} + {own}", f"{a} + {start}", f"{to} + {end}", 100 * number + n)
        start, end, own = start + one.inputs, end + one.outputs, own + prod(one.shape)


_CALLS: Mapping[type, Callable[[Any, str, str, str, int], Iterator[str]]] = {
    Dense: _dense,
    Keep: lambda part, _, a, to, number: iter([f"keep({part.inputs}, {a}, {to});"]),  # noqa: ARG005
    Scale: lambda part, place, a, to, _: iter([f"scale({place}, {part.inputs}, {a}, {to});"]),
    Embedding: lambda part, place, a, to, _: iter([f"embedding({place}, {part.categories}, {part.width}, {a}, {to});"]),
    Periodic: lambda part, place, a, to, _: iter(
        [f"periodic({place}, {part.columns}, {part.frequencies}, {part.width}, {a}, {to});"]
    ),
    PiecewiseLinear: _curves,
    Beside: _beside,
}


def _places(parts: tuple[Part, ...]) -> Iterator[str]:
    """Yield where the parameters of each part begin."""
    start = 0
    for part in parts:
        yield f"theta + {start}"
        start += prod(part.shape)


def _numbered(parts: tuple[Part, ...]) -> Iterator[tuple[int, Part]]:
    """Yield every part with the number that its knots are named after."""
    for n, part in enumerate(parts, 1):
        inner = part.parts if isinstance(part, Beside) else ()
        yield from ((100 * n + k, one) for k, one in enumerate(inner, 1)) if inner else [(n, part)]


def _rows(context: Context, Theta: Any) -> str:
    return "".join(f"    {', '.join(map(context.number, row))},\n" for row in Theta)
