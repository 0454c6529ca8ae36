"""Parts without weighted inputs, unit by unit: equations (7) to (11) as they are written, and with numbers.

`Beside` is explained part by part, each under its own equation. With x the value that a part takes and δ = ∂ℓ/∂a of
what it gives, the lines of a part are

    forward      what it gives in one place, and which value it takes there
    backward     ∂ℓ/∂ of one of its parameters
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.explain.content import Equality, Line
from deltarule.explain.formulas import formula_of
from deltarule.explain.notation import sup
from deltarule.explain.numbers import factor, number, product, shortened_sum
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Part
from deltarule.network.textbook import ExampleTrace

__all__ = ["Piece", "error_of_part", "kinds_of", "pieces_of"]


@dataclass(frozen=True)
class _Written:
    """A part as it is written.

    Attributes
    ----------
    out : str
        a⁽ˡ⁺¹⁾_i, with x for what comes in.
    to : str
        ∂ℓ/∂ of its parameters, with δ_i = ∂ℓ/∂a⁽ˡ⁺¹⁾_i; empty if it has none.
    number : int or None
        Of its equation; None for `Keep`, which has none.
    """

    out: str
    to: str
    number: int | None


_WRITTEN: dict[type, _Written] = {
    Keep: _Written("x", "", None),
    Scale: _Written("s_i x_i", "∂ℓ/∂s_i = δ_i x_i", 7),
    Embedding: _Written("T_{x,i}", "∂ℓ/∂T_{x,i} = δ_i", 8),
    PiecewiseLinear: _Written("(1 − r) T_{k,i} + r T_{k+1,i}", "∂ℓ/∂T_{k,i} = (1 − r) δ_i,  ∂ℓ/∂T_{k+1,i} = r δ_i", 9),
    Periodic: _Written(
        "v_i + Σ_f V_if cos φ_f or x,  φ_f = 2π ω_f x + b_f",
        "∂ℓ/∂V_if = δ_i cos φ_f, ∂ℓ/∂b_f = γ_f, ∂ℓ/∂ω_f = 2π x γ_f",
        10,
    ),
}


@dataclass(frozen=True, eq=False)
class Piece:
    """A part, or one of parts beside each other, on its way through one example.

    Attributes
    ----------
    part : Part
    layer : int
        Layer that it makes; what it takes is layer − 1.
    taken, given : int
        Where its columns begin in both layers.
    x, a, delta : array
        What it takes and gives, and ∂ℓ/∂a.
    parameters, contribution : array
        Of the shape of its parameters.
    is_one_of_many : bool
        Whether the layer has other parts of its kind, so that its T needs the place of its column.
    """

    part: Any
    layer: int
    taken: int
    given: int
    x: Array
    a: Array
    delta: Array
    parameters: Array
    contribution: Array
    is_one_of_many: bool = False

    @property
    def written(self) -> _Written:
        """The formulas of the part."""
        if isinstance(self.part, Parametric):
            g = formula_of(self.part.unit).g
            return _Written(f"(1 − α_i) x_i + α_i g(x_i), g(z) = {g}", "∂ℓ/∂α_i = δ_i (g(x_i) − x_i)", 11)
        return _WRITTEN[type(self.part)]

    @property
    def units(self) -> list[int]:
        """The places that it gives in its layer, from 0."""
        return list(range(self.given, self.given + self.part.outputs))

    @property
    def computed(self) -> list[int]:
        """Those of them that are more than a value which it takes."""
        width = self.part.width if isinstance(self.part, Periodic) else 0
        return [i for i in self.units if not width or (i - self.given) % width]

    def took(self, i: int) -> int:
        """Return the place in the layer below of the value that place i of its layer is made of."""
        return self.taken + self._column(i - self.given)

    @property
    def kinds(self) -> Array:
        """A number for each of its parameters, equal for those that have the same formula."""
        kinds = np.zeros(self.contribution.shape, dtype=np.intp)
        if isinstance(self.part, Periodic):
            F, sums = self.part.frequencies, self.part.width - 1
            kinds[:] = np.repeat(np.arange(4), [F, F, sums * F, sums])
        return kinds.ravel()

    def forward(self, i: int, width: int) -> list[Line]:
        """Return what it gives in place i of its layer, in a line or two."""
        name, value = f"a{sup(self.layer)}_{i + 1}", number(self.a[i - self.given])
        column = self._column(i - self.given)
        took = Equality("x", f"a{sup(self.layer - 1)}_{self.taken + column + 1}", number(self.x[column]))
        tail = f" = {value},  x = {took.right}"
        return _FORWARD[type(self.part)](self, i - self.given, Equality(name, "", value), took, width - len(tail))

    def backward(self, places: Iterable[int]) -> list[Line]:
        """Return ∂ℓ/∂ of some of its parameters with numbers."""
        flat = self.contribution.ravel()
        return [(self._slope(p, number(flat[p])),) for p in places]

    def _slope(self, p: int, value: str) -> Equality:
        name, numbers = _BACKWARD[type(self.part)](self, *map(int, np.unravel_index(p, self.contribution.shape)))
        return Equality(f"∂ℓ/∂{name}", numbers, value)

    def _column(self, i: int) -> int:
        """Return which of its columns output i is made of."""
        inputs, outputs = int(self.part.inputs), int(self.part.outputs)
        return i * inputs // outputs


def pieces_of(trace: ExampleTrace, layer: int) -> list[Piece]:
    """Return the parts that make a layer: one, or those beside each other."""
    n = layer - 2
    part, x, a, delta = trace.network.parts[n], trace.a[n], trace.a[n + 1], trace.delta[n]
    theta, contribution = trace.thetas[n].ravel(), trace.contributions[n].ravel()
    found = []
    taken = given = first = 0
    for one in part.parts if isinstance(part, Beside) else [part]:
        ends = taken + one.inputs, given + one.outputs, first + prod(one.shape)
        parameters, to = (array[first : ends[2]].reshape(one.shape) for array in (theta, contribution))
        found.append(
            Piece(
                one, layer, taken, given, x[taken : ends[0]], a[given : ends[1]], delta[given : ends[1]], parameters, to
            )
        )
        taken, given, first = ends
    return found


def kinds_of(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Yield the pieces of each kind, in the order in which the kinds come."""
    for kind in dict.fromkeys(type(piece.part) for piece in pieces):
        found = [piece for piece in pieces if type(piece.part) is kind]
        yield found if len(found) == 1 else [replace(piece, is_one_of_many=True) for piece in found]


