"""The style of all pictures: colours, lines, axes, legend, and the error if matplotlib is missing.

Two curves of one picture differ in colour, in lightness (so also in grey), in dashes and in markers.
"""

from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BLUE",
    "GREY",
    "INK",
    "MAP",
    "ORANGE",
    "TRAINING",
    "VALIDATION",
    "axes_for",
    "check_matplotlib",
    "legend_above",
]

INK, GREY = "#222222", "#777777"
BLUE, ORANGE = "#00558c", "#d55e00"  # after Okabe and Ito: distinct for the colour-blind; dark and light in grey
MAP = "cividis"
"""Colour map from dark to light in even steps, which the colour-blind see alike and whose order shows in grey too."""

TRAINING: dict[str, Any] = {"color": BLUE, "linestyle": "-", "marker": "o"}
VALIDATION: dict[str, Any] = {"color": ORANGE, "linestyle": (0, (4, 1.6)), "marker": "s"}


def check_matplotlib() -> None:
    """Raise an ImportError that says what to install if matplotlib is missing."""
    if find_spec("matplotlib") is None:
        raise ImportError("Drawing needs matplotlib: pip install 'deltarule[cli]'")


def pyplot() -> ModuleType:
    """Return `matplotlib.pyplot`, or raise an ImportError that says what to install."""
    check_matplotlib()
    import matplotlib.pyplot as module

    return module


def axes_for(ax: "Axes | None", size: tuple[float, float] = (6.4, 4.8)) -> "Axes":
    """Return the given axes, or those of a new figure of a size in inches, without top and right spines."""
    module = pyplot()
    if ax is None:
        _, ax = module.subplots(figsize=size, layout="compressed")  # settles at the first drawing
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def legend_above(ax: "Axes", columns: int, **more: Any) -> None:
    """Put the legend above the axes, where it covers nothing."""
    ax.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=columns,
        frameon=False,
        fontsize="x-small",
        title_fontsize="x-small",
        borderaxespad=0.2,
        columnspacing=1.2,
        **more,
    )
