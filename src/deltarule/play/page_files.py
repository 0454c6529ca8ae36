"""Files of the page for places that hold it in one piece: modules by path, and its looks with the font inside."""

import base64
from importlib.resources import files

__all__ = ["read_module", "style"]

_PAGE = files("deltarule.play") / "page"


def read_module(path: str) -> str:
    """Return the text of a module of the page, by its path below the folder of modules."""
    return (_PAGE / "js" / path).read_text("utf-8")


def style() -> str:
    """Return the looks of the page with its font inside, for a place that has no files beside it."""
    font = base64.b64encode((_PAGE / "math.woff").read_bytes()).decode()
    text = (_PAGE / "style.css").read_text("utf-8")
    return text.replace('url("math.woff")', f'url("data:font/woff;base64,{font}")')
