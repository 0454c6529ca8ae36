"""Tests of the map from z to probabilities that is fitted on held-out rows."""

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, ShapeError
from deltarule.network.units import OUTPUT_UNITS
from deltarule.tabular.calibration import (
    LEAST_SLOPE,
    PENALTY,
    Calibration,
    QuadraticScaling,
    Temperature,
    calibration_of,
    z_of_mean,
)


def rows(m: int, K: int, seed: int = 0, scale: float = 3.0) -> tuple[Array, Array]:
    """Return z and labels that are drawn with other odds than z says."""
    generator = np.random.default_rng(seed)
    z = scale * generator.normal(size=(m, K))
    if K == 1:
        return z, (generator.random((m, 1)) < 1 / (1 + np.exp(-(0.4 + 0.5 * z + 0.03 * z**2)))).astype(float)
    true = 0.4 * z + generator.gumbel(size=(m, K))
    return z, np.eye(K)[true.argmax(axis=1)]


def log_loss(z: Array, Y: Array, weights: Any = None) -> float:
    unit = OUTPUT_UNITS["sigmoid" if z.shape[1] == 1 else "softmax"]
    return float(np.average(unit.costs(z, Y), weights=weights))


def numbers_of(calibration: Calibration) -> list[float]:
    """Return the parameters as differences from the map q(z) = z."""
    if isinstance(calibration, Temperature):
        return [calibration.beta - 1]
    return [calibration.shift, calibration.low_slope - 1, calibration.high_slope - 1]


def with_numbers(calibration: Calibration, x: Any) -> Calibration:
    if isinstance(calibration, Temperature):
        return Temperature(1 + float(x[0]))
    low, high, middle = calibration.low, calibration.high, calibration.middle
    return QuadraticScaling(float(x[0]), 1 + float(x[1]), 1 + float(x[2]), low, high, middle)


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize("m", [1, 8, 300])
def test_a_search_without_derivatives_finds_the_same_map(m: int, K: int) -> None:
    z, Y = rows(m, K)
    w = np.random.default_rng(1).uniform(0.5, 2, m)
    found = calibration_of(z, Y, w)
    x = numbers_of(found)

    def value(x: Any) -> float:
        return float(w.sum()) * log_loss(with_numbers(found, x).scaled(z), Y, w) + PENALTY / 2 * float(np.dot(x, x))

    bounds = [(LEAST_SLOPE - 1, None)] if K > 1 else [(None, None), *[(LEAST_SLOPE - 1, None)] * 2]
    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000}
    searched = minimize(value, np.zeros(len(x)), method="Nelder-Mead", bounds=bounds, options=options)
    assert value(x) <= searched.fun * (1 + 1e-12)
    np.testing.assert_allclose(x, searched.x, atol=1e-5)  # a flat valley: √ of the rounding of its depth


def test_the_temperature_makes_the_derivative_0_in_many_digits() -> None:
    z, Y = rows(40, 4)
    beta = calibration_of(z, Y)
    assert isinstance(beta, Temperature)
    with mp.workdps(40):

        def value(b: Any) -> Any:
            total = PENALTY / 2 * (b - 1) ** 2
            for its, target in zip(z.tolist(), Y.tolist(), strict=True):
                total += mp.log(sum(mp.exp(b * v) for v in its)) - b * its[target.index(1.0)]
            return total

        exact = mp.findroot(lambda b: mp.diff(value, b), mp.mpf("0.5"))
    assert beta.beta == pytest.approx(float(exact), rel=1e-10)


@given(
    st.integers(1, 40),
    st.sampled_from([1, 2, 5]),
    st.integers(0, 10**6),
    st.floats(1e-3, 1e3),
    st.sampled_from(["drawn", "one class", "right", "wrong", "soft"]),
)
@settings(max_examples=150, deadline=None)
def test_the_log_loss_of_the_held_out_rows_never_rises(m: int, K: int, seed: int, scale: float, kind: str) -> None:
    z, Y = rows(m, K, seed, scale)
    if kind == "one class":
        Y = np.zeros_like(Y)
        Y[:, 0] = 1
    elif kind in ("right", "wrong"):
        sign = 1 if kind == "right" else -1
        Y = (sign * z > 0).astype(float) if K == 1 else np.eye(K)[(sign * z).argmax(axis=1)]
    elif kind == "soft":
        Y = np.full_like(Y, 1 / max(K, 2))
    found = calibration_of(z, Y)
    assert np.isfinite(numbers_of(found)).all()
    before, after = log_loss(z, Y), log_loss(found.scaled(z), Y)
    assert after <= before * (1 + 1e-12)
    assert min(numbers_of(found)[1 if K == 1 else 0 :]) >= LEAST_SLOPE - 1
    assert found.scaled(z).shape == z.shape


