"""A network as lecture notes draw it: columns of circles, bias units in another colour, Θ⁽ˡ⁾ below the gaps.

`network_picture` first computes all positions, in units of the distance between two circles. `plot` then finds the
largest unit and the largest letters that fit into the axes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.network.network import Network
from deltarule.pictures.models import fitted
from deltarule.pictures.style import BLUE, INK, ORANGE, pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_UNITS", "RADIUS", "Edge", "NetworkPicture", "network_picture"]

MOST_UNITS = 8
"""A layer of more units shows one unit less than this, and an ellipsis."""

RADIUS = 0.4
COLUMN = 2.2
"""Width of a column, in units of the distance between two circles."""

WIDEST_COLUMN = 3.6
"""Width of a column if there is room."""

BIAS_FILL = "#f0c674"
DASHES = (0, (3, 1.5))
LETTER = 0.62
"""Width of a letter relative to its font size, rounded up."""
LONGEST_NAME = 24
"""Most letters of an input's name."""

LARGEST_UNIT = 0.72  # inches
LARGEST_FONT, SMALLEST_FONT = 9.0, 3.0  # points


@dataclass(frozen=True)
class DrawnUnit:
    """A circle of the picture, with its position and label.

    Attributes
    ----------
    layer : int
        l, from 1.
    index : int
        Number of the unit in its layer, from 1; 0 for the bias unit.
    x, y : float
    label : str
        Text in the circle, in matplotlib's notation for mathematics.
    """

    layer: int
    index: int
    x: float
    y: float
    label: str

    @property
    def is_bias(self) -> bool:
        """Whether this is the unit a₀ = 1."""
        return self.index == 0


@dataclass(frozen=True)
class Edge:
    """A line between two circles, with its weight Θ⁽ˡ⁾_ij, or NaN without a model."""

    start: DrawnUnit
    end: DrawnUnit
    weight: float


