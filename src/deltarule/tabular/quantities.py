"""Quantities as an estimator of tables learns them: on a scale of their own, with the output units of a loss.

| loss | the network learns | by | and predicts |
|---|---|---|---|
| squared_error | (y − mean)/deviation | ½ squared error | the mean |
| poisson | y/mean | half the Poisson deviance | the mean: mean · exp z |
| huber | (y − median)/spread | (14), κ = `delta` | the location |
| pinball | (y − median)/spread, once for each quantile | (15) | the quantiles |

The spread is the distance of the quartiles over 1.349, which is the deviation of normal quantities and is not stretched
by outliers; the deviation where the quartiles coincide. A quantity of counts is not shifted, because its zero means
something; its cost in units of the mean is its cost divided by the mean, which has the same minimum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.files.archive import of_type
from deltarule.network.losses import quantiles_of, threshold_of
from deltarule.network.units import OUTPUT_UNITS
from deltarule.tables.stored import finite
from deltarule.tabular.watched_measures import Measure, mean_cost, root_mean_square

__all__ = ["LOSSES", "Quantity"]

LOSSES: Mapping[str, str] = {
    "squared_error": "identity",
    "poisson": "exp",
    "huber": "huber",
    "pinball": "pinball",
}
"""Output units of each loss."""

_QUARTILES_OF_NORMAL = 1.3489795003921634
"""The distance of the quartiles of a normal quantity with deviation 1."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """One quantity a row, or several, on the scale of the network.

    Attributes
    ----------
    means, deviations, lowest, highest : array of shape (n_quantities,)
        What is subtracted from y and what y is divided by; the range of the training rows, in which predictions stay.
    is_flat : bool
        Whether y has the shape (m,).
    loss : str
    numbers : tuple of float
        Of the loss: the threshold of huber, the quantiles of pinball.
    """

    means: Array
    deviations: Array
    lowest: Array
    highest: Array
    is_flat: bool = True
    loss: str = "squared_error"
    numbers: tuple[float, ...] = ()

    @classmethod
    def of(
        cls, y: NDArray[Any], weights: Array | None, loss: str = "squared_error", numbers: Sequence[float] = ()
    ) -> "Quantity":
        """Return the scale of some quantities.

        Raises
        ------
        InputError
            If there are several quantities for pinball.
        """
        Y = y.reshape(len(y), -1).astype(np.float64)
        if loss == "pinball" and Y.shape[1] > 1:
            raise InputError(
                f"y has the shape {y.shape}, but loss='pinball' predicts the quantiles of one quantity. Fit an "
                "estimator for each column of y."
            )
        lowest, highest = Y.min(axis=0), Y.max(axis=0)
        means, deviations = _mean_and_deviation(Y, weights)
        if loss == "poisson":
            means, deviations = np.zeros_like(means), means
        elif loss in ("huber", "pinball"):
            below, means, above = (np.array([_quantile(one, weights, tau) for one in Y.T]) for tau in (0.25, 0.5, 0.75))
            spread = above / _QUARTILES_OF_NORMAL - below / _QUARTILES_OF_NORMAL
            deviations = np.where(spread > 0, spread, deviations)
        return cls(means, np.where(deviations > 0, deviations, 1.0), lowest, highest, y.ndim == 1, loss, tuple(numbers))

    @classmethod
    def from_content(cls, content: Any, arrays: Mapping[str, Array]) -> "Quantity":
        """Return what `to_content` wrote, checked."""
        n = len(arrays["target_means"])
        low, high = -np.finfo(np.float64).max, np.finfo(np.float64).max
        means, lowest, highest = (
            finite(arrays[f"target_{name}"], n, low, high) for name in ("means", "lowest", "highest")
        )
        deviations = finite(arrays["target_deviations"], n, 5e-324, high)
        loss = of_type(str, content.get("loss", "squared_error"))
        numbers = tuple(of_type(float, one) for one in of_type(list, content.get("numbers", [])))
        if loss not in LOSSES or (n > 1 and loss == "pinball") or (loss in ("squared_error", "poisson") and numbers):
            raise ValueError(f"the loss {loss[:40]!r} of {n} quantities with the numbers {numbers[:5]}")
        if loss == "huber":
            threshold_of(numbers, n)
        if loss == "pinball":
            quantiles_of(numbers, len(numbers))
        return cls(means, deviations, lowest, highest, of_type(bool, content["is_flat"]), loss, numbers)

    def to_content(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return everything as JSON content and arrays."""
        names = ("means", "deviations", "lowest", "highest")
        content = {"is_flat": self.is_flat, "loss": self.loss, "numbers": list(self.numbers)}
        return content, {f"target_{name}": getattr(self, name) for name in names}

    @property
    def output(self) -> str:
        """Name of the output units."""
        return LOSSES[self.loss]

    @property
    def K(self) -> int:
        """Number of outputs."""
        return len(self.numbers) if self.loss == "pinball" else len(self.means)

    @property
    def measure(self) -> Measure:
        """What is watched on held-out rows: the root mean square, or the mean of the loss."""
        if self.loss == "squared_error":
            return root_mean_square
        return mean_cost(OUTPUT_UNITS[self.output].with_numbers(self.numbers))

    def costs(self, z: Array, Y: Array) -> Array:
        """Return the cost of each row on the scale of the network: of squares without their ½, the mean of several."""
        if self.loss == "squared_error":
            return np.asarray(np.square(z - Y).mean(axis=1))
        return OUTPUT_UNITS[self.output].with_numbers(self.numbers).costs(z, Y) / self.K

    def encode(self, y: NDArray[Any], name: str = "y") -> Array:
        """Return Y of shape (m, K).

        Raises
        ------
        InputError
            If a count is negative.
        """
        Y = y.reshape(len(y), -1)
        if self.loss == "poisson" and (Y < 0).any():
            row = int(np.flatnonzero((Y < 0).any(axis=1))[0])
            raise InputError(
                f"{name} holds {Y[row].min():g} in row {row}, but loss='poisson' takes numbers of 0 or more. Take "
                "another loss, or leave such rows out."
            )
        Y = (Y - self.means) / self.deviations
        return np.repeat(Y, self.K, axis=1) if self.loss == "pinball" else np.asarray(Y)

    def smoothed(self, Y: Array, smoothing: float) -> Array:
        """Return Y: quantities are not smoothed."""
        del smoothing
        return Y

    def decode(self, z: Array) -> Array:
        """Return the quantities of outputs of shape (m, K), in the units of y and within its range.

        Of pinball they are the quantiles of one quantity, of shape (m, K), which do not cross.
        """
        h = OUTPUT_UNITS[self.output].h(z)
        with np.errstate(over="ignore"):
            y = np.clip(self.means + self.deviations * h, self.lowest, self.highest)
        return np.asarray(y[:, 0] if self.is_flat and self.loss != "pinball" else y)


def _mean_and_deviation(Y: Array, weights: Array | None) -> tuple[Array, Array]:
    lowest, highest = Y.min(axis=0), Y.max(axis=0)
    largest = np.maximum(np.maximum(np.abs(lowest), np.abs(highest)), 1e-300)  # squares stay finite
    means = np.clip(np.average(Y / largest, axis=0, weights=weights) * largest, lowest, highest)
    deviations = np.sqrt(np.average(np.square((Y - means) / largest), axis=0, weights=weights)) * largest
    return means, deviations


def _quantile(y: Array, weights: Array | None, tau: float) -> float:
    """Return the smallest of some numbers up to which a share of tau of their weight lies."""
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(np.ones(len(y)) if weights is None else weights[order].astype(np.float64))
    return float(y[order[min(np.searchsorted(reached, tau * reached[-1]), len(y) - 1)]])
