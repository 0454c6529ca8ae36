"""Probabilities and their logarithms, computed from the weighted inputs z of the last layer to keep all digits.

h itself loses digits: 1 − h is 0 from z = 37 on, where the truth is e⁻³⁷. With e = exp −|z|, for z of either sign:

    sigmoid            h = 1/(1 + e) or e/(1 + e),      1 − h is the other one
    log sigmoid        min(z, 0) − log1p(e)
    log softmax        −(max z − z_k) − log1p(S), S as in `units.py`
    K sigmoids over    h_k/Σh = exp(m_k) r_k / Σ_j exp(m_j) r_j with m_k = min(z_k, 0) and r_k = 1/(1 + e_k);
    their sum              where all of them would be 0, max m is subtracted from each m_k

Everything is computed in float64 and rounded once, so that float32 results are right to the last digit.
"""

from math import exp

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["log_shares", "log_sigmoid", "log_softmax", "shares", "sigmoid_and_rest"]


def sigmoid_and_rest(z: Array) -> Array:
    """Return 1 − h and h of one sigmoid output.

    Parameters
    ----------
    z : array of shape (m, 1)

    Returns
    -------
    array of shape (m, 2)

    Examples
    --------
    >>> sigmoid_and_rest(np.array([[40.0]]))
    array([[4.24835426e-18, 1.00000000e+00]])
    """
    if len(z) == 1:  # a server asks for one row: 1 µs instead of 7 µs
        of_row = float(z[0, 0])
        tail = exp(-abs(of_row))
        pair = [tail / (1 + tail), 1 / (1 + tail)]
        return np.array([pair if of_row >= 0 else pair[::-1]], dtype=z.dtype)
    wide = z[:, 0].astype(np.float64)
    e = np.exp(-np.abs(wide))
    is_above = wide >= 0
    sides = np.empty((len(z), 2), z.dtype)
    for side, is_larger in enumerate((~is_above, is_above)):
        # The numerator is 1 for the larger side and e, at most 1, for the other. `np.where` would take twice as long.
        np.divide(np.maximum(e, is_larger), 1 + e, out=sides[:, side], casting="same_kind")
    return sides


def log_sigmoid(z: Array) -> Array:
    """Return log h of sigmoid outputs, of the shape of z.

    >>> log_sigmoid(np.array([-1000.0, 0.0, 40.0]))
    array([-1.00000000e+03, -6.93147181e-01, -4.24835426e-18])
    """
    wide = z.astype(np.float64)
    logarithms: Array = np.minimum(wide, 0) - np.log1p(np.exp(-np.abs(wide)))
    return logarithms.astype(z.dtype)


def log_softmax(z: Array) -> Array:
    """Return log h of softmax outputs, of shape (m, K).

    >>> log_softmax(np.array([[0.0, 1000.0]]))
    array([[-1000.,     0.]])
    """
    wide = z.astype(np.float64)
    below = wide.max(axis=1, keepdims=True) - wide
    return _log_shares(below, np.exp(-below)).astype(z.dtype)


def shares(z: Array) -> Array:
    """Return K sigmoid outputs divided by their sum, of shape (m, K).

    >>> shares(np.array([[-800.0, -800.0]]))
    array([[0.5, 0.5]])
    """
    h = _sigmoids(z.astype(np.float64))
    return np.asarray(h / h.sum(axis=1, keepdims=True), dtype=z.dtype)


def log_shares(z: Array) -> Array:
    """Return the logarithm of `shares`."""
    wide = z.astype(np.float64)
    # log h is kept as a large part and a small one, because their sum loses digits of the small one, which decides if
    # all large parts are 0.
    large, small = np.minimum(wide, 0), -np.log1p(np.exp(-np.abs(wide)))
    first = (large + small).argmax(axis=1)[:, np.newaxis]
    below = np.take_along_axis(large, first, axis=1) - large
    below += np.take_along_axis(small, first, axis=1) - small
    h = _sigmoids(wide)
    return _log_shares(below, h / np.take_along_axis(h, first, axis=1)).astype(z.dtype)


def _sigmoids(z: Array) -> Array:
    """Return sigmoid outputs; in rows where all of them would be 0, a multiple of them."""
    below = np.minimum(z, 0)
    largest = below.max(axis=1, keepdims=True)
    # The difference adds a rounding error, so `largest` is subtracted only where it is needed.
    return np.asarray(np.exp(below - np.where(largest < -300, largest, 0)) / (1 + np.exp(-np.abs(z))))


def _log_shares(below: Array, odds: Array) -> Array:
    """Return log shares from `below`, the distances to the largest log, and `odds`, the ratios to the largest."""
    others = odds.copy()
    np.put_along_axis(others, below.argmin(axis=1)[:, np.newaxis], 0, axis=1)
    logarithms = 0.0 - below - np.log1p(others.sum(axis=1, keepdims=True))  # gives 0 instead of −0 for a share of 1
    return np.asarray(logarithms)
