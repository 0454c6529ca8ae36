"""Pictures as images inside a page: vector graphics in a `data:` address, so that a page needs no other file.

As an image, a picture keeps its names and styles to itself, and nothing in it can act on the page.
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
"""What matplotlib would add of itself: it makes each file another one."""


def drawn(plot: Callable[["Axes"], object], size: tuple[float, float], words: str, *, fills: bool = False) -> Html:
    """Return a picture as an image.

    Parameters
    ----------
    plot : callable
        Draws into axes; a picture's own `plot`.
    size : (float, float)
        Width and height in inches.
    words : str
        What it shows, for those who do not see it.
    fills : bool, default False
        Whether the axes take the whole figure, because the picture keeps its own margins.

    Raises
    ------
    ImportError
        If matplotlib is missing; the message says what to install.
    """
    check_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # A figure that pyplot does not know needs no display and opens no window; the reader's own style stays out of it.
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