@given(st.integers(2, 60), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_two_classes_keep_the_order_of_the_rows_within_the_rows_and_far_beyond(m: int, seed: int) -> None:
    z, Y = rows(m, 1, seed)
    found = calibration_of(z, Y)
    line = np.linspace(-60, 60, 500)[:, np.newaxis]
    assert np.all(np.diff(found.scaled(line)[:, 0]) > 0)


@pytest.mark.parametrize("K", [1, 3])
def test_weight_two_is_the_same_as_the_row_twice(K: int) -> None:
    z, Y = rows(50, K)
    w = np.random.default_rng(2).integers(0, 4, 50)
    weighed = calibration_of(z, Y, w.astype(float))
    copied = calibration_of(np.repeat(z, w, axis=0), np.repeat(Y, w, axis=0))
    np.testing.assert_allclose(numbers_of(weighed), numbers_of(copied), rtol=1e-9)


def test_many_rows_find_the_quadratic_that_their_labels_were_drawn_with() -> None:
    generator = np.random.default_rng(5)
    z = generator.uniform(-3, 3, (200_000, 1))
    true = 0.3 + 0.8 * z + 0.1 * z**2
    found = calibration_of(z, (generator.random(z.shape) < 1 / (1 + np.exp(-true))).astype(float))
    between = np.abs(z) < 2.9
    assert np.abs(found.scaled(z) - true)[between].max() < 0.05  # three standard errors at the ends


def test_a_map_of_rows_that_are_separated_is_finite_and_surer() -> None:
    z = np.linspace(-2, 2, 100)[:, np.newaxis]
    found = calibration_of(z, (z > 0).astype(float))
    assert isinstance(found, QuadraticScaling)
    assert 1 < found.low_slope < 5
    assert found.high_slope == pytest.approx(found.low_slope, rel=0.01)  # percentiles of 100 rows are rows 1 and 99


def test_a_few_rows_change_little() -> None:
    z, Y = np.array([[2.0], [1.0]]), np.array([[0.0], [1.0]])
    assert np.abs(numbers_of(calibration_of(z, Y))).max() < 0.25
    assert np.abs(numbers_of(calibration_of(np.hstack([z, 0 * z]), np.hstack([Y, 1 - Y])))).max() < 0.25


def test_equal_z_are_shifted_and_no_more() -> None:
    found = calibration_of(np.full((30, 1), 1.5), np.ones((30, 1)))
    assert isinstance(found, QuadraticScaling)
    assert found.shift > 0
    assert (found.low_slope, found.high_slope) == (1, 1)


def test_no_row_leaves_z_as_it_is() -> None:
    z = np.array([[-3.0], [7.0]])
    np.testing.assert_array_equal(calibration_of(z[:0], z[:0]).scaled(z), z)
    zero = calibration_of(z, np.ones((2, 1)), np.zeros(2))
    np.testing.assert_array_equal(zero.scaled(z), z)


def test_float32_comes_back_as_float32_and_huge_z_stay_finite() -> None:
    z, Y = rows(200, 3)
    found = calibration_of(z.astype(np.float32), Y)
    assert found.scaled(z.astype(np.float32)).dtype == np.float32
    for K in (1, 3):
        z, Y = rows(100, K, scale=1e6)
        assert np.isfinite(numbers_of(calibration_of(z, Y))).all()


def test_z_of_the_mean_gives_the_mean_of_the_probabilities() -> None:
    generator = np.random.default_rng(4)
    members = generator.normal(size=(5, 20, 1)) * 4
    mean = (1 / (1 + np.exp(-members))).mean(axis=0)
    np.testing.assert_allclose(1 / (1 + np.exp(-z_of_mean(members))), mean, rtol=1e-13)
    members = generator.normal(size=(5, 20, 4)) * 4
    h = OUTPUT_UNITS["softmax"].h
    np.testing.assert_allclose(h(z_of_mean(members)), np.mean([h(z) for z in members], axis=0), rtol=1e-13)


def test_z_of_the_mean_keeps_digits_where_probabilities_round_to_0_or_1() -> None:
    members = np.array([[[500.0], [-300.0]], [[500.0], [-300.0]]])
    np.testing.assert_allclose(z_of_mean(members), members[0], rtol=1e-15)
    far = np.array([[[0.0, -800.0]], [[0.0, -800.0]]])
    np.testing.assert_allclose(z_of_mean(far), far[0], rtol=1e-15)


def test_arrays_that_do_not_fit_are_refused() -> None:
    z = np.zeros((4, 2))
    with pytest.raises(ShapeError, match=r"z has the shape \(4, 2\), Y \(4, 1\)"):
        calibration_of(z, z[:, :1])
    with pytest.raises(ShapeError, match=r"weights \(3,\)"):
        calibration_of(z, z, np.ones(3))
    with pytest.raises(InputError, match="not finite"):
        calibration_of(z + np.inf, z)


def test_a_network_that_predicts_alone_is_brought_to_the_scale_of_its_rows_however_sure_it_is() -> None:
    generator = np.random.default_rng(0)
    z = generator.standard_normal((400, 1))
    y = (generator.random((400, 1)) < 1 / (1 + np.exp(-z))).astype(np.float64)
    h = OUTPUT_UNITS["sigmoid"].h
    expected = h(calibration_of(z, y).scaled(z))
    for scale in (1e-3, 0.1, 10.0, 1e3):
        found = calibration_of(scale * z, y, alone=True)
        np.testing.assert_allclose(h(found.scaled(scale * z)), expected, atol=0.03)
    together = h(calibration_of(1e3 * z, y).scaled(1e3 * z))
    assert np.abs(together - expected).max() > 0.3


def test_a_network_alone_that_separates_its_rows_perfectly_stays_finite() -> None:
    z, y = np.array([[-1.0], [-2.0], [1.0], [2.0]]), np.array([[0.0], [0.0], [1.0], [1.0]])
    found = calibration_of(z, y, alone=True)
    assert np.isfinite(found.scaled(z)).all()
    assert (np.diff(found.scaled(np.sort(z, axis=0))[:, 0]) > 0).all()
    assert calibration_of(z[:0], y[:0], alone=True) == calibration_of(z[:0], y[:0])
