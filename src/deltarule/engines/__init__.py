"""Who does the arithmetic: one protocol, and the engines that keep it."""

import warnings

from deltarule.common.errors import SettingsError
from deltarule.engines import native
from deltarule.engines.native import NativeEngine
from deltarule.engines.protocol import Engine, MiniBatches, StepOptions, StepsTaken, TrainingState, UpdateRule
from deltarule.engines.reference import ReferenceEngine
from deltarule.network.network import Network

__all__ = [
    "Engine",
    "MiniBatches",
    "NativeEngine",
    "ReferenceEngine",
    "StepOptions",
    "StepsTaken",
    "TrainingState",
    "UpdateRule",
    "engine_for",
]

_INSTALL = (
    "Install one (g++ or clang, and on Linux the Python headers), then: "
    "pip install --force-reinstall --no-cache-dir --no-deps deltarule"
)
_has_warned = False


def engine_for(network: Network, name: str = "auto", n_threads: int | None = None) -> Engine:
    """Return an engine for a network by its name.

    Parameters
    ----------
    network : Network
    name : {"auto", "native", "reference"}
        `"auto"`: the compiled core where it was built, else the reference engine, with one warning in the life of the
        process.
    n_threads : int, optional
        For the compiled core.

    Raises
    ------
    SettingsError
        If `"native"` is asked for and was not built.
    """
    global _has_warned
    if name == "reference":
        return ReferenceEngine(network)
    if native.available():
        return NativeEngine(network, n_threads)
    if name == "native":
        raise SettingsError(f"engine='native' is not there: no C++ compiler was found at the installation. {_INSTALL}")
    if not _has_warned:
        _has_warned = True
        warnings.warn(
            "deltarule runs without its compiled core, many times slower, because no C++ compiler was found at the "
            f"installation. {_INSTALL}",
            RuntimeWarning,
            stacklevel=2,
        )
    return ReferenceEngine(network)
