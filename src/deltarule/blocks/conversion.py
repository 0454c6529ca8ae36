"""A source converted to the layout of `layout.py`, in one pass and in bounded memory.

With `mixes`, rows are dealt out to regions of the file as they come, in a random order within each chunk: region k gets
every K-th row of each chunk, so that each block of a region holds rows from many places of the source. Blocks read in
a random order, with their rows shuffled in a buffer, then are as good as a shuffle of all rows, also where the source
is sorted. Where each row goes is a function of its number, the number of rows, and the columns.
"""

import math
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from deltarule.blocks.layout import Facts, LayoutWriter, Parts
from deltarule.blocks.sources.source import Chunk, Coded, Source
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.engines.shuffling import row_order

__all__ = ["BeyondRangeError", "checked_extreme", "checked_numbers", "checked_weights", "convert", "facts_before"]

CHUNK_BYTES = 8 << 20
"""Bytes of the rows that are dealt out together."""

PAGES_BYTES = 32 << 20
"""Bytes of the pages of all regions together; a page stays in memory until it is full."""

REGION_BYTES = 1 << 20
"""Least bytes of a region: a large file has `MOST_REGIONS` regions, which are larger."""

MOST_REGIONS = 512
"""Largest number of regions. Pages are then 64 KB, which disks write as fast as larger ones."""

_KEY = 0x5EED_0FB1_0C55
"""Key of the order of rows in a chunk: one for all, because a file is converted once for fits of any seed."""


class BeyondRangeError(InputError):
    """A finite number of the source is beyond the range of the dtype to which it was converted."""


def facts_before(source: Source, dtype: np.dtype[Any], first: Chunk) -> Facts:
    """Return what is known of the rows before they are read; `first` is the first chunk."""
    assert first.y is not None, "sources for predictions are not converted"
    return Facts(
        rows=source.rows,
        n_features=source.n_features,
        n_targets=1 if isinstance(first.y, Coded) else first.y.shape[1],
        dtype=dtype.name,
        given=source.dtype.name,
        is_coded=isinstance(first.y, Coded),
        is_weighted=first.weights is not None,
        names=source.names,
        fingerprint=source.fingerprint,
    )


def convert(source: Source, chunks: Iterator[Chunk], file: BinaryIO, before: Facts, mixes: bool) -> Facts:
    """Write the rows of a source to an open file.

    Parameters
    ----------
    source : Source
    chunks : iterator of Chunk
        All of its chunks.
    file : binary file
    before : Facts
        From `facts_before`.
    mixes : bool
        Whether rows are dealt out to regions, or stay in the order of the source.

    Raises
    ------
    BeyondRangeError
        If the dtype is narrower than that of the source, and a number is infinite in it.
    InputError
        If a number is not finite, a weight is negative, or the source has another number of rows than it said.
    """
    codes: dict[Any, int] = {}
    largest, least, greatest, heaviest, are_binary, row = 0.0, math.inf, -math.inf, 0.0, True, 0
    writer = LayoutWriter(file, before)
    dealer = _Dealer(writer, before, mixes)
    for chunk in chunks:
        rows = len(chunk.X)
        if row + rows > before.rows:
            raise _another_number(before.rows, "more")
        extreme = checked_extreme(source, chunk.X, row)
        largest = max(largest, extreme)
        assert chunk.y is not None
        if isinstance(chunk.y, Coded):
            targets = _codes_of(chunk.y, codes)[:, np.newaxis]
        else:
            targets = checked_numbers(source, chunk.y, row)
            least, greatest = min(least, float(targets.min())), max(greatest, float(targets.max()))
            are_binary = are_binary and bool(np.isin(targets, (0.0, 1.0)).all())
        weights = chunk.weights
        if weights is not None:
            weights = checked_weights(source, weights, row)
            heaviest = max(heaviest, float(weights.max()))
        dealer.add(Parts(chunk.X, targets, weights))
        row += rows
    if row < before.rows:
        raise _another_number(before.rows, f"only {row}")
    if before.is_weighted and not heaviest:
        raise InputError("The weight is 0 in every row, which leaves no example to learn from.")
    dealer.finish()
    return writer.finish(
        values=tuple(codes),
        largest=largest,
        least=0.0 if before.is_coded else least,
        greatest=0.0 if before.is_coded else greatest,
        heaviest=heaviest if before.is_weighted else 1.0,
        are_binary=not before.is_coded and are_binary,
    )


