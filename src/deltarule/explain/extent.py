"""What an explanation shows: how many layers, units and columns, and which.

Each layer keeps the units with the largest |δ⁽ˡ⁾_j|, because they affect the cost most. If there are too many layers,
the middle ones are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from deltarule.common.arrays import Array
from deltarule.explain.content import Group, Part, Sentence
from deltarule.explain.notation import sup
from deltarule.explain.numbers import largest, number

__all__ = ["Extent", "with_gaps"]


@dataclass(frozen=True)
class Extent:
    """How much an explanation shows.

    Attributes
    ----------
    layers : tuple of int
        The layers from 2 to L that are shown, in order.
    units : int
        Most units of each layer; for a matrix, most rows, and most entries of a row.
    examples : int
        How many examples are shown one by one.
    width : int
        Columns of a line.
    """

    layers: tuple[int, ...]
    units: int
    examples: int
    width: int

    @classmethod
    def of(cls, L: int, layers: int, units: int, examples: int, width: int) -> "Extent":
        """Return the extent that shows `layers` of the layers 2 to L: half from the front, half from the end."""
        front = layers // 2
        shown = (*range(2, 2 + front), *range(L - (layers - front) + 1, L + 1))
        return cls(shown, units, examples, width)

    def chosen(self, delta: Array) -> list[int]:
        """Return the units of a layer that are shown, chosen by their δ."""
        return largest(delta, self.units)

    def left_out(self, layer: int, delta: Array) -> Sentence | None:
        """Say how many units of a layer are not shown, and bound their |δ|."""
        rest = np.delete(np.abs(delta), self.chosen(delta))
        if not rest.size:
            return None
        return Sentence(f"… and {rest.size} more of layer {layer}, with", f"|δ{sup(layer)}| ≤ {number(rest.max())}")


def with_gaps(parts: Mapping[int, Part | tuple[Part, ...]]) -> Group:
    """Return the parts of the layers in the order of the mapping, with a sentence for each gap between layers."""
    group: list[Part | Sentence] = []
    previous: int | None = None
    for layer, part in parts.items():
        if previous is not None and abs(layer - previous) > 1:
            first, last = min(layer, previous) + 1, max(layer, previous) - 1
            missing = f"layers {first} to {last}" if first < last else f"layer {first}"
            group.append(Sentence(f"… {missing} in the same way"))
        group += part if isinstance(part, tuple) else (part,)
        previous = layer
    return tuple(group)
