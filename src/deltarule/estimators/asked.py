"""What `fit` and `score` ask of a source: the names of its columns that are the target, the weights and X."""

from typing import Any

from sklearn.base import is_classifier

from deltarule.blocks.blocks import Blocks
from deltarule.blocks.sources import Asked, GivenSource
from deltarule.common.errors import InputError
from deltarule.estimators.checking import Columns

__all__ = ["asked_of"]


def asked_of(estimator: Any, X: Any, y: Any, sample_weight: Any, columns: Columns | None = None) -> Asked:
    """Return what the arguments of `fit` ask of a source.

    Raises
    ------
    InputError
        If y or the weights are not names of columns, or are given beside `Blocks`.
    """
    if isinstance(X, Blocks | GivenSource):
        if y is not None or sample_weight is not None:
            raise InputError(
                f"{type(X).__name__} hold y and the weights of their rows, but y or sample_weight is given too. Pass "
                "them alone, for example fit(Blocks.from_arrays(X, y, sample_weight))."
            )
        return Asked(is_coded=is_classifier(estimator))
    names = [y] if isinstance(y, str) else y
    if not (isinstance(names, list | tuple) and names and all(isinstance(name, str) for name in names)):
        raise InputError(
            f"X is read block by block, so y is the name of a column of it, or a list of names; y is a "
            f"{type(y).__name__}. Pass for example fit('train/*.parquet', 'target')."
        )
    if sample_weight is not None and not isinstance(sample_weight, str):
        raise InputError(
            f"X is read block by block, so sample_weight is the name of a column of it, not a "
            f"{type(sample_weight).__name__}. Write the weights into a column."
        )
    features = None if columns is None or columns.names is None else tuple(map(str, columns.names))
    return Asked(
        target=names[0] if len(names) == 1 else tuple(names),
        weight=sample_weight,
        is_coded=is_classifier(estimator) and len(names) == 1,
        features=features,
    )
