"""`deltarule cache`, and sizes as people write them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import Result

from deltarule import MLPClassifier
from deltarule.cli.sizes import bytes_of, size_of

Run = Callable[..., Result]


def test_converted_tables_are_listed_and_removed(run: Run, cache: Path, tmp_path: Path) -> None:
    assert "holds 0 converted tables of 0 B" in run("cache").stdout
    path = tmp_path / "rows.parquet"
    pd.DataFrame({"a": [0.0, 1.0] * 50, "y": [0, 1] * 50}).to_parquet(path)
    MLPClassifier((), solver="lbfgs").fit(path, "y")
    listed = run("cache").stdout
    assert "last used 0 days ago" in listed
    assert "holds 1 converted table of" in listed
    assert "Removed 0 files" in run("cache", "--max-days", 30, "--max-size", "1GB").stdout
    assert "Removed 1 file of" in run("cache", "--clear").stdout
    assert not list(cache.glob("*.rows"))


def test_limits_beside_clear_are_refused(run: Run, cache: Path) -> None:
    result = run("cache", "--clear", "--max-days", 3)
    assert result.exit_code == 2
    assert "it removes all of them" in result.output


@pytest.mark.parametrize(
    ("text", "size"), [("500MB", 500e6), ("2 GB", 2e9), ("1.5GiB", 1.5 * 2**30), ("800", 800), ("64k", 64e3)]
)
def test_sizes_are_read_as_people_write_them(text: str, size: float) -> None:
    assert bytes_of(text, "--memory") == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "5XB", "1e3"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no size"):
        bytes_of(text, "--memory")


def test_sizes_are_written_as_people_write_them() -> None:
    assert [size_of(count) for count in (0, 999, 812_345, 5e8, 23_456_789_012)] == [
        "0 B",
        "999 B",
        "812 KB",
        "500 MB",
        "23.5 GB",
    ]
