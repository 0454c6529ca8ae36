"""Classes as an estimator of tables learns them: labels, or their probabilities, with what is watched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.estimators.soft_labels import holds_probabilities
from deltarule.estimators.targets import Labels
from deltarule.tabular.watched_measures import Measure, area_missed, calibrated, error_then

__all__ = ["Classes"]

_MEASURES: Mapping[str, Measure] = {
    "accuracy": error_then(calibrated),
    "log_loss": calibrated,
    "auc": area_missed,
}
"""What each objective watches."""


@dataclass(frozen=True, eq=False)
class Classes:
    """Labels of two classes or more, or their probabilities.

    Attributes
    ----------
    labels : Labels
    objective : {"accuracy", "log_loss", "auc"}
    """

    labels: Labels
    objective: str

    output: ClassVar[str] = "softmax"

    @classmethod
    def of(cls, y: NDArray[Any], objective: str, names: NDArray[Any] | None = None) -> "Classes":
        """Return the classes that y holds, or of which it holds the probabilities in columns with such names.

        Raises
        ------
        InputError
            If y holds one class only, several labels a row, or probabilities that do not sum to 1.
        """
        if y.ndim == 2:
            if not holds_probabilities(y, "softmax"):
                raise InputError(
                    f"y has the shape {y.shape} with several labels a row. Give one label a row, a matrix with the "
                    "probability of each class, or fit an estimator for each label."
                )
            return cls(Labels.of(y, "softmax", names=names), objective)
        if len(np.unique(y.astype(str) if y.dtype.kind == "O" else y)) == 1:
            raise InputError(
                f"y holds one class only, {y.tolist()[0]!r}, in each of {len(y)} rows: there is nothing to tell apart. "
                "Give rows of two classes or more."
            )
        return cls(Labels.of(y, "softmax"), objective)

    @property
    def K(self) -> int:
        """Number of outputs."""
        return len(self.labels.classes)

    @property
    def numbers(self) -> tuple[float, ...]:
        """The numbers of the output units: softmax has none."""
        return ()

    @property
    def measure(self) -> Measure:
        """What is watched on held-out rows."""
        return _MEASURES[self.objective]

    def encode(self, y: NDArray[Any], name: str = "y") -> Array:
        """Return Y of shape (m, K)."""
        del name
        return self.labels.encode(y)

    def smoothed(self, Y: Array, smoothing: float) -> Array:
        """Return the targets to learn from: a share of each is spread over all classes."""
        return (1 - smoothing) * Y + smoothing / self.K if smoothing else Y
