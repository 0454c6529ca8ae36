"""The confusion matrix: how often each class is taken for each other one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.pictures.models import classes_of
from deltarule.pictures.style import INK, axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Confusion", "confusion", "confusion_of"]

_SMALLEST_FONT = 4.5  # points


@dataclass(frozen=True, eq=False)
class Confusion:
    """The number of examples of each class that got each label; made by `confusion`.

    Attributes
    ----------
    classes : array of shape (n,)
    counts : array of shape (n, n)
        Rows are the true classes, columns the predicted ones; sums of weights where there are weights.
    """

    classes: NDArray[Any]
    counts: Array

    @property
    def shares(self) -> Array:
        """Counts as shares of their true class; rows sum to 1, or are 0 where there is no example."""
        totals = self.counts.sum(axis=1, keepdims=True)
        return self.counts / np.where(totals > 0, totals, 1)

    @property
    def accuracy(self) -> float:
        """Share of all examples that got their own label."""
        return float(np.trace(self.counts) / self.counts.sum())

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the shares of each true class as shades, with the counts on them if there is room.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax, (5.6, 4.8))
        figure = ax.get_figure(root=True)
        assert figure is not None
        n = len(self.classes)
        image = ax.imshow(self.shares, cmap="Blues", vmin=0, vmax=1)
        bar = figure.colorbar(image, ax=ax, fraction=0.046, pad=0.03)
        bar.set_label("share of the true class")
        room = ax.get_window_extent()
        cell = min(room.width, room.height) * 72 / figure.dpi / n  # points
        names = [str(name) for name in self.classes.tolist()]
        self._name_classes(ax, names, cell)
        texts = [[f"{value:.4g}" if value else "" for value in row] for row in self.counts]
        font = min(_usual_font(), 0.55 * cell, 0.85 * cell / (0.62 * max(len(text) for row in texts for text in row)))
        if font >= _SMALLEST_FONT:
            for i, row in enumerate(texts):
                for j, text in enumerate(row):
                    color = "white" if self.shares[i, j] > 0.5 else INK
                    if text:
                        ax.text(j, i, text, ha="center", va="center", fontsize=font, color=color)
        ax.set_xlabel("predicted class")
        ax.set_ylabel("true class")
        ax.spines[["top", "right"]].set_visible(True)
        return ax

    def _name_classes(self, ax: "Axes", names: list[str], cell: float) -> None:
        """Write the names along both axes, or every second, third … name if there is no room for all."""
        n = len(names)
        font = max(_SMALLEST_FONT, min(_usual_font(), 0.85 * cell))
        every = int(np.ceil(font / (0.85 * cell)))
        places = range(0, n, every)
        shown = [_short(names[place]) for place in places]
        upright = 0.65 * font * max(map(len, shown)) > 0.9 * cell * every
        ax.set_xticks(places, shown, fontsize=font, rotation=90 if upright else 0)
        ax.set_yticks(places, shown, fontsize=font)


def confusion(model: Any, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Confusion:
    """Count which labels a fitted classifier gives to the examples of each class.

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError
        If the model is no classifier, or gives several labels to a row.

    Examples
    --------
    >>> from deltarule import MLPClassifier
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
    >>> clf = MLPClassifier((), solver="lbfgs", random_state=0).fit(X, y)
    >>> confusion(clf, X, ["no", "yes", "yes", "yes"]).counts.tolist()
    [[1, 0], [1, 2]]
    """
    classes = classes_of(model, "A confusion matrix")
    if np.ndim(y) != 1:
        raise InputError(
            f"y has the shape {np.shape(y)}, but a confusion matrix takes one label a row. "
            "For several labels, look at each column's ROC."
        )
    return confusion_of(classes, y, model.predict(X), sample_weight)


def confusion_of(
    classes: NDArray[Any], y: ArrayLike, predicted: ArrayLike, sample_weight: ArrayLike | None = None
) -> Confusion:
    """Count predicted labels by the true ones."""
    from sklearn.metrics import confusion_matrix

    return Confusion(classes, confusion_matrix(y, predicted, labels=classes, sample_weight=sample_weight))


def _short(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:15]}…"


def _usual_font() -> float:
    from matplotlib import rcParams

    return float(rcParams["font.size"])
