"""Quantities as targets: one number per row or several, their losses, encoding and score."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError
from deltarule.network.data import TrainingSet

__all__ = ["LOSSES", "Quantities", "text_as_quantity"]

LOSSES = {"squared_error": "identity", "poisson": "exp"}
"""Output units for each loss of a regressor."""


def text_as_quantity(error: ValueError) -> InputError:
    """Return the error about text in y, from the one that says which text is no number."""
    return InputError(f"{error}. y holds text, and a regressor predicts numbers. Take a classifier.")


@dataclass(frozen=True, eq=False)
class Quantities:
    """One number per row, or several.

    Attributes
    ----------
    output : str
        Name of the output units: `"identity"` or `"exp"`.
    """

    output: str = "identity"

    score_name: ClassVar[str] = "r2"

    @classmethod
    def of(cls, loss: Any, owner: str) -> "Quantities":
        """Return the quantities for a loss.

        Raises
        ------
        SettingsError
            If the loss is unknown.
        """
        if not isinstance(loss, str) or loss not in LOSSES:
            raise SettingsError(
                f"The 'loss' parameter of {owner} must be a str among {set(LOSSES)}. Got {loss!r} instead."
            )
        return cls(LOSSES[loss])

    def attributes(self) -> dict[str, Any]:
        """Return no attributes: quantities set none on a fitted estimator."""
        return {}

    def hard(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return y: quantities have no soft form."""
        return y

    def encode(self, y: ArrayLike) -> Array:
        """Return the targets Y of shape (m, K).

        Raises
        ------
        InputError
            If y holds text.
        """
        try:
            Y = np.asarray(y, dtype=np.float64)
        except ValueError as error:
            raise text_as_quantity(error) from error
        return Y[:, np.newaxis] if Y.ndim == 1 else Y

    def decode(self, h: Array) -> Array:
        """Return the quantity of each row of hypotheses, of shape (m,), or (m, K) for several."""
        return h[:, 0] if h.shape[1] == 1 else h

    def weights_in_cost(self, y: NDArray[Any], sample_weight: Array | None) -> Array | None:
        """Return the weights of rows."""
        del y
        return sample_weight

    def smoothed(self, Y: Array) -> Array:
        """Return the targets to learn from."""
        return Y

    def strata(self, Y: Array) -> None:
        """Return None: a random split keeps no shares of quantities."""
        del Y

    def score(self, data: TrainingSet, h: Array) -> float:
        """Return R², the mean over the targets; NaN where a prediction is not finite."""
        if not np.isfinite(h).all():
            return np.nan
        shift = data.Y[0].astype(np.float64)  # so that the spread of a constant is exactly 0
        Y, predicted = data.Y - shift, h - shift
        rest = np.average(np.square(Y - predicted), axis=0, weights=data.weights)
        spread = np.average(np.square(Y - np.average(Y, axis=0, weights=data.weights)), axis=0, weights=data.weights)
        of_a_constant = np.where(rest == 0, 1.0, 0.0)
        return float(np.where(spread > 0, 1 - rest / np.where(spread > 0, spread, 1), of_a_constant).mean())
