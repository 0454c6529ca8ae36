"""Engines by name: those of this library, and any other that implements the protocol."""

import warnings
from collections.abc import Callable

from deltarule.common.errors import SettingsError
from deltarule.engines import native
from deltarule.engines.native import NativeEngine
from deltarule.engines.protocol import Engine
from deltarule.engines.reference import ReferenceEngine
from deltarule.network.network import Network

__all__ = ["EngineMaker", "engine_for", "engine_names", "register_engine"]

EngineMaker = Callable[[Network, int | None], Engine]
"""(network, number of threads or None) ↦ engine."""

_INSTALL = "pip install --force-reinstall --no-cache-dir --no-deps deltarule"
_has_warned = False


def engine_for(network: Network, engine: str | EngineMaker = "auto", n_threads: int | None = None) -> Engine:
    """Return an engine for a network.

    Parameters
    ----------
    network : Network
    engine : str or callable
        A name of `engine_names()`, or a function that makes an engine: (network, n_threads) → `Engine`. `"auto"` is the
        compiled core if it can be loaded, else the reference engine, with one warning per process.
    n_threads : int, optional
        For engines that have threads. Default: the cores that this process may use.

    Raises
    ------
    SettingsError
        If no engine has that name, or `"native"` is asked for and cannot be loaded.
    """
    if callable(engine):
        return engine(network, n_threads)
    if engine not in _MAKERS:
        raise SettingsError(
            f"engine={engine!r} is not known here. Take one of {', '.join(engine_names())}, or give what makes one: a "
            "callable (network, n_threads) -> Engine."
        )
    return _MAKERS[engine](network, n_threads)


def engine_names() -> tuple[str, ...]:
    """Return the names that `engine_for` knows."""
    return tuple(_MAKERS)


def register_engine(name: str, make: EngineMaker) -> None:
    """Give an engine a name, which settings and `engine_for` accept from then on.

    Raises
    ------
    SettingsError
        If the name is taken.
    """
    if name in _MAKERS:
        raise SettingsError(f"An engine {name!r} is registered already. Give this one another name.")
    _MAKERS[name] = make


def _auto(network: Network, n_threads: int | None) -> Engine:
    global _has_warned
    if native.available():
        return NativeEngine(network, n_threads)
    if not _has_warned:
        _has_warned = True
        warnings.warn(
            f"deltarule runs without its compiled core, many times slower: {_why()}", RuntimeWarning, stacklevel=4
        )
    return ReferenceEngine(network)


def _native(network: Network, n_threads: int | None) -> Engine:
    if not native.available():
        raise SettingsError(f"engine='native' is not there: {_why()}")
    return NativeEngine(network, n_threads)


def _why() -> str:
    reason = native.why_unavailable()
    if "no C++ compiler" in reason:
        return f"{reason}. Install one (g++ or clang, and on Linux the Python headers), then: {_INSTALL}"
    return f"{reason}. Build it anew for this system: {_INSTALL}"


_MAKERS: dict[str, EngineMaker] = {
    "auto": _auto,
    "native": _native,
    "reference": lambda network, _: ReferenceEngine(network),
}
