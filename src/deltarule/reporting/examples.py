"""The examples with the highest cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.reporting.columns import ShownColumns

__all__ = ["Costly", "most_costly"]


@dataclass(frozen=True)
class Costly:
    """An example with its cost.

    Attributes
    ----------
    row : int
        Row of X, from 0.
    name : str
        Name of the row in the table.
    true, predicted : str
        Labels, or quantities.
    probability : float or None
        Predicted probability of the true label; None for quantities and for several labels.
    cost : float
        ℓ of this example, without penalty.
    values : tuple of (str, str)
        Names of columns, each with its value.
    """

    row: int
    name: str
    true: str
    predicted: str
    probability: float | None
    cost: float
    values: tuple[tuple[str, str], ...]


def most_costly(
    costs: Array,
    y: NDArray[Any],
    predicted: NDArray[Any],
    probability_of_true: Array | None,
    columns: ShownColumns,
    most: int,
) -> tuple[Costly, ...]:
    """Return the examples with the highest cost in descending order; equal costs are in the order of X."""
    order: Sequence[int] = np.argsort(-costs, kind="stable")[:most].tolist()
    return tuple(
        Costly(
            row=t,
            name=columns.row_name(t),
            true=text_of(y[t]),
            predicted=text_of(predicted[t]),
            probability=None if probability_of_true is None else float(probability_of_true[t]),
            cost=float(costs[t]),
            values=tuple((name, text_of(value)) for name, value in columns.row(t)),
        )
        for t in order
    )


def text_of(value: Any) -> str:
    """Return a value as text: a number with six digits, several values separated by commas.

    Examples
    --------
    >>> text_of(0.1 + 0.2), text_of(7), text_of("x"), text_of(np.array([1, 0]))
    ('0.3', '7', 'x', '1, 0')
    """
    if np.ndim(value):
        return ", ".join(map(text_of, value))
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
