"""The compiled core as a module, or the reason why there is none."""

from types import ModuleType

__all__ = ["core", "why_unavailable"]

try:
    import deltarule._native as _native
except ModuleNotFoundError as error:
    core: ModuleType | None = None
    _why = (
        "no C++ compiler was found at the installation"
        if error.name == "deltarule._native"
        else f"the compiled core cannot be loaded: {error}"
    )
except ImportError as error:  # built, but for another system: the loader knows what is missing
    core, _why = None, f"the compiled core cannot be loaded: {error}"
else:
    core, _why = _native, ""


def why_unavailable() -> str:
    """Return why there is no compiled core: it was not built, or what the loader said. Empty where there is one."""
    return _why
