"""`deltarule export`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

Run = Callable[..., Result]

needs_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")


def test_the_file_stands_beside_the_model_and_its_size_is_told(run: Run, model: Path, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path / "mine.deltarule")
    result = run("export", tmp_path / "mine.deltarule", "--format", "c")
    assert result.exit_code == 0, result.output
    size = (tmp_path / "mine.c").stat().st_size
    assert result.stdout == f"{tmp_path / 'mine.c'}: {size:,} bytes\n".replace(",", " ")


@needs_compiler
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_check_shows_rows_side_by_side_and_the_largest_difference(
    run: Run, model: Path, data: Path, tmp_path: Path, precision: str
) -> None:
    result = run("export", model, "-o", tmp_path / "m.c", "--precision", precision, "--check", data)
    assert result.exit_code == 0, result.output
    assert "Largest difference in 90 rows: " in result.stdout
    assert "(the C compiler); 0 with another label" in result.stdout
    assert sum("high 0.9" in line for line in result.stdout.splitlines()) > 0


@needs_compiler
def test_a_file_that_says_something_else_fails_the_check(
    run: Run, model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deltarule.exchange.writing import checking

    monkeypatch.setitem(checking.TOLERANCES, "float64", -1.0)
    assert run("export", model, "-o", tmp_path / "m.c", "--check", data).exit_code == 1


def test_an_unknown_format_is_one_line_and_writes_nothing(run: Run, model: Path, tmp_path: Path) -> None:
    result = run("export", model, "--format", "docx", "-o", tmp_path / "m.docx")
    assert result.exit_code == 1
    assert "Error: format='docx' is unknown. Take one of onnx, " in result.stderr
    result = run("export", model, "-o", tmp_path / "m.docx")
    assert "m.docx ends in '.docx', which says no format." in result.stderr
    result = run("export", model)
    assert "Name a format" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_model_is_not_overwritten(run: Run, model: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path / "model.c")
    result = run("export", tmp_path / "model.c", "--format", "c")
    assert result.exit_code == 1
    assert "name the same file" in result.stderr
