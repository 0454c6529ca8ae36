"""The rows of a source that early stopping holds out, and the others, chosen by the number of the row."""

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from deltarule.blocks.sources.source import Chunk, Coded, Source
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.engines.splitmix import base_of_epoch, counted

__all__ = ["ChosenRows", "held_out"]

_PIECE = 1 << 20


def held_out(seed: int, share: float, start: int, stop: int) -> Array:
    """Return whether each of the rows `start` … `stop` − 1 is held out: whether its hash is below the share.

    Row t is held out if mix(base(seed, 0) + t γ) < share · 2⁶⁴ (`splitmix.py`). So the choice depends neither on how
    the rows are read nor on how many there are.
    """
    hashes = counted(base_of_epoch(seed, 0), np.arange(start, stop, dtype=np.uint64))
    return np.asarray(hashes < np.uint64(min(2**64 - 1, int(share * 2**64))))


class ChosenRows:
    """The rows of a source that `held_out` chooses, or the others.

    Parameters
    ----------
    source : Source
    share : float
        In (0, 1).
    seed : int
    keeps : bool
        Whether these are the rows that are held out.
    """

    def __init__(self, source: Source, share: float, seed: int, keeps: bool) -> None:
        self._source, self._share, self._seed, self._keeps = source, share, seed, keeps
        self.names, self.n_features, self.dtype = source.names, source.n_features, source.dtype
        self.rows = sum(int(self._mask(start, min(start + _PIECE, source.rows)).sum()) for start in self._pieces)
        if self.rows == 0:
            raise InputError(
                f"validation_fraction={share:g} of {source.rows} rows leaves no row to "
                f"{'watch' if keeps else 'learn from'}. Change it, or pass eval_set to fit."
            )

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the source that rows are held out of."""
        return self._source.fingerprint

    @cached_property
    def identity(self) -> str | None:
        """The identity of the source, with which of its rows are taken."""
        of_source = self._source.identity
        return None if of_source is None else json.dumps([of_source, self._share, self._seed, self._keeps])

    def chunks(self, dtype: np.dtype[Any]) -> Iterator[Chunk]:
        """Return the chosen rows in order; see `Source`."""
        start = 0
        for chunk in self._source.chunks(dtype):
            chosen = self._mask(start, start + len(chunk.X))
            start += len(chunk.X)
            if chosen.any():
                y = chunk.y
                if isinstance(y, Coded):
                    y = _present(y.places[chosen], y)
                elif y is not None:
                    y = y[chosen]
                yield Chunk(chunk.X[chosen], y, None if chunk.weights is None else chunk.weights[chosen])

    def place(self, row: int) -> str:
        """Return where one of the chosen rows is in the source."""
        seen = 0
        for start in self._pieces:
            chosen = np.flatnonzero(self._mask(start, min(start + _PIECE, self._source.rows)))
            if row < seen + len(chosen):
                return self._source.place(start + int(chosen[row - seen]))
            seen += len(chosen)
        return f"row {row}"

    @property
    def _pieces(self) -> range:
        return range(0, self._source.rows, _PIECE)

    def _mask(self, start: int, stop: int) -> Array:
        held = held_out(self._seed, self._share, start, stop)
        return held if self._keeps else ~held


def _present(places: Array, y: Coded) -> Coded:
    """Return labels of some rows without those that none of them has."""
    there, renumbered = np.unique(places, return_inverse=True)
    return Coded(renumbered, [y.values[place] for place in there])
