"""Dask frames and arrays as partitions, and lazy predictions of them, by nothing but their own methods."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Any

import numpy as np

from deltarule.blocks.sources import is_dask
from deltarule.cluster.parts import Form, matrix_of, part_of
from deltarule.cluster.protocol import Call
from deltarule.common.errors import InputError, ShapeError
from deltarule.common.messages import a

__all__ = ["CollectionParts", "lazily"]


@dataclass(frozen=True, eq=False)
class CollectionParts:
    """The partitions of X, y and weights; see `Parts`."""

    nodes: tuple[tuple[Any, ...], ...]
    form: Form
    names: tuple[str, ...] | None
    is_weighted: bool

    @classmethod
    def of(cls, X: Any, y: Any, sample_weight: Any, is_classifier: bool) -> "CollectionParts":
        """Return the partitions of collections.

        Parameters
        ----------
        X : frame or array of Dask
        y, sample_weight : series, frame or array of Dask, or names of columns of X
        is_classifier : bool

        Raises
        ------
        InputError
            If y or the weights are no collections of Dask.
        ShapeError
            If their partitions do not fit those of X.
        """
        names = [y] if isinstance(y, str) else list(y) if isinstance(y, list | tuple) else []
        of_weights = [sample_weight] if isinstance(sample_weight, str) else []
        if names or of_weights:
            X, y, sample_weight = _from_columns(X, names, of_weights, y, sample_weight)
        for name, given in (("X", X), ("y", y), ("sample_weight", sample_weight)):
            if given is None and name == "sample_weight":
                continue
            if not (is_dask(given) and hasattr(given, "to_delayed")):
                raise InputError(
                    f"{name} is {a(given)}, but X is on a cluster. Give {name} as a frame or an array of "
                    "Dask, or as the name of a column of X."
                )
        if X.ndim != 2:
            raise ShapeError(
                f"X has {X.ndim} dimension{'s' * (X.ndim != 1)}. Give a frame or a matrix, one example a row."
            )
        columns = tuple(map(str, X.columns)) if hasattr(X, "columns") else None
        y, sample_weight = (_like(X, given, name) for given, name in ((y, "y"), (sample_weight, "sample_weight")))
        is_coded = is_classifier and (y.ndim == 1 or _width(y) == 1)
        several = [_delayed(one) for one in (X, y, sample_weight) if one is not None]
        for name, one in zip(("y", "sample_weight"), several[1:], strict=False):
            if len(one) != len(several[0]):
                raise ShapeError(
                    f"X has {len(several[0])} partitions, but {name} has {len(one)}. Make {name} of the same frame as "
                    "X, or repartition both alike."
                )
        return cls(tuple(zip(*several, strict=True)), Form(_width(X), is_coded), columns, sample_weight is not None)

    def calls(self, digests: Sequence[str] | None = None) -> list[Call]:
        """Return how each partition is made; see `Parts`."""
        return [
            Call("part", n, partial(part_of, self.form, n, None if digests is None else digests[n]), nodes)
            for n, nodes in enumerate(self.nodes)
        ]


def lazily(
    X: Any, model: Any, method: str, names: Sequence[str] | None, example: Callable[[Any], Any], labels: Any = None
) -> Any:
    """Return what a model predicts for a collection, as a collection of the same partitions.

    Parameters
    ----------
    X : frame or array of Dask
    model : delayed estimator
    method : str
    names : sequence of str, or None
        Columns that the model takes.
    example : callable
        Rows as an array ↦ their prediction, which tells shape and dtype.
    labels : array, optional
        Names of the columns of a prediction that has several.

    Returns
    -------
    predictions : series, frame or array of Dask
        Of a frame one with its index: a series, or a frame with a column for each class or quantity.
    """
    if hasattr(X, "columns"):
        if names is not None:
            missing = [name for name in names if name not in X.columns]
            if missing:
                raise InputError(f"X has no column {missing[0]!r}, on which the model was trained.")
            X = X[list(names)]
        shown = example(np.zeros((1, len(X.columns))))
        of_frame = partial(_of_frame, method=method, labels=labels)
        meta = _as_frame(shown, X._meta.index[:0], labels)
        return X.map_partitions(of_frame, model, meta=meta)
    if X.ndim != 2:
        raise ShapeError(f"X has {X.ndim} dimension{'s' * (X.ndim != 1)}. Give a matrix, one example a row.")
    if X.numblocks[1] > 1:
        X = X.rechunk({1: -1})
    shown = example(np.zeros((1, X.shape[1])))
    shape: dict[str, Any] = {"drop_axis": 1} if shown.ndim == 1 else {"chunks": (X.chunks[0], (shown.shape[1],))}
    return X.map_blocks(_of_array, model, method=method, dtype=shown.dtype, meta=shown[:0], **shape)


def _of_frame(frame: Any, model: Any, *, method: str, labels: Any) -> Any:
    X = matrix_of(frame, Form(frame.shape[1], is_coded=False), None)
    return _as_frame(_of_array(X, model, method=method), frame.index, labels)


def _as_frame(values: Any, index: Any, labels: Any) -> Any:
    import pandas as pd

    values = values[: len(index)]
    return (
        pd.Series(values, index=index, name="prediction")
        if values.ndim == 1
        else pd.DataFrame(values, index=index, columns=labels)
    )


def _of_array(X: Any, model: Any, *, method: str) -> Any:
    if len(X):
        return getattr(model, method)(X)
    return getattr(model, method)(np.zeros((1, X.shape[1])))[:0]


def _from_columns(X: Any, names: list[Any], of_weights: list[Any], y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """Return X without the columns that y and the weights are."""
    if not hasattr(X, "columns"):
        raise InputError("y or sample_weight is the name of a column, but X is an array. Give collections of Dask.")
    missing = [name for name in (*names, *of_weights) if name not in X.columns]
    if missing:
        there = ", ".join(map(repr, list(X.columns)[:8]))
        raise InputError(f"X has no column {missing[0]!r}. It has {len(X.columns)}: {there}. Name one that is there.")
    if names:
        y = X[names[0]] if len(names) == 1 else X[names]
    if of_weights:
        sample_weight = X[of_weights[0]]
    return X.drop(columns=[*names, *of_weights]), y, sample_weight


def _like(X: Any, given: Any, name: str) -> Any:
    """Return a collection whose blocks have the rows of those of X, where the rows of both are known."""
    known = getattr(X, "chunks", None), getattr(given, "chunks", None)
    if known[0] is None or known[1] is None:
        return given
    of_X, own = known[0][0], known[1][0]
    if any(isnan(rows) for rows in (*of_X, *own)):
        return given
    if sum(of_X) != sum(own):
        raise ShapeError(f"X has {sum(of_X)} rows, but {name} has {sum(own)}. Give one of each for every example.")
    return given if of_X == own else given.rechunk({0: of_X})


def _delayed(collection: Any) -> list[Any]:
    if getattr(collection, "numblocks", (1, 1))[1:] not in ((), (1,)):
        collection = collection.rechunk({1: -1})
    return list(np.ravel(collection.to_delayed()))


def _width(collection: Any) -> int:
    return (
        len(collection.columns)
        if hasattr(collection, "columns") and collection.ndim == 2
        else int((*collection.shape, 1)[1])
    )
