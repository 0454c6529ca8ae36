"""Probabilities that come true: a map of the weighted inputs z, fitted on rows that were held out.

A network that is restored at its best epoch is often too sure of itself, or not sure enough, and more so on one side
of the boundary. Before z becomes probabilities it therefore goes through a map q with few parameters:

    more classes   q(z) = β z, a temperature of 1/β
    two classes    q(z) = z + d + (s₁ − 1) A(z) + (s₂ − 1) B(z),   a quadratic between l and u, where its slope goes
                   from s₁ to s₂, and straight on beyond. With t = (z − l)/(u − l) cut to 0 … 1:
                   A(z) = ∫ (1 − t) dz and B(z) = ∫ t dz, both 0 at the mean of z.

l and u are the first and the last percentile of z. Parameters minimise the cost of the held-out rows and a penalty,

    Σ_i w_i ℓ(q(z_i), y_i) + κ/2 (β − 1)²     or     … + κ/2 (d² + (s₁ − 1)² + (s₂ − 1)²),     slopes ≥ 1/100

which is strictly convex. The penalty draws the map to q(z) = z, which costs no penalty, so that the log-loss of the
held-out rows never rises; and it keeps parameters finite where the cost alone would not, as for classes that z
separates perfectly. Positive slopes keep the order of the rows, and so the ranking, as it was.

A network of two classes that predicts alone may be ten times too sure of itself, a scale of which the penalty would
leave a third. Its z is first brought to a scale of its own, β z with β from the cost and ½ (log β)², and q is fitted to
that. Members of a committee keep their scale, because the mean of their probabilities is less sure than each of them.

Sources: Platt 1999 and Guo et al. 2017 (the straight map, the temperature); a quadratic is the log-odds of two normal
distributions of z with different variances (Berta et al. 2024).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import minimize_scalar

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, ShapeError
from deltarule.network.probabilities import log_softmax
from deltarule.network.units import OUTPUT_UNITS

__all__ = ["LEAST_SLOPE", "PENALTY", "Calibration", "QuadraticScaling", "Temperature", "calibration_of", "z_of_mean"]

# Log-loss on other rows, as a ratio to that without a map; mean over phoneme, german_credit, telco_churn, letter and
# titanic, four splits each, a network 128-128 with dropout 0.1 (a quarter of the rows of a set are 225 to 2 000):
#
#     κ                     0.1     1       10      100
#     10 held-out rows      1.21    1.064   1.004   0.999
#     100                   1.006   1.001   0.998   0.997
#     a quarter of the set  0.981   0.980   0.983   0.989
PENALTY = 10.0
"""κ: the penalty weighs as much for q(z) = z as some tens of rows do."""

LEAST_SLOPE = 0.01
"""The least slope of q, also where z says nothing about the classes."""

_STEPS = 200
"""Most steps of Newton's method, which takes five to ten; after this many the map is taken as it is."""


@dataclass(frozen=True)
class Temperature:
    """The map q(z) = β z of K ≥ 2 softmax outputs.

    Attributes
    ----------
    beta : float
        The inverse of the temperature: below 1, probabilities come closer to each other.
    """

    beta: float

    def scaled(self, z: Array) -> Array:
        """Return q(z) of shape (m, K), in the dtype of z."""
        return np.asarray(self.beta * z.astype(np.float64)).astype(z.dtype)


@dataclass(frozen=True)
class QuadraticScaling:
    """The map q of one sigmoid output.

    Attributes
    ----------
    shift : float
        d, by which q differs from z at `middle`.
    low_slope, high_slope : float
        s₁ and s₂.
    low, high : float
        l and u.
    middle : float
        The mean of the held-out z.
    """

    shift: float
    low_slope: float
    high_slope: float
    low: float
    high: float
    middle: float

    @property
    def at_middle(self) -> tuple[float, float]:
        """∫ (1 − t) dz and ∫ t dz from l to the mean of z, which A and B are taken from."""
        first, second = _integrals(np.array(self.middle), self.low, self.high).tolist()
        return first, second

    def scaled(self, z: Array) -> Array:
        """Return q(z) of shape (m, 1), in the dtype of z.

        >>> QuadraticScaling(0.0, 2.0, 2.0, -1.0, 1.0, 0.0).scaled(np.array([[-3.0], [0.5]]))
        array([[-6.],
               [ 1.]])
        """
        wide = z.astype(np.float64)
        curved = _slopes(wide[:, 0], self.low, self.high, self.middle)
        more = self.shift + curved @ np.array([self.low_slope - 1, self.high_slope - 1])
        return np.asarray(wide + more[:, np.newaxis]).astype(z.dtype)


Calibration = Temperature | QuadraticScaling


