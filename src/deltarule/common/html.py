"""The shared parts of HTML output: escaping, tables, a small curve, a fragment for a notebook and a whole page.

A string is text unless it is `Html`: `tag` escapes every other child, so data cannot become markup. Nothing here needs
a script, a font or an external file. Colours are fainter shades of the text colour of the surrounding page, so a
fragment is readable on light and dark backgrounds. Wide parts scroll by themselves.
"""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["Html", "fragment", "page", "sparkline", "table", "tag"]

STYLE = """
.deltarule { line-height: 1.5; text-align: left; max-width: 100%; }
.deltarule p { margin: .3em 0; }
.deltarule .faint { opacity: .7; }
.deltarule .scroll { overflow-x: auto; }
.deltarule table { border-collapse: collapse; margin: .3em 0; font-size: inherit; }
.deltarule th, .deltarule td { padding: .15em .8em .15em 0; text-align: left; vertical-align: baseline; border: 0; }
.deltarule th { font-weight: normal; opacity: .7; }
.deltarule td { font-variant-numeric: tabular-nums; }
.deltarule .part { margin: .7em 0; }
.deltarule .equation { display: flex; gap: 1.5em; overflow-x: auto; background: rgba(128, 128, 128, .13); }
.deltarule .equation { padding: .2em .5em; border-radius: .3em; white-space: nowrap; }
.deltarule .equation .number { margin-left: auto; }
.deltarule .equation b { margin-right: .6em; }
.deltarule .lines { display: grid; grid-template-columns: repeat(3, max-content); column-gap: .35em; }
.deltarule .lines { overflow-x: auto; padding: .2em .5em; white-space: nowrap; font-variant-numeric: tabular-nums; }
.deltarule .line { display: contents; }
.deltarule .line > :first-child { grid-column: 1; text-align: right; }
.deltarule .line > :nth-child(3) { padding-left: 1.5em; }
.deltarule .marks { display: inline-flex; flex-direction: column; vertical-align: middle; line-height: 1.15; }
.deltarule .marks { align-items: flex-start; margin-right: .1em; }
.deltarule sup, .deltarule sub { font-size: .7em; line-height: 0; }
.deltarule .marks sup, .deltarule .marks sub { position: static; line-height: 1.15; }
.deltarule details { border-top: 1px solid rgba(128, 128, 128, .4); padding: .3em 0; }
.deltarule summary { cursor: pointer; font-weight: bold; }
.deltarule svg { display: block; max-width: 100%; height: auto; }
@media print {
  .deltarule .equation, .deltarule .lines { flex-wrap: wrap; white-space: normal; }
  .deltarule .lines, .deltarule .line { display: block; overflow: visible; }
}
""".strip()

PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 70em; padding: 1em; font-family: system-ui, sans-serif; }
""".strip()

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

CURVE_WIDTH, CURVE_HEIGHT, MARGIN = 320, 64, 4
STROKE = "fill:none;stroke-width:1.5;stroke-linecap:round"
CURVES = ("stroke:currentColor", "stroke:#c8641b;stroke-dasharray:5 3")
"""The orange has a contrast of 4 to white and to black; dashes distinguish the two curves without colour."""


class Html(str):
    """A string that is markup already."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str) -> Html:
    """Return an element; children that are not `Html` are escaped, attributes always.

    An underscore at the end of an attribute's name is dropped; other underscores become hyphens.

    Examples
    --------
    >>> tag("p", "a < b", tag("b", "!"), class_="x")
    '<p class="x">a &lt; b<b>!</b></p>'
    """
    inner = "".join(child if isinstance(child, Html) else escape(child) for child in children)
    named = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{named}>{inner}</{name}>")


def table(rows: Sequence[tuple[str, ...]]) -> Html:
    """Return a table; the first cell of each row names it.

    Examples
    --------
    >>> table([("epochs", "40")])
    '<div class="scroll"><table><tr><th>epochs</th><td>40</td></tr></table></div>'
    """
    lines = [tag("tr", tag("th", first), *(tag("td", cell) for cell in rest)) for first, *rest in rows]
    return tag("div", tag("table", *lines), class_="scroll")


def fragment(*children: str) -> Html:
    """Return a piece of a page with its own style, so that it looks the same in a notebook and in a report."""
    return tag("div", tag("style", Html(STYLE)), *children, class_="deltarule")


def page(title: str, *fragments: str, style: str = "") -> str:
    """Return a whole document in UTF-8, light or dark as the reader's system is.

    It forbids the browser to run scripts and to load anything that is not in the page itself.
    """
    head = tag(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        tag("title", title),
        tag("style", Html("\n".join(filter(None, [PAGE_STYLE, style])))),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', *fragments), lang='en')}\n"


def sparkline(curves: Mapping[str, Array]) -> Html:
    """Return a small picture of one or two curves over the same epochs, with a legend.

    The axis is logarithmic where all values are above 0. Values that are not finite leave a gap.

    Parameters
    ----------
    curves : mapping from names to arrays of one length
    """
    known = np.concatenate([curve[np.isfinite(curve)] for curve in curves.values()])
    if not known.size:
        return Html("")
    is_logarithmic = bool(known.min() > 0)
    low, high = (float(np.log(end)) if is_logarithmic else float(end) for end in (known.min(), known.max()))
    lines = []
    for style, curve in zip(CURVES, curves.values(), strict=False):
        x = MARGIN + (CURVE_WIDTH - 2 * MARGIN) * np.linspace(0, 1, len(curve))
        finite = np.isfinite(curve)
        heights = np.where(finite, curve, known.max())
        share = ((np.log(heights) if is_logarithmic else heights) - low) / ((high - low) or 1)
        y = MARGIN + (CURVE_HEIGHT - 2 * MARGIN) * (1 - share)
        # Keep at most one point per pixel, so that a notebook stays small; every point kept is a true one.
        places = np.unique(np.linspace(0, len(curve) - 1, min(len(curve), CURVE_WIDTH)).astype(int))
        for run in np.split(places, np.flatnonzero(~finite[places])):
            points = [f"{x[k]:.1f},{y[k]:.1f}" for k in run if finite[k]]
            if points:
                points *= 2 if len(points) == 1 else 1  # browsers draw no line of one point, but a line of it twice
                lines.append(tag("polyline", points=" ".join(points), style=f"{STROKE};{style}"))
    names = " and ".join(f"{name} ({look})" for name, look in zip(curves, ("line", "dashes"), strict=False))
    label = f"{names} by epoch, from {known.min():.4g} to {known.max():.4g}"
    label += ", logarithmic" if is_logarithmic else ""
    picture = tag(
        "svg",
        *lines,
        viewBox=f"0 0 {CURVE_WIDTH} {CURVE_HEIGHT}",
        width=str(CURVE_WIDTH),
        height=str(CURVE_HEIGHT),
        role="img",
        aria_label=label,
    )
    return tag("div", picture, tag("p", label, class_="faint"))
