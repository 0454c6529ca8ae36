"""Hidden units g with g′, and output units h with their cost, a table each.

Some hidden units have numbers in their formula: leaky_relu has a slope, elu has α. An entry of the table is a kind of
unit; `Unit` of `parts.py` is a kind with its numbers.

The first four output units are canonical: with its own cost, the error term of the last layer is

    δ⁽ᴸ⁾ = a⁽ᴸ⁾ − y                                                                 (3)

and the other two have (14) and (15) of `losses.py` instead, so one backward pass serves all. Costs and error terms are
computed from the weighted inputs z of the last layer, never from h: h rounds to 0 or 1 long before z has lost a digit.
Formulas are grouped for digits, with e = exp −|z|:

    sigmoid   ℓ = (1 − y) z + log1p(e) where z ≥ 0,   −y z + log1p(e) where z < 0
              δ = ((1 − y) − y e) / (1 + e) where z ≥ 0,   ((1 − y) e − y) / (1 + e) where z < 0
    softmax   with e_k = exp(z_k − max z) and S the sum of all e_k but that of one largest z,
              ℓ = Σ_k y_k (max z − z_k) + (Σ_k y_k) log1p(S)
              δ_k = ((s − y_k) e_k − y_k Σ_{j≠k} e_j) / (1 + S) with s = Σ_k y_k, which is 1 but for rounding
    identity  ℓ = ½ (z − y)²,                   δ = z − y
    exp       ℓ = y log y − y + eᶻ − y z,       δ = eᶻ − y        (Poisson; half its deviance, 0 for h = y)
              with d = z − log y:   ℓ = y (expm1(d) − d) where |d| ≤ 1,   (eᶻ − y) − y d elsewhere

The obvious forms, log(1 + eᶻ) − y z and h − y, cancel to 0 for a confident right answer, where the truth is about e⁻ᶻ.

Hidden units keep all their digits too, even where g or g′ is as small as e⁻⁷⁰⁰, and overflow for no finite z:

    softplus  g = max(z, 0) + log1p(e)
    gelu, gelu_tanh, mish as `smooth_units.py` has them

Sources: Rumelhart, Hinton and Williams 1986 (δ); McCullagh and Nelder 1989, §2.2 (canonical links);
Glorot and Bengio 2010, and He et al. 2015 (gains); Maas et al. 2013 (leaky_relu), Clevert et al. 2016 (elu), Klambauer
et al. 2017 (selu), Hendrycks and Gimpel 2016 (gelu, silu), Misra 2019 (mish), Dugas et al. 2001 (softplus).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from deltarule.common.arrays import Array
from deltarule.network import losses
from deltarule.network.smooth_units import gelu_slope, mish_slope, mish_terms, normal, tanh_gelu, tanh_gelu_slope

__all__ = ["HIDDEN_UNITS", "OUTPUT_UNITS", "HiddenUnit", "Number", "OutputUnit"]

LEAK = 0.01
"""Default slope of leaky_relu for z < 0."""

ELU_ALPHA = 1.0
"""Default α of elu, which is −α far below 0."""

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""With these, selu(z) has mean 0 and variance 1 for a normal z of mean 0 and variance 1 (Klambauer et al. 2017)."""


@dataclass(frozen=True)
class Number:
    """A number in the formula of a hidden unit.

    Attributes
    ----------
    name : str
    default : float
    low, high : float
        The smallest and the largest value that it may have.
    """

    name: str
    default: float
    low: float
    high: float


