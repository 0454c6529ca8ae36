"""`deltarule check-gradient`, `explain` and `info`."""

import platform
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

import deltarule
from deltarule.engines import native
from deltarule.explain import FORMS

Run = Callable[..., Result]


def test_the_gradient_of_a_trained_network_passes(run: Run, model: Path, data: Path) -> None:
    result = run("check-gradient", model, data)
    assert result.exit_code == 0
    assert "Network 6-8-3, λ = 0.01, 20 rows" in result.stdout
    assert "Gradient check: passed" in result.stdout
    assert re.search(r"compared +83 of 83 parameters", result.stdout)


def test_rows_and_parameters_can_be_fewer(run: Run, model: Path, data: Path) -> None:
    result = run("check-gradient", model, data, "--rows", 5, "--parameters", 10, "--seed", 3)
    assert "5 rows" in result.stdout
    assert re.search(r"compared +10 of 83 parameters", result.stdout)


def test_a_gradient_that_is_wrong_ends_with_1(
    run: Run, model: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = deltarule.check_gradient
    monkeypatch.setattr(deltarule, "check_gradient", lambda *args, **kw: replace(right(*args, **kw), gap=0.1))
    result = run("check-gradient", model, data)
    assert result.exit_code == 1
    assert "Gradient check: FAILED" in result.stdout


def test_explain_follows_a_row_within_the_lines_of_a_screen(
    run: Run, model: Path, data: Path, table: pd.DataFrame
) -> None:
    result = run("explain", model, data, "--row", 7, "--lines", 34)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Row 7 (line 9): label {table['label'][7]}, predicted ")
    assert "outputs: high, low, red one" in result.stdout.splitlines()[0]
    assert len(result.stdout.splitlines()) <= 34
    assert all(f"({n})" in result.stdout for n in range(1, 7))


@pytest.mark.parametrize(
    ("units", "said"), [("sigmoid", "h is the probability of 1"), ("softmax", "outputs: 0, 1")], ids=["K=1", "K=2"]
)
def test_explain_says_which_class_each_output_of_a_network_for_two_stands_for(
    run: Run, table: pd.DataFrame, tmp_path: Path, units: str, said: str
) -> None:
    source, model = tmp_path / "two.csv", tmp_path / "model"
    table.assign(label=(table["x"] > 0).astype(int)).to_csv(source, index=False)
    options = ["--target", "label", "--layers", 2, "--epochs", 2, "--output-units", units, "--output", model]
    assert run("train", "--network", source, *options).exit_code == 0
    assert run("explain", model, source).stdout.splitlines()[0].endswith(f"; {said}")


def test_explain_writes_markdown_and_html_and_a_whole_page_into_a_file(
    run: Run, model: Path, data: Path, tmp_path: Path
) -> None:
    text, markdown, html = (run("explain", model, data, "--format", form).stdout for form in FORMS)
    assert text == run("explain", model, data).stdout
    assert text.startswith("Row 0 (line 2): label ")
    assert "\\begin{aligned}" in markdown
    assert html.startswith('<div class="deltarule">')
    for form, written in zip(FORMS, (text, markdown, html), strict=True):
        done = run("explain", model, data, "--format", form, "--output", tmp_path / form)
        assert (done.exit_code, done.stdout) == (0, "")
        assert f"Explanation: {tmp_path / form}" in done.stderr.replace("\n", "")
        file = (tmp_path / form).read_text(encoding="utf-8")
        if form == "html":
            assert file.startswith("<!DOCTYPE html>")
            assert html.strip() in file
        else:
            assert file.strip() == written.strip()


@pytest.mark.parametrize(
    ("name", "form"), [("e.html", "html"), ("e.HTM", "html"), ("e.md", "markdown"), ("e.txt", "text"), ("e", "text")]
)
def test_explain_takes_the_form_from_the_name_of_the_file_unless_it_is_told(
    run: Run, model: Path, data: Path, tmp_path: Path, name: str, form: str
) -> None:
    contents = []
    for told in ([], ["--format", form], ["--format", "text"]):
        assert run("explain", model, data, "--output", tmp_path / name, *told).exit_code == 0
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]
    assert (contents[0] == contents[2]) == (form == "text")


def test_explain_finds_out_that_a_place_cannot_be_written_before_it_reads_the_model(
    run: Run, model: Path, tmp_path: Path
) -> None:
    result = run("explain", model, tmp_path / "no.csv", "--output", tmp_path / "no" / "x.html")
    assert result.exit_code == 1
    assert "there is no folder" in result.stderr


def test_a_row_that_is_not_there_is_told_those_that_are(run: Run, model: Path, data: Path) -> None:
    result = run("explain", model, data, "--row", 90)
    assert result.exit_code == 1
    assert "--row 90 is not there" in result.stderr
    assert f"the rows of {data} are 0 to 89." in result.stderr.replace("\n", "")


def test_one_row_is_told_as_one(run: Run, model: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    table.iloc[:1].to_csv(tmp_path / "one.csv", index=False)
    assert ", 1 row\n" in run("check-gradient", model, tmp_path / "one.csv").stdout
    assert "1 prediction: " in run("predict", model, tmp_path / "one.csv", "-o", tmp_path / "out.csv").stderr
    table.iloc[:1].assign(x="many").to_csv(tmp_path / "one.csv", index=False)
    assert "(1 such value in all)" in run("predict", model, tmp_path / "one.csv").stderr


def test_a_row_without_a_label_cannot_be_explained(run: Run, model: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    table.assign(label=np.nan).to_csv(tmp_path / "new.csv", index=False)
    result = run("explain", model, tmp_path / "new.csv")
    assert result.exit_code == 1
    assert "The target 'label' is empty in the row. Fill in the values that are known." in result.stderr


def test_info_names_versions_engine_and_instruction_set(run: Run) -> None:
    said = run("info").stdout
    assert re.search(rf"^deltarule +{re.escape(deltarule.__version__)}$", said, flags=re.MULTILINE)
    assert platform.python_version() in said
    assert re.search(rf"^numpy +{re.escape(np.__version__)}$", said, flags=re.MULTILINE)
    engine = native.instruction_set() if native.available() else "reference"
    assert re.search(rf"^engine +.*{engine}", said, flags=re.MULTILINE)
