"""How a and δ are spread in each layer: which layers are saturated, and where δ vanishes on its way back.

A unit is saturated for an example where |g′(z)| is below a twentieth of the steepest slope of g: whatever error comes
back to it, hardly any goes on. A unit that is saturated for every example is dead.
"""

from dataclasses import dataclass
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

__all__ = ["QUANTILES", "Layer", "Layers", "layers"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FLAT = 0.05
"""Share of the steepest slope below which a unit counts as saturated."""


@dataclass(frozen=True)
class Layer:
    """One layer l ≥ 2 on some examples.

    Attributes
    ----------
    number : int
        l.
    unit : str
        Its units, with their numbers where these are not the defaults.
    activations : tuple of float
        The `QUANTILES` of a⁽ˡ⁾, over all units and examples.
    errors : tuple of float
        Those of |δ⁽ˡ⁾|.
    saturated : float
        Share of all pairs of a unit and an example where the unit is saturated; NaN for the output layer.
    dead : int
        Units that are saturated for every example; 0 for the output layer.
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
    """All layers from 2 to L; made by `layers`."""

    layers: tuple[Layer, ...]
    rows: int

    def plot(self, ax: "Axes | None" = None, what: str = "delta") -> "Axes":
        """Draw the quantiles of |δ⁽ˡ⁾| by layer on a logarithmic axis, or with `what="a"` those of a⁽ˡ⁾.

        A thin line reaches from 5 % to 95 %, a thick one from 25 % to 75 %, and the mark is the median. Quantiles that
        are 0 have no place on a logarithmic axis: what is left of a line begins at its bottom end.

        Returns
        -------
        ax : matplotlib Axes
        """
        if what not in ("a", "delta"):
            raise InputError(f"what={what!r} is nothing that is kept here. Take 'a' or 'delta'.")
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
    """Take examples forward and back through the network of a fitted estimator, and describe every layer.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted.
    X : array, sparse matrix or frame of shape (m, n_features)
        All rows are held in memory at once, a and δ of every layer too: give a few thousand.
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
        flat = _flat(unit, kept[n]) if unit is not None else np.zeros(delta.shape, dtype=bool)
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


def _flat(unit: Unit, values: Values) -> Array:
    """Return for which examples each unit is saturated."""
    flat: Array = np.abs(unit.derivative(values.z, values.g)) < FLAT * _steepest(unit)
    return flat


def _quantiles(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in np.quantile(values.astype(np.float64), QUANTILES))


def _steepest(unit: Unit) -> float:
    z = np.linspace(-8, 8, 1601)
    return float(np.abs(unit.derivative(z, unit.g(z))).max())
