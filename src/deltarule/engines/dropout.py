"""Dropout: which units are left out is a pure function of the run's key, the epoch, the example and the unit.

    r_t = mix(mix(base ⊕ l) + (t + 1) γ)                                   (`splitmix.py`; t counts rows from 0)
    u_tj = hash((r_t + (j + 1) φ) mod 2³²),   φ = ⌊2³² (√5 − 1)/2⌋          (j counts the units of layer l from 0)
    the factor of a⁽ˡ⁾_j:   0 where u_tj < ⌊p 2³²⌋,   else 1/(1 − p)

Left-out units are drawn anew in each epoch. As the factor has the mean 1 (inverted dropout), prediction needs none.
The factor depends on the example's number in the training set and not on its batch, so results are bit-identical for
any number of threads and however an epoch is cut into calls.

Sources: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout", JMLR 15, 2014; the constants of `hash`
are those of Wellons, "Prospecting for hash functions", 2018 (lowbias32).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.engines.splitmix import base_of_epoch, counted

__all__ = ["dropout_factors"]


def dropout_factors(
    key: int, epoch: int, rows: NDArray[Any], layer: int, units: int, rate: float, dtype: np.dtype[Any]
) -> Array:
    """Return the factors of the activations of a layer.

    Parameters
    ----------
    key, epoch : int
        As in `shuffling.row_order`.
    rows : array of int, of shape (b,)
        Numbers of the examples in the training set, from 0.
    layer, units : int
        l, from 2 to L − 1, and s_l.
    rate : float
        p, 0 or more and below 1.
    dtype : dtype

    Returns
    -------
    factors : array of shape (b, units)
        0 or 1/(1 − p).

    Examples
    --------
    >>> dropout_factors(7, 0, np.arange(2), 2, 4, 0.5, np.dtype(float))
    array([[2., 0., 0., 2.],
           [2., 2., 0., 2.]])
    """
    stream = int(counted(base_of_epoch(key, epoch) ^ layer, np.zeros(1))[0])
    start = counted(stream, np.asarray(rows) + 1).astype(np.uint32)  # (b,)
    x = start[:, np.newaxis] + np.arange(1, units + 1, dtype=np.uint32) * np.uint32(0x9E3779B9)  # (b, units)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return np.asarray(np.where(x < np.uint32(int(rate * 2**32)), dtype.type(0), dtype.type(1 / (1 - rate))))
