"""Huber's cost (14) and the pinball losses of quantiles that never cross (15): values, limits, and what is refused."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import mean_pinball_loss

import deltarule
from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.network.described import content_of_network, network_from
from deltarule.network.losses import MOST_QUANTILES
from deltarule.network.units import OUTPUT_UNITS

HUBER, PINBALL = OUTPUT_UNITS["huber"], OUTPUT_UNITS["pinball"]


@given(hnp.arrays(np.float64, (5, 3), elements=st.floats(-50, 50)), st.floats(0.1, 10))
def test_huber_costs_half_the_square_up_to_the_threshold_and_a_straight_line_beyond(z: Array, kappa: float) -> None:
    r = np.abs(z)
    by_cases = np.where(r <= kappa, r**2 / 2, kappa * (r - kappa / 2))
    np.testing.assert_allclose(HUBER.costs(z, np.zeros_like(z), kappa), by_cases.sum(axis=1), rtol=1e-14, atol=1e-300)


def test_a_huge_threshold_is_the_squared_error_and_a_tiny_one_the_absolute_error() -> None:
    z, y = np.random.default_rng(0).standard_normal((2, 6, 2))
    squared = OUTPUT_UNITS["identity"]
    np.testing.assert_array_equal(HUBER.costs(z, y, 1e9), squared.costs(z, y))
    np.testing.assert_array_equal(HUBER.delta(z, y, 1e9), squared.delta(z, y))
    np.testing.assert_allclose(HUBER.costs(z, y, 1e-9) / 1e-9, np.abs(z - y).sum(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(HUBER.delta(z, y, 1e-9), 1e-9 * np.sign(z - y))


def test_a_huber_cost_is_finite_where_the_square_overflows() -> None:
    with np.errstate(over="raise"):
        assert HUBER.costs(np.array([[1e300]]), np.array([[0.0]]), 2.0)[0] == 2e300


@given(hnp.arrays(np.float64, (4, 5), elements=st.floats(-9, 9)), st.floats(-9, 9))
def test_the_pinball_costs_of_sorted_quantiles_are_those_of_scikit_learn(z: Array, y: float) -> None:
    quantiles = (0.05, 0.2, 0.5, 0.7, 0.99)
    h = PINBALL.h(z)
    assert (np.diff(h, axis=1) >= 0).all()
    Y = np.full_like(z, y)
    losses = [mean_pinball_loss(Y[:, k], h[:, k], alpha=tau) for k, tau in enumerate(quantiles)]
    assert PINBALL.costs(z, Y, *quantiles).mean() == pytest.approx(sum(losses), rel=1e-12, abs=1e-15)


def test_one_median_costs_half_the_absolute_error() -> None:
    z, y = np.random.default_rng(1).standard_normal((2, 6, 1))
    np.testing.assert_allclose(PINBALL.costs(z, y), np.abs(z - y)[:, 0] / 2)
    np.testing.assert_array_equal(PINBALL.delta(z, y), np.sign(z - y) / 2)


def test_the_order_in_which_the_outputs_stand_does_not_matter() -> None:
    generator = np.random.default_rng(2)
    z, y = generator.standard_normal((7, 4)), np.repeat(generator.standard_normal((7, 1)), 4, axis=1)
    order = [2, 0, 3, 1]
    np.testing.assert_array_equal(PINBALL.h(z[:, order]), PINBALL.h(z))
    np.testing.assert_array_equal(PINBALL.delta(z[:, order], y), PINBALL.delta(z, y)[:, order])


def test_an_output_that_meets_its_target_is_not_moved() -> None:
    y = np.full((1, 3), 2.0)
    assert PINBALL.delta(np.array([[1.0, 2.0, 3.0]]), y).tolist() == [[-0.25, 0.0, 0.25]]
    assert PINBALL.delta(y, y).tolist() == [[0.0, 0.0, 0.0]]


def test_a_constant_learns_the_quantiles_of_its_training_set() -> None:
    y = np.sort(np.random.default_rng(3).standard_normal(999))
    network = Network((1, 3), output="pinball", output_numbers=(0.1, 0.5, 0.9))
    X, Y = np.zeros((999, 1)), np.repeat(y[:, np.newaxis], 3, axis=1)
    right = network.unroll([np.array([[y[499], 0], [y[899], 0], [y[99], 0]])])  # in any order
    best = deltarule.cost(network, right, X, Y)
    for n, step in ((0, 0.02), (2, -0.02), (4, 0.02)):
        moved = right.copy()
        moved[n] += step
        assert deltarule.cost(network, moved, X, Y) > best
    assert np.abs(deltarule.cost_and_gradient(network, right, X, Y)[1]).max() < 2 / 999


def test_a_network_keeps_its_numbers_and_compares_by_them() -> None:
    huber, other = (Network((3, 2), output="huber", output_numbers=(n,)) for n in (0.5, 0.7))
    assert huber != other
    assert Network((3, 2), output="huber").output_numbers == (1.35,)
    assert Network((3, 2), output="pinball").output_numbers == (1 / 3, 2 / 3)
    for network in (huber, Network((2, 3), output="pinball", output_numbers=(0.1, 0.5, 0.9))):
        assert eval(repr(network)) == network
        assert network_from(content_of_network(network)) == network
    assert "output_numbers" not in content_of_network(Network((3, 2)))


WRONG: list[tuple[str, Any, str]] = [
    ("huber", (0.0,), "one threshold above 0"),
    ("huber", (np.inf,), "one threshold above 0"),
    ("huber", (1.0, 2.0), "one threshold above 0"),
    ("huber", ("1",), "is no number"),
    ("pinball", (0.5,), "a quantile for each of 2 outputs"),
    ("pinball", (0.9, 0.1), "ascending and between 0 and 1"),
    ("pinball", (0.5, 0.5), "ascending and between 0 and 1"),
    ("pinball", (0.0, 0.5), "ascending and between 0 and 1"),
    ("pinball", (0.5, 1.0), "ascending and between 0 and 1"),
    ("pinball", (0.5, np.nan), "ascending and between 0 and 1"),
    ("identity", (0.5,), "takes no numbers"),
]


@pytest.mark.parametrize(("output", "numbers", "message"), WRONG)
def test_numbers_that_do_not_fit_are_refused(output: str, numbers: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Network((3, 2), output=output, output_numbers=numbers)


def test_more_quantiles_than_the_core_sorts_are_refused() -> None:
    with pytest.raises(SettingsError, match="256 at most"):
        Network((3, MOST_QUANTILES + 1), output="pinball")
