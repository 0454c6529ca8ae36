"""Means and standard errors of the costs of several folds, and their curves."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.pictures.style import TRAINING, VALIDATION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_costs", "mean_and_error", "stack"]


def stack(fits: NDArray[Any], name: str) -> Array:
    """Return one attribute of every fit, as an array of the same shape as the fits.

    >>> stack(np.array([[1 + 2j], [3 + 4j]], dtype=object), "imag").tolist()
    [[2.0], [4.0]]
    """
    return np.array([[getattr(fit, name) for fit in row] for row in fits], dtype=np.float64)


def mean_and_error(values: Array) -> tuple[Array, Array]:
    """Return the mean over the folds (columns) and its standard error, s/√folds; 0 for a single fold.

    >>> mean_and_error(np.array([[1.0, 3.0]]))
    (array([2.]), array([1.]))
    """
    folds = values.shape[1]
    error = values.std(axis=1, ddof=1) / np.sqrt(folds) if folds > 1 else np.zeros(len(values))
    return values.mean(axis=1), error


def draw_costs(ax: "Axes", places: Array, training_cost: Array, validation_cost: Array) -> None:
    """Draw both mean costs with bands of one standard error; folds are the columns.

    The cost axis is logarithmic where the means span more than a factor of 20.
    """
    means = []
    for costs, name, style in ((training_cost, "training", TRAINING), (validation_cost, "validation", VALIDATION)):
        mean, error = mean_and_error(costs)
        ax.plot(places, mean, linewidth=1.6, markersize=5, label=name, **style)
        ax.fill_between(places, mean - error, mean + error, color=style["color"], alpha=0.2, linewidth=0)
        means.append(mean)
    least, most = np.min(means), np.max(means)
    if least > 0 and most > 20 * least:
        ax.set_yscale("log")
    folds = validation_cost.shape[1]
    ax.set_ylabel("mean cost $\\ell$, without penalty")
    ax.legend(frameon=False, title=f"mean ± standard error, {folds} folds", title_fontsize="small", fontsize="small")
