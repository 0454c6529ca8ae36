"""The page in a notebook: the same modules as one, and the notebook's messages instead of HTTP. Needs anywidget."""

import base64
from importlib.resources import files

from deltarule.play.link import linked

__all__ = ["Widget", "front_end", "style"]

_PAGE = files("deltarule.play") / "page"


def front_end() -> str:
    """The page as one module of JavaScript that exports `render`."""
    return linked("main.js", lambda path: (_PAGE / "js" / path).read_text("utf-8"))


def style() -> str:
    """The looks of the page, with its font inside, because a notebook has no files beside it."""
    font = base64.b64encode((_PAGE / "math.woff").read_bytes()).decode()
    text = (_PAGE / "style.css").read_text("utf-8")
    return text.replace('url("math.woff")', f'url("data:font/woff;base64,{font}")').replace(
        "body { margin: 0; background: var(--paper); }\n", ""
    )
