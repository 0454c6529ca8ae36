"""Predictions for rows that are read block by block; only X of one block and the predictions are in memory."""

from copy import copy
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from deltarule.blocks.blocks import Blocks
from deltarule.blocks.sources import Asked, is_source, source_of
from deltarule.common.arrays import Array
from deltarule.common.errors import ShapeError

__all__ = ["is_read_in_blocks", "predicted_in_blocks"]


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
    estimator._check_fitted()
    names = getattr(estimator, "feature_names_in_", None)
    are_blocks = isinstance(X, Blocks)  # which hold y, that is not needed but must be read as what it is
    features = None if names is None or are_blocks else tuple(map(str, names))
    source = source_of(X, Asked(is_coded=are_blocks and is_classifier(estimator), features=features))
    if source.n_features != estimator.n_features_in_:
        raise ShapeError(
            f"X has {source.n_features} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input. Pass the columns it was trained on."
        )
    without_names = copy(estimator)
    without_names.__dict__.pop("feature_names_in_", None)
    predicts = getattr(without_names, method)
    return np.concatenate([predicts(chunk.X) for chunk in source.chunks(source.dtype) if len(chunk.X)])
