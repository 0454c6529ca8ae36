"""The choices that a fit makes from parameters and data before it begins: settings, layers, precision, generator."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.estimators.printing import check_verbose
from deltarule.network.parts import Unit
from deltarule.network.units import HIDDEN_UNITS
from deltarule.training.settings import CLASSIFIER_SETTINGS, MINI_BATCH_SOLVERS, SETTINGS, Settings, check_setting

__all__ = ["dtypes_of", "generator_of", "hidden_layers", "preferred_dtype", "settings_of"]

_LARGE = 1e18
"""Squares of larger numbers overflow float32; squares of weights below its inverse underflow."""


def hidden_layers(hidden_layer_sizes: Any, activation: Any) -> tuple[list[int], str | Unit | list[str | Unit]]:
    """Return the sizes of the hidden layers and their units, checked.

    Raises
    ------
    SettingsError
        If a size is not a positive whole number, a unit is unknown, or there are more or fewer units than layers.
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


def settings_of(estimator: Any) -> Settings:
    """Return the training settings of an estimator, and check them and its other parameters.

    Raises
    ------
    SettingsError
        If a parameter is outside its range.
    """
    owner = type(estimator).__name__
    check_verbose(estimator.verbose)
    for name in CLASSIFIER_SETTINGS if isinstance(estimator, ClassifierMixin) else ():
        check_setting(name, getattr(estimator, name), owner)
    values = tuple(getattr(estimator, name) for name in SETTINGS)
    if _PLAIN.issuperset(map(type, values)):
        return _settings(owner, *values)
    return Settings(**dict(zip(SETTINGS, values, strict=True)), owner=owner)


_PLAIN = {bool, int, float, str, type(None)}


@lru_cache(maxsize=64, typed=True)
def _settings(owner: str, *values: Any) -> Settings:
    """Return checked settings, made once for all fits that have them; the checks are a tenth of a fit of one epoch."""
    return Settings(**dict(zip(SETTINGS, values, strict=True)), owner=owner)


def preferred_dtype(settings: Settings) -> np.dtype[Any] | None:
    """Return the precision to train in if the numbers allow it; None stands for that of X."""
    if settings.dtype != "auto":
        return np.dtype(settings.dtype)
    return np.dtype(np.float32) if settings.solver in MINI_BATCH_SOLVERS else None


def dtypes_of(
    settings: Settings, given: np.dtype[Any], largest: float, Y: Array, weights: Array | None
) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """Return the precision of training, and that of predictions and of the stored parameters.

    Parameters
    ----------
    settings : Settings
    given : dtype
        Dtype of X.
    largest : float
        The largest |x|.
    Y : array of shape (m, K)
    weights : array of shape (m,) or None
    """
    preferred = preferred_dtype(settings) or given
    if settings.dtype != "auto":
        return preferred, preferred
    is_outside = largest > _LARGE or _is_large(Y) or _are_extreme(weights)
    return given if is_outside else preferred, given


def _are_extreme(weights: Array | None) -> bool:
    return weights is not None and (_is_large(weights) or 0 < weights.max() < 1 / _LARGE)


def _is_large(values: Array) -> bool:
    return values.dtype == np.float64 and bool(max(values.max(), -values.min()) > _LARGE)


def generator_of(random_state: Any) -> np.random.Generator:
    """Return a Generator for any `random_state` that scikit-learn takes."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**32, size=4, dtype=np.uint64))
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"random_state={random_state!r} cannot seed a generator: {error}. Pass a whole number from 0 on, a NumPy "
            "Generator or RandomState, or None."
        ) from error