def error_of_part(part: Part, layer: int) -> str:
    """Return ∂ℓ/∂a⁽ˡ⁾_j below a part that makes layer l + 1, as it is written."""
    above = f"δ{sup(layer + 1)}"
    if isinstance(part, Scale):
        return f"s_j {above}_j"
    if isinstance(part, Parametric):
        return f"(1 − α_j + α_j g′(a{sup(layer)}_j)) {above}_j"
    return f"Σ_i {above}_i ∂a{sup(layer + 1)}_i/∂a{sup(layer)}_j"


def _copied(_: Piece, __: int, out: Equality, took: Equality, ___: int) -> list[Line]:
    return [(out, took)]


def _scaled(piece: Piece, i: int, out: Equality, _: Equality, __: int) -> list[Line]:
    return [(Equality(out.name, f"{number(piece.parameters[i])}·{factor(piece.x[i])}", out.value),)]


def _looked_up(piece: Piece, i: int, out: Equality, took: Equality, _: int) -> list[Line]:
    k = int(piece.x[0])
    is_known = 0 <= k < piece.part.categories and k == piece.x[0]
    return [(Equality(out.name, _entry(piece, k, i) if is_known else "", out.value), took)]


def _summed(piece: Piece, i: int, out: Equality, took: Equality, room: int) -> list[Line]:
    """Return the sum of `part.terms`: what (9) and (11) add up."""
    constant, factors, inputs = piece.part.terms(piece.parameters, piece.x, i)
    del constant
    total = shortened_sum(factors * inputs, lambda j: product(factors[j], inputs[j]), room)
    one = Equality(out.name, total, out.value)
    return [(one,)] if isinstance(piece.part, Parametric) else [(one, took)]


