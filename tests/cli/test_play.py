"""`deltarule play`: what it opens, and what it says where it cannot."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deltarule.cli import app

NO_WINDOW = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def test_a_bare_play_prints_an_address_that_answers_and_ends_with_ctrl_c() -> None:
    command = [sys.executable, "-m", "deltarule", "play", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            assert found
            with urllib.request.urlopen(found[0], timeout=10) as page:
                assert page.status == 200
                assert b"<!doctype html>" in page.read().lower()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()


def test_where_no_browser_can_be_opened_it_says_to_open_the_address() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in NO_WINDOW}
    command = [sys.executable, "-m", "deltarule", "play"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(3)]
            assert "http://127.0.0.1:" in lines[0]
            assert "no browser here that could be opened: open the address yourself" in lines[2]
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["play", "--no-browser", *arguments])
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


def test_what_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n2,3\n", encoding="utf-8")
    assert "does not exist" in said(str(tmp_path / "none.csv"))
    assert "does not exist" in said(str(tmp_path / "none.deltarule"))
    assert "not whole" in said("--scene", "s=AAAA")
    assert "are both a table" in said(str(table), str(table))
    assert "no column" in said(str(table), "--target", "price")
    (tmp_path / "m.deltarule").write_bytes(b"no model")
    assert "m.deltarule" in said(str(tmp_path / "m.deltarule"))


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} cannot be had" in said("--port", str(port))


def test_help_says_what_it_does() -> None:
    result = CliRunner().invoke(app, ["play", "--help"])
    assert result.exit_code == 0
    assert "Watch a network learn" in result.output


@pytest.mark.parametrize("option", ["--host", "--address"])
def test_it_can_be_opened_on_this_machine_only(option: str) -> None:
    assert CliRunner().invoke(app, ["play", option, "0.0.0.0"]).exit_code == 2
