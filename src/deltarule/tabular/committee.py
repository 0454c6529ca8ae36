"""Several networks of one shape that predict together, with probabilities calibrated on rows that were held out.

The outputs of each member go through one map, fitted on the outputs of all members on the rows that each was measured
on; then come probabilities, and their mean. Two softmax outputs count as one margin z₂ − z₁, so that the map may be a
quadratic.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deltarule.common.arrays import Array
from deltarule.estimators.predictor import Predictor
from deltarule.network.network import Network
from deltarule.tabular.calibration import Calibration, Temperature, calibration_of, z_of_mean

__all__ = ["Committee", "calibrated_on", "mean_of_members"]


# Log-loss with z brought to its own scale first, as a ratio to that without; phoneme, german_credit, telco_churn and
# titanic, three splits each:      1 member 0.899   2 members 0.995   3 members 1.010   5 members 1.011
FEWEST_OF_COMMITTEE = 3
"""Committees of at least so many members keep the scale of each member's z."""


@dataclass(frozen=True, eq=False)
class Committee:
    """Networks of one shape.

    Attributes
    ----------
    network : Network
    thetas : array of shape (n_members, n_parameters)
    """

    network: Network
    thetas: Array

    def outputs(self, predictor: Predictor, X: Array) -> Array:
        """Return the weighted inputs z of the last layer of each member, of shape (n_members, m, K), in float64."""
        rows = np.ascontiguousarray(X, dtype=self.thetas.dtype)
        return np.stack([predictor.z(theta, rows) for theta in self.thetas]).astype(np.float64)


def calibrated_on(held: Sequence[tuple[Array, Array, Array | None]], K: int) -> Calibration:
    """Return the map for the outputs of a member, fitted on held-out rows.

    Parameters
    ----------
    held : sequence of (z, Y, weights)
        For each member the outputs on rows that it did not learn from, of shape (m, K), with their targets. Empty: z
        stays as it is.
    K : int
        Number of classes.
    """
    if not held:
        return calibration_of(np.zeros((0, 1)), np.zeros((0, 1))) if K == 2 else Temperature(1.0)
    z, Y = (np.concatenate([one[n] for one in held]) for n in (0, 1))
    weights = None if held[0][2] is None else np.concatenate([one[2] for one in held if one[2] is not None])
    return calibration_of(_margin(z), Y[:, 1:] if K == 2 else Y, weights, alone=len(held) < FEWEST_OF_COMMITTEE)


def mean_of_members(z: Array, calibration: Calibration) -> Array:
    """Return the logarithms of the mean probabilities of the members, up to a number for each row.

    Parameters
    ----------
    z : array of shape (n_members, m, K)
    calibration : Calibration

    Returns
    -------
    array of shape (m, K)
        Weighted inputs of softmax outputs.

    Examples
    --------
    >>> from deltarule.network.units import OUTPUT_UNITS
    >>> z = mean_of_members(np.array([[[0.0, 0.0, 0.0]], [[0.0, 800.0, 0.0]]]), Temperature(1.0))
    >>> OUTPUT_UNITS["softmax"].h(z).round(3)
    array([[0.167, 0.667, 0.167]])
    """
    mean = z_of_mean(np.stack([calibration.scaled(_margin(one)) for one in z]))
    return np.concatenate([np.zeros_like(mean), mean], axis=1) if z.shape[2] == 2 else mean


def _margin(z: Array) -> Array:
    return z[:, 1:] - z[:, :1] if z.shape[1] == 2 else z
