"""The order of the examples in an epoch: a pure function of a key and the epoch's number.

Because an order can always be computed again, a training state holds a number instead of a permutation, every engine
uses the same order, and a run continues from any step with bit-identical results.

    r_i = mix(base + (i + 1) γ)                                             (`splitmix.py`)
    order = 0 … m − 1;   for i = m − 1 down to 1:   swap order[i], order[⌊r_i (i + 1) / 2⁶⁴⌋]

The swaps are those of Fisher and Yates.

Source: Durstenfeld, "Algorithm 235: random permutation", Communications of the ACM 7, 1964.
"""

import numpy as np
from numpy.typing import NDArray

from deltarule.engines.compiled import core
from deltarule.engines.splitmix import base_of_epoch, counted

__all__ = ["new_key", "row_order"]


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
        False: the order of the training set.

    Examples
    --------
    >>> sorted(row_order(7, 0, 5).tolist())
    [0, 1, 2, 3, 4]
    """
    if not shuffle:
        return np.arange(rows, dtype=np.int64)
    if core is not None:
        in_core = np.empty(rows, dtype=np.uint32)
        core.epoch_order(key, epoch, in_core)
        return in_core.astype(np.int64)
    return _by_definition(key, epoch, rows)


def _by_definition(key: int, epoch: int, rows: int) -> NDArray[np.int64]:
    counts = np.arange(1, rows + 1, dtype=np.uint64)
    r = counted(base_of_epoch(key, epoch), counts)
    high, low = r >> np.uint64(32), r & np.uint64(2**32 - 1)
    swaps = ((high * counts + ((low * counts) >> np.uint64(32))) >> np.uint64(32)).tolist()
    order = list(range(rows))
    for i, j in zip(range(rows - 1, 0, -1), reversed(swaps[1:]), strict=True):
        order[i], order[j] = order[j], order[i]
    return np.array(order, dtype=np.int64)
