"""Lines of whole layers: the vectors and matrices of each equation, and how long they are.

A line writes the length ‖·‖ of a vector, √ of the sum of the squares of its entries, which are its numbers.
"""

from collections.abc import Callable, Sequence

import numpy as np

from deltarule.common.arrays import Array, length
from deltarule.play.answers import Ref, TraceLine
from deltarule.play.batch_lines import J_line
from deltarule.play.following import Followed
from deltarule.play.quantities import MOST_TERMS, Piece, Quantity, line
from deltarule.play.search_lines import search_sections
from deltarule.play.sections import Section

__all__ = ["vector_sections"]


def vector_sections(followed: Followed, level: str, digits: int) -> list[Section]:
    """Return the sections of the levels "layer" and "network": a line for each layer, or for each phase."""
    L = followed.snapshot.problem.network.L
    whole = level == "network"

    def vector(symbol: str, layer: int, values: Array, equation: str, phase: str) -> TraceLine:
        entries = np.asarray(values)
        norm = Quantity(Ref(f"‖{symbol}‖", layer), length(entries))
        formula = _squares(symbol, layer, entries)
        return line(norm, formula, equation=equation, phase=phase, level=level, digits=digits, layer=layer)

    def section(phase: str, symbol: str, equation: str, parts: Sequence[tuple[int, Callable[[], Array]]]) -> Section:
        return Section(phase, len(parts), lambda n: vector(symbol, parts[n][0], parts[n][1](), equation, phase))

    f = followed

    def direction(layer: int) -> Array:
        assert f.search is not None
        return np.asarray(f.snapshot.problem.network.roll(f.search.p)[layer - 1])

    def move(layer: int) -> Array:
        assert f.new_theta is not None
        return np.asarray(f.snapshot.problem.network.roll(f.new_theta - f.theta)[layer - 1])

    forward = [(layer, lambda n=layer: f.a[n - 1]) for layer in range(2, L + 1)]
    backward = [(layer, lambda n=layer: f.delta[n - 2]) for layer in range(L, 1, -1)]
    Delta = [(layer, lambda n=layer: f.batch[1][n - 1]) for layer in range(1, L)]
    D = [(layer, lambda n=layer: f.D[n - 1]) for layer in range(1, L)]
    moves = [(layer, lambda n=layer: move(n)) for layer in range(1, L)]
    directions = [(layer, lambda n=layer: direction(n)) for layer in range(1, L)]
    searched = [] if f.search is None else [section("update", "d", "", directions[-1:] if whole else directions)]
    return [
        section("forward", "a", "1", forward[-1:] if whole else forward),
        Section("cost", 1, lambda _: J_line(f, level, digits)),
        section("backward", "δ", "4", backward[-1:] if whole else backward),
        section("Delta", "Δ", "5", Delta[-1:] if whole else Delta),
        section("D", "D", "6", D[-1:] if whole else D),
        *searched,
        *search_sections(f, level, digits),
        *([] if f.new_theta is None else [section("update", "Θ′−Θ", "", moves[-1:] if whole else moves)]),
    ]


def _squares(symbol: str, layer: int, entries: Array) -> list[Piece]:
    """Return √(… + x² + …), with the largest entries and the sum of the rest."""
    places = list(np.ndindex(entries.shape))
    kept = sorted(places, key=lambda place: -abs(entries[place]))[:MOST_TERMS]
    formula: list[Piece] = ["√("]
    for n, place in enumerate(sorted(kept)):
        i, j = (place[0] + 1, -1) if len(place) == 1 else (place[0] + 1, place[1])
        formula += [" + "] if n else []
        formula += [Quantity(Ref(symbol, layer, i, j), float(entries[place])), "²"]
    if len(kept) < len(places):
        left = float(np.square(entries).sum() - sum(entries[place] ** 2 for place in kept))
        formula += [" + ", Quantity(Ref("Σ", layer), max(0.0, left))]
    return [*formula, ")"]
