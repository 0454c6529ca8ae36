"""The order of the examples in an epoch: a pure function of a key and the epoch's number.

Because an order can always be made again, a training state holds a number instead of a permutation, any engine finds
the same order, and a run goes on from any step to the bit.

    base = mix(key + (epoch + 1) γ),   r_i = mix(base + (i + 1) γ)          (all modulo 2⁶⁴)
    order = 0 … m − 1;   for i = m − 1 down to 1:   swap order[i], order[⌊r_i (i + 1) / 2⁶⁴⌋]

mix is the finaliser of SplitMix64 and γ its odd constant; the swaps are those of Fisher and Yates.

Sources: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; Durstenfeld 1964.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["new_key", "row_order"]

_GAMMA = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def new_key(generator: np.random.Generator) -> int:
    """Draw a key for `row_order`."""
    return int(generator.integers(0, 2**64, dtype=np.uint64))


def row_order(key: int, epoch: int, rows: int, shuffle: bool = True) -> NDArray[np.int64]:
    """Return the order in which an epoch takes its rows.

    Parameters
    ----------
    key : int
        0 … 2⁶⁴ − 1.
    epoch : int
        Number of the epoch, from 0.
    rows : int
        Number of rows, below 2³².
    shuffle : bool, default True
        False: the rows' own order.

    Examples
    --------
    >>> sorted(row_order(7, 0, 5).tolist())
    [0, 1, 2, 3, 4]
    """
    order = list(range(rows))
    if shuffle:
        base = int(_mix(np.array([(key + (epoch + 1) * _GAMMA) & _MASK], dtype=np.uint64))[0])
        counts = np.arange(1, rows + 1, dtype=np.uint64)
        r = _mix(np.uint64(base) + counts * np.uint64(_GAMMA))
        high, low = r >> np.uint64(32), r & np.uint64(2**32 - 1)
        swaps = ((high * counts + ((low * counts) >> np.uint64(32))) >> np.uint64(32)).tolist()
        for i in range(rows - 1, 0, -1):
            j = swaps[i]
            order[i], order[j] = order[j], order[i]
    return np.array(order, dtype=np.int64)


def _mix(x: NDArray[Any]) -> NDArray[Any]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))