def _waves(piece: Piece, i: int, out: Equality, took: Equality, room: int) -> list[Line]:
    c, row = divmod(i, piece.part.width)
    if row == 0:
        return [(out, took)]
    omega, b, V, v = _rolled(piece, c)
    x = float(piece.x[c])
    phi = 2 * np.pi * omega * x + b
    values = V[row - 1] * np.cos(phi)

    def term(f: int) -> str:
        return f"{product(V[row - 1, f])}·cos {factor(phi[f])}"

    total = shortened_sum(values, term, room + len(f",  x = {took.right}"), first=number(v[row - 1]))
    f = int(np.argmax(np.abs(values)))
    angle = f"2π·{factor(omega[f])}·{factor(x)}{product(b[f])}"
    return [(Equality(out.name, total, out.value),), (Equality(f"φ_{f + 1}", angle, number(phi[f])), took)]


def _to_scale(piece: Piece, j: int) -> tuple[str, str]:
    return f"s_{piece.given + j + 1}", f"{number(piece.delta[j])}·{factor(piece.x[j])}"


def _to_alpha(piece: Piece, j: int) -> tuple[str, str]:
    g = piece.part.unit.g(piece.x[j : j + 1])[0]
    return f"α_{j + 1}", f"{number(piece.delta[j])}·({number(g)}{product(-piece.x[j])})"


def _to_table(piece: Piece, k: int, i: int) -> tuple[str, str]:
    delta = f"δ{sup(piece.layer)}_{piece.given + i + 1}"
    return _entry(piece, k, i), delta if k == piece.x[0] else ""


def _entry(piece: Piece, k: int, i: int) -> str:
    """Return an entry of the table of an embedding or of curves, its row counted from 0."""
    return f"T_{{{f'{piece.taken + 1},' if piece.is_one_of_many else ''}{k},{i + 1}}}"


def _to_knots(piece: Piece, k: int, i: int) -> tuple[str, str]:
    ends = np.cumsum([len(knots) for knots in piece.part.knots])
    c = int(np.searchsorted(ends, k, side="right"))
    delta = piece.delta[c * piece.part.width + i]
    share = piece.contribution[k, i] / delta if delta else 0.0
    return _entry(piece, k, i), f"{number(delta)}·{factor(share)}"


def _to_waves(piece: Piece, c: int, p: int) -> tuple[str, str]:
    part, x = piece.part, float(piece.x[c])
    omega, b, V, _ = _rolled(piece, c)
    phi = 2 * np.pi * omega * x + b
    of_sums = piece.delta[c * part.width + 1 : (c + 1) * part.width]
    F, f = part.frequencies, p % part.frequencies
    column = piece.taken + c + 1
    if p >= (part.width + 1) * F:
        i = p - (part.width + 1) * F
        return f"v_{{{column},{i + 1}}}", f"δ{sup(piece.layer)}_{piece.given + c * part.width + i + 2}"
    if p >= 2 * F:
        i = p // F - 2
        return f"V_{{{column},{i + 1},{f + 1}}}", f"{number(of_sums[i])}·cos {factor(phi[f])}"
    gamma = -float(np.sin(phi[f])) * float(V[:, f] @ of_sums)
    if p >= F:
        return f"b_{{{column},{f + 1}}}", f"{number(-float(V[:, f] @ of_sums))}·sin {factor(phi[f])}"
    return f"ω_{{{column},{f + 1}}}", f"2π·{factor(x)}·{factor(gamma)}"


def _rolled(piece: Piece, c: int) -> tuple[Array, Array, Array, Array]:
    """Return ω, b, V and v of one column of `Periodic`."""
    row, F, sums = piece.parameters[c], piece.part.frequencies, piece.part.width - 1
    return row[:F], row[F : 2 * F], row[2 * F : (2 + sums) * F].reshape(sums, F), row[(2 + sums) * F :]


_FORWARD: dict[type, Callable[[Piece, int, Equality, Equality, int], list[Line]]] = {
    Keep: _copied,
    Scale: _scaled,
    Embedding: _looked_up,
    PiecewiseLinear: _summed,
    Periodic: _waves,
    Parametric: _summed,
}

_BACKWARD: dict[type, Callable[..., tuple[str, str]]] = {
    Scale: _to_scale,
    Embedding: _to_table,
    PiecewiseLinear: _to_knots,
    Periodic: _to_waves,
    Parametric: _to_alpha,
}
