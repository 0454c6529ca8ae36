"""Parts of the first floor for tests: one of each kind, rows that fit them, and an oracle in 60 digits."""

from math import prod
from typing import Any

import mpmath as mp
import numpy as np

from deltarule import Dense, Network
from deltarule.common.arrays import Array
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Part, Unit
from oracles import HIDDEN

__all__ = ["FLOOR", "PARTS", "WHOLE", "mp_out", "rows_for"]

mp.mp.dps = 60

PARTS: list[Part] = [
    Keep(3),
    Scale(3),
    Embedding(4, width=3),
    PiecewiseLinear([[-1.0, 0.25, 1.5], [-0.5, 0.5]], width=2),
    Periodic(2, frequencies=3, width=3, sigma=0.7),
    Periodic(1, frequencies=1, width=2),
    Parametric(3, "tanh"),
    Parametric(3, Unit("elu", 0.5)),
    Beside([Scale(1), Embedding(3, width=2), Keep(1), PiecewiseLinear([[0.0, 1.0]], width=1), Periodic(1, 2, 2)]),
]

FLOOR = Beside(
    [Keep(1), Embedding(4, width=2), Embedding(3, width=1), PiecewiseLinear([[-1, 0, 1]], width=2), Periodic(2, 4, 3)]
)
"""Of six columns it makes twelve; columns 1 and 2 hold categories."""

WHOLE = Network(
    [
        FLOOR,
        Scale(FLOOR.outputs),
        Dense(FLOOR.outputs, 5, first_from="data"),
        Parametric(5, "selu"),
        Dense(5, 4, "tanh"),
        Scale(4),
        Dense(4, 3),
    ],
    output="softmax",
)
"""All parts together."""


def rows_for(part: Part, m: int, seed: int = 0) -> Array:
    """Return rows that a part takes; numbers of categories where it is an embedding, one in a row unknown."""
    generator = np.random.default_rng(seed)
    if isinstance(part, Embedding):
        return generator.integers(-1, part.categories, (m, 1)).astype(np.float64)
    if isinstance(part, Beside):
        return np.hstack([rows_for(one, m, seed + n) for n, one in enumerate(part.parts)])
    return generator.standard_normal((m, part.inputs))


def mp_out(part: Part, parameters: list[Any], x: list[Any]) -> list[Any]:
    """Return what goes out of a part, in 60 digits, its parameters read by hand from the flat block."""
    if isinstance(part, Beside):
        out, place, column = [], 0, 0
        for one in part.parts:
            size = prod(one.shape)
            out += mp_out(one, parameters[place : place + size], x[column : column + one.inputs])
            place, column = place + size, column + one.inputs
        return out
    if isinstance(part, Keep):
        return list(x)
    if isinstance(part, Scale):
        return [s * x_j for s, x_j in zip(parameters, x, strict=True)]
    if isinstance(part, Embedding):
        known = int(x[0]) if mp.isint(x[0]) and 0 <= x[0] < part.categories else None
        return [mp.mpf(0) if known is None else parameters[known * part.width + i] for i in range(part.width)]
    if isinstance(part, Parametric):
        g = HIDDEN[part.unit.name]
        return [(1 - alpha) * z + alpha * g(z, *part.unit.numbers) for alpha, z in zip(parameters, x, strict=True)]
    if isinstance(part, Periodic):
        out, size, F = [], part.shape[1], part.frequencies
        for c, x_c in enumerate(x):
            row = parameters[c * size : (c + 1) * size]
            cosines = [mp.cos(2 * mp.pi * row[f] * x_c + row[F + f]) for f in range(F)]
            out.append(x_c)
            for i in range(part.width - 1):
                V = row[(2 + i) * F : (3 + i) * F]
                out.append(mp.fdot(V, cosines) + row[(part.width + 1) * F + i])
        return out
    assert isinstance(part, PiecewiseLinear)
    out, start = [], 0
    for knots, x_c in zip(part.knots, x, strict=True):
        T = [parameters[(start + k) * part.width : (start + k + 1) * part.width] for k in range(len(knots))]
        inside = min(max(x_c, mp.mpf(knots[0])), mp.mpf(knots[-1]))
        k = max(n for n in range(len(knots) - 1) if knots[n] <= inside)
        r = (inside - mp.mpf(knots[k])) / (mp.mpf(knots[k + 1]) - mp.mpf(knots[k]))
        out += [(1 - r) * low + r * high for low, high in zip(T[k], T[k + 1], strict=True)]
        start += len(knots)
    return out
