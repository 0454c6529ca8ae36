"""Gradient descent, conjugate gradient and L-BFGS on functions whose minimum is known."""

from itertools import pairwise

import numpy as np
import pytest

from deltarule.common.arrays import Array
from deltarule.training.settings import Settings
from deltarule.training.solvers import minimise

A = np.diag([1.0, 4.0, 9.0])
LOWEST = np.array([1.0, -2.0, 0.5])


def bowl(theta: Array) -> tuple[float, Array]:
    D = A @ (theta - LOWEST)
    return float((theta - LOWEST) @ D) / 2, D


def run(settings: Settings, start: Array | None = None) -> tuple[bool, list[tuple[Array, float, float]]]:
    seen: list[tuple[Array, float, float]] = []

    def watch(theta: Array, J: float, step_size: float) -> bool:
        seen.append((theta, J, step_size))
        return False

    return minimise(bowl, np.zeros(3) if start is None else start, settings, watch, settings.max_iter), seen


@pytest.mark.parametrize(
    "settings",
    [
        Settings(solver="gd", learning_rate_init=0.2, tol=1e-10, max_iter=2000),
        Settings(solver="gd", learning_rate="adaptive", learning_rate_init=3.0, tol=1e-10, max_iter=2000),
        Settings(solver="cg", tol=1e-10),
        Settings(solver="lbfgs", tol=1e-10),
    ],
    ids=lambda settings: f"{settings.solver}-{settings.learning_rate}",
)
def test_every_solver_finds_the_minimum_and_says_so(settings: Settings) -> None:
    converged, seen = run(settings)
    assert converged
    np.testing.assert_allclose(seen[-1][0], LOWEST, atol=1e-8)
    assert len(seen) <= settings.max_iter


@pytest.mark.parametrize("solver", ["gd", "cg", "lbfgs"])
def test_a_run_that_is_too_short_does_not_say_that_it_converged(solver: str) -> None:
    converged, seen = run(Settings(solver=solver, max_iter=2, tol=1e-12, learning_rate_init=1e-3))
    assert not converged
    assert len(seen) == 2


@pytest.mark.parametrize("first", [1e-6, 1.0, 1e6])
def test_line_search_never_lets_the_cost_rise_whatever_the_first_step(first: float) -> None:
    _, seen = run(Settings(solver="gd", learning_rate="adaptive", learning_rate_init=first, max_iter=300))
    costs = [bowl(np.zeros(3))[0]] + [J for _, J, _ in seen]
    assert all(later <= earlier for earlier, later in pairwise(costs))
    assert costs[-1] < 1e-6


def test_fixed_steps_are_of_the_given_size_and_invscaling_shortens_them() -> None:
    _, seen = run(Settings(solver="gd", learning_rate_init=0.1, max_iter=3))
    np.testing.assert_allclose(seen[0][0], -0.1 * bowl(np.zeros(3))[1])
    assert [eta for _, _, eta in seen] == [0.1] * 3
    _, seen = run(Settings(solver="gd", learning_rate="invscaling", learning_rate_init=0.1, max_iter=4))
    np.testing.assert_allclose([eta for _, _, eta in seen], 0.1 / np.sqrt([1, 2, 3, 4]))


@pytest.mark.parametrize("solver", ["gd", "cg", "lbfgs"])
def test_the_watcher_can_stop_a_run(solver: str) -> None:
    calls = 0

    def watch(theta: Array, J: float, step_size: float) -> bool:
        nonlocal calls
        calls += 1
        return calls == 2

    settings = Settings(solver=solver, tol=1e-12, learning_rate_init=1e-3)
    assert not minimise(bowl, np.zeros(3), settings, watch, settings.max_iter)
    assert calls == 2


@pytest.mark.parametrize("solver", ["cg", "lbfgs"])
def test_no_point_is_evaluated_twice_in_a_row(solver: str) -> None:
    asked: list[Array] = []

    def objective(theta: Array) -> tuple[float, Array]:
        asked.append(theta.copy())
        return bowl(theta)

    minimise(objective, np.zeros(3), Settings(solver=solver, tol=1e-10), lambda *_: False, 200)
    assert len(asked) > 4
    assert not any(np.array_equal(one, next_one) for one, next_one in pairwise(asked))


def test_start_at_the_minimum_is_the_end() -> None:
    converged, seen = run(Settings(solver="gd"), start=LOWEST)
    assert converged
    assert seen == []
