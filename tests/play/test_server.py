"""The server: who is let in, what is refused, and that the session lives on."""

import base64
import http.client
import json
import socket
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from deltarule.common.errors import SettingsError
from deltarule.play import answering
from deltarule.play import server as served
from deltarule.play.codec import decoded
from deltarule.play.opening import open_scene
from deltarule.play.server import TOKEN_HEADER, Server
from deltarule.play.session import Session
from played import small_scene

PAGES = {"/": ("text/html; charset=utf-8", b"<!doctype html>"), "/js/main.js": ("text/javascript", b"export {};")}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    session = Session(open_scene(small_scene()))
    made = Server(session, pages=PAGES)
    made.start()
    yield made
    made.close()
    session.close()


def call(
    server: Server, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True)
        every = {"Host": f"127.0.0.1:{server.port}", **(headers or {})}
        if body is not None:
            every.setdefault("Content-Length", str(len(body)))
        for name, value in every.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


def ask(server: Server, content: Any, **headers: str) -> tuple[int, Any]:
    given = {TOKEN_HEADER: server.token, **{name.replace("_", "-"): value for name, value in headers.items()}}
    status, _, body = call(server, "POST", "/ask", json.dumps(content).encode(), given)
    return status, decoded(body) if status == 200 else body.decode()


def head_of(server: Server, more: str) -> str:
    return f"POST /ask HTTP/1.1\r\nHost: localhost\r\n{TOKEN_HEADER}: {server.token}\r\n{more}\r\n\r\n"


def is_well(server: Server) -> bool:
    return ask(server, {"ask": "frame"})[0] == 200


def test_a_page_is_served_with_a_policy_that_lets_nothing_in_from_elsewhere(server: Server) -> None:
    status, headers, body = call(server, "GET", "/")
    assert (status, body) == (200, PAGES["/"][1])
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "'unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert not [name for name in headers if name.startswith("access-control")]
    assert call(server, "GET", "/js/main.js")[1]["content-type"].startswith("text/javascript")


def test_a_request_is_answered_in_json_and_arrays(server: Server) -> None:
    status, answer = ask(server, {"ask": "frame", "theta": True, "map": "decision", "size": 20, "thumbnails": 8})
    assert status == 200
    assert answer["kind"] == "frame"
    assert answer["theta"].shape == (39,)
    assert answer["map"].shape == (2, 20, 20)
    assert answer["thumbnails"].shape == (10, 8, 8)


def test_errors_of_the_library_are_answers(server: Server) -> None:
    for content, says in (
        ({"ask": "fly"}, "'fly' is not known"),
        ({"ask": "frame", "size": 5000, "map": "unit"}, "must be 2 to 200"),
        ({"ask": "frame", "colour": 1}, "has a field 'colour'"),
        ({"ask": "edit", "layer": 1}, "lacks its field"),
        ({"ask": "seek", "step": 1.5}, "must be a whole number"),
        ([], "A request is an object"),
        ({"ask": "open", "scene": "s=AAAA"}, "not whole"),
        ({"ask": "open", "table_name": "x.csv", "table_text": "no table at all"}, "x.csv"),
        ({"ask": "probe", "x": [1]}, "1 coordinates"),
    ):
        status, answer = ask(server, content)
        assert status == 200
        assert answer["kind"] == "failed"
        assert says in answer["message"], answer["message"]


def test_a_fault_of_the_library_is_an_answer_and_is_logged(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise TypeError("no such thing")

    with monkeypatch.context() as patch:
        patch.setattr(answering, "answer_to", broken)
        status, answer = ask(server, {"ask": "frame"})
    assert status == 200
    assert "fault of deltarule (TypeError: no such thing)" in answer["message"]
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [TypeError]
    assert is_well(server)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "example.org"},
        {"Host": "127.0.0.1.nip.io"},
        {"Host": "localtest.me:80"},
        {"Host": "127.0.0.1@example.org"},
        {"Host": "169.254.169.254"},
        {"Host": ""},
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_foreign_hosts_and_origins_are_refused(server: Server, headers: dict[str, str]) -> None:
    good = {TOKEN_HEADER: server.token}
    status, answered, _ = call(server, "POST", "/ask", b'{"ask": "frame"}', {**good, **headers})
    assert status == 403
    assert not [name for name in answered if name.startswith("access-control")]
    assert is_well(server)


