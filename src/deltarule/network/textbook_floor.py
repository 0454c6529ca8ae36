"""Equations (7) to (11) unit by unit, in the way of `textbook.py`: nothing is shared with the parts but their shapes.

Of one example, a is what comes into a part, out what goes out of it, and delta = ∂ℓ/∂out, all of them lists of numbers.
"""

from collections.abc import Callable
from math import cos, pi, prod, sin
from typing import Any, NamedTuple

import numpy as np

from deltarule.common.arrays import Array
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Part

__all__ = ["contribution_of", "error_of", "out_of"]


def out_of(part: Part, parameters: Array, a: Array) -> Array:
    """Return what goes out of a part."""
    return np.array(_steps_of(part).out(part, parameters, a))


def contribution_of(part: Part, parameters: Array, a: Array, delta: Array) -> Array:
    """Return what the example adds to Δ, of the shape of the parameters."""
    contribution = np.zeros(part.shape)
    _steps_of(part).add(part, parameters, a, delta, contribution)
    return contribution


def error_of(part: Part, parameters: Array, a: Array, delta: Array) -> Array:
    """Return ∂ℓ/∂a."""
    return np.array(_steps_of(part).error(part, parameters, a, delta))


class _Steps(NamedTuple):
    out: Callable[[Any, Array, Array], list[float]]
    add: Callable[[Any, Array, Array, Array, Array], None]
    error: Callable[[Any, Array, Array, Array], list[float]]


def _steps_of(part: Part) -> _Steps:
    if type(part) not in _STEPS:
        raise TypeError(f"The textbook has no equations of the part {part!r}.")
    return _STEPS[type(part)]


def _keep_out(_: Keep, __: Array, a: Array) -> list[float]:
    return [float(a_j) for a_j in a]


def _keep_add(*_: Any) -> None:
    """Do nothing: there are no parameters."""


def _keep_error(_: Keep, __: Array, ___: Array, delta: Array) -> list[float]:
    return [float(delta_j) for delta_j in delta]


def _scale_out(_: Scale, s: Array, a: Array) -> list[float]:
    return [s[j] * a[j] for j in range(len(a))]  # (7)


def _scale_add(_: Scale, __: Array, a: Array, delta: Array, to: Array) -> None:
    for j in range(len(a)):
        to[j] += delta[j] * a[j]  # (7)


def _scale_error(_: Scale, s: Array, __: Array, delta: Array) -> list[float]:
    return [s[j] * delta[j] for j in range(len(delta))]  # (7)


def _embedding_out(part: Embedding, T: Array, a: Array) -> list[float]:
    out = [0.0] * part.width
    for k in range(part.categories):
        if a[0] == k:
            for i in range(part.width):
                out[i] += T[k, i]  # (8)
    return out


def _embedding_add(part: Embedding, _: Array, a: Array, delta: Array, to: Array) -> None:
    for k in range(part.categories):
        if a[0] == k:
            for i in range(part.width):
                to[k, i] += delta[i]  # (8)


def _embedding_error(*_: Any) -> list[float]:
    return [0.0]  # (8)


def _piece(knots: tuple[float, ...], x: float) -> tuple[int, float, float]:
    """Return k, r and dr/dx of (9)."""
    last = len(knots) - 1
    if x < knots[0]:
        return 0, 0.0, 0.0
    if x >= knots[last]:
        return last - 1, 1.0, 0.0
    k = 0
    while x >= knots[k + 1]:
        k += 1
    gap = knots[k + 1] - knots[k]
    return k, (x - knots[k]) / gap, 1 / gap


def _piecewise_out(part: PiecewiseLinear, T: Array, a: Array) -> list[float]:
    out, start = [], 0
    for c, knots in enumerate(part.knots):
        k, r, _ = _piece(knots, float(a[c]))
        for i in range(part.width):
            out.append((1 - r) * T[start + k, i] + r * T[start + k + 1, i])  # (9)
        start += len(knots)
    return out


def _piecewise_add(part: PiecewiseLinear, _: Array, a: Array, delta: Array, to: Array) -> None:
    start = 0
    for c, knots in enumerate(part.knots):
        k, r, _slope = _piece(knots, float(a[c]))
        for i in range(part.width):
            to[start + k, i] += (1 - r) * delta[c * part.width + i]  # (9)
            to[start + k + 1, i] += r * delta[c * part.width + i]  # (9)
        start += len(knots)


def _piecewise_error(part: PiecewiseLinear, T: Array, a: Array, delta: Array) -> list[float]:
    error, start = [0.0] * part.inputs, 0
    for c, knots in enumerate(part.knots):
        k, _, slope = _piece(knots, float(a[c]))
        for i in range(part.width):
            error[c] += slope * (T[start + k + 1, i] - T[start + k, i]) * delta[c * part.width + i]  # (9)
        start += len(knots)
    return error


class _Wave(NamedTuple):
    """What stands in one row of the parameters of `Periodic`, entry by entry."""

    row: Array
    F: int
    sums: int

    def phi(self, f: int, x: float) -> float:
        """Return φ_f of (10)."""
        return 2 * pi * float(self.row[f]) * x + float(self.row[self.F + f])

    def V(self, i: int, f: int) -> int:
        """Return the place of V_if."""
        return 2 * self.F + i * self.F + f

    def v(self, i: int) -> int:
        """Return the place of v_i."""
        return (2 + self.sums) * self.F + i


