"""The search for columns that number the rows: they identify training rows and say nothing about new ones."""

import re

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["UNNAMED", "are_row_numbers", "is_unnamed"]

FEWEST = 10
"""Fewest rows for which consecutive whole numbers count as row numbers: in 3 rows, 1, 2, 3 may be a quantity."""

UNNAMED = "Unnamed: 0"
"""The name that pandas gives a first column without a name, which is the index that a frame was saved with."""

_UNNAMED = re.compile(r"Unnamed: \d+")


def is_unnamed(name: str) -> bool:
    """Return whether a name stands for a column without a name, such as the index that a frame was saved with."""
    return _UNNAMED.fullmatch(name) is not None


def are_row_numbers(values: Array, name: str) -> bool:
    """Return whether the values of all rows of a table number the rows.

    They do if they are consecutive whole numbers, from any start and in any order. In a column without a name, any
    whole numbers do.

    >>> are_row_numbers(np.arange(20.0)[::-1] + 5, "Id"), are_row_numbers(2 * np.arange(20.0), "Id")
    (True, False)
    """
    if not (np.isfinite(values).all() and (values == np.rint(values)).all()):
        return False
    if is_unnamed(name):
        return True
    m = len(values)
    return m >= FEWEST and bool(values.max() - values.min() == m - 1) and len(np.unique(values)) == m
