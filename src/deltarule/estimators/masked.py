"""The check that refuses masked values: NumPy and scikit-learn would silently learn from the numbers under the mask."""

from typing import Any

import numpy as np

from deltarule.common.errors import InputError

__all__ = ["refuse_masked"]


def refuse_masked(values: Any, name: str) -> None:
    """Raise InputError if an array has masked values, as DuckDB's `fetchnumpy` returns where a column has NULL.

    >>> refuse_masked(np.ma.masked_equal([1.0, -9.0], -9.0), "y")
    Traceback (most recent call last):
    deltarule.common.errors.InputError: y is a masked array, and 1 of its values is masked. ...
    """
    if not isinstance(values, np.ma.MaskedArray):
        return
    masked = int(np.sum(np.ma.getmaskarray(values)))
    if masked:
        gaps = " TableClassifier and TableRegressor take masked values of X as gaps." if name == "X" else ""
        raise InputError(
            f"{name} is a masked array, and {masked} of its values {'is' if masked == 1 else 'are'} masked. What lies "
            f"under a mask is no data: leave these rows out, or give the values, {name}.filled(value).{gaps}"
        )
