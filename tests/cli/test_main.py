"""The program itself, in a process of its own."""

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec as real_find_spec
from pathlib import Path

import pytest
from typer.testing import Result

from deltarule.__main__ import main

Run = Callable[..., Result]


def test_the_program_predicts_through_pipes(model: Path, data: Path) -> None:
    command = [sys.executable, "-m", "deltarule", "predict", str(model), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    assert len(done.stdout.splitlines()) == 91
    assert done.stderr == ""


def test_an_error_has_no_traceback_and_ends_with_1() -> None:
    command = [sys.executable, "-m", "deltarule", "evaluate", "absent", "absent.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 1
    assert done.stderr == "Error: absent does not exist. Give a file that `deltarule train` made.\n"


def test_without_arguments_the_commands_are_listed(run: Run) -> None:
    result = run()
    for command in ("train", "predict", "evaluate", "check-gradient", "explain", "info"):
        assert command in result.output


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    assert run("teach").exit_code == 2


def test_what_is_not_installed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = {"typer", "pandas"}
    monkeypatch.setattr("deltarule.__main__.find_spec", lambda name: None if name in absent else real_find_spec(name))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == "Error: the command line needs typer, pandas: pip install 'deltarule[cli]'"
