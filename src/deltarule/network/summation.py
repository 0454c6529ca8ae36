"""Sums over very many rows. A leaf is a chunk of consecutive rows; leaves are added in a fixed binary tree.

Leaf n holds rows n·8192 … (n + 1)·8192 − 1. Two neighbouring sums over equally many leaves are added as soon as both
are known; the sums left at the end are added from the last to the first. So memory and rounding error grow with log₂ of
the number of leaves, and the order does not depend on which thread or machine computed which leaf.
"""

from deltarule.common.arrays import Array

__all__ = ["LEAF_ROWS", "TreeSum"]

LEAF_ROWS = 8192
"""Rows of one leaf: enough for full speed of the products, few enough for bounded memory."""


class TreeSum:
    """Adds float64 arrays of one shape, given in order, in a fixed binary tree.

    >>> import numpy as np
    >>> total = TreeSum()
    >>> for n in range(5):
    ...     total.add(np.array([float(n)]))
    >>> total.result()
    array([10.])
    """

    def __init__(self) -> None:
        self._sums: list[tuple[int, Array]] = []  # (number of leaves, their sum), in order of falling numbers

    def add(self, leaf: Array) -> None:
        """Add the next leaf."""
        leaves, total = 1, leaf
        while self._sums and self._sums[-1][0] == leaves:
            leaves, total = 2 * leaves, self._sums.pop()[1] + total
        self._sums.append((leaves, total))

    def result(self) -> Array:
        """Return the sum of all leaves so far; at least one must have been added."""
        *others, (_, total) = self._sums
        for _, other in reversed(others):
            total = other + total
        return total
