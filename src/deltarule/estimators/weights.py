"""`coefs_` and `intercepts_` as lists of views of θ: what a user writes into them is written into θ."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ShapeError
from deltarule.network.network import Network

__all__ = ["Views", "unrolled"]


class Views(list[Any]):
    """A list of views of θ; assigning an array to an element writes it into θ.

    >>> import numpy as np
    >>> theta = np.zeros(3)
    >>> views = Views([theta[:1], theta[1:]])
    >>> views[1] = [4, 5]
    >>> theta
    array([0., 4., 5.])
    """

    def __setitem__(self, index: Any, values: Any) -> None:
        for view, value in (
            zip(self[index], values, strict=True) if isinstance(index, slice) else [(self[index], values)]
        ):
            view[...] = value


def unrolled(network: Network, coefs_: Sequence[Array] = (), intercepts_: Sequence[Array] = ()) -> Array:
    """Return θ for weights and biases in scikit-learn's shapes.

    Raises
    ------
    ShapeError
        If one of them is missing, or their shapes are those of another network.
    """
    came = [[np.shape(array) for array in arrays] for arrays in (coefs_, intercepts_)]
    fits = [[(columns - 1, rows) for rows, columns in network.shapes], [(rows,) for rows, _ in network.shapes]]
    if came != fits:
        raise ShapeError(
            f"coefs_ was assigned {came[0] or 'nothing'} and intercepts_ was assigned {came[1] or 'nothing'}, but the "
            f"network {network} has the shapes {fits[0]} and {fits[1]}. Assign both before the first fit, or neither."
        )
    return network.unroll([np.column_stack([b, np.transpose(W)]) for W, b in zip(coefs_, intercepts_, strict=True)])
