"""How many steps a run takes at once: as many as fit into a chunk, or as many as are due at its speed."""

from collections.abc import Callable

__all__ = ["CHUNK", "Pace"]

CHUNK = 0.02
"""Seconds of steps between two looks at the commands."""

STALLED = 4
"""A chunk is shortened only if it takes this many times as long as its own work: on a busy machine, chunks wait for
other programs, and short ones would make the run slower still."""

MOST = 2**20


class Pace:
    """The pace of a run.

    Attributes
    ----------
    rate : float
        Steps a second, measured.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.rate = 0.0
        self._seconds_a_step = CHUNK
        self._speed, self._began, self._taken = 0.0, clock(), 0
        self._window = (clock(), 0)

    def begin(self, speed: float) -> None:
        """Begin to run at so many steps a second; 0 is as fast as it goes."""
        now = self._clock()
        self._speed, self._began, self._taken = speed, now - (1 / speed if speed else 0), 0
        self._window, self.rate = (now, 0), 0.0

    def chunk(self) -> int:
        """Return how many steps fit into a chunk."""
        return int(min(MOST, max(1, CHUNK / self._seconds_a_step)))

    def due(self) -> int:
        """Return how many steps to take now."""
        if not self._speed:
            return self.chunk()
        late = int((self._clock() - self._began) * self._speed) - self._taken
        if late > self.chunk():  # slower than asked: steps that are late are not made up for
            self._began, self._taken = self._clock(), 0
            late = self.chunk()
        return max(0, late)

    def took(self, steps: int, seconds: float, worked: float) -> None:
        """Note how many seconds some steps took, and in how many of them this thread worked."""
        self._taken += steps
        if steps:
            each = max(worked, seconds / STALLED) / steps
            # Growing slowly and shrinking at once keeps one slow chunk from being followed by a slower one.
            self._seconds_a_step = max(each, 0.5 * self._seconds_a_step)
        now, (began, before) = self._clock(), self._window
        count = before + steps
        if now - began > 0.5:
            self.rate, self._window = count / (now - began), (now, 0)
        else:
            self._window = (began, count)

    def seconds_to_next(self) -> float:
        """Return how long to wait for the next step that is due."""
        if not self._speed:
            return 0.0
        return max(0.0, self._began + (self._taken + 1) / self._speed - self._clock())
