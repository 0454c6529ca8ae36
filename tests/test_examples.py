"""The programs of examples/: they run, without a warning, and what their pages say of them holds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = {path.stem.replace("-", "_"): path for path in (ROOT / "docs" / "examples").glob("*.md")}


def run(name: str, folder: Path) -> str:
    """Run a program of examples/ with warnings as errors, and return what it prints."""
    program = ROOT / "examples" / f"{name}.py"
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-W", "error", str(program), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shown = set(re.findall(r"\(generated/(\w+\.png)\)", PAGES[name].read_text(encoding="utf-8")))
    assert {path.name for path in folder.iterdir()} == shown  # the page shows every picture that is left, and no other
    return done.stdout


def numbers(pattern: str, text: str) -> list[float]:
    return [float(found) for found in re.findall(pattern, text, flags=re.MULTILINE)]


def test_digits_are_read_and_the_gradient_is_right(tmp_path: Path) -> None:
    text = run("digits", tmp_path)
    assert numbers(r"([\d.]+)% of 360 digits", text)[0] > 95
    assert "Gradient check: passed" in text
    delta = numbers(r"([+-]\d\.\d\d)", text.splitlines()[-1])
    assert len(delta) == 10
    assert sum(delta) == pytest.approx(0, abs=10 * 0.005)  # Σ h = Σ y, rounded to two digits
    assert min(delta) < -0.5


def test_networks_without_hidden_layer_find_the_parameters_of_scikit_learn_to_six_digits(tmp_path: Path) -> None:
    text = run("regression", tmp_path)
    rows = re.findall(r"^\w[\w ]+ (-?\d+\.\d{6}) +(-?\d+\.\d{6})$", text, flags=re.MULTILINE)
    assert len(rows) == 12
    for part in (rows[:6], rows[6:]):
        largest = max(abs(float(there)) for _, there in part)
        for here, there in part:
            assert float(here) == pytest.approx(float(there), rel=0, abs=1e-6 * (largest + 1))  # and the last digit
    assert max(numbers(r"largest parameter: (\S+)$", text)) < 1e-6


def test_the_chosen_lambda_is_inside_the_grid_and_does_better_than_the_smallest(tmp_path: Path) -> None:
    text = run("choosing_lambda", tmp_path)
    lambdas = numbers(r"^ *([\d.]+) +[\d.]+ +[\d.]+ +[\d.]+%", text)
    training = numbers(r"^ *[\d.]+ +([\d.]+) +[\d.]+ +[\d.]+%", text)
    assert len(lambdas) == 8
    assert training == sorted(training)
    chosen = numbers(r"^ *([\d.]+) .*<- chosen$", text)
    assert lambdas[0] < chosen[0] < lambdas[-1]
    smallest, best = numbers(r"1497 other digits cost ([\d.]+) each", text)
    assert best < smallest


def test_delta_vanishes_from_narrow_first_weights_and_not_from_those_of_the_library(tmp_path: Path) -> None:
    text = run("vanishing", tmp_path)
    narrow, usual = (numbers(r"median \|δ\| is (\S+)", part) for part in text.split("First weights of"))
    assert len(narrow) == len(usual) == 7
    assert 1e-7 < narrow[0] / narrow[-1] < 1e-5  # the page says: a tenth a layer, six times
    assert usual[0] / usual[-1] > 1e-3
    costs = numbers(r"the cost is ([\d.]+)", text)
    assert costs[0] == pytest.approx(2.30, abs=0.02)  # log 10: no better than chance
    assert costs[1] < 0.3


def test_class_weights_find_more_of_the_class_that_weighs_more(tmp_path: Path) -> None:
    text = run("from_scikit_learn", tmp_path)
    plain, weighted = numbers(r"([\d.]+)% of the malignant are found", text)
    assert weighted > plain
    assert numbers(r"ROC curve of ([\d.]+)", text)[0] > 0.95


def test_a_distilled_network_is_better_than_one_from_labels_and_with_more_rows_as_good_as_the_trees(
    tmp_path: Path,
) -> None:
    text = run("distil", tmp_path)
    trees, labels, distilled, more, best = numbers(r"(0\.\d{4})", text)
    assert best < min(trees, more)
    assert more < distilled < labels
    assert more < trees + 0.005  # the page says: as good as the trees


@pytest.mark.parametrize("name", PAGES)
def test_a_page_includes_its_program_and_what_it_prints(name: str) -> None:
    page = PAGES[name].read_text(encoding="utf-8")
    included = re.findall(r'^--8<-- "([^"]+)"$', page, flags=re.MULTILINE)
    assert sorted(included) == [f"docs/examples/generated/{name}.txt", f"examples/{name}.py"]
    assert len((ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8").splitlines()) <= 60


def test_every_program_has_a_page_and_is_run_for_it() -> None:
    programs = {path.stem for path in (ROOT / "examples").glob("*.py")} - {"demo"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    run_for_pages = re.findall(r"^EXAMPLES := (.+)$", makefile, flags=re.MULTILINE)[0].split()
    assert programs == set(PAGES) == set(run_for_pages)
    assert len(programs) == 6