class _Regions(NamedTuple):
    """How the rows of a file are divided: region k holds rows bounds[k] … bounds[k + 1] − 1."""

    bounds: Array
    page_rows: int
    chunk_rows: int

    @classmethod
    def of(cls, facts: Facts, mixes: bool) -> "_Regions":
        of_row = sum(facts.row_bytes)
        chunk_rows = max(256, min(65_536, CHUNK_BYTES // of_row))
        if not mixes:
            return cls(np.array([0, facts.rows]), chunk_rows, chunk_rows)
        count = max(1, min(MOST_REGIONS, facts.rows * of_row // REGION_BYTES))
        sizes = facts.rows // count + (np.arange(count) < facts.rows % count)
        return cls(np.concatenate([[0], np.cumsum(sizes)]), max(1, PAGES_BYTES // (count * of_row)), chunk_rows)


class _Dealer:
    """Collects rows in chunks, deals each chunk out to the regions, and writes the pages that are full."""

    def __init__(self, writer: LayoutWriter, facts: Facts, mixes: bool) -> None:
        self._writer, self._mixes = writer, mixes
        self._regions = _Regions.of(facts, mixes)
        self._chunk, self._held, self._dealt, self._chunks = facts.empty(self._regions.chunk_rows), 0, 0, 0
        count = len(self._regions.bounds) - 1
        self._pages = [facts.empty(self._regions.page_rows) for _ in range(count)] if mixes else []
        self._in_page = [0] * count
        self._next = self._regions.bounds[:-1].tolist()  # the row at which the page of each region begins

    def add(self, parts: Parts) -> None:
        """Take rows in the order of the source."""
        done = 0
        while done < len(parts.X):
            count = min(len(parts.X) - done, self._regions.chunk_rows - self._held)
            for into, given in zip(self._chunk.arrays, parts.arrays, strict=True):
                into[self._held : self._held + count] = given[done : done + count]
            done += count
            self._held += count
            if self._held == self._regions.chunk_rows:
                self._deal()

    def finish(self) -> None:
        """Write what is left."""
        if self._held:
            self._deal()
        for region, held in enumerate(self._in_page):
            if held and self._mixes:
                self._write(region)

    def _deal(self) -> None:
        rows = self._chunk.rows(0, self._held)
        if not self._mixes:
            self._writer.write(self._dealt, rows)
        else:
            count = len(self._pages)
            order = row_order(_KEY, self._chunks, self._held)
            # Row i of the order goes to region (dealt + i) mod K; `by_region` has the rows of one region together.
            turns = [(region - self._dealt) % count for region in range(count)]
            by_region = np.concatenate([order[turn::count] for turn in turns])
            start = 0
            for region, turn in enumerate(turns):
                stop = start + max(0, -(-(self._held - turn) // count))
                self._put(region, rows, by_region[start:stop])
                start = stop
        self._dealt += self._held
        self._chunks += 1
        self._held = 0

    def _put(self, region: int, parts: Parts, chosen: Array) -> None:
        """Copy the rows with the numbers `chosen` to the page of a region, and write each page that is full."""
        done = 0
        while done < len(chosen):
            held = self._in_page[region]
            count = min(len(chosen) - done, self._regions.page_rows - held)
            for into, given in zip(self._pages[region].arrays, parts.arrays, strict=True):
                # With mode="clip" no copy is made before the copy: 0.7 instead of 3.2 ms for 65 536 rows of 10 floats.
                given.take(chosen[done : done + count], axis=0, out=into[held : held + count], mode="clip")
            self._in_page[region] += count
            done += count
            if self._in_page[region] == self._regions.page_rows:
                self._write(region)

    def _write(self, region: int) -> None:
        held = self._in_page[region]
        self._writer.write(self._next[region], self._pages[region].rows(0, held))
        self._next[region] += held
        self._in_page[region] = 0


def _codes_of(given: Coded, codes: dict[Any, int]) -> Array:
    """Return the code of each label; a label that is new gets the next code."""
    of_places = np.array([codes.setdefault(value, len(codes)) for value in given.values], np.int32)
    return of_places[given.places]


def checked_extreme(source: Source, X: Array, row: int) -> float:
    """Return the largest |x| of rows, the first of which has the number `row`.

    Raises
    ------
    InputError
        If a number is not finite; its place is told.
    """
    # A NaN makes both max and min NaN, so one comparison finds every value that is not finite.
    extreme = max(float(X.max()), -float(X.min()))
    if not extreme < np.inf:
        raise _not_finite(source, X, row)
    return extreme


def checked_numbers(source: Source, y: Array, row: int) -> Array:
    """Return targets that are numbers as float64; raise InputError if one is not finite."""
    targets = np.asarray(y, np.float64)
    if not np.isfinite(targets).all():
        at = row + int(np.argwhere(~np.isfinite(targets))[0][0])
        raise InputError(f"The target is not finite in {source.place(at)}. Leave rows without a target out.")
    return targets


def checked_weights(source: Source, weights: Array, row: int) -> Array:
    """Return weights as float64; raise InputError if one is negative or not finite."""
    weights = np.asarray(weights, np.float64)
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"The weight is {weights[at]} in {source.place(row + at)}: a weight stands for repetitions of its row, so "
            "it is finite and 0 or more."
        )
    return weights


def _another_number(expected: int, came: str) -> InputError:
    return InputError(
        f"The source said that it has {expected} rows, but gave {came}: it was changed while it was read, or gives "
        "other rows each time. Fit again, with a source that stays the same."
    )


def _not_finite(source: Source, X: Array, row: int) -> InputError:
    at, column = np.argwhere(~np.isfinite(X))[0]
    name = f"column {column}" if source.names is None else f"the column {source.names[column]!r}"
    is_nan = bool(np.isnan(X).any())
    if is_nan:
        at, column = np.argwhere(np.isnan(X))[0]
    came = "NaN" if is_nan else f"an infinity, or a number beyond the range of {X.dtype},"
    error = InputError if is_nan or X.dtype == source.dtype else BeyondRangeError
    return error(
        f"X holds {came} in {name}, {source.place(row + int(at))}. Fill or drop the gaps first, and keep values within "
        "the range."
    )