def calibration_of(z: Array, Y: Array, weights: Array | None = None, *, alone: bool = False) -> Calibration:
    """Fit the map of z on held-out rows.

    Parameters
    ----------
    z : array of shape (m, K)
        Weighted inputs of the last layer, of rows that the network did not learn from. K = 1: one sigmoid output for
        two classes. K ≥ 2: softmax outputs.
    Y : array of shape (m, K)
        Targets, which may be probabilities.
    weights : array of shape (m,), optional
        A weight of w counts as w copies of its row.
    alone : bool, default False
        Whether the network predicts alone, and not as one of several whose probabilities are averaged.

    Returns
    -------
    QuadraticScaling for K = 1, else Temperature

    Raises
    ------
    InputError
        If the arrays do not fit each other, or z is not finite.

    Examples
    --------
    Without rows, z stays as it is:

    >>> calibration_of(np.zeros((0, 3)), np.zeros((0, 3)))
    Temperature(beta=1.0)

    A network that is right in three of four rows, but says 98 %; the z of 75 % is log 3:

    >>> z, Y = np.full((40000, 1), 4.0), np.array([[1.0], [1.0], [1.0], [0.0]] * 10000)
    >>> calibration_of(z, Y).scaled(z[:1]).round(2)
    array([[1.1]])
    """
    if z.ndim != 2 or Y.shape != z.shape or (weights is not None and weights.shape != z.shape[:1]):
        raise ShapeError(
            f"z has the shape {z.shape}, Y {Y.shape} and the weights {None if weights is None else weights.shape}. "
            "Pass (m, K), (m, K) and (m,)."
        )
    if not np.isfinite(z).all():
        raise InputError("z holds values that are not finite. Pass what a trained network says of finite inputs.")
    wide, targets = z.astype(np.float64), Y.astype(np.float64)
    w = np.ones(len(z)) if weights is None else weights.astype(np.float64)
    counts = w > 0
    wide, targets, w = wide[counts], targets[counts], w[counts]
    if z.shape[1] == 1:
        return _quadratic_at_scale(wide, targets, w) if alone and len(wide) else _quadratic(wide, targets, w)
    return _temperature(wide, targets, w)


def z_of_mean(members: Array) -> Array:
    """Return the z whose probabilities are the mean of the members' probabilities.

    Parameters
    ----------
    members : array of shape (n_members, m, K)
        z of each member. K = 1: sigmoid outputs; K ≥ 2: softmax outputs.

    Returns
    -------
    array of shape (m, K)
        For softmax the logarithms of the mean probabilities. Nothing is rounded to 0 or 1 on the way.

    Examples
    --------
    >>> z_of_mean(np.array([[[800.0]], [[800.0]]]))
    array([[800.]])
    """
    if members.shape[2] == 1:
        sides = np.concatenate([-members, members], axis=2).astype(np.float64)
        logarithms = np.minimum(sides, 0) - np.log1p(np.exp(-np.abs(sides)))
        rest, itself = np.moveaxis(_log_mean(logarithms), 1, 0)
        return np.asarray((itself - rest)[:, np.newaxis]).astype(members.dtype)
    return _log_mean(np.stack([log_softmax(z.astype(np.float64)) for z in members])).astype(members.dtype)


def _log_mean(logarithms: Array) -> Array:
    """Return the logarithm of the mean of exp, over the first axis."""
    largest = logarithms.max(axis=0)
    return np.asarray(largest + np.log(np.exp(logarithms - largest).mean(axis=0)))


def _temperature(z: Array, Y: Array, w: Array) -> Temperature:
    unit = OUTPUT_UNITS["softmax"]
    z = z - z.max(axis=1, keepdims=True)  # h is the same, and moments keep their digits

    def parts(x: Array) -> tuple[float, Array, Array]:
        scaled = (1 + x[0]) * z
        delta = unit.delta(scaled, Y)
        h = unit.h(scaled)
        total = Y.sum(axis=1)
        mean = (h * z).sum(axis=1, keepdims=True)
        curve = w @ (total * (h * np.square(z - mean)).sum(axis=1))
        return float(w @ unit.costs(scaled, Y)), np.array([w @ (delta * z).sum(axis=1)]), np.array([[curve]])

    return Temperature(1 + float(_least(parts, np.array([-1 + LEAST_SLOPE]))[0]))


