"""One example through parts of every kind, forward and back: a first floor, and units that are learnt.

Such parts have no weighted inputs, so what is said of them is whole layers: a, δ, Δ and D.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deltarule.common.arrays import Array
from deltarule.network.backpropagation import error_terms, forward
from deltarule.network.network import Network
from deltarule.network.parts import Dense

__all__ = ["Layers", "has_layers_of_units_alone", "through_parts"]


@dataclass(frozen=True, eq=False)
class Layers:
    """What an example is in each layer: `a` of layers 1 to L, `delta` of 2 to L, what it adds to Δ, and its cost."""

    a: list[Array]
    delta: list[Array]
    contributions: list[Array]
    cost: float


def has_layers_of_units_alone(network: Network) -> bool:
    """Whether every part of a network is a layer of units with weighted inputs."""
    hidden = network.parts[:-1]
    return all(isinstance(part, Dense) and part.unit is not None for part in hidden)


def through_parts(network: Network, thetas: list[Array], x: Array, y: Array, factors: Sequence[Array | None]) -> Layers:
    """Follow an example; `factors` are those of dropout by part."""
    rows = [None if factor is None else factor[np.newaxis] for factor in factors]
    with np.errstate(over="ignore", invalid="ignore"):
        kept, a = forward(network, thetas, x[np.newaxis], rows)
        unit, Y = network.output_unit, y[np.newaxis]
        deltas = dict(error_terms(network, thetas, kept, unit.delta(a[-1], Y), rows))
        own = [np.zeros(shape) for shape in network.shapes]
        for n, delta in deltas.items():
            network.parts[n].gradient(kept[n], a[n], delta, own[n])
        return Layers(
            [*(one[0] for one in a[:-1]), unit.h(a[-1])[0]],
            [deltas[n][0] for n in range(len(network.parts))],
            own,
            float(unit.costs(a[-1], Y)[0]),
        )
