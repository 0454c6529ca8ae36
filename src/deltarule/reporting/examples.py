"""The examples that the model gets most wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.arrays import Array
from deltarule.reporting.columns import Columns

__all__ = ["Costly", "most_costly"]


@dataclass(frozen=True)
class Costly:
    """An example with what it costs.

    Attributes
    ----------
    row : int
        From 0, in X.
    name : str
        What the table calls it.
    true, predicted : str
        Labels, or quantities.
    probability : float or None
        That the model gives to the true label; None for quantities and for several labels.
    cost : float
        ℓ of this example, without penalty.
    values : tuple of (str, str)
        Names of columns and what stands there.
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
    columns: Columns,
    most: int,
) -> tuple[Costly, ...]:
    """Return the examples with the highest cost, the highest first; of equal ones, the first in X."""
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
    """Return a value as it is read: numbers with six digits, several with commas between.

    Examples
    --------
    >>> text_of(0.1 + 0.2), text_of(7), text_of("x"), text_of(np.array([1, 0]))
    ('0.3', '7', 'x', '1, 0')
    """
    if np.ndim(value):
        return ", ".join(map(text_of, value))
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
