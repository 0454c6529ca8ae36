"""What a fit takes from parameters and data before it begins: precision and random numbers."""

from typing import Any

import numpy as np

from deltarule.arrays import Array
from deltarule.errors import SettingsError
from deltarule.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["dtypes_of", "generator_of"]

_LARGE = 1e18
"""Squares of larger numbers leave the range of float32, and those of weights below its inverse too."""


def dtypes_of(settings: Settings, X: Array, Y: Array, weights: Array | None) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """Return the precision to train in, and that to keep the parameters and predict in."""
    if settings.dtype != "auto":
        return np.dtype(settings.dtype), np.dtype(settings.dtype)
    narrow = settings.solver in MINI_BATCH_SOLVERS and not (_is_large(X) or _is_large(Y) or _are_extreme(weights))
    return np.dtype(np.float32) if narrow else X.dtype, X.dtype


def _are_extreme(weights: Array | None) -> bool:
    return weights is not None and (_is_large(weights) or 0 < weights.max() < 1 / _LARGE)


def _is_large(values: Array) -> bool:
    return values.dtype == np.float64 and bool(max(values.max(), -values.min()) > _LARGE)


def generator_of(random_state: Any) -> np.random.Generator:
    """Return a Generator from what scikit-learn's users pass as `random_state`."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**32, size=4, dtype=np.uint64))
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"random_state={random_state!r} cannot seed a generator: {error}. Pass a whole number from 0 on, a NumPy "
            "Generator or RandomState, or None."
        ) from error
