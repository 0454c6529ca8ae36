"""Golden values: the published figures of the course whose notation the library uses."""

import numpy as np
import pytest

import deltarule
from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.network.units import HIDDEN_UNITS


def by_columns(shape: tuple[int, ...], values: Array) -> Array:
    return values.reshape(shape, order="F")


def debug_fill(shape: tuple[int, ...]) -> Array:
    """Return a matrix of sin 1, sin 2, … column by column, divided by 10."""
    return by_columns(shape, np.sin(np.arange(1, shape[0] * shape[1] + 1)) / 10)


# Layers 3-5-3, each Θ and X filled by `debug_fill`, labels y = 1 + (t mod 3) for t = 1 … 5. Recomputed for the course's
# exercise 4 by central and complex differences: J, ‖D‖₂, first and last D column by column.
DEBUG = [
    ("sigmoid", 0.0, 2.100950569902465, 0.522310080021168, -9.278252357989e-03, 4.655971862594e-02),
    ("sigmoid", 1.0, 2.116086984943096, 0.522072148188785, -9.278252357989e-03, 3.153997369050e-02),
    ("sigmoid", 3.0, 2.146359815024358, 0.555328497789762, -9.278252357989e-03, 1.500483819636e-03),
    ("softmax", 0.0, 1.104536612712117, 0.262816252059753, -6.414327781130e-04, -3.810097224763e-02),
]


@pytest.mark.parametrize(("output", "lambda_", "J", "norm", "first", "last"), DEBUG)
def test_debug_network_of_the_course_comes_out_to_1e_12(
    output: str, lambda_: float, J: float, norm: float, first: float, last: float
) -> None:
    network = Network((3, 5, 3), output=output)
    theta = network.unroll([debug_fill(shape) for shape in network.shapes])
    Y = np.eye(3)[np.arange(1, 6) % 3]
    X = debug_fill((5, 3))
    cost, D = deltarule.cost_and_gradient(network, theta, X, Y, lambda_=lambda_)
    assert cost == pytest.approx(J, rel=1e-12)
    assert np.linalg.norm(D) == pytest.approx(norm, rel=1e-12)
    D_1, D_2 = network.roll(D)
    assert D_1[0, 0] == pytest.approx(first, rel=1e-12)
    assert D_2[-1, -1] == pytest.approx(last, rel=1e-12)
    trace = deltarule.trace(network, theta, X, Y, lambda_=lambda_)
    assert trace.J == pytest.approx(J, rel=1e-12)
    assert trace.penalty == pytest.approx(J - (DEBUG[0][2] if output == "sigmoid" else J), abs=1e-12)


def test_small_network_of_the_course_comes_out_to_all_published_digits() -> None:
    # Layers 2-2-4, θ = 0.1, 0.2 … 1.8 column by column, X = cos [1 2; 3 4; 5 6], y = 4, 2, 3, K sigmoids, λ = 0.
    published = [
        *(0.766138, 0.979897, -0.027540, -0.035844, -0.024929, -0.053862, 0.883417, 0.568762, 0.584668),
        *(0.598139, 0.459314, 0.344618, 0.256313, 0.311885, 0.478337, 0.368920, 0.259771, 0.322331),
    ]
    network = Network((2, 2, 4))
    values = np.arange(1, 19) / 10
    theta = network.unroll([by_columns((2, 3), values[:6]), by_columns((4, 3), values[6:])])
    X = np.cos([[1, 2], [3, 4], [5, 6]])
    J, D = deltarule.cost_and_gradient(network, theta, X, np.eye(4)[[3, 1, 2]])
    assert J == pytest.approx(7.406969856065749, rel=1e-12)
    columns = np.concatenate([D_l.ravel(order="F") for D_l in network.roll(D)])
    np.testing.assert_allclose(columns, published, atol=5e-7)


def test_slope_of_the_sigmoid_is_the_published_one() -> None:
    unit = HIDDEN_UNITS["logistic"]
    z = np.array([-1, -0.5, 0, 0.5, 1])
    published = [0.196611933241, 0.235003712202, 0.25, 0.235003712202, 0.196611933241]
    np.testing.assert_allclose(unit.derivative(z, unit.g(z)), published, rtol=0, atol=5e-13)
