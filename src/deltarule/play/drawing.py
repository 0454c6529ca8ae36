"""The network as an SVG file: its units, and the edges through which most flows; negative weights are also dashed."""

from xml.sax.saxutils import escape

import numpy as np

from deltarule.explain.numbers import number
from deltarule.play.maps import strongest_edges
from deltarule.play.snapshot import Snapshot

__all__ = ["drawn"]

NEGATIVE, POSITIVE = "#8c510a", "#01665e"
"""Brown and teal: as far apart for every kind of colour blindness as two colours of signs can be."""

MOST_UNITS, MOST_EDGES = 12, 400

ACROSS, DOWN, RADIUS, MARGIN = 160, 46, 13, 60


def drawn(snapshot: Snapshot) -> str:
    """Return the picture of a network."""
    network, dataset = snapshot.problem.network, snapshot.opening.dataset
    shown = [_shown(size) for size in network.sizes]
    tallest = max(map(len, shown)) + 1
    width, height = 2 * MARGIN + ACROSS * (network.L - 1) + 80, 2 * MARGIN + DOWN * tallest

    def place(layer: int, row: int) -> tuple[float, float]:
        rows = len(shown[layer - 1]) + (layer < network.L)
        return MARGIN + ACROSS * (layer - 1), MARGIN + DOWN * (row + (tallest - rows) / 2 + 0.5)

    edges, values, _ = strongest_edges(snapshot, MOST_EDGES)
    largest = float(np.abs(values[:, 0]).max()) if len(values) else 1.0
    parts = []
    for (layer, i, j), (weight, _) in zip(edges.tolist(), values.tolist(), strict=True):
        if i - 1 not in shown[layer] or (j > 0 and j - 1 not in shown[layer - 1]):
            continue
        x1, y1 = place(layer, shown[layer - 1].index(j - 1) + 1 if j else 0)
        x2, y2 = place(layer + 1, shown[layer].index(i - 1) + (layer + 1 < network.L))
        dash = ' stroke-dasharray="5 3"' if weight < 0 else ""
        thick = 0.4 + 4 * abs(weight) / (largest or 1.0)
        parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{NEGATIVE if weight < 0 else POSITIVE}" '
            f'stroke-width="{thick:.2f}"{dash}><title>Θ({layer})[{i},{j}] = {number(weight)}</title></line>'
        )
    for layer, units in enumerate(shown, 1):
        if layer < network.L:
            parts.append(_unit(*place(layer, 0), "+1", ""))
        names = dataset.features if layer == 1 else dataset.class_names if layer == network.L else ()
        for row, unit in enumerate(units):
            text = names[unit] if unit < len(names) and network.sizes[layer - 1] == len(names) else ""
            parts.append(_unit(*place(layer, row + (layer < network.L)), str(unit + 1), text))
        if len(units) < network.sizes[layer - 1]:
            x, y = place(layer, len(units) - 1 + (layer < network.L))
            left = network.sizes[layer - 1] - len(units)
            parts.append(f'<text x="{x:g}" y="{y + RADIUS + 16:g}" text-anchor="middle">… {left} more</text>')
    title = escape(f"{dataset.name}: the network {network} at step {snapshot.step}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12" role="img"><title>{title}</title>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _shown(size: int) -> list[int]:
    """Return the units of a layer that are drawn: all, or the first ones and the last."""
    return list(range(size)) if size <= MOST_UNITS else [*range(MOST_UNITS - 1), size - 1]


def _unit(x: float, y: float, text: str, name: str) -> str:
    said = f'<text x="{x:g}" y="{y - RADIUS - 4:g}" text-anchor="middle">{escape(name[:24])}</text>' if name else ""
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="#ffffff" stroke="#222222" stroke-width="1.5"/>'
        f'<text x="{x:g}" y="{y + 4:g}" text-anchor="middle">{escape(text)}</text>{said}'
    )
