"""Partitions as workers read them: X, y and weights as plain arrays, checked, and what is known of them afterwards.

These functions run on workers, where neither scikit-learn nor Dask is needed.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from deltarule.blocks.sources.source import Coded
from deltarule.common.arrays import Array, is_sparse
from deltarule.common.errors import InputError, ShapeError

__all__ = ["Form", "Part", "Profile", "checked_part", "class_sums", "matrix_of", "part_of", "profile_of"]


@dataclass(frozen=True)
class Form:
    """The form of the partitions.

    Attributes
    ----------
    n_features : int
    is_coded : bool
        Whether y is one column of labels, which are kept as codes. Else it is numbers.
    """

    n_features: int
    is_coded: bool


class Part(NamedTuple):
    """The rows of a partition.

    Attributes
    ----------
    X : array or CSR matrix of shape (rows, n_features), float32 or float64
    y : Coded, or array of shape (rows, K), float64
    weights : array of shape (rows,) or None
    """

    X: Any
    y: Coded | Array
    weights: Array | None


@dataclass(frozen=True, eq=False)
class Profile:
    """What is known of a partition.

    Attributes
    ----------
    rows : int
    dtype : str
        Of X.
    largest : float
        The largest |x|.
    labels : tuple
        The labels, if they are coded.
    counts : tuple of int
        Rows of each label.
    least, greatest : arrays of shape (K,)
        Of the targets, if they are numbers.
    are_binary : bool
        Whether these are 0 and 1 alone.
    heaviest : float
        The largest weight; 1 without weights.
    is_sparse : bool
    digest : str
        Of all its numbers.
    """

    rows: int
    dtype: str
    largest: float
    labels: tuple[Any, ...]
    counts: tuple[int, ...]
    least: Array
    greatest: Array
    are_binary: bool
    heaviest: float
    is_sparse: bool
    digest: str


def part_of(form: Form, number: int, digest: str | None, X: Any, y: Any, weights: Any = None) -> Part:
    """Return a partition of a Dask collection.

    Parameters
    ----------
    form : Form
    number : int
        That of the partition, for messages.
    digest : str or None
        That of its profile, if it was read before.
    X : frame, array or sparse matrix
    y, weights : series, frame or array

    Raises
    ------
    InputError
        If a column holds no numbers, a value is not finite, or the rows are others than before.
    ShapeError
        If X, y and weights have different numbers of rows.
    """
    rows = X.shape[0]
    for name, given in (("y", y), ("sample_weight", weights)):
        if given is not None and len(given) != rows:
            raise ShapeError(
                f"X of partition {number} has {rows} rows, but {name} has {len(given)}. Make {name} of the same "
                "frame as X, or repartition both alike."
            )
    w = None if weights is None else np.asarray(weights, np.float64).reshape(rows)
    return checked_part(Part(matrix_of(X, form, number), _targets(y, form, number), w), f"partition {number}", digest)


def checked_part(part: Part, where: str, digest: str | None) -> Part:
    """Return a part whose numbers are finite and those that they were; see `part_of`."""
    X, y, weights = part
    values = X.data if is_sparse(X) else X
    if values.size and not max(float(values.max()), -float(values.min())) < np.inf:  # a NaN makes both NaN
        dense = X.toarray() if is_sparse(X) else X
        row, column = np.argwhere(~np.isfinite(dense))[0]
        raise InputError(
            f"X holds {dense[row, column]} in row {row} of {where}, column {column}. Fill or drop the gaps first, and "
            "keep values within the range of floats."
        )
    if not isinstance(y, Coded) and not np.isfinite(y).all():
        row = int(np.argwhere(~np.isfinite(y))[0][0])
        raise InputError(f"The target is not finite in row {row} of {where}. Leave rows without a target out.")
    if isinstance(y, Coded) and (y.places < 0).any():
        row = int(np.flatnonzero(y.places < 0)[0])
        raise InputError(f"y has a gap in row {row} of {where}. Leave rows without a label out.")
    if weights is not None and not (np.isfinite(weights) & (weights >= 0)).all():
        row = int(np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))[0])
        raise InputError(
            f"The weight is {weights[row]} in row {row} of {where}: a weight stands for repetitions of its row, so it "
            "is finite and 0 or more."
        )
    if digest is not None and _digest_of(part) != digest:
        raise InputError(
            f"The rows of {where} are others than when the fit began: its source was changed meanwhile, or gives other "
            "rows each time. Fit again on one that stays the same, or persist it first."
        )
    return part


def profile_of(read: Callable[..., Part], *arguments: Any) -> Profile | InputError:
    """Return what is known of a partition. The task that calls this reads the partition, so no worker keeps its rows.

    An error in the rows is returned and not raised. Of several partitions with errors, the message can then name the
    first one instead of the one that a worker happened to read first.
    """
    try:
        part = read(*arguments)
    except InputError as error:
        return error
    X, y, weights = part
    rows = X.shape[0]
    values = X.data if is_sparse(X) else X
    numbers = np.empty((0, 1)) if isinstance(y, Coded) else y
    return Profile(
        rows=rows,
        dtype=X.dtype.name if rows else "float32",  # a partition without rows must not widen the dtype of the others
        largest=max(float(values.max()), -float(values.min())) if values.size else 0.0,
        labels=tuple(y.values) if isinstance(y, Coded) else (),
        counts=tuple(np.bincount(y.places, minlength=len(y.values)).tolist()) if isinstance(y, Coded) else (),
        least=numbers.min(axis=0, initial=np.inf),
        greatest=numbers.max(axis=0, initial=-np.inf),
        are_binary=bool(((numbers == 0) | (numbers == 1)).all()),
        heaviest=1.0 if weights is None else float(weights.max(initial=0.0)),
        is_sparse=is_sparse(X),
        digest=_digest_of(part),
    )


def class_sums(classes: tuple[Any, ...], dtype: str, so_far: Array, part: Part) -> Array:
    """Return Σ w of the rows of each class so far, one row after the other; weights are rounded to a dtype first."""
    assert isinstance(part.y, Coded)
    assert part.weights is not None
    place = {label: n for n, label in enumerate(classes)}
    of_values = np.array([place[value] for value in part.y.values], np.int64)
    codes = np.concatenate([np.arange(len(classes)), of_values[part.y.places]])
    return np.bincount(codes, np.concatenate([so_far, part.weights.astype(dtype)]), len(classes))


def _digest_of(part: Part) -> str:
    X, y, weights = part
    digest = hashlib.blake2b(f"{X.dtype}{X.shape}".encode(), digest_size=16)
    of_y = (y.places,) if isinstance(y, Coded) else (y,)
    if isinstance(y, Coded):
        digest.update(repr(list(y.values)).encode())
    for array in (*((X.data, X.indices, X.indptr) if is_sparse(X) else (X,)), *of_y, weights):
        if array is not None:
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def matrix_of(X: Any, form: Form, number: int | None) -> Any:
    """Return X of a partition as floats: float32 if all columns are, else float64."""
    where = "to predict" if number is None else f"of partition {number}"
    if X.ndim != 2 or X.shape[1] != form.n_features:
        raise ShapeError(f"X {where} has the shape {X.shape}, but {form.n_features} columns were expected.")
    if is_sparse(X):
        return X.tocsr().astype(np.float32 if X.dtype == np.float32 else np.float64, copy=False)
    if not X.shape[0]:
        return np.empty(X.shape, np.float32)
    if not hasattr(X, "dtypes"):
        values = np.asarray(X)
        if values.dtype.kind not in "biuf":
            raise InputError(f"X {where} holds {values.dtype}, but the network takes numbers. Encode it first.")
        return np.ascontiguousarray(values, np.float32 if values.dtype == np.float32 else np.float64)
    for name, kind in zip(X.columns, X.dtypes, strict=True):
        if getattr(kind, "kind", "O") not in "biuf":
            raise InputError(
                f"The column {name!r} {where} holds {kind}, but the network takes numbers. Encode or drop it first, "
                "for instance with dask.dataframe.get_dummies."
            )
    narrow = all(kind.kind == "f" and kind.itemsize == 4 for kind in X.dtypes)
    dtype = np.dtype(np.float32 if narrow else np.float64)
    return np.ascontiguousarray(X.to_numpy(dtype=dtype, na_value=np.nan))


def _targets(y: Any, form: Form, number: int) -> Coded | Array:
    if form.is_coded:
        if getattr(y, "ndim", 1) == 2:
            y = y.iloc[:, 0] if hasattr(y, "iloc") else y[:, 0]
        if getattr(y.dtype, "kind", "O") in "mM":
            raise InputError(
                f"y of partition {number} holds {y.dtype}, which are no labels of classes. Write them as texts."
            )
        if hasattr(y, "factorize"):
            places, values = y.factorize()
            return Coded(np.asarray(places, np.int64), values.tolist())
        given = np.asarray(y).tolist()
        known: dict[Any, int] = {}
        for value in given:
            known.setdefault(value, -1 if value is None or value != value else len(known))
        places = np.array([known[value] for value in given], np.int64)
        return Coded(places, list(known))
    dtypes = [y.dtype] if hasattr(y, "dtype") else list(y.dtypes)
    if any(getattr(kind, "kind", "O") not in "biuf" for kind in dtypes):
        raise InputError(f"y of partition {number} holds {dtypes[0]}, but quantities are numbers.")
    numbers = y.to_numpy(dtype=np.float64, na_value=np.nan) if hasattr(y, "to_numpy") else np.asarray(y, np.float64)
    return np.ascontiguousarray(numbers if numbers.ndim == 2 else numbers[:, np.newaxis])
