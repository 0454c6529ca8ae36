"""No output takes the place of an input or of another output."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def here(model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, a table, links to both, a finished run and a folder for pictures, where commands run."""
    shutil.copy(model, tmp_path / "m.csv")
    shutil.copy(data, tmp_path / "d.csv")
    (tmp_path / "soft.csv").symlink_to("d.csv")
    os.link(tmp_path / "d.csv", tmp_path / "hard.csv")
    (tmp_path / "p").mkdir()
    (tmp_path / "pictures").symlink_to("p")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "options", "file"),
    [
        ("predict m.csv d.csv -o d.csv", "--output and DATA", "d.csv"),
        ("predict m.csv d.csv -o m.csv", "--output and MODEL", "m.csv"),
        ("predict m.csv d.csv -o p/../d.csv", "--output and DATA", "d.csv"),
        ("predict m.csv d.csv -o soft.csv", "--output and DATA", "d.csv"),
        ("predict m.csv soft.csv -o d.csv", "--output and DATA", "soft.csv"),
        ("predict m.csv d.csv -o hard.csv", "--output and DATA", "d.csv"),
        ("explain m.csv d.csv -o d.csv", "--output and DATA", "d.csv"),
        ("explain m.csv d.csv -o m.csv", "--output and MODEL", "m.csv"),
        ("train d.csv --target label -o d.csv", "--output and DATA", "d.csv"),
        ("train d.csv --target label --report d.csv", "--report and DATA", "d.csv"),
        ("train --network d.csv --target label --checkpoint soft.csv", "--checkpoint and DATA", "d.csv"),
        ("train d.csv --target label -o new --report new", "--output and --report", "new"),
        ("train --network d.csv --target label -o new --checkpoint p/../new", "--output and --checkpoint", "p/../new"),
        ("train --network d.csv --target label --report new --checkpoint new", "--report and --checkpoint", "new"),
        ("train d.csv --target label -o new --pictures new", "--output and --pictures", "new"),
        (
            "train --network d.csv --target label -o p/network.png --pictures pictures",
            "--output and --pictures",
            "network.png",
        ),
        (
            "train --network d.csv --target label --report p/learning_curve.png --pictures p",
            "--report and --pictures",
            "e.png",
        ),
    ],
)
def test_an_output_that_is_another_file_of_the_command_is_refused_before_any_work(
    run: Run, here: Path, command: str, options: str, file: str
) -> None:
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    result = run(*command.split())
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {options} name the same file, ")
    assert re.search(re.escape(file) + r"(, which|\. Give)", result.stderr)
    assert result.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


def test_old_predictions_are_written_over(run: Run, here: Path) -> None:
    (here / "old.csv").write_text("old")
    assert run("predict", "m.csv", "d.csv", "-o", "old.csv").exit_code == 0
    assert len((here / "old.csv").read_text().splitlines()) == 91
