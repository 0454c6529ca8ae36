"""What a column of numbers holds, found part by part: moments, a sample for its median, whether it numbers the rows."""

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.engines.splitmix import counted
from deltarule.tables.dates import PARTS, parts_of_days
from deltarule.tables.row_numbers import FEWEST, LEFT_OUT, is_unnamed

__all__ = ["Moments", "Numbering", "VaryingParts"]


class Moments:
    """Number, least, greatest, mean and Σ(x − mean)² of values, gaps apart.

    Means and squares of two parts are put together as Chan, Golub and LeVeque (1979) do. They are kept in NumPy's
    longest float, whose exponents hold the squares of 1e-300 where the machine has one. The parts are leaves of the
    same number of values however they come, so that a table has the same bits whole and divided among files.

    Parameters
    ----------
    leaf : int, default 8192
        Values of a part, which wait in memory until they are so many.
    """

    def __init__(self, leaf: int = 8192) -> None:
        self.count = self.gaps = 0
        self.least, self.greatest = np.inf, -np.inf
        self._leaf, self._waiting = leaf, np.empty(0)
        self._added, self._mean, self._squares = 0, np.longdouble(0), np.longdouble(0)

    def add(self, values: Array) -> None:
        """Add values; NaN is a gap."""
        known = values[~np.isnan(values)]
        self.gaps += len(values) - len(known)
        if not len(known):
            return
        self.count += len(known)
        self.least, self.greatest = min(self.least, float(known.min())), max(self.greatest, float(known.max()))
        known = np.concatenate([self._waiting, known])
        whole = len(known) - len(known) % self._leaf
        for first in range(0, whole, self._leaf):
            self._added, self._mean, self._squares = self._with(known[first : first + self._leaf])
        self._waiting = known[whole:].copy()

    def _with(self, known: Array) -> tuple[int, np.longdouble, np.longdouble]:
        """Return number, mean and Σ(x − mean)² of the leaves so far and one more."""
        if not len(known):
            return self._added, self._mean, self._squares
        centre = np.longdouble(known[0]) + np.longdouble((known - known[0]).mean())
        rest = known - np.float64(centre)
        if _is_extreme(rest):  # which takes ten times as long
            rest = rest.astype(np.longdouble)
        squares = np.longdouble(np.square(rest).sum())
        count, step = self._added + len(known), centre - self._mean
        squares += self._squares + step * step * np.longdouble(self._added) * len(known) / count
        return count, self._mean + step * len(known) / count, squares

    @property
    def mean(self) -> float:
        """Mean of the values."""
        return float(self._with(self._waiting)[1])

    @property
    def rows(self) -> int:
        """Number of rows, gaps among them."""
        return self.count + self.gaps

    def filled(self, value: float) -> tuple[float, float]:
        """Return mean and deviation of the values with `value` in their gaps; of a constant its value, and 1."""
        if min(self.least, value) == max(self.greatest, value):
            return value, 1.0
        count, known, squares = self._with(self._waiting)
        mean = known + (np.longdouble(value) - known) * self.gaps / self.rows
        squares += count * (known - mean) ** 2 + self.gaps * (np.longdouble(value) - mean) ** 2
        return float(mean), float(np.sqrt(squares / self.rows))


class Numbering:
    """Whether the values of all rows number the rows; see `row_numbers.py`.

    Whether whole numbers from a to a + m − 1 are all there, each once, is seen from the sum of their hashes, which is
    that of a … a + m − 1 only if they are the same numbers, but for one case in 2⁶⁴.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows = self._known = 0
        self._are_whole, self._rises, self._falls = True, True, True
        self._least, self._greatest, self._last = np.inf, -np.inf, np.nan
        self._hash = 0

    def add(self, values: Array) -> None:
        """Add the values of the next rows; NaN is a gap."""
        self._rows += len(values)
        if not self._are_whole:
            return
        known = values[np.isfinite(values)]
        if not len(known):
            return
        if not (known == np.rint(known)).all():
            self._are_whole = False
            return
        steps = np.diff(known, prepend=known[0] if np.isnan(self._last) else self._last)
        steps = steps[1:] if np.isnan(self._last) else steps
        self._rises = self._rises and bool((steps > 0).all())
        self._falls = self._falls and bool((steps < 0).all())
        self._last = known[-1]
        self._known += len(known)
        self._least, self._greatest = min(self._least, known.min()), max(self._greatest, known.max())
        if max(abs(self._least), abs(self._greatest)) < 2**53:
            self._hash = (self._hash + _sum_of_hashes(known.astype(np.int64).view(np.uint64))) % 2**64

    @property
    def rise_or_fall(self) -> bool:
        """Whether whole numbers rise from each row to the next, or fall, gaps aside."""
        if not self._are_whole or self._known < max(FEWEST, self._rows / 2):
            return False
        return self._rises or self._falls

    @property
    def number_the_rows(self) -> bool:
        """Whether they do."""
        if not self._known or not self._are_whole:
            return False
        if is_unnamed(self._name):
            return self._known == self._rows
        spread = self._greatest - self._least
        if self._rows >= FEWEST and spread == self._rows - 1 and self._known == self._rows and self._is_each_once():
            return True
        return self.rise_or_fall and bool(spread < (1 + LEFT_OUT) * self._rows)

    def _is_each_once(self) -> bool:
        if not max(abs(self._least), abs(self._greatest)) < 2**53:
            return False
        first, expected = int(self._least), 0
        for start in range(0, self._rows, 1 << 16):
            numbers = np.arange(first + start, first + min(start + (1 << 16), self._rows), dtype=np.int64)
            expected = (expected + _sum_of_hashes(numbers.view(np.uint64))) % 2**64
        return expected == self._hash


class VaryingParts:
    """Which cyclic parts of dates have more than one value."""

    def __init__(self) -> None:
        self._seen: dict[str, set[float]] = {part: set() for part in PARTS}

    def add(self, days: Array) -> None:
        """Add dates as days; NaN is a gap."""
        known = days[~np.isnan(days)]
        for part, seen in self._seen.items():
            if len(seen) < 2:
                seen.update(np.unique(parts_of_days(known, part))[:2].tolist())

    @property
    def names(self) -> tuple[str, ...]:
        """The parts that vary."""
        return tuple(part for part, seen in self._seen.items() if len(seen) > 1)


def _is_extreme(rest: Array) -> bool:
    largest = float(np.abs(rest).max())
    return largest != 0 and not 1e-140 < largest < 1e140


def _sum_of_hashes(numbers: NDArray[np.uint64]) -> int:
    return int(counted(0x5EED, numbers).sum(dtype=np.uint64))
