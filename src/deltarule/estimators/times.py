"""The check that refuses dates, times and durations: NumPy would silently use the counts behind them as numbers."""

from datetime import date, time, timedelta
from typing import Any

import numpy as np

from deltarule.common.errors import InputError
from deltarule.network.data import is_sparse

__all__ = ["refuse_times"]

_TIMES = (date, time, timedelta, np.datetime64, np.timedelta64)
"""The types to refuse; datetime and the Timestamp and Timedelta of pandas are subclasses of them."""

_ARROW = ("timestamp", "date", "time", "duration")


def refuse_times(values: Any, name: str) -> None:
    """Raise InputError if an array, a column or a frame holds dates, times or durations, as numbers or as objects.

    >>> refuse_times(np.array(["2024-02-29"], dtype="datetime64[D]"), "y")
    Traceback (most recent call last):
    deltarule.common.errors.InputError: y holds datetime64[D]. The network takes numbers: ...
    """
    found = None if values is None or is_sparse(values) else _times_in(values)
    if found is not None:
        raise InputError(
            f"{name} holds {found}. The network takes numbers: convert them, for instance to days since a date, "
            "(times - start) / np.timedelta64(1, 'D')."
        )


def _times_in(values: Any) -> str | None:
    """Return the kind of times among values; None if there are no times."""
    if hasattr(values, "column_names") and hasattr(values, "schema"):  # of Arrow
        fields = ((field.name, str(field.type)) for field in values.schema)
        return next((f"{kind} in column {name!r}" for name, kind in fields if kind.startswith(_ARROW)), None)
    if hasattr(values, "columns"):
        kinds = (
            (name, _kind_of(dtype, values, name)) for name, dtype in zip(values.columns, values.dtypes, strict=True)
        )
        return next((f"{kind} in column {name!r}" for name, kind in kinds if kind is not None), None)
    if not hasattr(values, "dtype"):
        try:
            values = np.asarray(values)
        except ValueError:  # rows of different lengths, which scikit-learn reports
            return None
    return _kind_of(values.dtype, values)


def _kind_of(dtype: Any, values: Any, column: Any = None) -> str | None:
    kind, is_temporal = getattr(dtype, "kind", ""), getattr(dtype, "is_temporal", None)  # NumPy and pandas; polars
    if kind in ("M", "m") or str(dtype).startswith("period") or (is_temporal is not None and is_temporal()):
        return str(dtype)
    if str(dtype).lower() != "object":
        return None
    objects = np.asarray(values if column is None else values[column], dtype=object)
    kinds = set(map(type, objects.ravel()))
    return next((kind.__name__ for kind in kinds if issubclass(kind, _TIMES) or kind.__name__ == "Period"), None)
