"""The command line on a target that is a quantity, and the options about columns."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from typer.testing import Result

from loading import load
from pageback import named, read_page, section, table_of, text_of
from passes import count_passes
from printed import figures_in

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(0)
    n = 300
    area, town = generator.uniform(30, 200, n).round(1), generator.choice(["Ulm", "Bonn"], n)
    price = 1000 * area + np.where(town == "Ulm", 20_000, 0) + generator.normal(0, 5000, n)
    path = tmp_path_factory.mktemp("houses") / "houses.csv"
    table = {
        "area": area,
        "town": town,
        "same": 1,
        "w": generator.integers(1, 4, n),
        "price": price.round().astype(int),
    }
    pd.DataFrame(table).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def trained(run: Run, houses: Path) -> Result:
    options = "--target price --layers 6 --solver lbfgs --epochs 200 --weight w --output"
    folder = houses.parent
    return run("train", "--network", houses, *options.split(), folder / "model", "--report", folder / "report.html")


@pytest.fixture(scope="module")
def model(trained: Result, houses: Path) -> Path:
    assert trained.exit_code == 0, trained.output
    return houses.parent / "model"


def test_training_says_why_it_is_a_quantity_and_how_far_off_the_held_out_rows_are(trained: Result, model: Path) -> None:
    assert "Task: regression: 'price' holds " in trained.stdout
    assert "Where they are labels, take --task 'classify'." in trained.stderr
    assert "Held-out figures of price (60 rows)" in trained.stdout
    figures, held_out = figures_in(trained.stdout), load(model).held_out
    expected = {
        "R²": held_out.r2,
        "root mean squared error": held_out.rmse,
        "mean absolute error": held_out.mae,
        "mean cost": held_out.cost,
    }
    assert list(figures) == list(expected)
    for name, (value, low, high) in figures.items():
        assert value == pytest.approx(expected[name], rel=1e-3)
        assert low < value < high


def test_predictions_are_in_units_of_the_target_and_evaluation_measures_them(
    run: Run, model: Path, houses: Path
) -> None:
    table = pd.read_csv(houses)
    predictions = pd.read_csv(io.StringIO(run("predict", model, houses).stdout))
    assert list(predictions.columns) == ["predicted_price"]
    predicted = predictions["predicted_price"].to_numpy()
    said = run("evaluate", model, houses).stdout
    figures = {name: values[0] for name, values in figures_in(said).items()}
    assert "Figures of price (300 rows)" in said
    assert figures["R²"] == pytest.approx(r2_score(table["price"], predicted), rel=1e-3)
    assert figures["root mean squared error"] == pytest.approx(
        root_mean_squared_error(table["price"], predicted), rel=1e-3
    )
    assert figures["mean absolute error"] == pytest.approx(mean_absolute_error(table["price"], predicted), rel=1e-3)
    assert 4000 < figures["root mean squared error"] < 8000


def test_the_gradient_is_checked_and_a_row_explained_in_units_of_the_target(
    run: Run, model: Path, houses: Path
) -> None:
    assert "Gradient check: passed" in run("check-gradient", model, houses).stdout
    first = run("explain", model, houses, "--row", 3, "--lines", 40).stdout.splitlines()[0]
    truth, scale = pd.read_csv(houses)["price"][3], load(model).scale
    expected = rf"Row 3 \(line 5\): price {truth:.6g}, predicted (\S+); h and y are \(price − (\S+)\)/(\S+)"
    found = re.fullmatch(expected, first)
    assert found is not None, first
    assert [float(text) for text in found.groups()[1:]] == pytest.approx([scale.mean, scale.deviation], rel=1e-5)
    assert float(found[1]) == pytest.approx(truth, abs=30_000)


def test_the_report_shows_the_quantity_in_its_units_and_dropped_columns_apart(trained: Result, model: Path) -> None:
    page = read_page((model.parent / "report.html").read_text(encoding="utf-8"))
    figures = {row[0]: float(row[1]) for row in table_of(page, "measures") if len(row) == 3}
    held_out = load(model).held_out
    assert figures["root mean squared error"] == pytest.approx(held_out.rmse, rel=1e-12)
    assert figures["R²"] == pytest.approx(held_out.r2, rel=1e-12)
    assert ["same", "one value only"] in table_of(page, "dropped")
    assert [row[0] for row in table_of(page, "numbers")][-2:] == ["price", "area"]
    data = named(section(page, "Data"))
    assert data["the network learns"].startswith("(price − ")
    assert "Predicted against true" in text_of(page)


def test_a_target_that_is_asked_to_be_of_labels_is_classified(run: Run, houses: Path, tmp_path: Path) -> None:
    options = ["--target", "w", "--epochs", 2, "--layers", 2, "-o", tmp_path / "model"]
    assert (
        "Task: classification: 'w' holds 3 different whole numbers."
        in run("train", "--network", houses, *options).stdout
    )
    run("train", "--network", houses, *options, "--task", "regress")
    assert load(tmp_path / "model").scale is not None
    refused = run("train", "--network", houses, *options, "--task", "regress", "--label-smoothing", 0.1)
    assert "--label-smoothing 0.1 acts on classes, but the target is a quantity. Leave it out, or" in refused.stderr
    refused = run("train", "--network", houses, "--target", "town", "--task", "regress", "-o", tmp_path / "model")
    assert "The target 'town' does not hold numbers" in refused.stderr


def test_columns_are_dropped_and_kept_and_gaps_named(run: Run, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    table: dict[str, Any] = {"id": range(80), "x": generator.normal(size=80).round(3), "y": ["a", "b"] * 40}
    table["size"] = np.where(np.arange(80) % 9 == 0, "miss", generator.integers(1, 99, 80).astype(str))
    table["code"] = generator.choice([10, 20, 30], 80)
    pd.DataFrame(table).to_csv(tmp_path / "data.csv", index=False)
    options = ["--keep", "id", "--drop", "x", "--gaps", "miss", "--categories", "code"]
    given = ["--target", "y", "--epochs", 2, "--layers", 2, "-o", tmp_path / "model"]
    refused = run("train", "--network", tmp_path / "data.csv", *given, *options, "--drop", "y2")
    assert "The table has no column 'y2', which is named in the options" in refused.stderr
    result = run("train", "--network", tmp_path / "data.csv", *given, *options)
    assert result.exit_code == 0, result.output
    assert load(tmp_path / "model").encoder.names == [
        *["id", "size", "size is missing", "code=10", "code=20", "code=30"]
    ]


def test_labels_with_a_zero_in_front_stand_in_predictions_as_in_the_table(run: Run, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=90)
    pd.DataFrame({"x": x, "y": np.where(x > 0, "01", "02")}).to_csv(tmp_path / "data.csv", index=False)
    options = ["--target", "y", "--epochs", 30, "--class-weight", "01=2", "-o", tmp_path / "model"]
    assert run("train", "--network", tmp_path / "data.csv", *options).exit_code == 0
    assert load(tmp_path / "model").estimator.class_weight == {"01": 2.0}
    lines = run("predict", tmp_path / "model", tmp_path / "data.csv").stdout.splitlines()
    assert lines[0] == "predicted_y,probability_01,probability_02"
    assert {line.split(",")[0] for line in lines[1:]} == {"01", "02"}
    assert re.search(r"Accuracy: \d+\.\d %", run("evaluate", tmp_path / "model", tmp_path / "data.csv").stdout)


@pytest.mark.parametrize("command", ["predict", "evaluate", "check-gradient", "explain"])
def test_every_command_reads_a_table_from_standard_input(
    run: Run, model: Path, houses: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from deltarule.cli import app

    piped = CliRunner().invoke(app, [command, str(model), "-"], input=houses.read_bytes(), env={"COLUMNS": "120"})
    assert (piped.exit_code, piped.stdout) == (0, run(command, model, houses).stdout)


@pytest.mark.usefixtures("reports_without_pictures")
def test_training_reads_standard_input_and_passes_the_held_out_rows_through_the_network_once_with_a_report_too(
    houses: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from deltarule.cli import app

    options = "train - --network --target price --layers 6 --solver lbfgs --epochs 200 --weight w --output"
    given = [*options.split(), str(tmp_path / "model"), "--report", str(tmp_path / "report.html")]
    passes = count_passes(monkeypatch)
    piped = CliRunner().invoke(app, given, input=houses.read_bytes(), env={"COLUMNS": "120"})
    assert piped.exit_code == 0, piped.output
    assert passes == [60]
    np.testing.assert_array_equal(load(tmp_path / "model").estimator.theta_, load(model).estimator.theta_)


def test_notices_about_unknown_words_are_shown_by_explain_and_check_gradient(
    run: Run, model: Path, houses: Path, tmp_path: Path
) -> None:
    pd.read_csv(houses).assign(town="Jena").to_csv(tmp_path / "new.csv", index=False)
    for command in ("explain", "check-gradient"):
        assert "Note: 'town' holds what the model does not know" in run(command, model, tmp_path / "new.csv").stderr


def test_an_estimator_that_was_saved_alone_is_told_apart(run: Run, houses: Path, tmp_path: Path) -> None:
    from deltarule import MLPRegressor

    MLPRegressor(hidden_layer_sizes=(), solver="lbfgs").fit([[0.0], [1.0]], [0.0, 1.0]).save(tmp_path / "model")
    result = run("predict", tmp_path / "model", houses)
    assert result.exit_code == 1
    assert "holds a MLPRegressor without an encoder of tables" in result.stderr
