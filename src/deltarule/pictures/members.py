"""What was watched of each network of an estimator of tables, by epoch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.pictures.style import BLUE, ORANGE, axes_for
from deltarule.tabular.base import BaseTable
from deltarule.tabular.words import watched_by

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MemberCurves", "fitted_table", "member_curves"]


@dataclass(frozen=True, eq=False)
class MemberCurves:
    """What was measured on the rows that each member did not learn from; made by `member_curves`.

    Attributes
    ----------
    values : tuple of arrays of shape (epochs of the member,)
        Smaller is better.
    best_epochs : tuple of int
        From 1; 0 for a member that is left out because its cost diverged.
    watched : str
        What was measured.
    """

    values: tuple[Array, ...]
    best_epochs: tuple[int, ...]
    watched: str

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw a line for each member, and a point at its best epoch.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax, (6.4, 4.0))
        from matplotlib.ticker import MaxNLocator

        known = [value for values in self.values for value in values if np.isfinite(value)]
        for n, (values, best) in enumerate(zip(self.values, self.best_epochs, strict=True)):
            label: dict[str, Any] = {"label": "each member"} if n == 0 else {}
            ax.plot(np.arange(1, len(values) + 1), values, color=BLUE, linewidth=1.1, alpha=0.75, **label)
            if best:
                label = {"label": "its best epoch"} if n == 0 else {}
                ax.plot([best], [values[best - 1]], linestyle="", marker="s", markersize=5, color=ORANGE, **label)
        if known and min(known) > 0 and max(known) > 20 * min(known):
            ax.set_yscale("log")
        ax.set_xlabel("epoch")
        ax.set_ylabel(f"{self.watched} on held-out rows")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        if known:
            ax.legend(frameon=False, fontsize="small")
        return ax


def member_curves(model: Any) -> MemberCurves:
    """Return what was watched of each member of a fitted `TableClassifier` or `TableRegressor`.

    Examples
    --------
    >>> from deltarule import TableClassifier
    >>> clf = TableClassifier(2, epochs=3, hidden_layer_sizes=(4,), random_state=0)
    >>> curves = member_curves(clf.fit([[0.0], [1.0], [2.0], [3.0]] * 5, ["no", "no", "yes", "yes"] * 5))
    >>> [len(values) for values in curves.values], curves.watched
    ([3, 3], 'cross-entropy')
    """
    members = fitted_table(model).members_
    return MemberCurves(
        tuple(np.array(member.values) for member in members),
        tuple(member.best_epoch for member in members),
        watched_by(model),
    )


def fitted_table(model: Any) -> BaseTable:
    """Return a fitted estimator of tables.

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError
        If the model is none.
    """
    from sklearn.utils.validation import check_is_fitted

    if not isinstance(model, BaseTable):
        raise InputError(f"{type(model).__name__} has no members. Give a TableClassifier or TableRegressor.")
    check_is_fitted(model, "members_")
    return model