def _quadratic_at_scale(z: Array, Y: Array, w: Array) -> QuadraticScaling:
    """Return the map q(β z) as a map of z, with the β that brings z to a scale of its own."""
    unit = OUTPUT_UNITS["sigmoid"]

    def cost(log_beta: float) -> float:
        return float(w @ unit.costs(np.exp(log_beta) * z, Y)) + log_beta**2 / 2

    beta = float(np.exp(minimize_scalar(cost, bounds=(-10, 10), method="bounded").x))
    q = _quadratic(beta * z, Y, w)
    middle = q.middle / beta
    return QuadraticScaling(
        shift=q.shift + (beta - 1) * middle,
        low_slope=beta * q.low_slope,
        high_slope=beta * q.high_slope,
        low=q.low / beta,
        high=q.high / beta,
        middle=middle,
    )


def _quadratic(z: Array, Y: Array, w: Array) -> QuadraticScaling:
    if len(z) == 0:
        return QuadraticScaling(0.0, 1.0, 1.0, 0.0, 0.0, 0.0)
    unit = OUTPUT_UNITS["sigmoid"]
    order = np.argsort(z[:, 0], kind="stable")
    heights = np.cumsum(w[order])
    low, high = (float(z[order[np.searchsorted(heights, share * heights[-1])], 0]) for share in (0.01, 0.99))
    middle = float(w @ z[:, 0] / heights[-1])
    Phi = np.column_stack([np.ones(len(z)), _slopes(z[:, 0], low, high, middle)])  # (m, 3)

    def parts(x: Array) -> tuple[float, Array, Array]:
        scaled = z + (Phi @ x)[:, np.newaxis]
        e = np.exp(-np.abs(scaled[:, 0]))
        curve = w * e / np.square(1 + e)  # h (1 − h)
        return (
            float(w @ unit.costs(scaled, Y)),
            Phi.T @ (w * unit.delta(scaled, Y)[:, 0]),
            (Phi.T * curve) @ Phi,
        )

    shift, first, second = _least(parts, np.array([-np.inf, -1 + LEAST_SLOPE, -1 + LEAST_SLOPE])).tolist()
    return QuadraticScaling(shift, 1 + first, 1 + second, low, high, middle)


def _slopes(z: Array, low: float, high: float, middle: float) -> Array:
    """Return A(z) and B(z) as columns, of shape (m, 2)."""
    return np.asarray(_integrals(z, low, high) - _integrals(np.array(middle), low, high))


def _integrals(z: Array, low: float, high: float) -> Array:
    """Return ∫ (1 − t) dz and ∫ t dz from l on, along a last axis."""
    width = high - low
    inside = np.clip(z, low, high) - low
    rising = np.square(inside) / (2 * width) if width > 0 else np.zeros_like(inside)
    return np.stack([inside - rising + np.minimum(z - low, 0), rising + np.maximum(z - high, 0)], axis=-1)


def _least(parts: Callable[[Array], tuple[float, Array, Array]], bounds: Array) -> Array:
    """Return the x ≥ bounds at which cost and penalty are least.

    Parameters
    ----------
    parts : callable
        x ↦ cost, gradient and second derivatives of a convex cost, without the penalty κ/2 ‖x‖².
    bounds : array of shape (n,)
        −∞ where x is free, else below 0.
    """
    bounded = np.flatnonzero(np.isfinite(bounds))
    best, least = np.zeros(len(bounds)), np.inf
    # The least point is the free one, or the least one with some of the few bounded numbers at their bounds. All are
    # tried, those with fewer at their bounds first: if these are within the bounds, none of their relatives is lower.
    for at_bound in sorted(product((False, True), repeat=len(bounded)), key=sum):
        fixed = np.zeros(len(bounds), dtype=bool)
        fixed[bounded] = at_bound
        x, value = _newton(parts, np.where(fixed, bounds, 0.0), ~fixed)
        if value < least and np.all(x >= bounds):
            best, least = x, value
        if not any(at_bound) and np.all(x >= bounds):
            break
    return best


def _newton(parts: Callable[[Array], tuple[float, Array, Array]], x: Array, is_free: Array) -> tuple[Array, float]:
    """Minimise over the free numbers from x on, and return where and how low; every step lowers the value."""
    free = np.flatnonzero(is_free)

    def penalised(x: Array) -> tuple[float, Array, Array]:
        value, gradient, curve = parts(x)
        return value + PENALTY / 2 * float(x @ x), gradient + PENALTY * x, curve + PENALTY * np.eye(len(x))

    value, gradient, curve = penalised(x)
    for _ in range(_STEPS):
        if len(free) == 0:
            break
        step = np.zeros(len(x))
        step[free] = -np.linalg.solve(curve[np.ix_(free, free)], gradient[free])
        slope = float(gradient @ step)
        length = 1.0
        lower = penalised(x + step)
        while lower[0] > value + 1e-4 * length * slope and length > 1e-10:
            length /= 2
            lower = penalised(x + length * step)
        if not lower[0] < value:  # only rounding is left
            break
        x, (value, gradient, curve) = x + length * step, lower
    return x, value
