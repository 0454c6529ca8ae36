"""Dropout: the units that are left out, and the gradient of a step, which is that of the thinned network's cost."""

import numpy as np
import pytest

from deltarule import Network
from deltarule.engines.dropout import dropout_factors
from deltarule.network.backpropagation import accumulate, forward
from deltarule.network.units import HIDDEN_UNITS
from oracles import problem

FLOAT = np.dtype(np.float64)


def test_factors_are_zero_or_what_makes_up_for_the_others() -> None:
    for rate, dtype in ((0.25, np.float64), (0.5, np.float32)):
        factors = dropout_factors(3, 1, np.arange(50), 2, 40, rate, np.dtype(dtype))
        assert factors.dtype == dtype
        assert set(np.unique(factors)) == {dtype(0), dtype(1 / (1 - rate))}


def test_the_share_left_out_is_the_rate_in_every_layer_epoch_row_and_unit() -> None:
    rate, rows, units = 0.3, 2000, 500
    for layer, epoch in ((2, 0), (2, 1), (3, 0)):
        out = dropout_factors(11, epoch, np.arange(rows), layer, units, rate, FLOAT) == 0
        spread = np.sqrt(rate * (1 - rate))
        assert abs(out.mean() - rate) < 4 * spread / np.sqrt(rows * units)
        assert np.abs(out.mean(axis=0) - rate).max() < 5 * spread / np.sqrt(rows)
        assert np.abs(out.mean(axis=1) - rate).max() < 5 * spread / np.sqrt(units)


def test_what_one_epoch_layer_row_or_unit_leaves_out_says_nothing_of_another() -> None:
    one = dropout_factors(11, 0, np.arange(1000), 2, 300, 0.5, FLOAT) - 1
    others = [
        dropout_factors(11, 1, np.arange(1000), 2, 300, 0.5, FLOAT) - 1,
        dropout_factors(11, 0, np.arange(1000), 3, 300, 0.5, FLOAT) - 1,
        dropout_factors(12, 0, np.arange(1000), 2, 300, 0.5, FLOAT) - 1,
        np.roll(one, 1, axis=0),
        np.roll(one, 1, axis=1),
    ]
    for other in others:
        assert abs((one * other).mean()) < 4 / np.sqrt(one.size)  # correlation of signs


def test_factors_of_a_row_do_not_depend_on_its_batch() -> None:
    whole = dropout_factors(5, 2, np.arange(20), 2, 7, 0.4, FLOAT)
    rows = np.array([13, 2, 8])
    np.testing.assert_array_equal(dropout_factors(5, 2, rows, 2, 7, 0.4, FLOAT), whole[rows])


def test_no_rate_leaves_nothing_out() -> None:
    assert (dropout_factors(5, 2, np.arange(20), 2, 7, 0.0, FLOAT) == 1).all()


@pytest.mark.parametrize("hidden", HIDDEN_UNITS)
def test_gradient_with_dropout_is_that_of_the_thinned_networks_cost(hidden: str) -> None:
    network = Network((3, 6, 5, 2), hidden, "softmax")
    theta, X, Y, weights = problem(network, 9)
    factors = [dropout_factors(1, 0, np.arange(9), layer, network.sizes[layer - 1], 0.4, FLOAT) for layer in (2, 3)]
    _, D = accumulate(network, network.roll(theta), X, Y, weights, factors)

    def cost(at: np.ndarray) -> float:
        return accumulate(network, network.roll(at), X, Y, weights, factors)[0]

    epsilon = 1e-5
    differences = np.array(
        [(cost(theta + step) - cost(theta - step)) / (2 * epsilon) for step in np.eye(len(D)) * epsilon]
    )
    np.testing.assert_allclose(D, differences, rtol=1e-6, atol=1e-7)


def test_the_inputs_of_a_thinned_networks_output_keep_their_mean() -> None:
    network = Network((3, 5, 2), "tanh", "identity")
    theta, X, _, _ = problem(network, 1)
    rows = 40_000
    factors = [dropout_factors(1, 0, np.arange(rows), 2, 5, 0.5, FLOAT)]
    _, z = forward(network, network.roll(theta), np.repeat(X, rows, axis=0), factors)
    _, plain = forward(network, network.roll(theta), X)
    np.testing.assert_allclose(z[-1].mean(axis=0), plain[-1][0], atol=6 * z[-1].std() / np.sqrt(rows))
