"""Full-batch solvers, which move θ by J and D of the whole training set.

    gd      θ := θ − η D, with η from a schedule; or from a line search that halves it until
            J(θ − η D) ≤ J(θ) − 10⁻⁴ η ‖D‖², so that J never rises
    cg      nonlinear conjugate gradient (Polak and Ribière)
    lbfgs   L-BFGS, limited-memory quasi-Newton

The last two are SciPy's. All stop when the largest |D| is `tol` or less, or when rounding leaves nothing to gain.

Source: Nocedal and Wright, Numerical Optimization, 2006: algorithm 3.1, equation 5.44 and algorithm 7.5.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.training.settings import Settings
from deltarule.training.solvers.schedules import step_sizes
from deltarule.training.solvers.scipy_threads import one_blas_thread

__all__ = ["ARMIJO", "MOST_DIVISION", "minimise"]

Objective = Callable[[Array], tuple[float, Array]]
Watcher = Callable[[Array, float, float], bool]

MOST_DIVISION = 1e10
"""`on_divergence="restore"` gives up after ten divisions by 10, because then the step size is not the cause."""

ARMIJO = 1e-4
"""Gradient descent takes a step that lowers J by at least this share of what its slope promises."""

_SMALLEST_STEP = 1e-20


def minimise(objective: Objective, theta: Array, settings: Settings, watch: Watcher, iterations: int) -> bool:
    """Minimise J from θ on, by the solver that the settings name.

    Parameters
    ----------
    objective : callable
        θ ↦ (J, D), in float64.
    theta : array of shape (n,), float64
    settings : Settings
        `solver`, `tol`, for gd the step sizes over `max_iter` iterations, for lbfgs `max_fun`.
    watch : callable
        Gets (θ, J, step size or NaN) after every iteration; True stops the run. With `on_divergence="restore"`, gd
        goes back to the lowest J after a step to a non-finite J, with a tenth of η from there on.
    iterations : int
        Largest number of iterations.

    Returns
    -------
    converged : bool
        False if `iterations` or `max_fun` ended the run, or `watch`.
    """
    if settings.solver == "gd":
        return _gradient_descent(objective, theta, settings, watch, iterations)
    return _scipy(objective, theta, settings, watch, iterations)


def _gradient_descent(objective: Objective, theta: Array, settings: Settings, watch: Watcher, iterations: int) -> bool:
    eta = settings.learning_rate_init
    divisor = 1.0
    J, D = objective(theta)
    lowest = J, theta, D  # `on_divergence="restore"` goes back to it
    for iteration in range(iterations):
        if np.abs(D).max() <= settings.tol:
            return True
        if settings.learning_rate == "adaptive":
            # The search begins with twice the last step, so that steps can grow again after a narrow place.
            step = _line_search(objective, theta, J, D, 2 * eta if iteration else eta)
            if step is None:
                return True
            eta, theta, J, D = step
        else:
            planned = float(step_sizes(settings, iteration, 1, 1, seen=iteration)[0, 0])
            eta = planned / divisor
            theta = theta - eta * D
            J, D = objective(theta)
            while not np.isfinite(J) and settings.on_divergence == "restore" and divisor < MOST_DIVISION:
                divisor *= 10
                eta = planned / divisor
                theta = lowest[1] - eta * lowest[2]
                J, D = objective(theta)
            lowest = min(lowest, (J, theta, D), key=lambda one: one[0])
        if watch(theta, J, eta):
            return False
    return bool(np.abs(D).max() <= settings.tol)


def _line_search(
    objective: Objective, theta: Array, J: float, D: Array, eta: float
) -> tuple[float, Array, float, Array] | None:
    """Return (η, θ, J, D) after a step that lowers J enough; None if rounding leaves no such step."""
    slope = float(D @ D)
    while eta > _SMALLEST_STEP:
        candidate = theta - eta * D
        J_there, D_there = objective(candidate)
        if J_there <= J - ARMIJO * eta * slope and not np.array_equal(candidate, theta):
            return eta, candidate, J_there, D_there
        eta /= 2
    return None


def _scipy(objective: Objective, theta: Array, settings: Settings, watch: Watcher, iterations: int) -> bool:
    from scipy.optimize import minimize  # imported here, because the library itself needs NumPy only

    def callback(intermediate_result: Any) -> None:
        if watch(np.array(intermediate_result.x), float(intermediate_result.fun), float("nan")):
            raise StopIteration

    options: dict[str, float] = {"maxiter": iterations, "gtol": settings.tol}
    if settings.solver == "lbfgs":
        # SciPy would also stop at a relative gain below 2e-9, which leaves θ four digits short of the optimum.
        options |= {"maxfun": settings.max_fun, "ftol": 10 * float(np.finfo(np.float64).eps)}
    latest = (np.empty(0), np.nan, theta)  # where J was last asked for, J and D

    def cost(at: Array) -> float:
        nonlocal latest
        latest = (at, *objective(at))
        return latest[1]

    def gradient(at: Array) -> Array:
        # Asked for where J just was. With `jac=True`, SciPy compares twice, which took 3 % of an iteration of 64-25-10.
        if not np.array_equal(at, latest[0]):
            cost(at)
        return latest[2]

    with one_blas_thread():
        result = minimize(
            cost,
            theta,
            jac=gradient,
            method={"lbfgs": "L-BFGS-B", "cg": "CG"}[settings.solver],
            callback=callback,
            options=options,
        )
    # Status 1 is "too many iterations or evaluations", 99 "the callback stopped it"; 2 says that the line search
    # found no lower J, which near the optimum means that rounding is all that is left.
    return int(result.status) not in (1, 99)
