"""What a fit takes from parameters and data before it begins: layers, precision and random numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.network.parts import Unit
from deltarule.network.units import HIDDEN_UNITS
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["dtypes_of", "generator_of", "hidden_layers"]

_LARGE = 1e18
"""Squares of larger numbers leave the range of float32, and those of weights below its inverse too."""


def hidden_layers(hidden_layer_sizes: Any, activation: Any) -> tuple[list[int], str | Unit | list[str | Unit]]:
    """Return the sizes of the hidden layers and their units, checked.

    Raises
    ------
    SettingsError
        If a size is none, a unit is unknown, or the units are those of another number of layers.
    """
    sizes = np.atleast_1d(np.asarray(hidden_layer_sizes, dtype=object)).tolist()
    if any(isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1 for size in sizes):
        raise SettingsError(
            f"hidden_layer_sizes must be > 0, got {sizes}. "
            "Give the whole number of units of each hidden layer, (100,) for one layer of 100."
        )
    is_one = isinstance(activation, str) or not isinstance(activation, Sequence | np.ndarray)
    names = [activation] if is_one else list(activation)
    for name in names:
        if not isinstance(name, Unit) and not (isinstance(name, str) and name in HIDDEN_UNITS):
            raise SettingsError(
                f"activation={name!r} is not a unit that is known here. Take one of {', '.join(HIDDEN_UNITS)}, or a "
                "list with one for each hidden layer."
            )
    if is_one:
        return sizes, activation
    if len(names) != len(sizes):
        raise SettingsError(
            f"activation={activation!r} names the units of {len(names)} hidden layers, but hidden_layer_sizes has "
            f"{len(sizes)}. Give one name for all, or one for each."
        )
    return sizes, names


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
