"""The textbook, backpropagation and an oracle in 60 digits agree within the rounding bound."""

from itertools import cycle, product

import numpy as np
import pytest

import deltarule
from deltarule import Network
from deltarule.network.parts import Unit
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS
from oracles import NUMBERED, mp_gradient, problem, rounding_bound

LAYERS = [(3, 2), (3, 4, 2), (2, 5, 3, 2), (2, 3, 4, 3, 2)]


def networks() -> list[Network]:
    """Return networks of every number of layers with every output, and hidden units in turn."""
    hidden = cycle([*map(Unit, HIDDEN_UNITS), *NUMBERED])
    return [
        Network(sizes, [next(hidden) for _ in range(len(sizes) - 2)], output)
        for sizes, output in product(LAYERS, OUTPUT_UNITS)
    ]


def name(network: Network) -> str:
    return f"{network}-{'-'.join(map(str, network.hidden_units))}-{network.output}"


@pytest.mark.parametrize("network", networks(), ids=name)
@pytest.mark.parametrize(("m", "lambda_", "weighted"), [(5, 0.0, False), (4, 0.7, True), (1, 0.3, False)])
def test_textbook_and_matrices_give_the_same_cost_and_gradient(
    network: Network, m: int, lambda_: float, weighted: bool
) -> None:
    theta, X, Y, weights = problem(network, m, seed=m, weighted=weighted)
    trace = deltarule.trace(network, theta, X, Y, lambda_=lambda_, sample_weight=weights)
    J, D = deltarule.cost_and_gradient(network, theta, X, Y, lambda_=lambda_, sample_weight=weights)
    bound_J, bound_D = rounding_bound(network, theta, X, Y, lambda_, weights)
    assert abs(trace.J - J) <= 2 * bound_J
    assert (np.abs(network.unroll(trace.D) - D) <= 2 * bound_D).all()
    assert np.median(bound_D / np.maximum(np.abs(D), 1e-3)) < 4e-12  # the bound is tight enough to find errors


@pytest.mark.parametrize("network", networks(), ids=name)
@pytest.mark.parametrize(("m", "lambda_", "weighted"), [(3, 0.7, True), (1, 0.0, False)])
def test_gradient_is_that_of_an_oracle_that_shares_no_code(
    network: Network, m: int, lambda_: float, weighted: bool
) -> None:
    theta, X, Y, weights = problem(network, m, seed=17 + m, weighted=weighted)
    J_true, D_true = mp_gradient(network, theta, X, Y, lambda_, weights)
    J, D = deltarule.cost_and_gradient(network, theta, X, Y, lambda_=lambda_, sample_weight=weights)
    bound_J, bound_D = rounding_bound(network, theta, X, Y, lambda_, weights)
    assert abs(J - J_true) <= bound_J + 1e-15 * abs(J_true)
    assert (np.abs(D - D_true) <= bound_D + 1e-15 * np.abs(D_true)).all()


@pytest.mark.parametrize("output", list(OUTPUT_UNITS))
@pytest.mark.parametrize("hidden", [*HIDDEN_UNITS, *NUMBERED], ids=str)
def test_every_pair_of_units_has_the_right_gradient_in_float32_and_float64(hidden: str | Unit, output: str) -> None:
    network = Network((3, 4, 2), hidden, output)
    theta, X, Y, _ = problem(network, 6, seed=3)
    _, D_true = mp_gradient(network, theta, X, Y)
    _, D = deltarule.cost_and_gradient(network, theta, X, Y)
    assert D.dtype == np.float64
    assert (np.abs(D - D_true) <= rounding_bound(network, theta, X, Y)[1] + 1e-15).all()
    narrow = theta.astype(np.float32)
    X32 = X.astype(np.float32)
    _, D32 = deltarule.cost_and_gradient(network, narrow, X32, Y)
    _, D_same = deltarule.cost_and_gradient(network, narrow.astype(np.float64), X32.astype(np.float64), Y)
    u32 = float(np.finfo(np.float32).eps) / 2
    assert D32.dtype == np.float32
    assert (np.abs(D32 - D_same) <= rounding_bound(network, narrow, X32, Y, u=u32)[1] * 1.01).all()


def test_cost_without_gradient_is_the_same_number() -> None:
    network = Network((3, 4, 2), "tanh", "softmax")
    theta, X, Y, weights = problem(network, 9, weighted=True)
    J, _ = deltarule.cost_and_gradient(network, theta, X, Y, lambda_=0.5, sample_weight=weights)
    assert deltarule.cost(network, theta, X, Y, lambda_=0.5, sample_weight=weights) == J


def test_a_training_set_of_many_leaves_costs_the_same_as_in_one_piece() -> None:
    network = Network((3, 4, 2), "tanh", "softmax")
    theta, X, Y, _ = problem(network, 20_000)
    J, D = deltarule.cost_and_gradient(network, theta, X, Y, lambda_=0.5)
    parts = [slice(0, 7_000), slice(7_000, 20_000)]
    pieces = [deltarule.cost_and_gradient(network, theta, X[p], Y[p]) for p in parts]
    data = 0.35 * pieces[0][0] + 0.65 * pieces[1][0]
    penalty = J - data
    squares = sum(float((Theta[:, 1:] ** 2).sum()) for Theta in network.roll(theta))
    assert penalty == pytest.approx(0.5 / 40_000 * squares, rel=1e-8)
    Theta_part = network.unroll([np.hstack([0 * T[:, :1], T[:, 1:]]) for T in network.roll(theta)])
    np.testing.assert_allclose(
        D, 0.35 * pieces[0][1] + 0.65 * pieces[1][1] + 0.5 / 20_000 * Theta_part, rtol=1e-11, atol=1e-15
    )
