"""Labels as they are given, as an array: a gap among texts stays a gap, and 1 among texts stays a number.

NumPy makes texts of a whole list that holds one, so `["yes", nan]` would have the class 'nan'.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltarule.common.errors import InputError

__all__ = ["as_labels", "refuse_mixed_labels"]


def as_labels(y: Any) -> Any:
    """Return a list of labels as an array, of objects if it holds texts and something else; other y as they are.

    >>> as_labels(["yes", float("nan")]).tolist(), as_labels(["yes", "no"]).dtype.kind
    (['yes', nan], 'U')
    """
    if isinstance(y, np.ndarray) and y.dtype.kind == "T":  # texts of any length, of which scikit-learn knows nothing
        y = y.tolist()
    elif str(getattr(y, "dtype", "")) in ("Int128", "UInt128"):  # of polars; NumPy has no such type
        y = y.to_list()
    if not isinstance(y, list | tuple) or all(isinstance(label, str) for label in y):
        return np.asarray(y) if isinstance(y, list | tuple) else y
    try:
        values = np.asarray(y)
    except ValueError:  # rows of different lengths, which scikit-learn reports
        return y
    return np.array(y, dtype=object) if values.dtype.kind in "US" and values.ndim == 1 else values


def refuse_mixed_labels(values: NDArray[Any], name: str = "y") -> None:
    """Raise InputError if labels are texts in some rows and something else in others, or None.

    >>> refuse_mixed_labels(np.array(["yes", 1], dtype=object))
    Traceback (most recent call last):
    deltarule.common.errors.InputError: y holds texts and other labels, such as 'yes' and 1. ...
    """
    if values.dtype.kind != "O":
        return
    labels = values.ravel().tolist()
    if any(label is None for label in labels):
        raise InputError(
            f"{name} contains NaN or another gap in row {[label is None for label in labels].index(True)}: what is to "
            "be predicted must be known. Leave such rows out."
        )
    texts = [isinstance(label, str) for label in labels]
    if any(texts) and not all(texts):
        one, other = labels[texts.index(True)], labels[texts.index(False)]
        raise InputError(
            f"{name} holds texts and other labels, such as {one!r} and {other!r}. Write all labels as texts, or all as "
            "numbers."
        )
