"""Commands that measure and look inside say of a table that is read part by part what they say of one in memory."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning
from typer.testing import Result

from deltarule.tables.streamed.measuring import measured_parts
from loading import load

Run = Callable[..., Result]
pytestmark = pytest.mark.usefixtures("cache", "parts_are_small")
M = 3000
FIT = ["--layers", "4", "--epochs", "2", "--seed", "1"]
BY_PARTS = ["--memory", "100KB"]


@pytest.fixture(scope="module")
def table(coloured: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
    frame = coloured(M)
    frame.loc[700:1300:2, ["label", "price"]] = None  # a part has no target at all but for every other row
    frame.loc[1024:1535, ["label", "price"]] = None
    frame.loc[5::50, "colour"] = "green"
    return frame


@pytest.fixture(scope="module")
def place(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """A folder with the table in several forms, and models of it, whose words do not include green."""
    place = tmp_path_factory.mktemp("measured")
    table.to_parquet(place / "all.parquet", index=False)
    table.to_csv(place / "all.csv", index=False)
    (place / "parts").mkdir()
    for n in range(3):
        table.iloc[n * 1000 : (n + 1) * 1000].to_csv(place / "parts" / f"{n}.csv", index=False)
    table[table["colour"] != "green"].head(400).to_csv(place / "few.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for target, other in (("label", "price"), ("price", "label")):
            given = ["train", place / "few.csv", "--target", target, "--drop", other, *FIT]
            assert run(*given, "--network", "-o", place / f"{target}.network").exit_code == 0
            assert run(*given, "--members", 2, "-o", place / f"{target}.several").exit_code == 0
    return place


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("model", ["label.network", "price.network", "label.several", "price.several"])
def test_evaluate_says_of_parts_what_it_says_of_the_whole(model: str, run: Run, place: Path) -> None:
    whole = run("evaluate", place / model, place / "all.csv")
    assert whole.exit_code == 0, whole.output
    assert "part by part" not in whole.stderr
    csv, parquet = (place / f"all.{kind}" for kind in ("csv", "parquet"))
    given: list[tuple[list[Any], bytes | None]] = [
        ([csv, *BY_PARTS], None),
        ([parquet, *BY_PARTS], None),
        (["-", *BY_PARTS], csv.read_bytes()),
        (["-", *BY_PARTS], parquet.read_bytes()),
        ([place / "parts"], None),
        ([place / "parts" / "*.csv"], None),
        ([place / "parts" / f"{n}.csv" for n in range(3)], None),
    ]
    for arguments, piped in given if model == "label.network" else given[1::4]:
        result = run("evaluate", place / model, *arguments, piped=piped)
        assert result.exit_code == 0, result.output
        assert result.stdout == whole.stdout
        assert "read part by part" in words(result.stderr)
        for notice in ("rows have no value in the target", "'colour' holds what the model does not know in"):
            said = [line.split("(")[0] for line in whole.stderr.splitlines() if notice in line]
            assert said == [line.split("(")[0] for line in result.stderr.splitlines() if notice in line]
            assert said


def test_parquet_that_is_piped_trains_and_predicts_as_its_file_does(run: Run, place: Path, tmp_path: Path) -> None:
    data, options = place / "all.parquet", ["--target", "label", "--drop", "price", *FIT, *BY_PARTS]
    thetas = []
    for name, piped in (("file", None), ("piped", data.read_bytes())):
        result = run("train", data if piped is None else "-", *options, "-o", tmp_path / name, piped=piped)
        assert result.exit_code == 0, result.output
        assert "would take about" in result.stderr
        thetas.append(load(tmp_path / name).estimator.theta_)
    np.testing.assert_array_equal(*thetas)
    expected = run("predict", tmp_path / "file", data).stdout
    assert run("predict", tmp_path / "file", "-", *BY_PARTS, piped=data.read_bytes()).stdout == expected


def test_more_answers_than_fit_are_measured_on_a_sample_which_is_said(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltarule.cli.apply.FEWEST_BYTES", 0)
    result = run("evaluate", place / "label.several", place / "all.csv", "--memory", "60KB")
    assert result.exit_code == 0, result.output
    assert "The figures are of a sample of " in words(result.stderr)
    count = int(words(result.stdout).split("Figures of label (")[1].split()[0])
    assert f"a sample of {count} of {M} rows" in words(result.stderr)
    assert 800 < count < 2000


def test_nothing_is_kept_of_rows_that_were_measured(place: Path) -> None:
    found = measured_parts(load(place / "label.network"), place / "all.csv", 1e9).outcome
    assert found.data.rows == 0
    kept = (found.data.X, found.data.Y, found.y, found.predicted, found.probabilities, found.costs)
    assert [None if array is None else array.base for array in kept] == [None] * 6  # no views of larger arrays


@pytest.mark.parametrize("model", ["label.network", "price.several"])
def test_a_row_of_a_large_table_is_explained_as_in_a_small_one(
    model: str, run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        ["explain", place / model, place / "all.csv", "--row", 1700, "--lines", 60],
        ["check-gradient", place / model, place / "all.csv", "--rows", 900, "--parameters", 10],
        ["explain", place / model, place / "all.csv", "--row", M],
    ]
    whole = [run(*arguments) for arguments in asked]
    monkeypatch.setattr("deltarule.cli.larger._free_memory", lambda: 2e5)
    parts = [run(*arguments) for arguments in asked]
    for one, other in zip(whole[:2], parts[:2], strict=True):
        assert one.exit_code == 0, one.output
        assert other.stdout == one.stdout
    assert all("--row 3000 is not there: the rows" in words(one.stderr) for one in (whole[2], parts[2]))
    last = [*asked[0][:2], place / "parts", *asked[0][3:]]
    assert "line 702" in run(*last).stdout.splitlines()[0]  # of the second file


def test_export_compares_the_first_rows_of_a_large_table(
    run: Run, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["deltarule.cli.export"], "CHECKED_ROWS", 700)  # the command has the same name
    monkeypatch.setattr("deltarule.cli.larger._free_memory", lambda: 2e5)
    result = run("export", place / "label.network", "-o", tmp_path / "m.c", "--check", place / "all.csv")
    assert "The first 700 rows are compared." in words(result.stderr)
    assert "Largest difference in 700 rows" in words(result.stdout)
    assert result.exit_code == 0, result.output
    refused = run("play", place / "all.csv", "--no-browser")
    assert "The page takes rows in memory: give a part of them" in words(refused.stderr)


def test_a_cell_that_does_not_fit_is_told_with_its_file(
    run: Run, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        text = (place / "parts" / f"{n}.csv").read_text().splitlines()
        if n == 1:
            text[600] = text[600].replace(text[600].split(",")[0], "many", 1)
        (tmp_path / f"{n}.csv").write_text("\n".join(text) + "\n")
    for command in ("predict", "evaluate"):
        result = run(command, place / "label.network", tmp_path)
        assert result.exit_code == 1
        assert f"{tmp_path / '1.csv'}: " in words(result.stderr)
        assert "line 601" in words(result.stderr)
    monkeypatch.chdir(tmp_path)  # the message is wrapped, and a long path would be cut
    result = run("evaluate", place / "label.network", "0.csv", place / "few.csv", "absent.csv")
    assert "absent.csv does not exist" in words(result.output)
