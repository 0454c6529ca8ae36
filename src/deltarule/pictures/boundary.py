"""The decision boundary of a classifier of two features."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltarule.common.arrays import Array, as_float
from deltarule.common.errors import ShapeError
from deltarule.pictures.models import classes_of
from deltarule.pictures.style import INK, MAP, axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DecisionBoundary", "decision_boundary"]

_MARKERS = "osD^vP*X<>"


@dataclass(frozen=True, eq=False)
class DecisionBoundary:
    """Probabilities on a grid over the plane of two features; made by `decision_boundary`.

    Attributes
    ----------
    classes : array of shape (K,)
    x1, x2 : arrays of shape (n,)
        Coordinates of the columns and rows of the grid.
    probabilities : array of shape (n, n, K)
        Probability of each class at (x2, x1).
    X : array of shape (m, 2)
    y : array of shape (m,)
        The examples that are drawn over the grid.
    names : (str, str)
        Names of the features.
    """

    classes: NDArray[Any]
    x1: Array
    x2: Array
    probabilities: Array
    X: Array
    y: NDArray[Any]
    names: tuple[str, str]

    @property
    def predicted(self) -> Array:
        """Index of the most probable class at each point of the grid, of shape (n, n)."""
        return np.asarray(self.probabilities.argmax(axis=2))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the boundary and the examples; for two classes, shades show the probability.

        Returns
        -------
        ax : matplotlib Axes
        """
        from matplotlib import colormaps

        ax = axes_for(ax)
        K = len(self.classes)
        colors = [colormaps[MAP](value) for value in np.linspace(0, 1, K)]
        if K == 2:
            figure = ax.get_figure()
            assert figure is not None
            second = self.probabilities[:, :, 1]
            shades = ax.contourf(self.x1, self.x2, second, np.linspace(0, 1, 11), cmap=MAP, alpha=0.55)
            figure.colorbar(shades, ax=ax, label=f"probability of {self.classes[1]}")
            ax.contour(self.x1, self.x2, second, [0.5], colors=INK, linewidths=1.6)
        else:
            levels = np.arange(K + 1) - 0.5
            ax.contourf(self.x1, self.x2, self.predicted, levels, colors=colors, alpha=0.35)
            for n in range(K):
                others = np.delete(self.probabilities, n, axis=2).max(axis=2)
                lead = self.probabilities[:, :, n] - others
                if lead.min() < 0 < lead.max():
                    ax.contour(self.x1, self.x2, lead, [0.0], colors=INK, linewidths=1.0)
        for n, name in enumerate(self.classes.tolist()):
            mine = self.X[self.y == name]
            marker = _MARKERS[n % len(_MARKERS)]
            edge = "white" if n < K / 2 else INK
            look: dict[str, Any] = {"color": colors[n], "marker": marker, "edgecolor": edge, "linewidth": 0.6}
            ax.scatter(mine[:, 0], mine[:, 1], 20, label=name, **look)
        ax.set_xlabel(self.names[0])
        ax.set_ylabel(self.names[1])
        ax.legend(fontsize="x-small", title="true class", title_fontsize="x-small", framealpha=0.85)
        return ax


def decision_boundary(model: Any, X: ArrayLike, y: ArrayLike, resolution: int = 200) -> DecisionBoundary:
    """Return the probabilities of a fitted classifier of two features, on a grid around the examples.

    Parameters
    ----------
    model : MLPClassifier
        A network of two inputs, with one label per row.
    X : array or frame of shape (m, 2)
    y : array of shape (m,)
    resolution : int, default 200
        Points of the grid in each direction.

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError, ShapeError
        If the model is no classifier of two features.
    """
    points = as_float(X)
    features = getattr(model, "n_features_in_", 2)
    if points.ndim != 2 or points.shape[1] != 2 or features != 2:
        raise ShapeError(
            f"A decision boundary is drawn over two features, but X has the shape {points.shape} and the network takes "
            f"{features} inputs. Train on two columns to see it."
        )
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.06 * np.where(high > low, high - low, 1)
    x1, x2 = (np.linspace(low[n] - margin[n], high[n] + margin[n], resolution) for n in range(2))
    grid = np.stack(np.meshgrid(x1, x2), axis=2).reshape(-1, 2)
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        import pandas as pd

        asked: Any = pd.DataFrame(grid, columns=names)
    else:
        asked = grid
    classes, probabilities = classes_of(model, "A decision boundary"), model.predict_proba(asked)
    return DecisionBoundary(
        classes=classes,
        x1=x1,
        x2=x2,
        probabilities=probabilities.reshape(resolution, resolution, -1),
        X=points,
        y=np.asarray(y),
        names=("$x_1$", "$x_2$") if names is None else (str(names[0]), str(names[1])),
    )
