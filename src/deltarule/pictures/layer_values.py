"""The distribution of a and δ in each layer, which shows saturated layers and where δ vanishes on its way back.

A unit is saturated for an example if |g′(z)| is below a twentieth of the steepest slope of g: it passes hardly any
error back. A unit is dead if it is saturated for every example.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.network.backpropagation import error_terms, forward
from deltarule.network.parts import Unit, Values
from deltarule.pictures.models import checked, fitted
from deltarule.pictures.style import BLUE, INK, ORANGE, axes_for, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["QUANTILES", "Layer", "Layers", "is_saturated", "layers"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FLAT = 0.05
"""Share of the steepest slope below which a unit counts as saturated."""


@dataclass(frozen=True)
class Layer:
    """The values of one layer l ≥ 2 on some examples.

    Attributes
    ----------
    number : int
        l.
    unit : str
        Kind of its units, with their numbers if these are not the defaults.
    activations : tuple of float
        The `QUANTILES` of a⁽ˡ⁾, over all units and examples.
    errors : tuple of float
        The `QUANTILES` of |δ⁽ˡ⁾|.
    saturated : float
        Share of the pairs of unit and example in which the unit is saturated; NaN for the output layer.
    dead : int
        Number of units that are saturated for every example; 0 for the output layer.
    size : int
        s_l.
    """

    number: int
    unit: str
    activations: tuple[float, ...]
    errors: tuple[float, ...]
    saturated: float
    dead: int
    size: int


@dataclass(frozen=True)
class Layers:
    """The layers from 2 to L on some examples; made by `layers`."""

    layers: tuple[Layer, ...]
    rows: int

    def plot(self, ax: "Axes | None" = None, what: str = "delta") -> "Axes":
        """Draw the quantiles of |δ⁽ˡ⁾| by layer on a logarithmic axis, or with `what="a"` the quantiles of a⁽ˡ⁾.

        A thin line reaches from 5 % to 95 %, a thick line from 25 % to 75 %, and a marker shows the median. A
        logarithmic axis has no place for quantiles of 0, so their lines begin at the bottom of the axis.

        Returns
        -------
        ax : matplotlib Axes
        """
        if what not in ("a", "delta"):
            raise InputError(f"what={what!r} is not known. Take 'a' or 'delta'.")
        ax = axes_for(ax)
        table = np.array([layer.activations if what == "a" else layer.errors for layer in self.layers])
        if what == "delta":
            positive = table[table > 0]
            low = float(positive.min()) / 3 if positive.size else 1e-3
            high = float(positive.max()) * 3 if positive.size else 1.0
            ax.set_yscale("log")
            ax.set_ylim(low, high)
            table = np.maximum(table, low)
        color = BLUE if what == "a" else ORANGE
        places = np.arange(len(self.layers))
        ax.vlines(places, table[:, 0], table[:, 4], color=color, linewidth=1.4, label="5 % to 95 %")
        ax.vlines(places, table[:, 1], table[:, 3], color=color, linewidth=7, alpha=0.45, label="25 % to 75 %")
        ax.plot(places, table[:, 2], color=INK, marker="D", linestyle="none", markersize=5, label="median")
        ax.set_xlim(-0.6, len(places) - 0.4)
        self._name_layers(ax)
        ax.set_xlabel("layer $l$: its units, saturated, dead")
        ax.set_ylabel("activation $a^{(l)}$" if what == "a" else "error term $|\\delta^{(l)}|$")
        legend_above(ax, 3)
        return ax

    def _name_layers(self, ax: "Axes") -> None:
        figure = ax.get_figure(root=True)
        assert figure is not None
        texts = []
        for layer in self.layers:
            text = f"{layer.number}\n{layer.unit}"
            if not np.isnan(layer.saturated):
                text += f"\n{100 * layer.saturated:.0f} % sat.\n{layer.dead} dead"
            texts.append(text)
        room = ax.get_window_extent().width * 72 / figure.dpi / (len(texts) + 0.2)  # points
        longest = max(len(line) for text in texts for line in text.split("\n"))
        ax.set_xticks(range(len(texts)), texts, fontsize=min(9.0, 0.9 * room / (0.6 * longest)))


def layers(model: Any, X: ArrayLike, y: ArrayLike) -> Layers:
    """Return the distribution of a and δ in every layer of a fitted estimator, for some examples.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted.
    X : array, sparse matrix or frame of shape (m, n_features)
        All rows, and their a and δ of every layer, are in memory at once: give a few thousand rows.
    y : array of shape (m,) or (m, K)

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError, ShapeError
        If X and y do not fit the model.
    """
    data = checked(model, X, y)
    network, theta = fitted(model)
    thetas = network.roll(theta)
    kept, a = forward(network, thetas, data.X)
    last_delta = network.output_unit.delta(a[-1], data.Y)  # (3)
    found = []
    for n, delta in error_terms(network, thetas, kept, last_delta):
        unit = network.parts[n].unit
        is_last = unit is None
        flat = is_saturated(unit, kept[n]) if unit is not None else np.zeros(delta.shape, dtype=bool)
        found.append(
            Layer(
                number=n + 2,
                unit=network.output if is_last else str(unit),
                activations=_quantiles(network.output_unit.h(a[-1]) if is_last else a[n + 1]),
                errors=_quantiles(np.abs(delta)),
                saturated=np.nan if is_last else float(flat.mean()),
                dead=int(flat.all(axis=0).sum()),
                size=network.sizes[n + 1],
            )
        )
    return Layers(tuple(found[::-1]), data.rows)


def is_saturated(unit: Unit, values: Values) -> Array:
    """Return whether each unit is saturated for each example."""
    flat: Array = np.abs(unit.derivative(values.z, values.g)) < FLAT * _steepest(unit)
    return flat


def _quantiles(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in np.quantile(values.astype(np.float64), QUANTILES))


@cache
def _steepest(unit: Unit) -> float:
    z = np.linspace(-8, 8, 1601)
    return float(np.abs(unit.derivative(z, unit.g(z))).max())
