"""The page's host: files of the page, and answers to its requests, for this machine alone.

A web site that is open in the same browser must not get in, nor another user of this machine:

* The server listens on 127.0.0.1. Its Host must be a name of this machine, against names that resolve to it (DNS
  rebinding); any port will do, so a tunnel of ssh works.
* An Origin must be that of the Host. A request that a browser says comes from another site is refused. No answer ever
  allows another origin, so no preflight succeeds.
* `/ask` takes a token in a header that no other site can set. The address carries it after `#`, which is never sent.
* Files are a dictionary that is read at the start, so there is no path to leave it by.
* What is read is bounded in bytes, in time and in connections.
"""

import hmac
import json
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from deltarule.common.errors import SettingsError
from deltarule.play.answering import answer_whatever_happens
from deltarule.play.codec import encoded
from deltarule.play.link import without_comments
from deltarule.play.session import Session

__all__ = ["TOKEN_HEADER", "Server", "page_files"]

HOST = "127.0.0.1"

NAMES = frozenset([HOST, "localhost", "[::1]"])
"""What this machine is called in a Host header."""

TOKEN_HEADER = "X-Deltarule-Token"

MOST_BYTES = 12_000_000
"""Most bytes of a request: a table that is dropped on the page is sent in one."""

MOST_CONNECTIONS = 64

REQUEST_SECONDS, IDLE_SECONDS = 20.0, 60.0
"""Seconds in which a request must arrive whole, and for which a connection may stay open between two requests."""

MIME = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".md": "text/markdown; charset=utf-8",
}
"""Types by ending: the system's table calls JavaScript plain text on some machines, where no module would load."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page_files(folder: Traversable | None = None, at: str = "/") -> dict[str, tuple[str, bytes]]:
    """Return the files of the page by their path: (type, bytes); scripts without their comments."""
    found: dict[str, tuple[str, bytes]] = {}
    for entry in (folder or files("deltarule.play") / "page").iterdir():
        if entry.is_dir():
            found |= page_files(entry, f"{at}{entry.name}/")
        elif (ending := "." + entry.name.rpartition(".")[2]) in MIME:
            data = entry.read_bytes()
            found[at + entry.name] = (
                MIME[ending],
                without_comments(data.decode()).encode() if ending == ".js" else data,
            )
    if at == "/" and "/index.html" in found:
        found["/"] = found["/index.html"]
    return found


class Server:
    """The page of a session, at an address of this machine.

    Parameters
    ----------
    session : Session
    port : int, default 0
        0 takes any that is free.
    pages : mapping, optional
        Files by path; those of the page by default.

    Raises
    ------
    SettingsError
        If the port cannot be had.
    """

    def __init__(self, session: Session, port: int = 0, pages: Mapping[str, tuple[str, bytes]] | None = None) -> None:
        if not 0 <= port < 2**16:
            raise SettingsError(f"port={port} is not a port: they are 1 to 65535, and 0 takes any that is free.")
        self.session = session
        self.token = secrets.token_urlsafe(32)
        self.pages = page_files() if pages is None else pages
        try:
            self._listener = _Listener((HOST, port), self)
        except OSError as error:
            raise SettingsError(
                f"The port {port} cannot be had ({error.strerror}). Another program may have it: leave the port out, "
                "or take another."
            ) from error
        self.port: int = self._listener.server_address[1]
        self._thread = threading.Thread(target=self._listener.serve_forever, name="deltarule server", daemon=True)

    @property
    def url(self) -> str:
        """The address of the page, with the token."""
        return f"http://{HOST}:{self.port}/#t={self.token}"

    def start(self) -> None:
        """Begin to answer, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop, and close every connection."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join(10)
        self._listener.server_close()
        self._listener.close_connections()


