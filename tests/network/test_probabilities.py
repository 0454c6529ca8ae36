"""Tests of probabilities and their logarithms, from z, against many digits."""

from collections.abc import Iterator
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from deltarule.common.arrays import Array
from deltarule.network.probabilities import log_shares, log_sigmoid, log_softmax, shares, sigmoid_and_rest

Z = [0.0, 1e-9, 0.3, 2.0, 17.0, 37.0, 40.0, 88.0, 700.0, 740.0]
Z = [sign * z for z in Z for sign in (1.0, -1.0)]
DTYPES = [np.float32, np.float64]


@pytest.fixture(autouse=True)
def digits_to_spare() -> Iterator[None]:
    with mp.workdps(700):  # more than the digits of 1 + e⁻⁷⁴⁰
        yield


def exact_sigmoid(z: float) -> Any:
    return 1 / (1 + mp.exp(-mp.mpf(z)))


def agree(ours: Array, exact: Any, ulps: float) -> None:
    """Compare to a few units in the last place, for subnormal numbers that of the smallest normal one."""
    info = np.finfo(ours.dtype)
    judge = np.array([[float(value) for value in row] for row in exact])
    np.testing.assert_allclose(
        ours.astype(np.float64), judge, rtol=ulps * float(info.eps), atol=float(info.smallest_subnormal)
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [1, 2], ids=["one row", "several rows"])
@pytest.mark.parametrize("z", Z)
def test_both_sides_of_a_sigmoid_have_all_digits(z: float, rows: int, dtype: Any) -> None:
    given = np.full((rows, 1), z, dtype)
    sides = sigmoid_and_rest(given)
    assert sides.dtype == dtype
    agree(sides, [[exact_sigmoid(-given[0, 0].item()), exact_sigmoid(given[0, 0].item())]] * rows, 2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_logarithm_of_a_sigmoid_has_all_digits(dtype: Any) -> None:
    z = np.array(Z, dtype)[:, np.newaxis]
    agree(log_sigmoid(z), [[mp.log(exact_sigmoid(value))] for value in z[:, 0].tolist()], 2)


ROWS = [
    [0.0, 0.0, 0.0],
    [40.0, -40.0, 0.5],
    [-700.0, -701.0, -740.0],
    [700.0, 690.0, -700.0],
    [-1e-9, -37.0, -38.0],
    [-800.0, -800.5, -900.0],
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_and_sigmoids_over_their_sum_have_all_digits(dtype: Any) -> None:
    z = np.array(ROWS, dtype)
    exact_h = [[exact_sigmoid(value) for value in row] for row in z.tolist()]
    exact_e = [[mp.exp(mp.mpf(value)) for value in row] for row in z.tolist()]
    over_sum = [[value / mp.fsum(row) for value in row] for row in exact_h]
    agree(shares(z), over_sum, 4)
    agree(log_shares(z), [[mp.log(value) for value in row] for row in over_sum], 4)
    # The logarithm, like the cost, contains the rounding of max z − z: half a unit of a number up to 40 here.
    agree(log_softmax(z), [[mp.log(value / mp.fsum(row)) for value in row] for row in exact_e], 20)