def _periodic_out(part: Periodic, parameters: Array, a: Array) -> list[float]:
    out = []
    for c in range(part.columns):
        wave = _Wave(parameters[c], part.frequencies, part.width - 1)
        out.append(float(a[c]))  # (10)
        for i in range(part.width - 1):
            total = float(wave.row[wave.v(i)])
            for f in range(part.frequencies):
                total += float(wave.row[wave.V(i, f)]) * cos(wave.phi(f, float(a[c])))  # (10)
            out.append(total)
    return out


def _gamma(wave: _Wave, f: int, x: float, delta: Array) -> float:
    """Return γ_f of (10); `delta` has those of the sums."""
    through_sums = 0.0
    for i in range(wave.sums):
        through_sums += float(wave.row[wave.V(i, f)]) * float(delta[i])
    return -sin(wave.phi(f, x)) * through_sums


def _periodic_add(part: Periodic, parameters: Array, a: Array, delta: Array, to: Array) -> None:
    for c in range(part.columns):
        wave, x = _Wave(parameters[c], part.frequencies, part.width - 1), float(a[c])
        of_sums = delta[c * part.width + 1 : (c + 1) * part.width]
        for i in range(part.width - 1):
            to[c, wave.v(i)] += of_sums[i]  # (10)
            for f in range(part.frequencies):
                to[c, wave.V(i, f)] += of_sums[i] * cos(wave.phi(f, x))  # (10)
        for f in range(part.frequencies):
            gamma = _gamma(wave, f, x, of_sums)
            to[c, f] += 2 * pi * x * gamma  # (10)
            to[c, part.frequencies + f] += gamma  # (10)


def _periodic_error(part: Periodic, parameters: Array, a: Array, delta: Array) -> list[float]:
    error = []
    for c in range(part.columns):
        wave, x = _Wave(parameters[c], part.frequencies, part.width - 1), float(a[c])
        total = float(delta[c * part.width])
        for f in range(part.frequencies):
            gamma = _gamma(wave, f, x, delta[c * part.width + 1 : (c + 1) * part.width])
            total += 2 * pi * float(wave.row[f]) * gamma  # (10)
        error.append(total)
    return error


def _parametric_out(part: Parametric, alpha: Array, a: Array) -> list[float]:
    g = part.unit.g(a)
    return [(1 - alpha[j]) * a[j] + alpha[j] * g[j] for j in range(len(a))]  # (11)


def _parametric_add(part: Parametric, _: Array, a: Array, delta: Array, to: Array) -> None:
    g = part.unit.g(a)
    for j in range(len(a)):
        to[j] += delta[j] * (g[j] - a[j])  # (11)


def _parametric_error(part: Parametric, alpha: Array, a: Array, delta: Array) -> list[float]:
    slope = part.unit.derivative(a, part.unit.g(a))
    return [delta[j] * (1 - alpha[j] + alpha[j] * slope[j]) for j in range(len(a))]  # (11)


def _pieces(part: Beside, *vectors: tuple[Array, str]) -> list[tuple[Part, list[Array]]]:
    """Cut vectors into those of each part; beside each stands what it is cut by: "inputs", "outputs" or "shape"."""
    starts = [0] * len(vectors)
    pieces = []
    for one in part.parts:
        mine = []
        for n, (vector, by) in enumerate(vectors):
            size = prod(one.shape) if by == "shape" else int(getattr(one, by))
            piece = vector[starts[n] : starts[n] + size]
            mine.append(piece.reshape(one.shape) if by == "shape" else piece)
            starts[n] += size
        pieces.append((one, mine))
    return pieces


def _beside_out(part: Beside, parameters: Array, a: Array) -> list[float]:
    out: list[float] = []
    for one, (mine, columns) in _pieces(part, (parameters, "shape"), (a, "inputs")):
        out += _steps_of(one).out(one, mine, columns)
    return out


def _beside_add(part: Beside, parameters: Array, a: Array, delta: Array, to: Array) -> None:
    cut = _pieces(part, (parameters, "shape"), (a, "inputs"), (delta, "outputs"), (to, "shape"))
    for one, (mine, columns, of_mine, to_mine) in cut:
        _steps_of(one).add(one, mine, columns, of_mine, to_mine)


def _beside_error(part: Beside, parameters: Array, a: Array, delta: Array) -> list[float]:
    error: list[float] = []
    for one, (mine, columns, of_mine) in _pieces(part, (parameters, "shape"), (a, "inputs"), (delta, "outputs")):
        error += _steps_of(one).error(one, mine, columns, of_mine)
    return error


_STEPS: dict[type, _Steps] = {
    Keep: _Steps(_keep_out, _keep_add, _keep_error),
    Scale: _Steps(_scale_out, _scale_add, _scale_error),
    Embedding: _Steps(_embedding_out, _embedding_add, _embedding_error),
    PiecewiseLinear: _Steps(_piecewise_out, _piecewise_add, _piecewise_error),
    Periodic: _Steps(_periodic_out, _periodic_add, _periodic_error),
    Parametric: _Steps(_parametric_out, _parametric_add, _parametric_error),
    Beside: _Steps(_beside_out, _beside_add, _beside_error),
}
