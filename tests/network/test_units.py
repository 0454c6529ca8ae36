"""Tests of every digit of g, g′, the costs and the error terms, for extreme z too."""

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltarule.common.arrays import Array
from deltarule.network.parts import Unit
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS
from oracles import HIDDEN, NUMBERED

UNITS = [*map(Unit, HIDDEN_UNITS), *NUMBERED]


def exact_g(unit: Unit) -> Any:
    """Return g with its numbers, in many digits."""
    return lambda z: HIDDEN[unit.name](z, *unit.numbers)


# mpmath with mp.dps = 60; z is the double, read as an exact number:
#   e = mp.exp(-z);  sigmoid cost for y = 1: mp.log(1 + e);  delta: -e / (1 + e)
#   softmax of (z, 0) with y = (1, 0) is the same.
CONFIDENT = [
    (100.0, "3.7200759760208359629596958038631183373588922923768e-44"),
    (36.5, "1.4068617124461467337892498497792217126013780453455e-16"),
    (2.0, "0.12692801104297249644205746246037637462131783041885"),
]


@pytest.mark.parametrize("z", np.concatenate([-np.logspace(-8, 2, 11), [0.0], np.logspace(-8, 2, 11)]))
@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_hidden_units_have_all_digits_and_their_slopes_those_that_a_has(unit: Unit, z: float) -> None:
    exact = exact_g(unit)(mp.mpf(float(z)))
    a = unit.g(np.array([z]))
    assert a[0] == pytest.approx(float(exact), rel=1e-15, abs=5e-324)
    if z not in unit.kinks:
        slope = float(mp.diff(exact_g(unit), mp.mpf(float(z))))
        assert unit.derivative(np.array([z]), a)[0] == pytest.approx(slope, rel=1e-12, abs=3e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "unit",
    [*map(Unit, ["elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "softplus"]), Unit("elu", 0.5), Unit("elu", 30)],
    ids=str,
)
def test_slopes_from_z_keep_their_digits_in_the_tail(unit: Unit, dtype: type) -> None:
    """Near its zero at about −1, the error of g′ is that of the terms that cancel there, as large as 1."""
    z: Array = np.concatenate([-np.logspace(-6, 1.1, 40), np.logspace(-6, 2, 20)]).astype(dtype)
    u = float(np.finfo(dtype).eps) / 2
    a, slope = unit.g(z), unit.derivative(z, unit.g(z))
    assert a.dtype == slope.dtype == dtype
    for place, value in enumerate(z):
        exact = float(exact_g(unit)(mp.mpf(float(value))))
        assert a[place] == pytest.approx(exact, rel=16 * u, abs=float(np.finfo(dtype).tiny))
        exact = float(mp.diff(exact_g(unit), mp.mpf(float(value))))
        near_its_zero = 4 * u if -3 < value < -0.3 else float(np.finfo(dtype).tiny)
        assert slope[place] == pytest.approx(exact, rel=16 * u, abs=near_its_zero)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_hidden_units_and_their_slopes_are_finite_for_every_finite_z(unit: Unit, dtype: type) -> None:
    sizes: Array = np.array([0, 1e-30, 30, 90, 800, 1e30, np.finfo(dtype).max / 2], dtype=dtype)
    z = np.concatenate([-sizes, sizes])
    a = unit.g(z)
    assert np.isfinite(a).all()
    assert np.isfinite(unit.derivative(z, a)).all()


def test_gains_of_smooth_units_that_cut_off_one_half_keep_mean_squares_at_one() -> None:
    for unit in [
        *map(Unit, ("elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "softplus")),
        Unit("elu", 0.5),
        Unit("elu", 30),
    ]:
        square = mp.quad(lambda z, unit=unit: exact_g(unit)(z) ** 2 * mp.npdf(z), [-12, -5, -2, 0, 2, 5, 12])
        assert unit.gain == pytest.approx(float(1 / mp.sqrt(square)), rel=1e-4)


def test_the_gain_of_elu_with_its_default_alpha_is_the_number_that_first_weights_have_always_had() -> None:
    assert Unit("elu").gain == 1.2452


def test_selu_has_the_constants_that_keep_mean_zero_and_variance_one() -> None:
    moments = [mp.quad(lambda z, n=n: HIDDEN["selu"](z) ** n * mp.npdf(z), [-12, -5, 0, 5, 12]) for n in (1, 2)]
    assert float(moments[0]) == pytest.approx(0, abs=1e-14)
    assert float(moments[1]) == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize(("z", "exact"), CONFIDENT)
def test_cost_of_a_confident_right_answer_keeps_all_digits(z: float, exact: str) -> None:
    truth = float(mp.mpf(exact))
    sigmoid, softmax = OUTPUT_UNITS["sigmoid"], OUTPUT_UNITS["softmax"]
    one, two = np.array([[z]]), np.array([[z, 0.0]])
    right, right_of_two = np.array([[1.0]]), np.array([[1.0, 0.0]])
    e = mp.exp(-mp.mpf(z))
    delta = float(-e / (1 + e))
    assert sigmoid.costs(one, right)[0] == pytest.approx(truth, rel=4e-16)
    assert sigmoid.delta(one, right)[0, 0] == pytest.approx(delta, rel=4e-16)
    assert sigmoid.delta(-one, 1 - right)[0, 0] == pytest.approx(-delta, rel=4e-16)
    assert softmax.costs(two, right_of_two)[0] == pytest.approx(truth, rel=4e-16)
    np.testing.assert_allclose(softmax.delta(two, right_of_two), [[delta, -delta]], rtol=4e-16)


def test_a_logit_of_minus_100_for_a_true_label_costs_100() -> None:
    assert OUTPUT_UNITS["sigmoid"].costs(np.array([[-100.0]]), np.array([[1.0]]))[0] == 100
    assert OUTPUT_UNITS["softmax"].costs(np.array([[0.0, 100.0]]), np.array([[1.0, 0.0]]))[0] == 100


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cost_and_error_term_are_finite_for_every_finite_logit(output: str, dtype: type) -> None:
    unit = OUTPUT_UNITS[output]
    largest = np.finfo(dtype).max / 4
    z: Array = np.array([[largest, -largest], [-largest, largest], [0, largest], [1e4, 1e4]], dtype=dtype)
    y: Array = np.tile(np.array([[1, 0]], dtype=dtype), (4, 1))
    assert np.isfinite(unit.costs(z, y)).all()
    assert np.isfinite(unit.delta(z, y)).all()
    assert (unit.h(z) >= 0).all()
    assert (unit.h(z) <= 1).all()


@given(st.lists(st.floats(-700, 700), min_size=2, max_size=6), st.data())
def test_softmax_rows_sum_to_one_and_error_terms_to_zero(row: list[float], data: st.DataObject) -> None:
    unit = OUTPUT_UNITS["softmax"]
    z = np.array([row])
    y = np.eye(len(row))[[data.draw(st.integers(0, len(row) - 1))]]
    assert unit.h(z).sum() == pytest.approx(1, abs=1e-15 * len(row))
    assert abs(unit.delta(z, y).sum()) <= 1e-15 * len(row)
    np.testing.assert_allclose(unit.delta(z, y), unit.h(z) - y, atol=1e-15 * len(row))


@given(st.floats(-300, 300), st.floats(-300, 300), st.sampled_from([0.0, 0.25, 1.0]))
def test_softmax_of_two_classes_costs_what_one_sigmoid_of_the_difference_costs(p: float, q: float, y: float) -> None:
    two, one = OUTPUT_UNITS["softmax"], OUTPUT_UNITS["sigmoid"]
    cost = one.costs(np.array([[p - q]]), np.array([[y]]))[0]
    assert two.costs(np.array([[p, q]]), np.array([[y, 1 - y]]))[0] == pytest.approx(cost, rel=1e-13, abs=1e-300)


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes() -> None:
    assert OUTPUT_UNITS["softmax"].costs(np.full((1, 7), 3.0), np.eye(7)[[2]])[0] == pytest.approx(np.log(7))


def test_poisson_cost_is_zero_where_the_hypothesis_is_the_count() -> None:
    counts = np.array([[1.0, 5.0, 40.0]])
    assert OUTPUT_UNITS["exp"].costs(np.log(counts), counts)[0] == pytest.approx(0, abs=1e-13)
    assert OUTPUT_UNITS["exp"].costs(np.array([[2.0]]), np.array([[0.0]]))[0] == pytest.approx(np.exp(2))


def test_relu_has_slope_zero_at_its_kink() -> None:
    relu = HIDDEN_UNITS["relu"]
    z = np.array([-1.0, 0.0, 1.0])
    assert relu.derivative(z, relu.g(z)).tolist() == [0, 0, 1]


def test_slopes_at_zero_are_those_from_below() -> None:
    z = np.array([0.0])
    below = {Unit("leaky_relu"): 0.01, Unit("elu"): 1.0, Unit("selu"): 1.7580993408473766}
    below |= {Unit("leaky_relu", 0.2): 0.2, Unit("elu", 0.5): 0.5}
    for unit, slope in below.items():
        assert unit.derivative(z, unit.g(z))[0] == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize(("y", "z"), [(1 - 1e-10, 100.0), (1e-10, -100.0), (0.5, 3.0), (1 - 1e-10, -3.0)])
def test_sigmoid_cost_keeps_all_digits_for_soft_targets(y: float, z: float) -> None:
    exact_y, exact_z = mp.mpf(y), mp.mpf(z)
    exact = (1 - exact_y) * exact_z + mp.log(1 + mp.exp(-exact_z))
    assert OUTPUT_UNITS["sigmoid"].costs(np.array([[z]]), np.array([[y]]))[0] == pytest.approx(float(exact), rel=4e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("sigmas", [0.0, 1.0, -2.0, 0.5])
def test_poisson_cost_of_a_large_count_keeps_the_digits_that_z_has(dtype: type, count: float, sigmas: float) -> None:
    z = dtype(np.log(count) + sigmas / np.sqrt(count))
    exact = mp.mpf(count) * mp.log(count) - count + mp.exp(mp.mpf(float(z))) - mp.mpf(count) * mp.mpf(float(z))
    cost = OUTPUT_UNITS["exp"].costs(np.array([[z]]), np.array([[count]], dtype=dtype))[0]
    # log y and z are rounded to u|z|, which moves the cost by y |e^d − 1| u|z|.
    d = abs(float(mp.mpf(float(z)) - mp.log(count)))
    u = float(np.finfo(dtype).eps)
    assert cost >= 0
    assert cost == pytest.approx(
        float(exact), abs=4 * u * max(1.0, abs(z)) * count * (np.expm1(d) + 4 * u * abs(z)) + u
    )


def test_softmax_error_term_is_the_derivative_of_the_cost_for_targets_that_miss_one_by_rounding() -> None:
    unit = OUTPUT_UNITS["softmax"]
    z, y = np.array([[0.3, -1.2, 2.0]]), np.full((1, 3), 0.333333)
    exact = []
    for k in range(3):

        def cost(z_k: Any, k: int = k) -> Any:
            row = [mp.mpf(v) for v in z[0]]
            row[k] = z_k
            total = sum(mp.exp(v) for v in row)
            return -sum(mp.mpf(0.333333) * mp.log(mp.exp(v) / total) for v in row)

        exact.append(float(mp.diff(cost, mp.mpf(z[0, k]))))
    np.testing.assert_allclose(unit.delta(z, y)[0], exact, rtol=1e-14)
