"""How much worse an estimator of tables predicts when a column is shuffled."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.pictures.members import fitted_table
from deltarule.pictures.style import BLUE, GREY, INK, axes_for
from deltarule.tabular.words import cost_of_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ColumnImportance", "column_importance"]

MOST_DRAWN = 20
"""Columns in a picture; the others matter less."""

_LONGEST = 24


@dataclass(frozen=True, eq=False)
class ColumnImportance:
    """The importance of each column, the largest first; made by `column_importance`.

    Attributes
    ----------
    names : tuple of str
    values, lows, highs : array of shape (n,)
        The rise of the cost of a held-out row, and the ends of its interval of 95 %; NaN where no row was held out.
    cost : str
        What rises, in words.
    """

    names: tuple[str, ...]
    values: Array
    lows: Array
    highs: Array
    cost: str

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw a bar with its interval for each of the most important columns.

        Returns
        -------
        ax : matplotlib Axes
        """
        n = min(len(self.names), MOST_DRAWN)
        ax = axes_for(ax, self.size)
        places = np.arange(n)[::-1]
        values, lows, highs = (part[:n] for part in (self.values, self.lows, self.highs))
        ax.barh(places, values, height=0.62, color=BLUE)
        ax.hlines(places, lows, highs, color=INK, linewidth=1.4)
        ax.axvline(0, color=GREY, linewidth=0.8)
        names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in self.names[:n]]
        ax.set_yticks(places, [name.replace("$", r"\$") for name in names])
        ax.set_xlabel(f"how much {self.cost.rstrip(',')} rises")
        return ax

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the picture in inches."""
        return 6.4, 1.1 + 0.24 * min(len(self.names), MOST_DRAWN)


def column_importance(model: Any) -> ColumnImportance:
    """Return the importance of each used column to a fitted `TableClassifier` or `TableRegressor`, the largest first.

    Examples
    --------
    >>> import pandas as pd
    >>> from deltarule import TableClassifier
    >>> table = pd.DataFrame({"odd": [0.0, 1.0] * 20, "size": [0.0, 1.0, 2.0, 3.0] * 10})
    >>> clf = TableClassifier(1, epochs=8, hidden_layer_sizes=(8,), random_state=0)
    >>> column_importance(clf.fit(table, ["no", "no", "yes", "yes"] * 10)).names
    ('size', 'odd')
    """
    estimator = fitted_table(model)
    values, names = estimator.feature_importances_, estimator._names
    used = [n for n in np.argsort(-np.nan_to_num(values), kind="stable") if names[n] in estimator.columns_.used]
    order = np.array(used)
    lows, highs = estimator.importance_intervals_[order].T
    return ColumnImportance(tuple(names[n] for n in order), values[order], lows, highs, cost_of_row(model))
