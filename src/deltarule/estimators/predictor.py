"""The engines that predict with a network: one for hypotheses, one for the weighted inputs of the last layer."""

from typing import Self

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import Engine, EngineMaker, NativeEngine, engine_for
from deltarule.network.network import Network

__all__ = ["GivenHypotheses", "Predictor"]


class Predictor:
    """The engines of a network, shared by the copies of an estimator that scorers and callbacks get after each epoch.

    They are closed by `close` or `with`, and else when nobody refers to the predictor any more: an estimator and its
    copies share one, so none of them can say when it is needed no longer.

    Parameters
    ----------
    network : Network
    name : str or callable
        The engine to use, as `engine_for` takes it.
    n_threads : int or None
    """

    _engine_of_z: Engine | None = None

    def __init__(self, network: Network, name: str | EngineMaker, n_threads: int | None) -> None:
        self.asked = network, name, n_threads
        self.engine = engine_for(network, name, n_threads)

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row, of shape (m, K)."""
        return self.engine.hypothesis(theta, X)

    def z(self, theta: Array, X: Array) -> Array:
        """Return the weighted inputs of the last layer, of shape (m, K)."""
        return self._for_z().hypothesis(theta, X)

    def of_unchecked(self, theta: Array, X: Array, of_z: bool = False) -> Array | None:
        """Return h, or z, of rows whose numbers nobody has looked at.

        None where the engine does not look at them, and where one is not finite in the dtype of θ; X is a C-contiguous
        array of float32 or float64.
        """
        engine = self._for_z() if of_z else self.engine
        return engine.hypothesis_if_finite(theta, X) if isinstance(engine, NativeEngine) else None

    def _for_z(self) -> Engine:
        if self._engine_of_z is None:
            network, name, n_threads = self.asked
            self._engine_of_z = engine_for(Network(network.parts, output="identity"), name, n_threads)
        return self._engine_of_z

    def release(self) -> None:
        """Free what training allocated."""
        self.engine.release()

    def close(self) -> None:
        """Close the engines, which cannot be used any more."""
        self.engine.close()
        if self._engine_of_z is not None:
            self._engine_of_z.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "engine"):  # else no engine could be made
            self.close()


class GivenHypotheses:
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

    def of_unchecked(self, theta: Array, X: Array, of_z: bool = False) -> None:
        """Nobody looks at rows here."""
        del theta, X, of_z
