"""Predictions for rows that are read block by block; only X of one block and the predictions are in memory."""

from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from deltarule.blocks.blocks import Blocks
from deltarule.blocks.conversion import checked_extreme
from deltarule.blocks.sources import Asked, Source, is_source, source_of
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.estimators.checking import check_width
from deltarule.estimators.outcomes import answers_of
from deltarule.files.parquet import check_pyarrow, write_parquet
from deltarule.files.patterns import check_not_read
from deltarule.files.whole import check_writable

__all__ = ["is_read_in_blocks", "nameless", "predicted_in_blocks", "predictions_written"]


def is_read_in_blocks(X: Any) -> bool:
    """Whether X is a source; an array, which is nearly always given, is asked nothing else."""
    return not isinstance(X, np.ndarray) and is_source(X)


def predicted_in_blocks(estimator: Any, method: str, X: Any) -> Array:
    """Return what a method of a fitted estimator predicts for all rows of a source, in order.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    method : {"predict", "predict_proba", "predict_log_proba"}
    X : source
        Columns of other names than those of training are ignored; an estimator that knows no names takes all columns.

    Raises
    ------
    ValueError
        If a column is missing, there are more or fewer of them, or a row holds a gap.
    """
    without_names, blocks = _ready(estimator, X)
    predicts = getattr(without_names, method)
    return np.concatenate([predicts(rows) for rows in blocks])


def predictions_written(estimator: Any, X: Any, path: str | Path) -> int:
    """Write what a fitted estimator predicts for a source to a file of Parquet, block by block; return the rows.

    See `FittedMLP.predict_to_parquet`.
    """
    if not is_source(X):
        raise InputError(
            f"X is a {type(X).__name__}, which is in memory already: predict returns its predictions. Pass a source, "
            "such as the path of a file of Parquet."
        )
    check_pyarrow()
    check_writable(path)
    check_not_read(path, X)
    without_names, blocks = _ready(estimator, X)
    return write_parquet(path, (_columns(*answers_of(without_names, rows), without_names) for rows in blocks))


def _ready(estimator: Any, X: Any) -> tuple[Any, Iterator[Array]]:
    """Return a copy of a fitted estimator that asks for no names, and X block by block."""
    estimator._check_fitted()
    names = getattr(estimator, "feature_names_in_", None)
    are_blocks = isinstance(X, Blocks)  # which hold y, that is not needed but must be read as what it is
    features = None if names is None or are_blocks else tuple(map(str, names))
    is_coded = are_blocks and is_classifier(estimator)
    source = source_of(X, Asked(is_coded=is_coded, features=features, is_prediction=True))
    check_width(estimator, source.n_features, estimator.n_features_in_)
    return nameless(estimator), _finite(source)


def _finite(source: Source) -> Iterator[Array]:
    """Return X block by block; raise InputError with the place of a number that is not finite."""
    row = 0
    for chunk in source.chunks(source.dtype):
        if len(chunk.X):
            checked_extreme(source, chunk.X, row)
            yield chunk.X
            row += len(chunk.X)


def nameless(estimator: Any) -> Any:
    """Return a copy of a fitted estimator that asks for no names of columns."""
    without_names = copy(estimator)
    without_names.__dict__.pop("feature_names_in_", None)
    return without_names


def _columns(predicted: Array, probabilities: Array | None, estimator: Any) -> dict[str, Array]:
    """Return predictions and probabilities as named columns."""
    if predicted.ndim == 1:
        columns = {"predicted": predicted}
    else:
        columns = {f"predicted_{n}": column for n, column in enumerate(predicted.T)}
    if probabilities is not None:
        columns |= {
            f"probability_{label}": column
            for label, column in zip(estimator.classes_.tolist(), probabilities.T, strict=True)
        }
    return columns
