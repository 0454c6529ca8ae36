"""The cost by step, in bounded memory: when points are too many, the smallest and the largest of each four stay."""

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["Curve"]

MOST_POINTS = 2000

COLUMNS = 4
"""Step, data cost and penalty on the training rows, cost on the held-out rows (NaN without any)."""


class Curve:
    """Points of the cost, by step.

    Examples
    --------
    >>> curve = Curve(most=4)
    >>> for step, cost in enumerate([4.0, 1.0, 9.0, 3.0, 2.0]):
    ...     curve.add(step, cost, 0.0, float("nan"))
    >>> curve.points()[:, 1]
    array([1., 9., 2.])
    """

    def __init__(self, most: int = MOST_POINTS) -> None:
        self._rows = np.empty((most + 1, COLUMNS))
        self._count = 0

    def add(self, step: int, data: float, penalty: float, held_out: float) -> None:
        """Add the point of a step; one that is there already is replaced."""
        place = self._place(step)
        rows, count = self._rows, self._count
        if place == count or rows[place, 0] != step:
            rows[place + 1 : count + 1] = rows[place:count]
            self._count += 1
        rows[place] = step, data, penalty, held_out
        if self._count == len(rows):
            self._thin()

    def cut(self, step: int) -> None:
        """Forget what lies beyond a step."""
        self._count = self._place(step + 1)

    def points(self) -> Array:
        """Return the points as an array of shape (points, 4): step, data cost, penalty, held-out cost."""
        return self._rows[: self._count].copy()

    def _place(self, step: int) -> int:
        """Return the number of points before a step."""
        steps = self._rows[: self._count, 0]
        if not len(steps) or step > steps[-1]:
            return len(steps)
        return int(np.searchsorted(steps, step))

    def _thin(self) -> None:
        data = self._rows[:, 1].tolist()
        kept: list[int] = []
        last = self._count - 1
        for start in range(0, last, 4):
            four = range(start, min(start + 4, last))
            kept += sorted({choose(four, key=lambda n: data[n]) for choose in (min, max)})
        kept.append(last)
        self._rows[: len(kept)] = self._rows[kept]
        self._count = len(kept)
