"""Pictures as vector images in `data:` addresses, so that a page needs no other file.

Ids and styles inside an image cannot clash with those of the page, and an image cannot run scripts.
"""

import io
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

from deltarule.common.html import Html, tag
from deltarule.pictures.style import check_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["drawn"]

_NAMELESS = dict.fromkeys(("Creator", "Date", "Format", "Type"))
"""Metadata that matplotlib would add; with it no two files would be equal."""


def drawn(plot: Callable[["Axes"], object], size: tuple[float, float], words: str, *, fills: bool = False) -> Html:
    """Return a picture as an image.

    Parameters
    ----------
    plot : callable
        Draws into axes, such as the `plot` of a picture.
    size : (float, float)
        Width and height in inches.
    words : str
        Alternative text, for readers who do not see the image.
    fills : bool, default False
        Whether the axes fill the whole figure, because the picture has its own margins.

    Raises
    ------
    ImportError
        If matplotlib is missing.
    """
    check_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # A figure made without pyplot needs no display and opens no window. The defaults exclude the user's own style.
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.hashsalt": "deltarule", "axes.unicode_minus": True})
        figure = Figure(figsize=size, layout=None if fills else "compressed")
        plot(figure.add_axes((0, 0, 1, 1)) if fills else figure.subplots())
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata=_NAMELESS, dpi=150)
    address = f"data:image/svg+xml;base64,{b64encode(file.getvalue()).decode()}"
    width = f"{96 * size[0]:.0f}"
    return tag("div", Html(tag("img", src=address, alt=words, width=width).removesuffix("</img>")), class_="paper")
