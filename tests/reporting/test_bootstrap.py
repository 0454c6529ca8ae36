"""Bootstrap samples and intervals."""

import numpy as np
import pytest

from deltarule.reporting.bootstrap import _AT_ONCE, Statistic, measured, resamples


@pytest.mark.parametrize("m", [1, 7, 3 * _AT_ONCE // 100])
def test_each_sample_draws_m_rows_and_no_sample_is_lost_between_two_portions(m: int) -> None:
    parts = list(resamples(m, 101, seed=0))
    assert sum(len(part) for part in parts) == 101
    for part in parts:
        np.testing.assert_array_equal(part.sum(axis=1), m)
        assert part.size <= max(_AT_ONCE, m)


def test_every_row_is_drawn_once_in_the_mean_and_with_the_variance_of_draws() -> None:
    (counts,) = resamples(50, 20_000, seed=1)
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=5 / 20_000**0.5)
    np.testing.assert_allclose(counts.var(axis=0).mean(), 1 - 1 / 50, rtol=0.01)


def test_the_seed_decides_the_samples() -> None:
    one, same, other = (next(resamples(30, 10, seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(5, 2, 4000)
    mean = Statistic("mean", "", lambda weights: weights @ values / weights.sum(axis=1))
    (found,) = measured([mean], len(values), 4000, seed=0)
    half = 1.959964 * values.std() / 4000**0.5
    assert found.value == pytest.approx(values.mean(), rel=1e-14)
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_samples_that_leave_nothing_to_measure_are_left_out_of_the_interval() -> None:
    first = Statistic("row 0", "", lambda weights: np.where(weights[:, 0] > 0, 7.0, np.nan))
    never = Statistic("never", "", lambda weights: np.full(len(weights), np.nan))
    found = measured([first, never], 3, 200, seed=0)
    assert (found[0].value, found[0].low, found[0].high) == (7, 7, 7)
    assert np.isnan([found[1].value, found[1].low, found[1].high]).all()
