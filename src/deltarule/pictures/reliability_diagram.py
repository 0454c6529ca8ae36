"""The reliability diagram, which shows whether a predicted probability of 0.8 comes true eight times in ten."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.pictures.models import classes_of
from deltarule.pictures.style import BLUE, GREY, axes_for, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Reliability", "reliability", "reliability_of"]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted probabilities and observed frequencies, in bins that are not empty; made by `reliability`.

    Attributes
    ----------
    event : str
        The event that has the probability: a class, or that the predicted class is right.
    probability : array of shape (bins,)
        Mean predicted probability of the examples in each bin.
    frequency : array of shape (bins,)
        Share of the examples in each bin for which the event came true.
    counts : array of shape (bins,), int
        Number of examples in each bin.
    """

    event: str
    probability: Array
    frequency: Array
    counts: Array

    @property
    def error(self) -> Array:
        """Standard error of each frequency, √(f(1 − f)/n)."""
        return np.asarray(np.sqrt(self.frequency * (1 - self.frequency) / self.counts))

    @property
    def expected_error(self) -> float:
        """Expected calibration error: mean of |frequency − probability| over the examples."""
        return float(np.average(np.abs(self.frequency - self.probability), weights=self.counts))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the frequency with its standard error against the probability.

        A reliable model lies on the diagonal. The area of a marker grows with the number of examples in its bin.

        Returns
        -------
        ax : matplotlib Axes
        """
        ax = axes_for(ax, (5.2, 4.8))
        ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 2)), label="reliable")
        ax.errorbar(
            self.probability, self.frequency, self.error, color=BLUE, linewidth=1.4, elinewidth=1, capsize=2.5, zorder=2
        )
        area = 8 + 60 * self.counts / self.counts.max()
        label = f"bins of {self.counts.min()} to {self.counts.max()} examples, mean error {self.expected_error:.3f}"
        ax.scatter(self.probability, self.frequency, area, color=BLUE, zorder=3, label=label)
        ax.set_xlim(-0.03, 1.03)
        ax.set_ylim(-0.03, 1.03)
        ax.set_aspect("equal")
        ax.set_xlabel(f"predicted probability of {self.event}")
        ax.set_ylabel("share that came true")
        legend_above(ax, 1)
        return ax


def reliability(model: Any, X: ArrayLike, y: ArrayLike, bins: int = 10) -> Reliability:
    """Compare the probabilities of a fitted classifier with the observed frequencies.

    For two classes the event is the second class. For more classes, the event is that the predicted class is right.

    Parameters
    ----------
    model : MLPClassifier
    X : array, sparse matrix or frame of shape (m, n_features)
    y : array of shape (m,)
        Labels.
    bins : int, default 10
        Number of equal parts of 0 … 1.

    Raises
    ------
    NotFittedError
        If the model is not fitted yet.
    InputError
        If the model is no classifier, or gives several labels to a row.
    """
    classes, labels = classes_of(model, "A reliability diagram"), np.asarray(y)
    if labels.ndim != 1:
        raise InputError(f"y has the shape {labels.shape}, but a reliability diagram takes one label a row.")
    return reliability_of(classes, labels, model.predict_proba(X), bins)


def reliability_of(classes: NDArray[Any], labels: NDArray[Any], probabilities: Array, bins: int = 10) -> Reliability:
    """Compare probabilities of shape (m, n_classes) with the true labels."""
    from sklearn.calibration import calibration_curve

    if len(classes) == 2:
        event, probability, came_true = f"{classes[1]!s}", probabilities[:, 1], labels == classes[1]
    else:
        event, probability = "the predicted class", probabilities.max(axis=1)
        came_true = labels == classes[probabilities.argmax(axis=1)]
    probability = np.clip(probability.astype(np.float64), 0, 1)
    frequency, mean = calibration_curve(came_true, probability, n_bins=bins, pos_label=True)
    # A bin holds its right end, as in scikit-learn.
    cuts = np.linspace(0, 1, bins + 1)
    counts = np.bincount(np.searchsorted(cuts[1:-1], probability), minlength=bins)
    return Reliability(event, mean, frequency, counts[counts > 0])
