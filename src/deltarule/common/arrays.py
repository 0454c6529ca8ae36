"""The array type of the library, the rule that picks float32 or float64, and the length of a vector."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltarule.common.errors import InputError

__all__ = ["Array", "as_dense", "as_float", "float_dtype", "is_sparse", "length", "text_array"]


Array = NDArray[Any]


def float_dtype(*arrays: ArrayLike) -> np.dtype[Any]:
    """Return float32 if every array is float32 (or narrower), else float64.

    >>> float_dtype(np.zeros(2, np.float32)), float_dtype([1, 2])
    (dtype('float32'), dtype('float64'))
    """
    kinds = [np.asarray(array).dtype for array in arrays]
    narrow = all(kind.kind == "f" and kind.itemsize <= 4 for kind in kinds)
    return np.dtype(np.float32 if narrow else np.float64)


def as_float(values: ArrayLike, dtype: np.dtype[Any] | None = None) -> Array:
    """Return a C-contiguous, aligned float array; the same object if it already is one."""
    if type(values) is np.ndarray and values.dtype == dtype and values.flags.carray:
        return values
    with np.errstate(over="ignore"):  # numbers outside the dtype's range become infinite, which the checks report
        array = np.ascontiguousarray(values, dtype=dtype or float_dtype(values))
    return array if array.flags.aligned else array.copy()


def is_sparse(X: object) -> bool:
    """Whether X is one of SciPy's sparse matrices or arrays; asked without loading SciPy."""
    return hasattr(X, "tocsr")


def as_dense(X: Any) -> Any:
    """Return a sparse matrix as an array, and any other X as it is."""
    return X.toarray() if is_sparse(X) else X


def text_array(texts: Iterable[str]) -> NDArray[np.str_]:
    """Return texts as an array of NumPy, which cuts NUL characters off the end of a text.

    Raises
    ------
    InputError
        If a text ends with one: it would become another text.
    """
    texts = list(texts)
    for text in texts:
        if text.endswith("\0"):
            raise InputError(f"The label {text!r} ends with a NUL character, which NumPy cuts off. Take it out.")
    return np.array(texts, dtype=np.str_)


def length(*parts: Array) -> float:
    """Return ‖v‖ of the vector whose entries are those of some arrays; it overflows only where ‖v‖ itself does.

    >>> length(np.array([3e-200]), np.array([[4e-200]]))
    5e-200
    """
    largest = max((float(np.abs(part).max()) for part in parts if part.size), default=0.0)
    if not 0 < largest < math.inf:
        return largest
    scale = 1.0 if 1e-140 < largest < 1e140 else largest  # elsewhere squares leave the range of float64
    return scale * math.sqrt(sum(float(np.square(part / scale).sum()) for part in parts))
