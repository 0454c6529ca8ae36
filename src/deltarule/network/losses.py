"""Costs and error terms of the output units; two of them have numbers in their formula.

The formulas of sigmoid, softmax, identity and exp stand at the head of `units.py`.

**huber**, with the threshold κ and r = z − y, c = min(|r|, κ):

    h = z,   ℓ = Σ_k c_k (|r_k| − ½ c_k),   δ⁽ᴸ⁾_k = c_k sign r_k                          (14)

which is ½ r² up to κ and a straight line beyond. The single formula costs no more rounding than ½ r² does, and
overflows for no r for which κ r is finite.

**pinball**, with one output for each of the quantiles τ₁ < … < τ_K, and π the permutation that sorts z, so that
z_π(1) ≤ … ≤ z_π(K); of equal z the first comes first:

    h_k = z_π(k),   ℓ = Σ_k max(τ_k (y_k − h_k), (τ_k − 1)(y_k − h_k))
    δ⁽ᴸ⁾_π(k) = 1 − τ_k where h_k > y_k,   −τ_k where h_k < y_k,   0 where they are equal   (15)

Sorting makes quantiles that never cross, whatever Θ is, without rounding. ℓ is continuous in z, and δ is its
derivative wherever it has one: away from ties, and from h_k = y_k, where 0 lies between the two slopes. The targets of
a row are the same number K times.

Sources: Huber, "Robust estimation of a location parameter", 1964; Koenker and Bassett, "Regression quantiles", 1978;
Chernozhukov, Fernández-Val and Galichon, "Quantile and probability curves without crossing", 2010 (sorted quantiles are
as near to the true ones, or nearer).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError

__all__ = [
    "MOST_QUANTILES",
    "THRESHOLD",
    "huber_costs",
    "huber_delta",
    "huber_sides",
    "pinball_costs",
    "pinball_delta",
    "pinball_sides",
    "poisson_costs",
    "quantiles_of",
    "sigmoid_costs",
    "sigmoid_delta",
    "softmax",
    "softmax_costs",
    "softmax_delta",
    "squared_costs",
    "threshold_of",
]

THRESHOLD = 1.35
"""Default κ of huber, with which 95 % of the efficiency of squares is kept for normal errors of variance 1."""

MOST_QUANTILES = 256
"""Most quantiles of one network; the compiled core sorts them in a place of this size."""


def sigmoid_costs(z: Array, y: Array) -> Array:
    """Return ℓ of K sigmoid outputs for each row."""
    costs = np.where(z >= 0, 1 - y, y) * np.abs(z) + np.log1p(np.exp(-np.abs(z)))
    return np.asarray(costs.sum(axis=1))  # K logistic costs added up, (2)


def sigmoid_delta(z: Array, y: Array) -> Array:
    """Return δ⁽ᴸ⁾ of sigmoid outputs, (3)."""
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, (1 - y) - y * e, (1 - y) * e - y) / (1 + e))


def _softmax_terms(z: Array) -> tuple[Array, Array, Array, Array]:
    """Return max z − z, e, a mask of one largest z in each row, and S as columns."""
    below = z.max(axis=1, keepdims=True) - z
    e = np.exp(-below)
    largest = np.arange(z.shape[1]) == z.argmax(axis=1)[:, np.newaxis]
    S = np.where(largest, 0, e).sum(axis=1, keepdims=True)
    return below, e, largest, S


def softmax(z: Array) -> Array:
    """Return h of softmax outputs."""
    _, e, _, S = _softmax_terms(z)
    return np.asarray(e / (1 + S))


def softmax_costs(z: Array, y: Array) -> Array:
    """Return ℓ of softmax outputs for each row."""
    below, _, _, S = _softmax_terms(z)
    # 0 · ∞ must be 0 here: a class with the target 0 costs nothing, however far below it lies.
    costs: Array = np.where(y == 0, 0, y * below).sum(axis=1) + y.sum(axis=1) * np.log1p(S[:, 0])
    return costs


def softmax_delta(z: Array, y: Array) -> Array:
    """Return δ⁽ᴸ⁾ of softmax outputs, (3)."""
    _, e, largest, S = _softmax_terms(z)
    others = np.where(largest, S, (1 + S) - e)  # Σ_{j≠k} e_j
    s = y.sum(axis=1, keepdims=True)  # s differs from 1 by rounding; with it, D is the exact gradient of J
    delta: Array = ((s - y) * e - y * others) / (1 + S)
    return delta


def squared_costs(z: Array, y: Array) -> Array:
    """Return ℓ of identity outputs for each row."""
    costs: Array = np.square(z - y).sum(axis=1) / 2
    return costs


def poisson_costs(z: Array, y: Array) -> Array:
    """Return ℓ of exp outputs for each row: half the deviance."""
    d = np.where(y > 0, z - np.log(np.where(y > 0, y, 1)), 0)
    is_near = (y > 0) & (np.abs(d) <= 1)
    near = np.where(is_near, d, 0)
    costs = np.where(is_near, y * (np.expm1(near) - near), (np.exp(z) - y) - y * d)
    return np.asarray(costs.sum(axis=1))


def threshold_of(given: Sequence[float], K: int) -> tuple[float, ...]:
    """Return κ as the numbers of huber, checked."""
    del K
    numbers = tuple(map(_number, given)) or (THRESHOLD,)
    if len(numbers) != 1 or not 0 < numbers[0] < np.inf:
        raise SettingsError(
            f"huber takes one threshold above 0, but {_listed(given)} came. Give for example {THRESHOLD}."
        )
    return numbers


def quantiles_of(given: Sequence[float], K: int) -> tuple[float, ...]:
    """Return τ₁ … τ_K as the numbers of pinball, checked; evenly spaced if none is given.

    >>> quantiles_of((), 3)
    (0.25, 0.5, 0.75)
    """
    numbers = tuple(map(_number, given)) or tuple(k / (K + 1) for k in range(1, K + 1))
    ascend = all(low < high for low, high in pairwise(numbers))
    if len(numbers) != K or K > MOST_QUANTILES or not ascend or not 0 < numbers[0] <= numbers[-1] < 1:
        raise SettingsError(
            f"pinball takes a quantile for each of {K} outputs ({MOST_QUANTILES} at most), ascending and between 0 and "
            f"1, but {_listed(numbers)} came. Give for example (0.1, 0.5, 0.9) for three."
        )
    return numbers


def _number(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise SettingsError(f"{value!r} is no number in the formula of an output unit. Give numbers.")
    return float(value)


def _listed(numbers: Sequence[float]) -> str:
    return f"({', '.join(f'{number:g}' for number in numbers)})"


def huber_costs(z: Array, y: Array, threshold: float = THRESHOLD) -> Array:
    """Return ℓ of (14) for each row.

    >>> huber_costs(np.array([[0.5, 3.0]]), np.array([[0.0, 0.0]]), 1.0)
    array([2.625])
    """
    r = np.abs(z - y)
    c = np.minimum(r, threshold)
    return np.asarray((c * (r - c / 2)).sum(axis=1))


def huber_delta(z: Array, y: Array, threshold: float = THRESHOLD) -> Array:
    """Return δ⁽ᴸ⁾ of (14)."""
    return np.asarray(np.clip(z - y, -threshold, threshold))


def huber_sides(z: Array, y: Array, threshold: float = THRESHOLD) -> Array:
    """Return on which side of the places where the second derivative jumps each z lies."""
    return np.asarray(np.sign(z - y) * (np.abs(z - y) > threshold))


def pinball_costs(z: Array, y: Array, *quantiles: float) -> Array:
    """Return ℓ of (15) for each row.

    >>> pinball_costs(np.array([[2.0, 1.0]]), np.array([[1.5, 1.5]]), 0.1, 0.9).round(3)
    array([0.1])
    """
    _, r, tau = _differences(z, y, quantiles)
    return np.asarray(np.maximum(tau * r, (tau - 1) * r).sum(axis=1))


def pinball_delta(z: Array, y: Array, *quantiles: float) -> Array:
    """Return δ⁽ᴸ⁾ of (15).

    >>> pinball_delta(np.array([[2.0, 1.0]]), np.array([[1.5, 1.5]]), 0.1, 0.9).round(3)
    array([[ 0.1, -0.1]])
    """
    order, r, tau = _differences(z, y, quantiles)
    delta = np.empty_like(z)
    np.put_along_axis(delta, order, np.where(r < 0, 1 - tau, np.where(r > 0, -tau, 0)).astype(z.dtype), axis=1)
    return delta


def pinball_sides(z: Array, y: Array, *quantiles: float) -> Array:
    """Return the order of each row's z, and on which side of its y each h lies."""
    order, r, _ = _differences(z, y, quantiles)
    return np.concatenate([order, np.sign(r)], axis=1)


def _differences(z: Array, y: Array, quantiles: Sequence[float]) -> tuple[Array, Array, Array]:
    """Return π, y − h and τ."""
    tau = np.array(quantiles_of(quantiles, z.shape[1]), dtype=z.dtype)
    order = np.argsort(z, axis=1, kind="stable")
    return order, y - np.take_along_axis(z, order, axis=1), tau
