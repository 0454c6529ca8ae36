"""The first weights as images: each row of Θ⁽¹⁾ shows what its hidden unit looks for in an input image."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ShapeError
from deltarule.pictures.models import fitted
from deltarule.pictures.style import MAP, axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FirstLayer", "first_layer"]


@dataclass(frozen=True, eq=False)
class FirstLayer:
    """Weights of the first layer as images; made by `first_layer`.

    Attributes
    ----------
    images : array of shape (n, height, width)
        Θ⁽¹⁾_ij for j ≥ 1.
    units : array of shape (n,), int
        Numbers i of the units, from 1.
    of : int
        Number of units of the layer.
    """

    images: Array
    units: Array
    of: int

    @property
    def mosaic(self) -> Array:
        """All images in one array, row by row, with lines of NaN between them."""
        n, height, width = self.images.shape
        columns = int(np.ceil(np.sqrt(n * 4 / 3)))
        rows = -(-n // columns)
        sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
        for number, image in enumerate(self.images):
            row, column = divmod(number, columns)
            top, left = row * (height + 1), column * (width + 1)
            sheet[top : top + height, left : left + width] = image
        return sheet

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the images side by side on one colour scale, with zero in the middle.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax)
        figure = ax.get_figure()
        assert figure is not None
        most = float(np.abs(self.images).max()) or 1.0
        image = ax.imshow(self.mosaic, cmap=MAP, vmin=-most, vmax=most, interpolation="nearest")
        bar = figure.colorbar(image, ax=ax, fraction=0.046, pad=0.03)
        bar.set_label("weight $\\Theta^{(1)}_{ij}$")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
        height, width = self.images.shape[1:]
        which = f"all {self.of} units" if len(self.units) == self.of else f"{len(self.units)} of {self.of} units"
        ax.set_xlabel(f"{which} of layer 2, {height} × {width} inputs each", fontsize="small")
        return ax


def first_layer(model: Any, shape: tuple[int, int] | None = None, most: int = 48) -> FirstLayer:
    """Return the weights of the first layer as images.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted.
    shape : (int, int), optional
        Height and width of an input image; by default inputs are square.
    most : int, default 48
        Most units to show. A larger layer shows those with the largest Σ_j Θ⁽¹⁾_ij², in the order of their numbers.

    Raises
    ------
    ShapeError
        If the number of inputs is not height times width.
    """
    network, theta = fitted(model)
    features = network.sizes[0]
    side = round(features**0.5)
    height, width = shape or (side, side)
    if height * width != features:
        came = f"shape={shape} has {height * width} pixels" if shape else "no square has as many pixels"
        raise ShapeError(f"The network {network} takes {features} inputs, but {came}. Give shape=(height, width).")
    weights = network.roll(theta)[0][:, 1:]
    largest = np.argsort(-np.square(weights).sum(axis=1), kind="stable")[:most]
    shown = np.sort(largest)
    return FirstLayer(weights[shown].reshape(-1, height, width), shown + 1, network.sizes[1])
