"""Huber's cost and the pinball losses in the compiled core, on every instruction set."""

import numpy as np
import pytest

from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.engines import NativeEngine, ReferenceEngine, native
from deltarule.network.data import TrainingSet
from deltarule.network.losses import MOST_QUANTILES
from oracles import problem

pytestmark = pytest.mark.skipif(not native.available(), reason="the compiled core was not built")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("K", [1, 2, 15, 16, 17, 33, MOST_QUANTILES])
def test_the_core_sorts_with_ties_to_the_bit(isa: str, dtype: type, K: int) -> None:
    network = Network((K, K), output="pinball")
    theta: Array = network.unroll([np.hstack([np.zeros((K, 1)), np.eye(K)])]).astype(dtype)
    z: Array = np.random.default_rng(K).integers(-3, 4, (37, K)).astype(dtype)
    np.testing.assert_array_equal(NativeEngine(network).hypothesis(theta, z), np.sort(z, axis=1))
    data = TrainingSet(z, np.full((37, K), 0.5, dtype))
    J, D = NativeEngine(network).cost_and_gradient(theta, data, 0.0)
    J_judge, D_judge = ReferenceEngine(network).cost_and_gradient(theta.astype(np.float64), data, 0.0)
    assert J == pytest.approx(J_judge, rel=1e-5)
    np.testing.assert_allclose(D, D_judge, rtol=1e-4, atol=1e-6 * K)


@pytest.mark.parametrize("output", ["huber", "pinball"])
def test_the_compiled_core_gives_the_same_bits_on_any_number_of_threads(output: str, isa: str) -> None:
    network = Network((7, 20, 3), "tanh", output)
    theta, X, Y, weights = problem(network, 20_000, weighted=True)
    data = TrainingSet.of(network, X, Y, weights)
    one, several = (NativeEngine(network, n).cost_and_gradient(theta, data, 0.1) for n in (1, 4))
    assert one[0] == several[0]
    np.testing.assert_array_equal(one[1], several[1])


@pytest.mark.parametrize(
    ("output", "numbers"),
    [
        ("huber", []),
        ("huber", [-1.0]),
        ("huber", [np.nan]),
        ("pinball", [0.5]),
        ("pinball", [0.9, 0.1]),
        ("exp", [1.0]),
    ],
)
def test_the_compiled_core_checks_them_too(output: str, numbers: list[float]) -> None:
    from deltarule import _native

    with pytest.raises(ValueError, match="output_numbers"):
        _native.Engine([3, 2], [], [], output, "float64", 1, output_numbers=numbers)
