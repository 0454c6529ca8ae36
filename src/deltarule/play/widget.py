"""The page in a notebook: the same modules as one, and the notebook's messages instead of HTTP. Needs anywidget."""

from typing import Any

import anywidget

from deltarule.play.answering import answer_whatever_happens
from deltarule.play.codec import parts_of
from deltarule.play.link import linked
from deltarule.play.page_files import read_module, style
from deltarule.play.session import Session

__all__ = ["Widget"]

BODY = "body { margin: 0; background: var(--paper); }\n"
"""The rule of the page's own body, which a notebook's body is not to follow."""


class Widget(anywidget.AnyWidget):
    """A session, shown in the output of a cell; works in Jupyter and marimo.

    Parameters
    ----------
    session : Session
        Closed with the widget.
    """

    _esm = linked("main.js", read_module, as_default=True)
    _css = style().replace(BODY, "")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.on_msg(self._heard)

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """Answer a request at once: a kernel runs its cells in the very thread that may call this."""
        request = message.get("request") if isinstance(message, dict) else None
        if isinstance(request, dict) and "wait" in request:
            request = {**request, "wait": 0}
        header, buffers = parts_of(answer_whatever_happens(self.session, request))
        self.send({"n": message.get("n") if isinstance(message, dict) else None, "answer": header}, buffers)

    def close(self) -> None:
        """End the session, and the widget."""
        self.session.close()
        super().close()