@dataclass(frozen=True)
class NetworkPicture:
    """The positions of all circles, lines and texts of a network's picture; made by `network_picture`.

    Attributes
    ----------
    units : tuple of DrawnUnit
        All circles.
    ellipses : tuple of (float, float)
        Positions of the dots that stand for units left out.
    edges : tuple of Edge
        Lines from each unit, including the bias unit, to each unit of the next layer except its bias unit.
    heads : tuple of (float, str)
        x and text above each layer.
    thetas : tuple of (float, str)
        x and text below each gap between layers.
    outputs, inputs : tuple of (DrawnUnit, str)
        Units of the last and of the first layer, with the text beside them.
    """

    units: tuple[DrawnUnit, ...]
    ellipses: tuple[tuple[float, float], ...]
    edges: tuple[Edge, ...]
    heads: tuple[tuple[float, str], ...]
    thetas: tuple[tuple[float, str], ...]
    outputs: tuple[tuple[DrawnUnit, str], ...]
    inputs: tuple[tuple[DrawnUnit, str], ...] = ()

    @property
    def has_weights(self) -> bool:
        """Whether the lines have weights, which only a fitted model gives."""
        return not np.isnan(self.edges[0].weight)

    @property
    def widest_weights(self) -> dict[int, float]:
        """Largest drawn |Θ⁽ˡ⁾_ij| of each layer l."""
        most: dict[int, float] = {}
        for edge in self.edges:
            most[edge.start.layer] = max(most.get(edge.start.layer, 0.0), abs(edge.weight))
        return most

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, in inches, of a figure that fits the picture."""
        margins = self._inches(LARGEST_FONT)
        return (
            margins.left + margins.right + LARGEST_UNIT * self._width,
            margins.top + margins.bottom + LARGEST_UNIT * self._height,
        )

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the network into the given axes, or into a new figure of a fitting size.

        The width of a line is |Θ⁽ˡ⁾_ij| relative to the largest drawn weight of its Θ⁽ˡ⁾. Positive weights are blue and
        solid, negative weights orange and dashed.

        Returns
        -------
        ax : matplotlib Axes
        """
        module = pyplot()
        if ax is None:
            ax = module.figure(figsize=self.size).add_axes((0, 0, 1, 1))
        room = ax.get_window_extent()
        dpi = ax.get_figure(root=True).dpi  # type: ignore[union-attr]
        width, height = room.width / dpi, room.height / dpi
        unit, font = self._fit(width, height)
        margins = self._inches(font)
        # If there is room, columns are further apart.
        last = self.heads[-1][0]
        stretch = (width - margins.left - margins.right - 2 * RADIUS * unit) / (last * unit)
        stretch = min(max(stretch, 1.0), WIDEST_COLUMN / COLUMN)
        self._draw_edges(ax, unit, stretch)
        self._draw_units(ax, unit, font, stretch)
        middle = (margins.right - margins.left) / unit / 2 + last * stretch / 2
        ax.set_xlim(middle - width / unit / 2, middle + width / unit / 2)
        top, bottom = self._top + RADIUS, self._bottom - RADIUS
        spare = (height - margins.top - margins.bottom) / unit - (top - bottom)
        ax.set_ylim(bottom - margins.bottom / unit - spare / 2, top + margins.top / unit + spare / 2)
        gap = 0.5 * font / 72 / unit
        for x, text in self.heads:
            ax.text(x * stretch, top + gap, text, ha="center", va="bottom", fontsize=font, color=INK, linespacing=1.3)
        for x, text in self.thetas:
            ax.text(x * stretch, bottom - gap, text, ha="center", va="top", fontsize=font, color=BLUE, linespacing=1.3)
        for circle, text in self.outputs:
            x = circle.x * stretch + RADIUS + gap
            ax.text(x, circle.y, text, ha="left", va="center", fontsize=font, color=INK)
        for circle, text in self.inputs:
            ax.text(circle.x - RADIUS - gap, circle.y, text, ha="right", va="center", fontsize=font, color=INK)
        if self.has_weights:
            self._explain_lines(ax, font)
        ax.set_aspect("equal")
        ax.set_axis_off()
        return ax

    @property
    def _top(self) -> float:
        return max(unit.y for unit in self.units)

    @property
    def _bottom(self) -> float:
        return min(unit.y for unit in self.units)

    @property
    def _width(self) -> float:
        return self.heads[-1][0] + 2 * RADIUS

    @property
    def _height(self) -> float:
        return self._top - self._bottom + 2 * RADIUS

    def _inches(self, font: float) -> "_Margins":
        """Return the room that the texts around the circles take at a font size."""
        line = 1.55 * font / 72
        letter = LETTER * font / 72
        head = max(0.0, _letters(self.heads) * letter / 2 - RADIUS * LARGEST_UNIT / 2)
        below = max(text.count("\n") + 1 for _, text in self.thetas) + 1.5 * self.has_weights
        return _Margins(
            left=max(head, _letters((unit.x, text) for unit, text in self.inputs) * letter) + letter,
            right=max(head, _letters((unit.x, text) for unit, text in self.outputs) * letter) + 1.5 * letter,
            top=3 * line + 0.8 * font / 72,
            bottom=below * line + 0.8 * font / 72,
        )

    def _fit(self, width: float, height: float) -> tuple[float, float]:
        """Return the largest unit, in inches, and the largest font, in points, at which nothing overlaps."""
        unit, font = 0.0, SMALLEST_FONT
        for font in np.arange(LARGEST_FONT, SMALLEST_FONT, -0.25):
            margins = self._inches(font)
            unit = min(
                LARGEST_UNIT,
                (width - margins.left - margins.right) / self._width,
                (height - margins.top - margins.bottom) / self._height,
            )
            texts = max(_letters(self.heads), _letters(self.thetas)) * LETTER * font / 72
            # Letters beside a circle must not be taller than the distance between two circles.
            if texts <= 0.95 * COLUMN * unit and 1.3 * font / 72 <= unit:
                break
        return max(unit, 0.01), float(font)

    def _draw_edges(self, ax: "Axes", unit: float, stretch: float) -> None:
        from matplotlib.collections import LineCollection

        lines = [[(end.x * stretch, end.y) for end in (edge.start, edge.end)] for edge in self.edges]
        if not self.has_weights:
            width = min(0.8, 1.5 * unit)
            ax.add_collection(LineCollection(lines, colors="#8a8a8a", linewidths=width, zorder=1))
            return
        most = self.widest_weights
        looks: Any = ((BLUE, "-", 1), (ORANGE, DASHES, -1))
        for color, dashes, sign in looks:
            chosen = [n for n, edge in enumerate(self.edges) if edge.weight * sign > 0]
            shares = [abs(self.edges[n].weight) / most[self.edges[n].start.layer] for n in chosen]
            widths = [max(0.15, min(2.6, 5 * unit) * share) for share in shares]
            ax.add_collection(
                LineCollection([lines[n] for n in chosen], colors=color, linewidths=widths, linestyles=dashes, zorder=1)
            )

    def _draw_units(self, ax: "Axes", unit: float, font: float, stretch: float) -> None:
        from matplotlib.patches import Circle

        inside = min(font, 1.55 * RADIUS * unit * 72 / 1.95)
        for circle in self.units:
            style: dict[str, Any] = {"facecolor": "white", "linestyle": "-"}
            if circle.is_bias:
                style = {"facecolor": BIAS_FILL, "linestyle": (0, (2, 1.2))}
            line = min(1.1, 2.5 * unit)
            ax.add_patch(
                Circle((circle.x * stretch, circle.y), RADIUS, edgecolor=INK, linewidth=line, zorder=2, **style)
            )
            place = (circle.x * stretch, circle.y)
            ax.text(*place, circle.label, ha="center", va="center", fontsize=inside, color=INK, zorder=3)
        for x, y in self.ellipses:
            for shift in (-0.22, 0, 0.22):
                ax.add_artist(Circle((x * stretch, y + shift), 0.055, facecolor=INK, edgecolor="none", zorder=3))

    def _explain_lines(self, ax: "Axes", font: float) -> None:
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], color=BLUE, label="positive weight"),
            Line2D([], [], color=ORANGE, linestyle=DASHES, label="negative weight"),
        ]
        ax.legend(handles=handles, loc="lower center", ncols=2, frameon=False, fontsize=font, borderaxespad=0.1)


