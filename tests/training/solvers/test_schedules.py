"""Step sizes over time."""

from dataclasses import replace

import numpy as np
import pytest

from deltarule import Network
from deltarule.training.settings import Settings
from deltarule.training.solvers import flat_cos, rates_of, shares_done, step_sizes


def test_a_constant_step_size_stays() -> None:
    np.testing.assert_array_equal(step_sizes(Settings(learning_rate_init=0.3), 5, 2, 3), np.full((2, 3), 0.3))


def test_invscaling_divides_by_a_power_of_the_examples_seen() -> None:
    settings = Settings(solver="sgd", learning_rate="invscaling", learning_rate_init=0.2, power_t=0.5)
    np.testing.assert_allclose(
        step_sizes(settings, 0, 4, 2, rows=100)[:, 1], 0.2 / np.sqrt([1, 101, 201, 301]), rtol=1e-15
    )
    np.testing.assert_allclose(step_sizes(settings, 1, 1, 1, rows=100, seen=40), [[0.2 / np.sqrt(41)]], rtol=1e-15)


@pytest.mark.parametrize("learning_rate", ["invscaling", "adaptive"])
def test_adam_takes_no_notice_of_what_scikit_learn_has_for_sgd(learning_rate: str) -> None:
    settings = Settings(learning_rate=learning_rate)
    np.testing.assert_array_equal(step_sizes(settings, 3, 1, 2, rows=100), np.full((1, 2), 1e-3))


def test_cosine_falls_from_eta_over_half_of_it_in_the_middle_towards_zero_in_every_step() -> None:
    settings = Settings(learning_rate="cosine", learning_rate_init=0.2, max_iter=10)
    eta = step_sizes(settings, 0, 10, 4).ravel()
    assert eta[0] == 0.2
    assert eta[20] == pytest.approx(0.1, rel=1e-15)
    assert (np.diff(eta) < 0).all()
    np.testing.assert_allclose(eta, 0.1 * (1 + np.cos(np.pi * np.arange(40) / 40)), rtol=1e-15)


def test_one_cycle_rises_from_a_25th_to_eta_and_falls_to_a_250000th() -> None:
    settings = Settings(solver="sgd", learning_rate="one_cycle", learning_rate_init=0.5, max_iter=100)
    eta = step_sizes(settings, 0, 100, 10).ravel()
    assert eta[0] == pytest.approx(0.02, rel=1e-12)
    assert eta.argmax() == 300
    assert eta[300] == pytest.approx(0.5, rel=1e-12)
    assert (np.diff(eta[:301]) > 0).all()
    assert (np.diff(eta[300:]) < 0).all()
    assert 2e-6 < eta[-1] < 6e-6


def test_warm_up_is_a_line_through_the_first_epochs_and_cosine_begins_after_it() -> None:
    settings = Settings(learning_rate_init=0.8, warmup=2, max_iter=6)
    eta = step_sizes(settings, 0, 4, 4).ravel()
    np.testing.assert_allclose(eta[:8], 0.8 * np.arange(1, 9) / 8, rtol=1e-15)
    assert (eta[8:] == 0.8).all()
    cosine = step_sizes(Settings(learning_rate_init=0.8, warmup=2, max_iter=6, learning_rate="cosine"), 0, 6, 4).ravel()
    assert cosine.argmax() in (7, 8)
    assert cosine[7] == cosine[8] == 0.8
    np.testing.assert_allclose(cosine[8:], 0.4 * (1 + np.cos(np.pi * np.arange(16) / 16)), rtol=1e-14)


def test_a_warm_up_of_part_of_an_epoch_rises_over_its_steps() -> None:
    eta = step_sizes(Settings(learning_rate_init=1.0, warmup=0.5), 0, 2, 8)
    np.testing.assert_array_equal(eta[0], [0.25, 0.5, 0.75, 1, 1, 1, 1, 1])


@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", "coslog4", "constant"])
def test_epochs_taken_one_by_one_have_the_step_sizes_of_those_taken_at_once(learning_rate: str) -> None:
    settings = Settings(learning_rate=learning_rate, max_iter=7, warmup=1.5)
    whole = step_sizes(settings, 0, 7, 3)
    for epoch in range(7):
        np.testing.assert_array_equal(step_sizes(settings, epoch, 1, 3)[0], whole[epoch])


@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", "coslog4"])
def test_after_the_last_epoch_the_last_step_size_stays(learning_rate: str) -> None:
    settings = Settings(learning_rate=learning_rate, max_iter=4)
    last = step_sizes(settings, 3, 1, 5)[0, -1]
    assert last > 0
    np.testing.assert_array_equal(step_sizes(settings, 4, 2, 5), np.full((2, 5), last))


def test_coslog4_has_four_waves_each_twice_as_long_as_the_one_before() -> None:
    settings = Settings(learning_rate="coslog4", learning_rate_init=0.5, max_iter=150)
    eta = step_sizes(settings, 0, 150, 10).ravel()
    p = np.arange(1500) / 1500
    np.testing.assert_allclose(eta, 0.25 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * p))), rtol=1e-12, atol=1e-15)
    for done, of_a_wave in ((0, 0), (100, 0), (300, 0), (700, 0)):  # 1/15, 3/15 and 7/15 of 1500
        assert eta[done] == pytest.approx(of_a_wave, abs=1e-12)
    assert eta.max() == pytest.approx(0.5, rel=1e-5)


def test_flat_cos_is_1_in_the_first_half_and_then_half_a_cosine_down_to_0() -> None:
    p = np.array([0.0, 0.25, 0.5, 0.625, 0.75, 1.0])
    expected = np.array([1, 1, 1, 0.5 * (1 + np.sqrt(0.5)), 0.5, 0])
    np.testing.assert_allclose(flat_cos(p), expected, atol=1e-15)


def test_shares_count_the_steps_after_the_warm_up_and_stay_behind_the_last_epoch() -> None:
    settings = Settings(warmup=1, max_iter=5)
    expected = np.array([[0, 0], [0, 0.125], [0.25, 0.375]])
    np.testing.assert_allclose(shares_done(settings, 0, 3, 2), expected)
    np.testing.assert_array_equal(shares_done(settings, 7, 1, 2), np.full((1, 2), 0.875))


@pytest.mark.parametrize("schedule", ["constant", "flat_cos"])
def test_dropout_and_weight_decay_fall_only_where_their_schedules_say_so(schedule: str) -> None:
    settings = Settings(
        dropout=(0.5, 0.25), weight_decay=0.1, dropout_schedule=schedule, weight_decay_schedule="constant", max_iter=4
    )
    network = Network((3, 4, 5, 2), "tanh", "softmax")
    shares = shares_done(settings, 0, 4, 1)
    rates = rates_of(settings, network, np.full((4, 1), 0.3), shares)
    falling = np.array([1, 1, 1, 0.5]) if schedule == "flat_cos" else np.ones(4)
    np.testing.assert_allclose(rates[:, 2:], np.outer(falling, [0.5, 0.25]), rtol=1e-14)
    np.testing.assert_array_equal(rates[:, 1], [0.1] * 4)
    other = rates_of(
        replace(settings, dropout_schedule="constant", weight_decay_schedule=schedule), network, np.zeros(4), shares
    )
    np.testing.assert_allclose(other[:, 1], 0.1 * falling, rtol=1e-14)
    np.testing.assert_array_equal(other[:, 2:], [[0.5, 0.25]] * 4)
