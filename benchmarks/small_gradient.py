"""SC: J and D of a small network, 24-8-2 with 200 rows, on one core; the network that SimpleChains publishes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import deltarule
from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.engines import NativeEngine
from deltarule.network.data import TrainingSet
from timing import least_in_turn, product_rate, seconds_each

__all__ = ["SMALL_GRADIENT_OPERATIONS", "SmallGradient", "small_gradient"]

ROWS, SIZES = 200, (24, 8, 2)
SMALL_GRADIENT_OPERATIONS = ROWS * (4 * 24 * 8 + 6 * 8 * 2)
"""Forward, back, and the sums over the rows: 172 800."""


@dataclass(frozen=True)
class SmallGradient:
    """One dtype: seconds of a gradient, and the rate of the library's own product, in operations a second."""

    seconds: float
    product: float

    @property
    def rate(self) -> float:
        """Operations a second."""
        return SMALL_GRADIENT_OPERATIONS / self.seconds

    @property
    def share(self) -> float:
        """Share of the product's rate."""
        return self.rate / self.product


def small_gradient(rounds: int) -> dict[str, SmallGradient]:
    """Time float64 and float32, tanh units and squared errors, and compare the gradient with the textbook's."""
    found = {}
    for dtype in ("float64", "float32"):
        network = Network(SIZES, "tanh", "identity")
        generator = np.random.default_rng(1)
        X, Y = (generator.standard_normal((ROWS, n)).astype(dtype) for n in (SIZES[0], SIZES[-1]))
        theta: Array = network.first_theta(generator).astype(dtype)
        engine, data = NativeEngine(network, n_threads=1), TrainingSet(X, Y)
        _, D = engine.cost_and_gradient(theta, data, 0.0)
        right = deltarule.cost_and_gradient(network, theta.astype(float), X.astype(float), Y.astype(float))[1]
        np.testing.assert_allclose(D, right, rtol=1e-3 if dtype == "float32" else 1e-10, atol=1e-6)
        works: dict[str, Callable[[], float]] = {
            "gradient": partial(seconds_each, partial(engine.sums, theta, data), 1_000),
            "product": partial(_seconds_an_operation, dtype),
        }
        least = least_in_turn(works, rounds)
        found[dtype] = SmallGradient(least["gradient"], 1 / least["product"])
    return found


def _seconds_an_operation(dtype: str) -> float:
    return 1 / product_rate(1, 512, dtype)