@dataclass(frozen=True)
class _Margins:
    left: float
    right: float
    top: float
    bottom: float


def network_picture(model: Any, most_units: int = MOST_UNITS, names: Sequence[str] = ()) -> NetworkPicture:
    """Return the picture of a network; layers of more than `most_units` units are shortened.

    Parameters
    ----------
    model : Network, MLPClassifier or MLPRegressor
        A fitted estimator gives the lines their weights.
    most_units : int, default 8
        Longest layer that is not shortened, 3 or more.
    names : sequence of str, optional
        Names of the inputs, written beside them.

    Examples
    --------
    >>> picture = network_picture(Network((2, 2, 1)))
    >>> len(picture.units), sum(unit.is_bias for unit in picture.units), len(picture.edges)
    (7, 2, 9)
    """
    network, theta = (model, None) if isinstance(model, Network) else fitted(model)
    thetas = None if theta is None else network.roll(theta)
    layers: list[list[DrawnUnit]] = []
    ellipses = []
    for layer, size in enumerate(network.sizes, 1):
        x = (layer - 1) * COLUMN
        shown = list(range(1, size + 1)) if size <= most_units else [*range(1, most_units - 1), size]
        bias = [0] if layer < network.L else []
        rows = len(bias) + len(shown) + (size > most_units)
        y = (rows - 1) / 2
        units = []
        for index in bias + shown:
            if index == size and size > most_units:
                ellipses.append((x, y))
                y -= 1
            units.append(DrawnUnit(layer, index, x, y, _label(layer, index)))
            y -= 1
        layers.append(units)
    edges = tuple(
        Edge(start, end, _weight(thetas, start, end))
        for column, following in pairwise(layers)
        for start in column
        for end in following
        if not end.is_bias
    )
    return NetworkPicture(
        units=tuple(unit for column in layers for unit in column),
        ellipses=tuple(ellipses),
        edges=edges,
        heads=tuple(
            ((layer - 1) * COLUMN, f"Layer {layer}\n$s_{{{layer}}} = {size}$\n{_kind(network, layer)}")
            for layer, size in enumerate(network.sizes, 1)
        ),
        thetas=tuple(
            ((layer - 0.5) * COLUMN, f"$\\Theta^{{({layer})}}$\n${rows} \\times {columns}${_widest(edges, layer)}")
            for layer, (rows, columns) in enumerate(network.shapes, 1)
        ),
        outputs=tuple(
            (unit, f"$= h_\\Theta(x)_{{{unit.index}}}$" if network.K > 1 else "$= h_\\Theta(x)$") for unit in layers[-1]
        ),
        inputs=tuple((unit, _named(names[unit.index - 1])) for unit in layers[0] if names and not unit.is_bias),
    )


def _weight(thetas: list[Array] | None, start: DrawnUnit, end: DrawnUnit) -> float:
    return np.nan if thetas is None else float(thetas[start.layer - 1][end.index - 1, start.index])


def _widest(edges: tuple[Edge, ...], layer: int) -> str:
    widest = max(abs(edge.weight) for edge in edges if edge.start.layer == layer)
    return "" if np.isnan(widest) else f"\n$|\\Theta_{{ij}}| \\leq {widest:.2g}$"


def _letters(texts: Iterable[tuple[float, str]]) -> int:
    """Return the number of letters of the longest line, counting a command such as Theta or leq as one."""
    lines = [line for _, text in texts for line in text.split("\n")]
    for command in ("\\Theta", "\\times", "\\leq"):
        lines = [line.replace(command, "x") for line in lines]
    return max(
        (len(line.translate({ord(c): None for c in "$_{}^ "})) + line.count(" ") // 2 for line in lines), default=0
    )


def _named(name: str) -> str:
    """Return a name shortened to `LONGEST_NAME`, with dollar signs escaped for matplotlib."""
    return (name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…").replace("$", r"\$")


def _label(layer: int, index: int) -> str:
    if index == 0:
        return "$+1$"
    if layer == 1:
        return f"$x_{{{index}}}$"
    return f"$a_{{{index}}}^{{({layer})}}$"


def _kind(network: Network, layer: int) -> str:
    if layer == 1:
        return "input"
    return network.output if layer == network.L else str(network.hidden_units[layer - 2])