def test_names_of_this_machine_and_its_own_origin_are_let_in(server: Server) -> None:
    for host in (f"127.0.0.1:{server.port}", "localhost:9999", "[::1]:80", "localhost"):
        assert ask(server, {"ask": "frame"}, Host=host, Origin=f"http://{host}", Sec_Fetch_Site="same-origin")[0] == 200


def test_two_hosts_are_refused(server: Server) -> None:
    text = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nHost: example.org\r\n\r\n"
    assert raw(server, text.encode()).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize("token", ["", "wrong", "é", "x" * 10_000])
def test_a_missing_or_wrong_token_is_refused(server: Server, token: str) -> None:
    headers = {} if not token else {TOKEN_HEADER: token.encode().decode("latin-1")}
    status, _, body = call(server, "POST", "/ask", b'{"ask": "frame"}', headers)
    assert status == 403
    assert b"token" in body


def test_a_token_in_the_address_does_not_count(server: Server) -> None:
    assert call(server, "POST", f"/ask?t={server.token}", b"{}")[0] in (403, 404)


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "HEAD", "TRACE", "CONNECT", "NONSENSE"])
def test_other_methods_and_preflights_are_refused(server: Server, method: str) -> None:
    headers = {"Origin": f"http://127.0.0.1:{server.port}", "Access-Control-Request-Headers": TOKEN_HEADER}
    status, answered, _ = call(server, method, "/ask", headers=headers)
    assert status == 405
    assert not [name for name in answered if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/%2e%2e/server.py",
        "//etc/passwd",
        "/js/../../session.py",
        "/js/",
        "/js/main.js/",
        "/C:/x",
        "/\x7f",
        "http://example.org/",
    ],
)
def test_there_is_no_way_out_of_the_files_of_the_page(server: Server, path: str) -> None:
    assert raw(server, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())[9:12] in (b"404", b"400")


@pytest.mark.parametrize(
    ("length", "status"),
    [(str(10**9), 413), ("9" * 5000, 413), ("-1", 411), ("1e3", 411), ("0x10", 411), ("", 411)],
)
def test_bodies_that_are_too_long_or_of_no_length_are_not_read(server: Server, length: str, status: int) -> None:
    headers = {TOKEN_HEADER: server.token, "Content-Length": length}
    assert call(server, "POST", "/ask", b"" if length else None, headers)[0] == status
    assert is_well(server)


