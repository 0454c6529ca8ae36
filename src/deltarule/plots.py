"""Pictures: a network as the lecture notes draw it, and a learning curve. They need matplotlib (an extra).

What is drawn where is computed first (`network_layout`), as plain numbers; drawing it is apart.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from deltarule.history import History
from deltarule.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Layout", "Unit", "check_matplotlib", "network_layout", "plot_learning_curve", "plot_network"]

MOST_UNITS = 8
"""A longer layer shows this many units less one, and an ellipsis."""

RADIUS = 0.34
COLUMN = 2.6
"""Width of a column, where units of a layer are 1 apart."""

INK = "#222222"
BLUE, ORANGE = "#0072b2", "#d55e00"  # Okabe and Ito's, told apart by the colour-blind; dark and light in grey
BIAS_FILL = "#f0c674"


@dataclass(frozen=True)
class Unit:
    """A circle: where it is, what is written in it, and whether it is a bias unit.

    Attributes
    ----------
    layer : int
        l, from 1.
    index : int
        Number of the unit in its layer, from 1; 0 for the bias unit.
    x, y : float
    label : str
        As matplotlib writes mathematics.
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
class Layout:
    """A network in the plane.

    Attributes
    ----------
    units : tuple of Unit
        All circles.
    ellipses : tuple of (float, float)
        Places of the dots that stand for units left out.
    edges : tuple of (Unit, Unit)
        From each unit, the bias unit too, to each unit of the next layer but its bias unit.
    heads : tuple of (float, str)
        x and text above each layer.
    thetas : tuple of (float, str)
        x and text over each gap between layers.
    top, bottom : float
        Highest and lowest y of a circle's centre.
    """

    units: tuple[Unit, ...]
    ellipses: tuple[tuple[float, float], ...]
    edges: tuple[tuple[Unit, Unit], ...]
    heads: tuple[tuple[float, str], ...]
    thetas: tuple[tuple[float, str], ...]
    top: float
    bottom: float


def network_layout(network: Network, most_units: int = MOST_UNITS) -> Layout:
    """Place the circles of a network; layers of more than `most_units` units are shortened.

    Examples
    --------
    >>> layout = network_layout(Network((2, 2, 1)))
    >>> len(layout.units), sum(unit.is_bias for unit in layout.units), len(layout.edges)
    (7, 2, 9)
    """
    layers: list[list[Unit]] = []
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
            units.append(Unit(layer, index, x, y, _label(layer, index)))
            y -= 1
        layers.append(units)
    units = [unit for column in layers for unit in column]
    return Layout(
        units=tuple(units),
        ellipses=tuple(ellipses),
        edges=tuple(
            (start, end)
            for column, following in pairwise(layers)
            for start in column
            for end in following
            if not end.is_bias
        ),
        heads=tuple(
            ((layer - 1) * COLUMN, f"Layer {layer}\n$s_{{{layer}}} = {size}$\n{_kind(network, layer)}")
            for layer, size in enumerate(network.sizes, 1)
        ),
        thetas=tuple(
            ((layer - 0.5) * COLUMN, f"$\\Theta^{{({layer})}}$\n${rows} \\times {columns}$")
            for layer, (rows, columns) in enumerate(network.shapes, 1)
        ),
        top=max(unit.y for unit in units),
        bottom=min(unit.y for unit in units),
    )


def check_matplotlib() -> None:
    """Raise an ImportError that says what to install, if matplotlib is missing."""
    if find_spec("matplotlib") is None:
        raise ImportError("Drawing needs matplotlib: pip install 'deltarule[cli]'")


