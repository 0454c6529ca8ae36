"""Which rows of a table that is read part by part are learnt from, watched and held out: by a hash of their numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deltarule.tables.streamed.frames import chosen

__all__ = ["HELD_OUT", "LEARNT", "PARTS", "WATCHED", "Split"]

LEARNT, WATCHED, HELD_OUT = range(3)
PARTS = 3


@dataclass(frozen=True)
class Split:
    """How rows are divided.

    Attributes
    ----------
    seed : int
    held_out : float
        Share of the rows that are held out.
    watched : float
        Share of the others that are watched, for early stopping.
    """

    seed: int = 0
    held_out: float = 0.0
    watched: float = 0.0

    def parts(self, start: int, count: int) -> NDArray[np.int8]:
        """Return the part of each of `count` rows from `start` on."""
        parts = np.full(count, LEARNT, np.int8)
        if self.watched:
            parts[chosen(self.seed + 1, start, count, self.watched)] = WATCHED
        if self.held_out:
            parts[chosen(self.seed, start, count, self.held_out)] = HELD_OUT
        return parts