@dataclass(frozen=True)
class HiddenUnit:
    """A kind of hidden unit: a = g(z) and g′, elementwise on arrays of any shape.

    Attributes
    ----------
    name : str
        The name in `HIDDEN_UNITS`.
    g : callable
        (z, *numbers) ↦ a. Numbers that are left out have their defaults.
    derivative : callable
        (z, a, *numbers) ↦ g′(z), computed from a if that is enough.
    gain : float or callable
        First weights have gain times Glorot's deviation √(2/(fan_in + fan_out)). The gain compensates for the slope of
        g near 0, or for the half that smooth relatives of relu cut off, so that signals and errors neither die out nor
        explode from layer to layer. If it depends on the numbers, (*numbers) ↦ gain.
    kinks : tuple of float
        Places where g′ or g″ jumps; a difference across one does not approximate the derivative.
    numbers : tuple of Number
        The arguments of `g` and `derivative` after z and a.
    """

    name: str
    g: Callable[..., Array]
    derivative: Callable[..., Array]
    gain: float | Callable[..., float]
    kinks: tuple[float, ...] = ()
    numbers: tuple[Number, ...] = ()


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
        The condition on a row of targets, in words, for messages.
    fits : callable
        Y of shape (m, K) ↦ which rows meet the condition, of shape (m,).
    numbers : callable, optional
        (numbers that are given, K) ↦ the numbers of the formula, defaults included; they are arguments of `costs`,
        `delta` and `sides` after z and y. Without it there are none.
    sides : callable, optional
        (z, y) ↦ on which side of every kink of the cost or of its derivative each row lies.
    """

    name: str
    h: Callable[[Array], Array]
    costs: Callable[..., Array]
    delta: Callable[..., Array]
    targets: str
    fits: Callable[[Array], Array]
    numbers: Callable[[Sequence[float], int], tuple[float, ...]] | None = None
    sides: Callable[..., Array] | None = None

    def with_numbers(self, numbers: tuple[float, ...]) -> "OutputUnit":
        """Return these units with numbers that are not the default ones."""
        if not numbers:
            return self
        return replace(
            self,
            costs=lambda z, y: self.costs(z, y, *numbers),
            delta=lambda z, y: self.delta(z, y, *numbers),
            sides=None if self.sides is None else lambda z, y: self.sides(z, y, *numbers),  # type: ignore[misc]
        )


def logistic(z: Array) -> Array:
    """1 / (1 + e⁻ᶻ), with all its digits for z of either sign.

    >>> logistic(np.array([0.0, -1000.0]))
    array([0.5, 0. ])
    """
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, e) / (1 + e))


def _leaky_relu(z: Array, slope: float = LEAK) -> Array:
    return np.where(z > 0, z, slope * z)


def _leaky_relu_slope(_: Array, a: Array, slope: float = LEAK) -> Array:
    return np.where(a > 0, 1, slope).astype(a.dtype)


def _elu(z: Array, alpha: float = ELU_ALPHA) -> Array:
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def _elu_slope(z: Array, _: Array, alpha: float = ELU_ALPHA) -> Array:
    return np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0)))  # a + α would lose the digits of a small slope


def _elu_gain(alpha: float = ELU_ALPHA) -> float:
    """Return 1/√E g(z)² for a normal z of variance 1.

    E g(z)² = ½ + α² c with c = e² Φ(−2) − 2√e Φ(−1) + ½, which is 0.144945. The gain of α = 1 is rounded, so that first
    weights are bit-identical to those of 0.1.0.
    """
    c = 0.1449454
    return float(1.2452 * np.sqrt((0.5 + c) / (0.5 + c * alpha**2)))


def _selu(z: Array) -> Array:
    return _selu_scale(z) * _elu(z)


def _selu_slope(z: Array) -> Array:
    return _selu_scale(z) * np.exp(np.minimum(z, 0))


def _selu_scale(z: Array) -> Array:
    return np.asarray(np.where(z > 0, SELU_SCALE, SELU_SCALE * SELU_ALPHA), dtype=z.dtype)


def _silu_slope(z: Array) -> Array:
    return np.asarray(logistic(z) * (1 + z * logistic(-z)))


def _any_number(Y: Array) -> Array:
    return np.full(Y.shape[0], True)


def _not_negative(Y: Array) -> Array:
    return np.asarray((Y >= 0).all(axis=1))


def _within_0_and_1(Y: Array) -> Array:
    return np.asarray(((Y >= 0) & (Y <= 1)).all(axis=1))


def _sum_to_1(Y: Array) -> Array:
    return np.asarray(_within_0_and_1(Y) & (np.abs(Y.sum(axis=1) - 1) <= 1e-5))


# The gain of elu, gelu, silu, mish and softplus is 1/√E g(z)² for a normal z of variance 1, so mean squares stay 1 from
# layer to layer. selu needs none by construction. For relu this gain would be √2, but Adam learns without it, and √2
# lowers accuracy. Held-out accuracy on digits minus scikit-learn's, mean ± standard error (1 layer: 100 units, 30
# splits, unscaled; 5 and 10 layers: 50 units each, 15 and 12 splits, scaled):
#
#     hidden layers      1                  5                  10
#     √2                 -0.0049 ± 0.0016   -0.0119 ± 0.0028   -0.0152 ± 0.0036 (biases of 0)
#     1                  -0.0016 ± 0.0015   -0.0009 ± 0.0034   +0.0024 ± 0.0031
#
# leaky_relu is alike: 1 scores 0.008 ± 0.003 more than √2 with 5 layers, 0.013 ± 0.004 with 10. For gelu, silu and mish
# a gain of 1 raises accuracy by 0.02 on digits with 5 layers and lowers it by 0.006 to 0.014 on phonemes.
HIDDEN_UNITS = {
    unit.name: unit
    for unit in (
        HiddenUnit("logistic", logistic, lambda _, a: a * (1 - a), gain=4.0),  # g′(0) = ¼
        HiddenUnit("tanh", np.tanh, lambda _, a: 1 - a * a, gain=1.0),
        HiddenUnit(
            "relu",
            lambda z: np.maximum(z, 0),
            lambda _, a: (a > 0).astype(a.dtype),
            gain=1.0,
            kinks=(0.0,),
        ),
        HiddenUnit("identity", lambda z: z.copy(), lambda _, a: np.ones_like(a), gain=1.0),
        HiddenUnit(
            "leaky_relu",
            _leaky_relu,
            _leaky_relu_slope,
            gain=1.0,
            kinks=(0.0,),
            numbers=(Number("slope", LEAK, 0.0, 1.0),),
        ),
        HiddenUnit(
            "elu",
            _elu,
            _elu_slope,
            gain=_elu_gain,
            kinks=(0.0,),
            numbers=(Number("alpha", ELU_ALPHA, 0.0, 1000.0),),
        ),
        HiddenUnit("selu", _selu, lambda z, _: _selu_slope(z), gain=1.0, kinks=(0.0,)),
        HiddenUnit("gelu", lambda z: z * normal(z)[0], lambda z, _: gelu_slope(z), gain=1.5335),
        HiddenUnit("gelu_tanh", tanh_gelu, lambda z, _: tanh_gelu_slope(z), gain=1.5336),
        HiddenUnit("silu", lambda z: z * logistic(z), lambda z, _: _silu_slope(z), gain=1.6765),
        HiddenUnit("mish", lambda z: z * mish_terms(z)[0], lambda z, _: mish_slope(z), gain=1.4868),
        HiddenUnit(
            "softplus",
            lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))),
            lambda z, _: logistic(z),
            gain=1.0419,
        ),
    )
}

OUTPUT_UNITS = {
    unit.name: unit
    for unit in (
        OutputUnit("sigmoid", logistic, losses.sigmoid_costs, losses.sigmoid_delta, "between 0 and 1", _within_0_and_1),
        OutputUnit(
            "softmax",
            losses.softmax,
            losses.softmax_costs,
            losses.softmax_delta,
            "between 0 and 1 with the sum 1",
            _sum_to_1,
        ),
        OutputUnit(
            "identity",
            lambda z: z.copy(),
            losses.squared_costs,
            lambda z, y: z - y,
            "finite",
            _any_number,
        ),
        OutputUnit(
            "exp",
            np.exp,
            losses.poisson_costs,
            lambda z, y: np.exp(z) - y,
            "0 or more",
            _not_negative,
        ),
        OutputUnit(
            "huber",
            lambda z: z.copy(),
            losses.huber_costs,
            losses.huber_delta,
            "finite",
            _any_number,
            losses.threshold_of,
            losses.huber_sides,
        ),
        OutputUnit(
            "pinball",
            lambda z: np.sort(z, axis=1),
            losses.pinball_costs,
            losses.pinball_delta,
            "finite",
            _any_number,
            losses.quantiles_of,
            losses.pinball_sides,
        ),
    )
}
