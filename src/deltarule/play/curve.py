"""The cost by step, in bounded memory: when points are too many, the smallest and the largest of each four stay."""

from bisect import bisect_left

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
        self._most = most
        self._steps: list[int] = []
        self._costs: list[tuple[float, float, float]] = []

    def add(self, step: int, data: float, penalty: float, held_out: float) -> None:
        """Add the point of a step; one that is there already is replaced."""
        place = bisect_left(self._steps, step)
        point = (data, penalty, held_out)
        if place < len(self._steps) and self._steps[place] == step:
            self._costs[place] = point
            return
        self._steps.insert(place, step)
        self._costs.insert(place, point)
        if len(self._steps) > self._most:
            self._thin()

    def cut(self, step: int) -> None:
        """Forget what lies beyond a step."""
        place = bisect_left(self._steps, step + 1)
        del self._steps[place:], self._costs[place:]

    def points(self) -> Array:
        """Return the points as an array of shape (points, 4): step, data cost, penalty, held-out cost."""
        found = np.empty((len(self._steps), COLUMNS))
        found[:, 0] = self._steps
        found[:, 1:] = np.array(self._costs).reshape(-1, COLUMNS - 1)
        return found

    def _thin(self) -> None:
        kept: list[int] = []
        last = len(self._steps) - 1
        for start in range(0, last, 4):
            four = range(start, min(start + 4, last))
            low, high = (choose(four, key=lambda n: self._costs[n][0]) for choose in (min, max))
            kept += sorted({low, high})
        kept.append(last)
        self._steps = [self._steps[n] for n in kept]
        self._costs = [self._costs[n] for n in kept]
