"""The search for columns that number the rows: they identify training rows and say nothing about new ones."""

import re

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["FEWEST", "LEFT_OUT", "UNNAMED", "are_row_numbers", "is_unnamed", "rise_or_fall"]

FEWEST = 10
"""Fewest rows for which consecutive whole numbers count as row numbers: in 3 rows, 1, 2, 3 may be a quantity."""

LEFT_OUT = 0.5
"""Numbers that may be missing among row numbers, as a share of the rows: those of rows that were taken out."""

UNNAMED = "Unnamed: 0"
"""The name that pandas gives a first column without a name, which is the index that a frame was saved with."""

_UNNAMED = re.compile(r"Unnamed: \d+")


def is_unnamed(name: str) -> bool:
    """Return whether a name stands for a column without a name, such as the index that a frame was saved with."""
    return _UNNAMED.fullmatch(name) is not None


def are_row_numbers(values: Array, name: str) -> bool:
    """Return whether the values of all rows of a table number the rows.

    They do if they are whole numbers that run by one, from any start and in any order; if they rise or fall from row to
    row, with gaps or with numbers left out where rows were taken out; in a column without a name, if they are whole
    numbers.

    >>> are_row_numbers(np.arange(20.0)[::-1] + 5, "Id"), are_row_numbers(2 * np.arange(20.0), "Id")
    (True, False)
    """
    known = values[np.isfinite(values)]
    m = len(values)
    if not len(known) or not (known == np.rint(known)).all():
        return False
    if is_unnamed(name):
        return len(known) == m
    spread = known.max() - known.min()
    if m >= FEWEST and spread == m - 1 and len(np.unique(known)) == m:
        return True
    return rise_or_fall(values) and bool(spread < (1 + LEFT_OUT) * m)


def rise_or_fall(values: Array) -> bool:
    """Return whether whole numbers rise from each row to the next, or fall, gaps aside.

    >>> rise_or_fall(np.arange(0.0, 200, 10)), rise_or_fall(np.ones(20))
    (True, False)
    """
    known = values[np.isfinite(values)]
    if len(known) < max(FEWEST, len(values) / 2) or not (known == np.rint(known)).all():
        return False
    steps = np.diff(known)
    return bool((steps > 0).all() or (steps < 0).all())
