"""The provenance of a model: versions, settings, and the call that makes it again."""

import inspect
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from deltarule.common.version import __version__
from deltarule.engines import native

__all__ = ["GivenSetting", "call_of", "settings_of", "versions"]

_PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "matplotlib")


@dataclass(frozen=True)
class GivenSetting:
    """A parameter of an estimator with its value as Python writes it, and whether the value is not the default."""

    name: str
    value: str
    is_changed: bool


def versions() -> dict[str, str]:
    """Return the versions of this library and its dependencies, and the engine that is used."""
    found = {"deltarule": __version__, "Python": f"{platform.python_version()} on {platform.platform()}"}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    if native.available():
        cores = native.usable_cores()
        found["engine"] = f"compiled core, {native.instruction_set()}, {cores} threads by default"
    else:
        found["engine"] = f"reference (NumPy); {native.why_unavailable()}"
    return found


def settings_of(model: Any) -> tuple[GivenSetting, ...]:
    """Return every parameter of an estimator, in the order of its constructor.

    Examples
    --------
    >>> from deltarule import MLPClassifier
    >>> [setting for setting in settings_of(MLPClassifier((3,))) if setting.is_changed]
    [GivenSetting(name='hidden_layer_sizes', value='(3,)', is_changed=True)]
    """
    declared = inspect.signature(type(model)).parameters
    values = model.get_params(deep=False)
    return tuple(
        GivenSetting(name, repr(values[name]), repr(values[name]) != repr(declared[name].default)) for name in declared
    )


def call_of(model: Any) -> str:
    """Return the call that makes an estimator with the same settings.

    Examples
    --------
    >>> from deltarule import MLPRegressor
    >>> call_of(MLPRegressor(hidden_layer_sizes=(), random_state=3))
    'MLPRegressor(hidden_layer_sizes=(), random_state=3)'
    """
    changed = (f"{setting.name}={setting.value}" for setting in settings_of(model) if setting.is_changed)
    return f"{type(model).__name__}({', '.join(changed)})"
