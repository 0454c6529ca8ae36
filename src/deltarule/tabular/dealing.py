"""Rows, or whole groups of rows, dealt to parts so that each part has its share of each class.

Rows are dealt by class: in the order of their classes, shuffled within each, the row at position p goes to fold
p mod K. So the folds differ by one row at most, and by one row of each class. Groups are dealt whole, the largest
first, each to the part b where it adds least to

    Σ_b Σ_c (n_bc − s_b n_c)² / (s_b n_c)

with n_bc rows of class c in part b, n_c in all, and the share s_b of the rows that part b is meant to have.
"""

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.engines.shuffling import row_order

__all__ = ["Deal", "Indices"]

Indices = NDArray[np.int64]


class Deal:
    """Units, which are rows or whole groups, that are dealt by class.

    Parameters
    ----------
    units : array of shape (m,)
        The unit of each row.
    counts : array of shape (n_units, n_classes)
        Rows of each class in each unit.
    is_free : array of shape (n_units,)
        Whether a unit may be watched.
    are_groups : bool
    seed : int
    """

    def __init__(
        self, units: Indices, counts: Indices, is_free: NDArray[np.bool_], are_groups: bool, seed: int
    ) -> None:
        self.units, self.counts, self.free, self.are_groups = units, counts, np.flatnonzero(is_free), are_groups
        self.seed = seed

    def fold(self, deal: int, folds: int) -> Indices:
        """Return the fold of each row in one deal, −1 for rows that every member learns from."""
        order = self._order(deal)
        if self.are_groups:
            return self._of_rows(order, self._filled(order, np.full(folds, 1 / folds)))
        return self._of_rows(order, np.arange(len(order)) % folds)

    def held_out(self, deal: int, fraction: float) -> NDArray[np.bool_]:
        """Return which rows one deal holds out."""
        order = self._order(deal)
        n = len(order)
        if self.are_groups:
            part = self._filled(order, np.array([1 - fraction, fraction]))
            if not part.any():
                part[-1] = 1  # every group is larger than the share: one of the smallest
        else:
            watched = min(max(round(fraction * n), 1), n // 2)
            # Every n/watched-th row in the order of the classes, from another place in each deal.
            places = (np.arange(n) + int(row_order(self.seed ^ 1, deal, n)[0])) % n
            part = (places + 1) * watched // n - places * watched // n
        return np.asarray(self._of_rows(order, part) == 1)

    def _order(self, deal: int) -> Indices:
        """Return the free units in the order in which they are dealt."""
        shuffled = self.free[row_order(self.seed, deal, len(self.free))]
        counts = self.counts[shuffled]
        if self.are_groups:
            # A row counts as its share of its class. Groups whose sizes differ by less than a factor of √2 are
            # shuffled, or each deal would be the same.
            sizes = (counts / np.maximum(counts.sum(axis=0), 1)).sum(axis=1)
            rank = -np.floor(2 * np.log2(sizes))
        else:
            rank = counts.argmax(axis=1)
        return shuffled[np.argsort(rank, kind="stable")]

    def _filled(self, order: Indices, shares: Array) -> Indices:
        """Return the part of each unit in `order`, for parts with given shares of the rows."""
        counts = self.counts[order].astype(np.float64)
        meant = shares[:, np.newaxis] * np.maximum(counts.sum(axis=0), 1)  # (parts, n_classes)
        filled = np.zeros_like(meant)
        part = np.empty(len(order), dtype=np.int64)
        for i, its in enumerate(counts):
            added = ((2 * (filled / meant - 1) + its / meant) * its).sum(axis=1)
            best = np.flatnonzero(added <= added.min() + 1e-9)
            part[i] = best[filled[best].sum(axis=1).argmin()]
            filled[part[i]] += its
        return part

    def _of_rows(self, order: Indices, part: Indices) -> Indices:
        of_units = np.full(len(self.counts), -1)
        of_units[order] = part
        return np.asarray(of_units[self.units])
