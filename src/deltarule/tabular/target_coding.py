"""What is to be learnt from a table, in the terms of a network: classes, or quantities on a scale of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.estimators.soft_labels import holds_probabilities
from deltarule.estimators.targets import Labels
from deltarule.files.archive import of_type
from deltarule.tables.stored import finite
from deltarule.tabular.watched_measures import Measure, area_missed, calibrated, error_then, root_mean_square

__all__ = ["Classes", "Quantity"]

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
    def measure(self) -> Measure:
        """What is watched on held-out rows."""
        return _MEASURES[self.objective]

    def encode(self, y: NDArray[Any]) -> Array:
        """Return Y of shape (m, K)."""
        return self.labels.encode(y)

    def smoothed(self, Y: Array, smoothing: float) -> Array:
        """Return the targets to learn from: a share of each is spread over all classes."""
        return (1 - smoothing) * Y + smoothing / self.K if smoothing else Y


@dataclass(frozen=True, eq=False)
class Quantity:
    """One quantity a row, or several, standardised for the network.

    Attributes
    ----------
    means, deviations, lowest, highest : array of shape (K,)
        Of the training rows; predictions stay between `lowest` and `highest`.
    is_flat : bool
        Whether y has the shape (m,).
    """

    means: Array
    deviations: Array
    lowest: Array
    highest: Array
    is_flat: bool = True

    output: ClassVar[str] = "identity"

    @classmethod
    def of(cls, y: NDArray[Any], weights: Array | None) -> "Quantity":
        """Return the scale of some quantities."""
        Y = y.reshape(len(y), -1).astype(np.float64)
        lowest, highest = Y.min(axis=0), Y.max(axis=0)
        largest = np.maximum(np.maximum(np.abs(lowest), np.abs(highest)), 1e-300)  # squares stay finite
        means = np.clip(np.average(Y / largest, axis=0, weights=weights) * largest, lowest, highest)
        deviations = np.sqrt(np.average(np.square((Y - means) / largest), axis=0, weights=weights)) * largest
        return cls(means, np.where(deviations > 0, deviations, 1.0), lowest, highest, y.ndim == 1)

    @classmethod
    def from_content(cls, content: Any, arrays: Mapping[str, Array]) -> "Quantity":
        """Return what `to_content` wrote, checked."""
        K = len(arrays["target_means"])
        low, high = -np.finfo(np.float64).max, np.finfo(np.float64).max
        numbers = [finite(arrays[f"target_{name}"], K, low, high) for name in ("means", "lowest", "highest")]
        deviations = finite(arrays["target_deviations"], K, 5e-324, high)
        return cls(numbers[0], deviations, numbers[1], numbers[2], of_type(bool, content["is_flat"]))

    def to_content(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return everything as JSON content and arrays."""
        names = ("means", "deviations", "lowest", "highest")
        return {"is_flat": self.is_flat}, {f"target_{name}": getattr(self, name) for name in names}

    @property
    def K(self) -> int:
        """Number of outputs."""
        return len(self.means)

    @property
    def measure(self) -> Measure:
        """What is watched on held-out rows."""
        return root_mean_square

    def encode(self, y: NDArray[Any]) -> Array:
        """Return Y of shape (m, K), standardised."""
        return np.asarray((y.reshape(len(y), -1) - self.means) / self.deviations)

    def smoothed(self, Y: Array, smoothing: float) -> Array:
        """Return Y: quantities are not smoothed."""
        del smoothing
        return Y

    def decode(self, z: Array) -> Array:
        """Return the quantities of outputs of shape (m, K), in the units of y and within its range."""
        with np.errstate(over="ignore"):
            y = np.clip(self.means + self.deviations * z, self.lowest, self.highest)
        return np.asarray(y[:, 0] if self.is_flat else y)
