"""Several networks of one shape that predict together."""

from dataclasses import dataclass

import numpy as np

from deltarule.common.arrays import Array
from deltarule.estimators.predictor import Predictor
from deltarule.network.network import Network

__all__ = ["Committee", "mean_probabilities"]


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


def mean_probabilities(z: Array) -> Array:
    """Return the mean over the members of softmax outputs.

    Parameters
    ----------
    z : array of shape (n_members, m, K)

    Returns
    -------
    array of shape (m, K)

    Examples
    --------
    >>> mean_probabilities(np.array([[[0.0, 0.0]], [[0.0, 1000.0]]]))
    array([[0.25, 0.75]])
    """
    e = np.exp(z - z.max(axis=2, keepdims=True))
    return np.asarray((e / e.sum(axis=2, keepdims=True)).mean(axis=0))
