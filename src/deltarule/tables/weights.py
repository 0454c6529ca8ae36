"""The column of weights: read, checked, and what is said of it."""

import numpy as np
import pandas as pd

from deltarule.common.arrays import Array
from deltarule.common.errors import TableError
from deltarule.tables.cells import Form, numbers_of
from deltarule.tables.reading import check_columns, place_of

__all__ = ["weightless", "weights_in", "weights_of"]


def weights_of(table: pd.DataFrame, name: str) -> Array:
    """Return the column of weights.

    Raises
    ------
    TableError
        If the column is missing or holds something else than finite numbers from 0 on.
    """
    check_columns(table, [name], "is the column of weights")
    return weights_in(table[name])


def weights_in(column: pd.Series) -> Array:
    """Return the weights in a column.

    Raises
    ------
    TableError
        If one of them is no finite number from 0 on.
    """
    weights, strange = numbers_of(column, "number", Form())
    strange |= ~(weights >= 0)
    if strange.any():
        first = int(np.flatnonzero(strange)[0])
        raise TableError(
            f"The column of weights {column.name!r} holds {str(column.iloc[first])[:40]!r} in "
            f"{place_of(column, first)}, where a finite number from 0 on belongs ({np.count_nonzero(strange)} such in "
            "all). Correct it, or take the row out."
        )
    return weights


def weightless(name: str | None, rows: int) -> str:
    """Say that no row to learn from has a weight."""
    return (
        f"The column of weights {name!r} is 0 in all {rows} rows to learn from, so nothing is learnt. Give some row a "
        "weight above 0."
    )
