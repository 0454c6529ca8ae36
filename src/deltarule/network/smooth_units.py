"""Smooth relatives of relu whose formulas need care: gelu, its approximation by tanh, and mish, with all their digits.

None overflows for a finite z, and g or g′ as small as e⁻⁷⁰⁰ keeps its digits, with e = exp −|z|:

    mish      g = z t with t = tanh softplus z, and g′ = t + z (1 − t²) g′ of softplus, where with e
              t = (1 + 2e)/d, (1 − t²)/(1 + e⁻ᶻ) = 4(1 + e)e²/d², d = 1 + 2e + 2e² for z ≥ 0,
              t = (2 + e)e/d, (1 − t²)/(1 + e⁻ᶻ) = 4(1 + e)e/d²,  d = 2 + 2e + e²  for z < 0
    gelu      Φ(−|z|) = ½ erfcx(|z|/√2) exp(−z²/2), with z² as a sum of two parts: rounded, it would cost z²/2 ulp
    gelu_tanh ½ z (1 + tanh ½u) = z σ(u) with u = 2√(2/π) (z + 0.044715 z³), a sum of two parts for the same reason

Sources: Hendrycks and Gimpel 2016 (gelu), Misra 2019 (mish), Veltkamp 1968 (sums of two parts).
"""

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["GELU_CUBE", "GELU_LINE", "gelu_slope", "mish_slope", "mish_terms", "normal", "tanh_gelu", "tanh_gelu_slope"]

GELU_LINE, GELU_CUBE = 1.5957691216057308, 0.07135481627260025
"""A = 2√(2/π) and B = 0.044715 A: the approximation of gelu by tanh is z σ(A z + B z³)."""


def normal(z: Array) -> tuple[Array, Array]:
    """Return the normal distribution function Φ(z) and its density φ(z)."""
    from scipy.special import erfcx

    x = np.minimum(np.abs(z), 40)  # both are 0 from 39 on
    near = np.round(128 * x) / 128  # near² is exact
    bell = np.exp(-near * near / 2) * np.exp(-(x - near) * (x + near) / 2)
    tail = erfcx(x * float(np.sqrt(0.5))) / 2 * bell
    return np.asarray(np.where(z > 0, 1 - tail, tail)), bell * float(1 / np.sqrt(2 * np.pi))


def gelu_slope(z: Array) -> Array:
    """Return g′ of gelu: Φ(z) + z φ(z)."""
    Phi, phi = normal(z)
    return np.asarray(Phi + z * phi)


# A and B as sums: a part of 26 bits, whose product with 26 more is exact, and the rest.
_LINE, _CUBE = (1.5957691073417664, 1.426396435433791e-08), (0.071354815736413, 5.361872467621785e-10)


def _tanh_gelu_terms(z: Array) -> tuple[Array, Array, Array]:
    """Return σ(u), σ(−u) and u′ of u = A z + B z³, in float64."""
    x = np.minimum(np.abs(z.astype(np.float64)), 40)  # σ(−u) is 0 from 22 on
    high = _upper_half(x)
    square, rest = high * high, (x - high) * (x + high)
    upper = _upper_half(square)
    p = _CUBE[0] * upper  # exact
    more = _CUBE[0] * ((square - upper) + rest) + (_CUBE[1] * (square + rest) + _LINE[1])
    q = _upper_half(_LINE[0] + p)  # u = x (A + B x²)
    more += np.where(p < _LINE[0], (_LINE[0] - q) + p, (p - q) + _LINE[0])
    e = np.exp(-high * q) * np.exp(-(high * more + (x - high) * (q + more)))
    above, below = 1 / (1 + e), e / (1 + e)
    is_above = z >= 0
    return (
        np.asarray(np.where(is_above, above, below)),
        np.asarray(np.where(is_above, below, above)),
        3 * (q + more) - 2 * GELU_LINE,
    )


def _upper_half(x: Array) -> Array:
    """Return x rounded to 26 bits (Veltkamp)."""
    c = 134217729.0 * x
    return np.asarray(c - (c - x))


def tanh_gelu(z: Array) -> Array:
    """Return gelu_tanh: z σ(u)."""
    return np.asarray(z * _tanh_gelu_terms(z)[0]).astype(z.dtype)


def tanh_gelu_slope(z: Array) -> Array:
    """Return g′ of gelu_tanh: σ(u) (1 + z σ(−u) u′)."""
    of_z, of_minus_z, slope = _tanh_gelu_terms(z)
    return np.asarray(of_z * (1 + np.clip(z, -40, 40) * of_minus_z * slope)).astype(z.dtype)


def mish_terms(z: Array) -> tuple[Array, Array]:
    """Return tanh softplus z and its derivative."""
    e = np.exp(-np.abs(z))
    d = np.where(z >= 0, 1 + 2 * e * (1 + e), 2 + e * (2 + e))
    t = np.where(z >= 0, 1 + 2 * e, e * (2 + e)) / d
    return np.asarray(t), np.asarray(4 * (1 + e) * np.where(z >= 0, e * e, e) / (d * d))


def mish_slope(z: Array) -> Array:
    """Return g′ of mish."""
    t, slope = mish_terms(z)
    return np.asarray(t + z * slope)
