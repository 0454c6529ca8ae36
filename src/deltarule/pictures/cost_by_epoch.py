"""The costs of a training run by epoch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.pictures.models import fitted
from deltarule.pictures.style import GREY, INK, TRAINING, VALIDATION, axes_for
from deltarule.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LearningCurve", "learning_curve"]


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """Costs by epoch; made by `learning_curve`.

    Attributes
    ----------
    epochs : array of shape (n,), int
        From 1.
    cost : array of shape (n,)
        J on the training set, with the penalty.
    penalty : array of shape (n,)
        The part λ/2m Σ Θ² of `cost`; NaN in epochs after which it was not measured.
    validation_cost : array of shape (n,)
        Cost of the held-out examples without penalty; NaN if nothing was held out.
    best_epoch : int
        Number of the best epoch; 0 if there is none.
    """

    epochs: Array
    cost: Array
    penalty: Array
    validation_cost: Array
    best_epoch: int

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the costs, and mark the best epoch.

        The cost axis is logarithmic if the costs span more than a factor of 20. The penalty is drawn where it is known
        and above 0.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax, (6.4, 4.0))
        from matplotlib.ticker import MaxNLocator

        every = max(1, len(self.epochs) // 10)
        ax.plot(self.epochs, self.cost, linewidth=1.6, label="training, $J(\\Theta)$", **_marked(TRAINING, every, 0))
        if np.isfinite(self.validation_cost).any():
            style = _marked(VALIDATION, every, every // 2)
            ax.plot(self.epochs, self.validation_cost, linewidth=1.6, label="held out, no penalty", **style)
        shown = np.isfinite(self.penalty) & (self.penalty > 0)
        if shown.any():
            ax.plot(
                self.epochs[shown],
                self.penalty[shown],
                color=INK,
                linewidth=1.2,
                linestyle=(0, (1, 1.2)),
                label="penalty, part of $J$",
            )
        if 1 <= self.best_epoch <= len(self.epochs):
            ax.axvline(self.best_epoch, color=GREY, linewidth=1, linestyle="-.", label=f"best epoch, {self.best_epoch}")
        known = np.concatenate([self.cost, self.validation_cost])
        known = known[np.isfinite(known)]
        if known.size and known.min() > 0 and known.max() > 20 * known.min():
            ax.set_yscale("log")
        ax.set_xlabel("epoch")
        ax.set_ylabel("cost per example")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend(frameon=False, fontsize="small")
        return ax


def learning_curve(model: Any) -> LearningCurve:
    """Return the costs by epoch of a fitted estimator, or of a `History`.

    Examples
    --------
    >>> curve = learning_curve(History(np.array([2.0, 1.0]), *[np.full(2, np.nan)] * 4, "max_iter", 2))
    >>> curve.epochs, curve.cost, curve.best_epoch
    (array([1, 2]), array([2., 1.]), 2)
    """
    if not isinstance(model, History):
        fitted(model)
        model = model.history_
    history: History = model
    return LearningCurve(
        epochs=np.arange(1, history.epochs + 1),
        cost=history.cost,
        penalty=history.column("penalty"),
        validation_cost=history.validation_cost,
        best_epoch=history.best_epoch,
    )


def _marked(style: dict[str, Any], every: int, first: int) -> dict[str, Any]:
    """Return a style with a marker every few epochs, starting at `first` so that two curves' markers stay apart."""
    return {**style, "markevery": (first, every), "markersize": 4}