def plot_network(network: Network, ax: "Axes | None" = None) -> "Axes":
    """Draw a network: a column of circles for each layer, bias units apart, Θ⁽ˡ⁾ over the gaps.

    Parameters
    ----------
    network : Network
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure of a fitting size.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    pyplot = _pyplot()
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Circle

    layout = network_layout(network)
    width = (network.L - 1) * COLUMN + 2.9
    height = layout.top - layout.bottom + 3.1
    if ax is None:
        _, ax = pyplot.subplots(figsize=(max(4.0, 0.72 * width), 0.72 * height), layout="constrained")
    lines = [[(start.x, start.y), (end.x, end.y)] for start, end in layout.edges]
    many = len(lines) > 150
    ax.add_collection(LineCollection(lines, colors="#8a8a8a", linewidths=0.4 if many else 0.8, zorder=1))
    for unit in layout.units:
        style: dict[str, Any] = {"facecolor": "white", "linestyle": "-"}
        if unit.is_bias:
            style = {"facecolor": BIAS_FILL, "linestyle": (0, (2, 1.2))}
        ax.add_patch(Circle((unit.x, unit.y), RADIUS, edgecolor=INK, linewidth=1.1, zorder=2, **style))
        size = 8.5 if unit.index < 1000 else 6.5
        ax.text(unit.x, unit.y, unit.label, ha="center", va="center", fontsize=size, color=INK, zorder=3)
    for x, y in layout.ellipses:
        ax.text(x, y, "$\\vdots$", ha="center", va="center", fontsize=16, color=INK, zorder=3)
    for x, text in layout.heads:
        ax.text(x, layout.top + 0.75, text, ha="center", va="bottom", fontsize=9, color=INK, linespacing=1.4)
    for x, text in layout.thetas:
        ax.text(x, layout.top + 0.75, text, ha="center", va="bottom", fontsize=9, color=BLUE, linespacing=1.4)
    for unit in layout.units:
        if unit.layer == network.L:
            text = f"$= h_\\Theta(x)_{{{unit.index}}}$" if network.K > 1 else "$= h_\\Theta(x)$"
            ax.text(unit.x + 1.2 * RADIUS, unit.y, text, ha="left", va="center", fontsize=8.5, color=INK)
    ax.set_xlim(-1.0, (network.L - 1) * COLUMN + 1.9)
    ax.set_ylim(layout.bottom - 0.7, layout.top + 2.4)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def plot_learning_curve(history: History, ax: "Axes | None" = None) -> "Axes":
    """Draw the cost of each epoch, on the training and the held-out rows, and mark the best epoch.

    The cost axis is logarithmic where the costs span more than a factor of 20.

    Parameters
    ----------
    history : History
    ax : matplotlib Axes, optional

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    pyplot = _pyplot()
    if ax is None:
        _, ax = pyplot.subplots(figsize=(6.4, 4.0), layout="constrained")
    epochs = np.arange(1, len(history.cost) + 1)
    ax.plot(epochs, history.cost, color=BLUE, linewidth=1.6, label="training")
    held_out = history.validation_cost
    if np.isfinite(held_out).any():
        ax.plot(epochs, held_out, color=ORANGE, linewidth=1.6, linestyle="--", label="held out")
    if 1 <= history.best_epoch <= len(epochs):
        ax.axvline(
            history.best_epoch, color="#777777", linewidth=1, linestyle=":", label=f"best epoch, {history.best_epoch}"
        )
    known = np.concatenate([history.cost, held_out[np.isfinite(held_out)]])
    if known.size and known.min() > 0 and known.max() > 20 * known.min():
        ax.set_yscale("log")
    ax.set_xlabel("epoch")
    ax.set_ylabel("cost $J(\\Theta)$")
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _label(layer: int, index: int) -> str:
    if index == 0:
        return "$+1$"
    if layer == 1:
        return f"$x_{{{index}}}$"
    return f"$a_{{{index}}}^{{({layer})}}$"


def _kind(network: Network, layer: int) -> str:
    if layer == 1:
        return "input"
    return network.output if layer == network.L else network.hidden[layer - 2]


def _pyplot() -> ModuleType:
    check_matplotlib()
    import matplotlib.pyplot as pyplot

    return pyplot
