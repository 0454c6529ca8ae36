"""The predictions of a regressor against the true values."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.pictures.models import checked
from deltarule.pictures.style import BLUE, GREY, axes_for, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PredictedAgainstTrue", "predicted_against_true"]

_MOST_AS_LINES = 2000
"""Most points drawn as vectors. More are drawn as an image, because they would make a vector file large."""


@dataclass(frozen=True, eq=False)
class PredictedAgainstTrue:
    """Predictions and true values of each example; made by `predicted_against_true`.

    Attributes
    ----------
    true, predicted : arrays of shape (m, K)
    """

    true: Array
    predicted: Array

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw a point for each example, and the diagonal on which a correct prediction lies.

        Several targets share one picture; each is scaled so that its true values have mean 0 and deviation 1.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax, (5.2, 4.8))
        true, predicted, unit = self.true, self.predicted, ""
        if true.shape[1] > 1:
            center, spread = true.mean(axis=0), true.std(axis=0)
            spread = np.where(spread > 0, spread, 1)
            true, predicted, unit = (true - center) / spread, (predicted - center) / spread, " (deviations)"
        ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
        ax.plot(ends, ends, color=GREY, linewidth=1, linestyle=(0, (4, 2)), label="right")
        m = true.size
        faint = min(1.0, max(0.08, 60 / m**0.5 / 10))
        ax.scatter(
            true.ravel(),
            predicted.ravel(),
            12,
            color=BLUE,
            alpha=faint,
            linewidths=0,
            rasterized=m > _MOST_AS_LINES,
            label=f"{len(true)} examples",
        )
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_xlabel(f"true value{unit}")
        ax.set_ylabel(f"predicted value{unit}")
        legend_above(ax, 2)
        return ax


def predicted_against_true(model: Any, X: ArrayLike, y: ArrayLike) -> PredictedAgainstTrue:
    """Return the predictions of a fitted regressor for examples, with the true values.

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError
        If the model is no regressor, or X and y do not fit it.

    Examples
    --------
    >>> from deltarule import MLPRegressor
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, random_state=1).fit(X, y)
    >>> predicted_against_true(reg, [[3.0]], [7.0]).predicted.round(3)
    array([[7.]])
    """
    data = checked(model, X, y)
    if hasattr(model, "classes_"):
        raise InputError(
            f"Predicted against true values is a picture of quantities, but {type(model).__name__} predicts labels. "
            "Draw its confusion instead."
        )
    predicted = np.asarray(model.predict(X), dtype=np.float64).reshape(data.Y.shape)
    return PredictedAgainstTrue(np.asarray(model.encode(y), dtype=np.float64), predicted)
