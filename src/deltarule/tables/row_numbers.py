"""Columns that number the rows: they tell rows apart that were trained on, and nothing about new ones."""

import re

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["FEWEST", "UNNAMED", "are_row_numbers"]

FEWEST = 10
"""Rows from which on whole numbers that run by one are taken for row numbers: of 3 rows, 1, 2, 3 is also a quantity."""

UNNAMED = "Unnamed: 0"
"""What a first column without a name is called, as pandas calls it: the index that a frame was saved with."""

_UNNAMED = re.compile(r"Unnamed: \d+")


def are_row_numbers(values: Array, name: str) -> bool:
    """Return whether the values of all rows of a table number the rows.

    They do if they are whole numbers that run by one, from any start and in any order; in a column without a name, if
    they are whole and no two are the same.

    >>> are_row_numbers(np.arange(20.0)[::-1] + 5, "Id"), are_row_numbers(2 * np.arange(20.0), "Id")
    (True, False)
    """
    if len(values) < FEWEST or not (np.isfinite(values).all() and (values == np.rint(values)).all()):
        return False
    span = values.max() - values.min() + 1
    if span != len(values) and not _UNNAMED.fullmatch(name):
        return False
    return len(np.unique(values)) == len(values)
