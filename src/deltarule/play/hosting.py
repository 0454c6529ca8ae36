"""A page that is open: its session, its server, and the browser that shows it."""

import contextlib
import html
import os
import sys
import tempfile
import threading
import webbrowser
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deltarule.play.opening import Opening
from deltarule.play.server import Server
from deltarule.play.session import Session

__all__ = ["Page"]


class Page:
    """A page that is open; made by `deltarule.play`.

    It answers in threads of its own until `close`, or until the program ends. It is a context manager, too.

    Attributes
    ----------
    url : str
        Its address on this machine, with a token that lets in whoever has it.
    session : Session
        The network in training.
    """

    def __init__(self, opening: Opening, port: int = 0) -> None:
        self.session = Session(opening)
        try:
            self._server = Server(self.session, port)
        except BaseException:
            self.session.close()
            raise
        self._server.start()
        self.url = self._server.url
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._ended = threading.Event()

    def show(self) -> bool:
        """Open the page in a browser; return whether there is one to open it in."""
        if not _has_browser():
            return False
        # The address would be seen by other users of the machine on a command line, so the browser gets a private file
        # that leads to it.
        self._folder = tempfile.TemporaryDirectory(prefix="deltarule-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / "open.html"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            target = html.escape(self.url)
            file.write(
                '<!doctype html><html lang="en"><meta charset="utf-8"><title>deltarule</title>'
                f'<meta http-equiv="refresh" content="0; url={target}">'
                f'<p><a href="{target}">Open the page</a></p></html>'
            )
        with contextlib.suppress(webbrowser.Error, OSError):
            return webbrowser.open(path.as_uri())
        return False

    def wait(self) -> None:
        """Wait until Ctrl-C, or until `close` is called in another thread."""
        with contextlib.suppress(KeyboardInterrupt):
            while not self._ended.wait(0.5):
                pass

    def close(self) -> None:
        """Close the page: its server, its session, and the connections to it."""
        self._ended.set()
        self._server.close()
        self.session.close()
        if self._folder is not None:
            self._folder.cleanup()

    def widget(self) -> Any:
        """Return the page as a widget for the output of a notebook's cell; needs the extra `deltarule[widget]`.

        Raises
        ------
        ImportError
            If anywidget is not installed.
        """
        try:
            from deltarule.play.widget import Widget
        except ModuleNotFoundError as error:
            if error.name != "anywidget":
                raise
            raise ImportError(
                "The page as a widget needs anywidget. Install it: pip install 'deltarule[widget]'."
            ) from error
        return Widget(self.session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Page({self.session.snapshot.problem.network}, {self.url})"


def _has_browser() -> bool:
    """Whether there is a browser with a window; one in the terminal would take the terminal."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "BROWSER" in os.environ
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
