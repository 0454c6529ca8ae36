"""What the units of a network answer for many rows, to be painted: in float32, which a byte of a picture cannot tell.

The compiled core takes the rows where only outputs are asked for, with its own thread alone: a map of 100 × 100 points
of 2-8-8-3 then takes 0.6 ms instead of 8 ms (AVX2), which is time that a run beside it can use.
"""

from threading import Lock

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import engine_for
from deltarule.network.backpropagation import forward
from deltarule.network.network import Network

__all__ = ["Painter"]


class Painter:
    """Answers of a network to many rows, for any thread.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._engine = engine_for(network, n_threads=1)
        self._one_at_a_time = Lock()  # an engine has one workspace

    def h(self, theta: Array, X: Array) -> Array:
        """Return h of each row, of shape (m, K), in the dtype of θ."""
        with self._one_at_a_time, np.errstate(over="ignore", invalid="ignore"):
            return self._engine.hypothesis(theta, X)

    def activations(self, theta: Array, X: Array) -> list[Array]:
        """Return a⁽¹⁾ … a⁽ᴸ⁾ of some rows, in the dtype of θ."""
        network = self.network
        with np.errstate(over="ignore", invalid="ignore"):
            _, a = forward(network, network.roll(theta), X)
            return [*a[:-1], network.output_unit.h(a[-1])]
