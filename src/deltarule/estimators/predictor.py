"""The engines that predict with a network: one for hypotheses, one for the weighted inputs of the last layer."""

from functools import cached_property

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import Engine, EngineMaker, engine_for
from deltarule.network.network import Network

__all__ = ["Answers", "Predictor"]


class Predictor:
    """The engines of a network, shared by the copies of an estimator that scorers and callbacks get after each epoch.

    Parameters
    ----------
    network : Network
    name : str or callable
        The engine to use, as `engine_for` takes it.
    n_threads : int or None
    engine : Engine, optional
        An existing engine to use instead of a new one.
    """

    def __init__(
        self, network: Network, name: str | EngineMaker, n_threads: int | None, engine: Engine | None = None
    ) -> None:
        self.asked = network, name, n_threads
        self.engine = engine_for(network, name, n_threads) if engine is None else engine

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row, of shape (m, K)."""
        return self.engine.hypothesis(theta, X)

    def z(self, theta: Array, X: Array) -> Array:
        """Return the weighted inputs of the last layer, of shape (m, K)."""
        return self._engine_of_z.hypothesis(theta, X)

    @cached_property
    def _engine_of_z(self) -> Engine:
        network, name, n_threads = self.asked
        return engine_for(Network(network.parts, output="identity"), name, n_threads)

    def release(self) -> None:
        """Free what training allocated."""
        self.engine.release()


class Answers:
    """A predictor whose hypotheses are given, whatever the rows are."""

    def __init__(self, h: Array) -> None:
        self._h = h

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return the given hypotheses."""
        del theta, X
        return self._h

    def z(self, theta: Array, X: Array) -> Array:
        """Return weighted inputs for hypotheses that are 0 or 1."""
        del theta, X
        return np.where(self._h > 0.5, 40.0, -40.0)
