"""Sections of lines: a phase of a layer, whose lines are made when they are asked for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deltarule.network.network import Network
from deltarule.play.answers import Ref, TraceLine
from deltarule.play.following import Followed
from deltarule.play.quantities import Piece, Quantity, line, summed

__all__ = ["PHASES", "Cell", "Section", "Terms", "cell_of", "input_of", "sum_section"]

PHASES = ("forward", "cost", "backward", "Delta", "D", "update")


Cell = tuple[int, int, int]
"""(l, i, j) of a weight, i from 1, j from 0; j is −1 where the parameters of a part are a vector."""


@dataclass(frozen=True)
class Section:
    """Lines that belong together.

    Attributes
    ----------
    phase : str
    count : int
    make : callable
        Number of the line, from 0 ↦ the line.
    """

    phase: str
    count: int
    make: Callable[[int], TraceLine]


Terms = Callable[[int], list[tuple[Quantity, ...]]]
"""Number of a unit, from 0 ↦ the products that are added up."""


def sum_section(
    phase: str,
    units: int,
    layer: int,
    symbol: str,
    terms: Terms,
    values: Callable[[int], float],
    *,
    equation: str,
    level: str,
    digits: int,
) -> Section:
    """Return a section of sums: one line for each unit, or at the level "term" one for each term of it.

    A line of a term adds it to the sum of the terms before it; the last one writes the whole.
    """
    per_unit = max(1, len(terms(0))) if level == "term" else 1

    def make(n: int) -> TraceLine:
        unit, k = divmod(n, per_unit)
        every = terms(unit)
        whole = Quantity(Ref(symbol, layer, unit + 1), values(unit))
        about = {
            "equation": equation,
            "phase": phase,
            "level": level,
            "digits": digits,
            "layer": layer,
            "unit": unit + 1,
        }
        if level != "term":
            return line(whole, summed(every, Ref("Σ", layer, unit + 1)), **about)  # type: ignore[arg-type]
        so_far = [_product(term) for term in every[: k + 1]]
        is_last = k == per_unit - 1
        writes = whole if is_last else Quantity(Ref("S", layer, unit + 1, k), sum(so_far))
        before: list[Piece] = [] if k == 0 else [Quantity(Ref("S", layer, unit + 1, k - 1), sum(so_far[:-1])), " + "]
        added = summed(every[k : k + 1], Ref("Σ", layer, unit + 1))
        return line(writes, [*before, *added], **about)  # type: ignore[arg-type]

    return Section(phase, units * per_unit, make)


def cell_of(network: Network, n: int) -> Cell:
    """Return the weight at a place of θ, from 0."""
    for layer, shape in enumerate(network.shapes, 1):
        size = int(np.prod(shape))
        if n < size:
            return (layer, n // shape[1] + 1, n % shape[1]) if len(shape) == 2 else (layer, n + 1, -1)
        n -= size
    raise IndexError(n)


def _product(factors: tuple[Quantity, ...]) -> float:
    value = 1.0
    for factor in factors:
        value *= factor.value
    return value


def input_of(followed: Followed, layer: int, j: int) -> Quantity:
    """Return a⁽ˡ⁾_j, counted from 1; of layer 1 it is x_j."""
    return Quantity(Ref("a", layer, j), float(followed.a[layer - 1][j - 1]))
