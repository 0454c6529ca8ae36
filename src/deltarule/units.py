"""Hidden units g with g′, and output units h with their cost: one table each.

Every output unit is canonical: with its own cost, the error term of the last layer is

    δ⁽ᴸ⁾ = a⁽ᴸ⁾ − y                                                                 (3)

so one backward pass serves all. Costs and error terms are computed from the weighted inputs z of the last layer,
never from h: h rounds to 0 or 1 long before z has lost a digit. Formulas are grouped for digits, with e = exp −|z|:

    sigmoid   ℓ = (1 − y) z + log1p(e) where z ≥ 0,   −y z + log1p(e) where z < 0
              δ = ((1 − y) − y e) / (1 + e) where z ≥ 0,   ((1 − y) e − y) / (1 + e) where z < 0
    softmax   with e_k = exp(z_k − max z) and S the sum of all e_k but that of one largest z,
              ℓ = Σ_k y_k (max z − z_k) + (Σ_k y_k) log1p(S)
              δ_k = ((s − y_k) e_k − y_k Σ_{j≠k} e_j) / (1 + S) with s = Σ_k y_k, which is 1 but for rounding
    identity  ℓ = ½ (z − y)²,                   δ = z − y
    exp       ℓ = y log y − y + eᶻ − y z,       δ = eᶻ − y        (Poisson; half its deviance, 0 for h = y)
              with d = z − log y:   ℓ = y (expm1(d) − d) where |d| ≤ 1,   (eᶻ − y) − y d elsewhere

The obvious forms, log(1 + eᶻ) − y z and h − y, cancel to 0 for a confident right answer, where the truth is about e⁻ᶻ.

Sources: Rumelhart, Hinton and Williams 1986 (δ); McCullagh and Nelder 1989, §2.2 (canonical links);
Glorot and Bengio 2010, and He et al. 2015 (gains).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deltarule.arrays import Array

__all__ = ["HIDDEN_UNITS", "OUTPUT_UNITS", "HiddenUnit", "OutputUnit"]


@dataclass(frozen=True)
class HiddenUnit:
    """A hidden unit: a = g(z) and g′, elementwise on arrays of any shape.

    Attributes
    ----------
    name : str
        The name in `HIDDEN_UNITS`.
    g : callable
        z ↦ a.
    derivative : callable
        (z, a) ↦ g′(z), computed from a where that is enough.
    gain : float
        First weights are drawn with this many times Glorot's deviation √(2/(fan_in + fan_out)). It makes up
        for the slope of g near 0 (for relu, for the half that it cuts off), so that signals and errors neither
        die out nor explode from layer to layer.
    kinks : tuple of float
        Places where g has no derivative.
    """

    name: str
    g: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    gain: float
    kinks: tuple[float, ...] = ()


@dataclass(frozen=True)
class OutputUnit:
    """The units of the last layer with the cost that belongs to them.

    Attributes
    ----------
    name : str
        The name in `OUTPUT_UNITS`.
    h : callable
        z of shape (m, K) ↦ the hypothesis h, of the same shape.
    costs : callable
        (z, y) ↦ cost of each row, of shape (m,).
    delta : callable
        (z, y) ↦ δ⁽ᴸ⁾ = h − y with all its digits, of shape (m, K).
    targets : str
        What a row of targets must be, for messages.
    fits : callable
        Y of shape (m, K) ↦ which rows are such, of shape (m,).
    """

    name: str
    h: Callable[[Array], Array]
    costs: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], Array]
    targets: str
    fits: Callable[[Array], Array]


def logistic(z: Array) -> Array:
    """1 / (1 + e⁻ᶻ), with all its digits for z of either sign.

    >>> logistic(np.array([0.0, -1000.0]))
    array([0.5, 0. ])
    """
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, e) / (1 + e))


def _sigmoid_costs(z: Array, y: Array) -> Array:
    costs = np.where(z >= 0, 1 - y, y) * np.abs(z) + np.log1p(np.exp(-np.abs(z)))
    return np.asarray(costs.sum(axis=1))  # K logistic costs added up, (2)


def _sigmoid_delta(z: Array, y: Array) -> Array:
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, (1 - y) - y * e, (1 - y) * e - y) / (1 + e))


def _softmax_terms(z: Array) -> tuple[Array, Array, Array, Array]:
    """Return max z − z, e, a mask of one largest z in each row, and S as columns."""
    below = z.max(axis=1, keepdims=True) - z
    e = np.exp(-below)
    largest = np.arange(z.shape[1]) == z.argmax(axis=1)[:, np.newaxis]
    S = np.where(largest, 0, e).sum(axis=1, keepdims=True)
    return below, e, largest, S


def _softmax(z: Array) -> Array:
    _, e, _, S = _softmax_terms(z)
    return np.asarray(e / (1 + S))


def _softmax_costs(z: Array, y: Array) -> Array:
    below, _, _, S = _softmax_terms(z)
    # 0 · ∞ is 0 here: a class that is surely not the answer costs nothing, however far below it lies.
    costs: Array = np.where(y == 0, 0, y * below).sum(axis=1) + y.sum(axis=1) * np.log1p(S[:, 0])
    return costs


def _softmax_delta(z: Array, y: Array) -> Array:
    _, e, largest, S = _softmax_terms(z)
    others = np.where(largest, S, (1 + S) - e)  # Σ_{j≠k} e_j
    s = y.sum(axis=1, keepdims=True)  # rows may miss 1 by rounding; D must be the gradient of J all the same
    delta: Array = ((s - y) * e - y * others) / (1 + S)
    return delta


def _squared_costs(z: Array, y: Array) -> Array:
    costs: Array = np.square(z - y).sum(axis=1) / 2
    return costs


def _poisson_costs(z: Array, y: Array) -> Array:
    d = np.where(y > 0, z - np.log(np.where(y > 0, y, 1)), 0)
    is_near = (y > 0) & (np.abs(d) <= 1)
    near = np.where(is_near, d, 0)
    costs = np.where(is_near, y * (np.expm1(near) - near), (np.exp(z) - y) - y * d)
    return np.asarray(costs.sum(axis=1))


def _any_number(Y: Array) -> Array:
    return np.full(Y.shape[0], True)


def _not_negative(Y: Array) -> Array:
    return np.asarray((Y >= 0).all(axis=1))


def _within_0_and_1(Y: Array) -> Array:
    return np.asarray(((Y >= 0) & (Y <= 1)).all(axis=1))


def _sum_to_1(Y: Array) -> Array:
    return np.asarray(_within_0_and_1(Y) & (np.abs(Y.sum(axis=1) - 1) <= 1e-5))


HIDDEN_UNITS = {
    unit.name: unit
    for unit in (
        HiddenUnit("logistic", logistic, lambda _, a: a * (1 - a), gain=4.0),  # g′(0) = ¼
        HiddenUnit("tanh", np.tanh, lambda _, a: 1 - a * a, gain=1.0),
        HiddenUnit(
            "relu",
            lambda z: np.maximum(z, 0),
            lambda _, a: (a > 0).astype(a.dtype),
            gain=float(np.sqrt(2)),
            kinks=(0.0,),
        ),
        HiddenUnit("identity", lambda z: z.copy(), lambda _, a: np.ones_like(a), gain=1.0),
    )
}

OUTPUT_UNITS = {
    unit.name: unit
    for unit in (
        OutputUnit("sigmoid", logistic, _sigmoid_costs, _sigmoid_delta, "between 0 and 1", _within_0_and_1),
        OutputUnit("softmax", _softmax, _softmax_costs, _softmax_delta, "between 0 and 1 with the sum 1", _sum_to_1),
        OutputUnit(
            "identity",
            lambda z: z.copy(),
            _squared_costs,
            lambda z, y: z - y,
            "finite",
            _any_number,
        ),
        OutputUnit(
            "exp",
            np.exp,
            _poisson_costs,
            lambda z, y: np.exp(z) - y,
            "0 or more",
            _not_negative,
        ),
    )
}