def test_a_gigabyte_is_cut_off_and_costs_no_memory(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        head = head_of(server, f"Content-Length: {10**9}")
        sent = 0
        try:
            connection.sendall(head.encode())
            while sent < 10**9:
                sent += connection.send(b" " * 2**20)
        except OSError:
            pass
    assert sent < 10**8
    assert is_well(server)


def test_a_link_that_inflates_to_hundreds_of_megabytes_is_refused_and_costs_no_memory(server: Server) -> None:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(squeezer.compress(b" " * 2**20) for _ in range(280)) + squeezer.flush()
    link = "s=" + base64.urlsafe_b64encode(bomb).decode()
    tracemalloc.start()
    try:
        _, answer = ask(server, {"ask": "open", "scene": link})
        assert tracemalloc.get_traced_memory()[1] < 2e7
    finally:
        tracemalloc.stop()
    assert "inflates to more than 262144 bytes" in answer["message"]
    _, longer = ask(server, {"ask": "open", "scene": link + "A" * 400_000})
    assert "more than the 400000 of any scene" in longer["message"]
    assert is_well(server)


def test_chunked_bodies_are_refused(server: Server) -> None:
    head = (
        f"POST /ask HTTP/1.1\r\nHost: localhost\r\n{TOKEN_HEADER}: {server.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert raw(server, head.encode() + b"2\r\n{}\r\n0\r\n\r\n").startswith(b"HTTP/1.1 411")


@pytest.mark.parametrize("text", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 50])
def test_what_is_not_http_is_refused(server: Server, text: bytes) -> None:
    raw(server, text + b"\r\n\r\n")
    assert is_well(server)


def test_endless_headers_are_refused(server: Server) -> None:
    many = b"".join(b"X-%d: y\r\n" % n for n in range(500))
    assert raw(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n")[9:12] in (b"400", b"431")
    assert raw(server, b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n")[9:12] in (b"414", b"400")


def test_bytes_that_are_not_json_are_refused(server: Server) -> None:
    for body in (b"", b"{", b"\xff\xfe", b"[" * 200_000, b'{"ask": NaN}', b'{"ask": Infinity}'):
        assert call(server, "POST", "/ask", body, {TOKEN_HEADER: server.token})[0] == 400
    assert is_well(server)


def test_slow_requests_are_closed_in_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "REQUEST_SECONDS", 0.7)
    head = head_of(server, "Content-Length: 1000")
    slow = set()
    for begin in (b"", b"GET / HT", head.encode() + b'{"ask"'):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
        connection.sendall(begin)
        slow.add(connection)
    began = time.monotonic()
    while time.monotonic() - began < 5 and slow:
        time.sleep(0.1)
        for connection in list(slow):
            try:
                connection.sendall(b" ")  # a byte now and then does not keep it open
                connection.settimeout(0.05)
                closed = connection.recv(100) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True
            if closed:
                connection.close()
                slow.discard(connection)
    assert not slow
    assert is_well(server)


def test_a_thousand_connections_are_bounded_and_the_session_lives_on(server: Server) -> None:
    threads_before = threading.active_count()
    held = []
    try:
        for _ in range(1000):
            try:
                connection = socket.create_connection(("127.0.0.1", server.port), timeout=2)
            except OSError:
                continue
            held.append(connection)
        assert threading.active_count() - threads_before <= served.MOST_CONNECTIONS
        assert server.session.newest(-1, 0).step == 0
    finally:
        for connection in held:
            # Closed at once and not politely, so that no port of this machine has to wait.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if is_well(server):
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not come back")


def test_a_connection_serves_many_requests_quickly(server: Server) -> None:
    connection = http.client.HTTPConnection("localhost", server.port, timeout=10)
    times = []
    for _ in range(100):
        began = time.perf_counter()
        connection.request("POST", "/ask", b'{"ask": "frame", "after": -1}', {TOKEN_HEADER: server.token})
        response = connection.getresponse()
        response.read()
        times.append(time.perf_counter() - began)
        assert response.status == 200
    connection.close()
    assert sorted(times)[len(times) // 2] < 0.03  # Nagle's algorithm alone would take 0.04


def test_a_port_that_is_taken_is_said_in_a_sentence(server: Server) -> None:
    with pytest.raises(SettingsError, match=f"port {server.port} cannot be had"):
        Server(server.session, server.port, PAGES)
    with pytest.raises(SettingsError, match="not a port"):
        Server(server.session, 70_000, PAGES)


def test_it_listens_on_this_machine_alone(server: Server) -> None:
    assert server._listener.server_address[0] == "127.0.0.1"
    assert server.url.startswith("http://127.0.0.1:")
    assert f"#t={server.token}" in server.url
    assert len(server.token) >= 40


def raw(server: Server, text: bytes) -> bytes:
    """Send bytes, and return what comes back until the connection is closed or nothing comes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as connection:
        found = b""
        try:
            connection.sendall(text)
            while chunk := connection.recv(65536):
                found += chunk
                if b"\r\n\r\n" in found:
                    break
        except OSError:
            pass
        return found
