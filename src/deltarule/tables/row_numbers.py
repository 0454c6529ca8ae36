"""Columns that number the rows: they tell rows apart that were trained on, and nothing about new ones."""

import re

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["UNNAMED", "are_row_numbers", "is_unnamed"]

FEWEST = 10
"""Rows from which on whole numbers that run by one are taken for row numbers: of 3 rows, 1, 2, 3 is also a quantity."""

UNNAMED = "Unnamed: 0"
"""What a first column without a name is called, as pandas calls it: the index that a frame was saved with."""

_UNNAMED = re.compile(r"Unnamed: \d+")


def is_unnamed(name: str) -> bool:
    """Return whether a column stands for one without a name: the index that a frame was saved with."""
    return _UNNAMED.fullmatch(name) is not None


def are_row_numbers(values: Array, name: str) -> bool:
    """Return whether the values of all rows of a table number the rows.

    They do if they are whole numbers that run by one, from any start and in any order; in a column without a name, if
    they are whole numbers.

    >>> are_row_numbers(np.arange(20.0)[::-1] + 5, "Id"), are_row_numbers(2 * np.arange(20.0), "Id")
    (True, False)
    """
    if not (np.isfinite(values).all() and (values == np.rint(values)).all()):
        return False
    if is_unnamed(name):
        return True
    m = len(values)
    return m >= FEWEST and bool(values.max() - values.min() == m - 1) and len(np.unique(values)) == m