class _Listener(socketserver.ThreadingTCPServer):
    """Takes connections, a thread for each, as many as there may be."""

    allow_reuse_address = socket.SOL_SOCKET is not None and not hasattr(socket, "SO_EXCLUSIVEADDRUSE")
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], owner: Server) -> None:
        self.owner = owner
        self._lock = threading.Lock()
        self._deadlines: dict[socket.socket, float | None] = {}
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            has_room = len(self._deadlines) < MOST_CONNECTIONS
            if has_room:
                self._deadlines[request] = time.monotonic() + REQUEST_SECONDS
        if has_room:
            super().process_request(request, client_address)
        else:
            self._refuse(request)

    def service_actions(self) -> None:
        """Close the connections whose time is over; called twice a second."""
        now = time.monotonic()
        with self._lock:
            late = [one for one, deadline in self._deadlines.items() if deadline is not None and deadline < now]
        for request in late:
            _shut(request)

    def set_deadline(self, request: socket.socket, seconds: float | None) -> None:
        """Say when a connection must have sent its next bytes; None while it is answered."""
        with self._lock:
            self._deadlines[request] = None if seconds is None else time.monotonic() + seconds

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._deadlines.pop(request, None)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Close every connection."""
        with self._lock:
            open_ = list(self._deadlines)
        for request in open_:
            _shut(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a connection that breaks is the business of whoever broke it."""

    def _refuse(self, request: socket.socket) -> None:
        with suppress(OSError):
            request.settimeout(0.2)
            text = b"Too many connections.\n"
            head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
            request.sendall(head.encode() + text)
        super().shutdown_request(request)


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def handle_one_request(self) -> None:
        self.server.set_deadline(self.connection, IDLE_SECONDS if self._has_begun else REQUEST_SECONDS)
        super().handle_one_request()

    def setup(self) -> None:
        self._has_begun = False
        super().setup()

    def parse_request(self) -> bool:
        self._has_begun = True
        self.server.set_deadline(self.connection, REQUEST_SECONDS)
        return super().parse_request() and self._is_from_here()

    def do_GET(self) -> None:
        """Answer with a file of the page."""
        found = self.server.owner.pages.get(self.path.partition("?")[0])
        if found is None:
            self._say(HTTPStatus.NOT_FOUND, "There is no such file.")
        else:
            self._send(HTTPStatus.OK, *found)

    def do_POST(self) -> None:
        """Answer a request of the page."""
        if self.path != "/ask":
            self._say(HTTPStatus.NOT_FOUND, "There is no such file.")
            return
        token = self.headers.get(TOKEN_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(token, self.server.owner.token.encode()):
            self._say(HTTPStatus.FORBIDDEN, "The token is missing or wrong. Open the address that deltarule printed.")
            return
        body = self._body()
        if body is None:
            return
        try:
            content = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            self._say(HTTPStatus.BAD_REQUEST, "The request is not JSON.")
            return
        self.server.set_deadline(self.connection, None)
        answer = answer_whatever_happens(self.server.owner.session, content)
        self._send(HTTPStatus.OK, "application/octet-stream", encoded(answer))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a request that is not HTTP, or of a method that there is not."""
        del explain
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        self._say(status, message if status is HTTPStatus.BAD_REQUEST and message else f"{status.phrase}.")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that it has above
        """Log nothing: a request is nobody's business."""

    def _is_from_here(self) -> bool:
        """Whether Host and Origin are those of this machine; else the request is refused."""
        host = self.headers.get_all("Host") or [""]
        name = host[0].rpartition(":")[0] if host[0].rpartition(":")[2].isdecimal() else host[0]
        origins = self.headers.get_all("Origin") or []
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        is_navigation = self.command == "GET" and self.path.partition("?")[0] == "/"
        if len(host) != 1 or name.lower() not in NAMES:
            self._say(HTTPStatus.FORBIDDEN, "The Host is not a name of this machine.")
        elif any(origin != f"http://{host[0]}" for origin in origins):
            self._say(HTTPStatus.FORBIDDEN, "The request comes from another origin.")
        elif site not in ("same-origin", "none") and not is_navigation:
            self._say(HTTPStatus.FORBIDDEN, "The request comes from another site.")
        else:
            return True
        return False

    def _body(self) -> bytes | None:
        """Return the body of a request, or refuse it."""
        lengths = self.headers.get_all("Content-Length") or []
        if "Transfer-Encoding" in self.headers or len(lengths) != 1 or not lengths[0].strip().isdecimal():
            self._say(HTTPStatus.LENGTH_REQUIRED, "A request says how long it is.")
            return None
        length = int(lengths[0][:20])
        if length > MOST_BYTES:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has at most {MOST_BYTES} bytes.")
            return None
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return None
        return body

    def _say(self, status: HTTPStatus, sentence: str) -> None:
        """Refuse a request in a sentence, and close: what follows of it is not read."""
        self.close_connection = True
        self._send(status, "text/plain; charset=utf-8", sentence.encode("utf-8", "replace") + b"\n")
        # A connection that is closed with bytes unread is reset, and the sentence lost: read a little of them.
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(0.2)
            for _ in range(8):
                if not self.connection.recv(65536):
                    break

    def _send(self, status: HTTPStatus, mime: str, body: bytes) -> None:
        headers = {"Content-Type": mime, "Content-Length": str(len(body)), **HEADERS}
        if self.close_connection:
            headers["Connection"] = "close"
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.wfile.write(f"{head}\r\n".encode("latin-1") + body)  # one write: one packet, and nothing waits for it


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _shut(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)
