"""What a user gives as X: a frame of pandas, polars or Arrow, or an array, as a frame whose columns have names."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from deltarule.blocks.sources import is_dask, is_source
from deltarule.common.arrays import is_sparse
from deltarule.common.errors import InputError, SettingsError, ShapeError
from deltarule.common.messages import a
from deltarule.tables.options import TableOptions
from deltarule.tables.reading import as_frame, check_names

__all__ = ["Given", "given_rows", "names_of", "options_of"]


class Given(NamedTuple):
    """X as a frame.

    Attributes
    ----------
    frame : DataFrame
        Its columns have the names x0, x1, … where X has none.
    named : bool
        Whether the names are the caller's.
    """

    frame: pd.DataFrame
    named: bool


def given_rows(X: Any, owner: Any) -> Given:
    """Return X as a frame; numbers in an array stay as they are.

    Raises
    ------
    ValueError, TypeError
        If X is no frame and no matrix, holds complex numbers, is sparse, or is read block by block.
    """
    if is_source(X):
        raise InputError(
            f"X is {a(X)}, which is read block by block, and a {type(owner).__name__} takes rows in "
            "memory. Collect or read it first; MLPClassifier and MLPRegressor fit on more rows than the memory holds."
        )
    if is_dask(X):
        raise InputError(
            f"X is {a(X)} of Dask, all of whose rows would be brought into this process. X.compute() does so where "
            "they fit; deltarule.cluster.DaskMLPClassifier and DaskMLPRegressor learn from numbers on the workers."
        )
    if hasattr(X, "to_pandas") or isinstance(X, pd.DataFrame):
        frame = as_frame(X)
        if frame.shape[1] and not any(isinstance(name, str) for name in frame.columns):
            return Given(frame.set_axis(_numbered(frame.shape[1]), axis=1), False)
        check_names("X", list(frame.columns))
        _check_size(frame)
        return Given(frame, True)
    _refuse_records(X)
    if isinstance(X, np.ma.MaskedArray):
        mask, X = np.ma.getmaskarray(X), np.ma.getdata(X)
        X = X.astype(np.float64 if X.dtype.kind in "biuf" else object)
        X[mask] = np.nan
    values = check_array(X, accept_sparse=False, dtype=None, ensure_all_finite=False, estimator=owner)
    return Given(pd.DataFrame(values, columns=_numbered(values.shape[1])), False)


def names_of(given: Given) -> NDArray[Any] | None:
    """Return the names of the columns as scikit-learn keeps them; None where X has none."""
    return np.array(list(given.frame.columns), dtype=object) if given.named else None


def options_of(given: Given, **options: Any) -> TableOptions:
    """Return the options for reading a frame; columns may be given by name or by position.

    Raises
    ------
    SettingsError
        If a column is neither a name nor a position that there is.
    """
    columns = [str(name) for name in given.frame.columns]
    plain = {name: options.pop(name) for name in ("gaps", "dates")}
    named = {name: _names(name, options[name], columns) for name in ("categories", "keep", "drop")}
    if not given.named:  # nobody numbers the rows of an array in one of its columns
        named["keep"] = tuple(name for name in columns if name not in named["drop"])
    gaps = plain["gaps"] or ()
    return TableOptions(**named, gaps=(gaps,) if isinstance(gaps, str) else tuple(map(str, gaps)), dates=plain["dates"])


def _names(option: str, asked: Any, columns: list[str]) -> tuple[str, ...]:
    if asked is None:
        return ()
    if isinstance(asked, str | int | np.integer) or not isinstance(asked, Iterable):
        asked = [asked]
    found = []
    for one in asked:
        is_position = isinstance(one, int | np.integer) and not isinstance(one, bool)
        if is_position and 0 <= one < len(columns):
            found.append(columns[int(one)])
        elif isinstance(one, str) and one in columns:
            found.append(one)
        else:
            raise SettingsError(
                f"{option} names the column {one!r}, which X does not have. Its {len(columns)} columns are "
                f"{', '.join(columns[:8])}{', …' if len(columns) > 8 else ''}: give names, or positions from 0."
            )
    return tuple(dict.fromkeys(found))


def _numbered(n: int) -> list[str]:
    return [f"x{i}" for i in range(n)]


def _refuse_records(X: Any) -> None:
    """Raise InputError for rows or columns with names that are in no frame."""
    of_dicts = isinstance(X, list | tuple) and len(X) > 0 and isinstance(X[0], Mapping)
    if isinstance(X, pd.Series) or (hasattr(X, "to_frame") and not hasattr(X, "columns")):
        raise InputError(
            f"Expected 2D array, got 1D array instead: X is a {type(X).__name__}. Make it a frame: X.to_frame() if it "
            "is a column, X.to_frame().T if it is a row."
        )
    is_mapping = isinstance(X, Mapping) and not is_sparse(X)
    if is_mapping or of_dicts or getattr(getattr(X, "dtype", None), "names", None):
        what = "list of dictionaries" if of_dicts else type(X).__name__
        raise InputError(f"X is a {what}, and not a frame. Make it one: pandas.DataFrame(X).")


def _check_size(frame: pd.DataFrame) -> None:
    if not frame.shape[1]:
        raise ShapeError(f"X has 0 feature(s) (shape={frame.shape}) while a minimum of 1 is required. Give columns.")
    if not len(frame):
        raise ShapeError(f"X has 0 sample(s) (shape={frame.shape}) while a minimum of 1 is required. Give rows.")
