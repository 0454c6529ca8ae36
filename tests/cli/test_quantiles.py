"""Quantiles of a quantity on the command line: `--loss pinball` and `--quantiles`."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_pinball_loss
from typer.testing import Result

from deltarule import CommitteeModel, TableRegressor, load
from deltarule.tables import read_table
from pageback import read_page, section, text_of
from printed import figures_in

Run = Callable[..., Result]

QUICK = ["--target", "price", "--layers", "8", "--epochs", "12", "--members", "2"]
TAU = (0.05, 0.4, 0.95)


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(0)
    area = generator.uniform(30, 200, 150).round(1)
    table = {
        "area": area,
        "town": generator.choice(["Ulm", "Bonn"], 150),
        "price": (1000 * area + 40 * area * generator.normal(size=150)).round(),
    }
    path = tmp_path_factory.mktemp("quantiles") / "houses.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def trained(run: Run, houses: Path) -> Result:
    places = ["--output", houses.parent / "model", "--report", houses.parent / "report.html"]
    return run("train", houses, *QUICK, "--quantiles", "0.05,0.4,0.95", *places)


@pytest.fixture(scope="module")
def model(trained: Result, houses: Path) -> Path:
    assert trained.exit_code == 0, trained.output
    return houses.parent / "model"


def test_each_quantile_has_a_column_of_predictions_and_they_ascend(run: Run, model: Path, houses: Path) -> None:
    predicted = pd.read_csv(io.StringIO(run("predict", model, houses).stdout))
    assert predicted.columns.tolist() == [f"predicted_price_{tau}" for tau in TAU]
    assert (predicted.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    loaded: Any = load(model)
    assert isinstance(loaded, CommitteeModel)
    assert loaded.quantiles == TAU
    expected = loaded.estimator.predict(read_table(houses).drop(columns="price"))
    np.testing.assert_allclose(predicted, expected, rtol=1e-12)


def test_quantiles_are_measured_by_their_loss_and_by_how_often_they_are_right(
    run: Run, model: Path, houses: Path, trained: Result
) -> None:
    said = run("evaluate", model, houses).stdout
    table = pd.read_csv(houses)
    loaded: Any = load(model)
    predicted, y = loaded.estimator.predict(table.drop(columns="price")), table["price"].to_numpy()
    losses = [mean_pinball_loss(y, column, alpha=tau) for column, tau in zip(predicted.T, TAU, strict=True)]
    expected = {"pinball loss": np.mean(losses)}
    expected |= {f"below quantile {tau}": np.mean(y <= column) for column, tau in zip(predicted.T, TAU, strict=True)}
    expected["between the outermost"] = np.mean((predicted[:, 0] <= y) & (y <= predicted[:, 2]))
    figures = figures_in(said)
    assert {name: value for name, (value, *_) in figures.items()} == pytest.approx(expected, rel=1e-3)
    assert list(figures_in(trained.stdout))[-5:] == list(expected)
    assert loaded.held_out.rmse > 0  # of the quantile nearest to the median


def test_the_report_and_the_explanation_show_every_quantile(run: Run, model: Path, houses: Path) -> None:
    page = read_page((houses.parent / "report.html").read_text())
    assert "pinball loss" in text_of(section(page, "Measures"))
    said = run("explain", model, houses, "--row", "3").stdout.splitlines()[0]
    values = load(model).estimator.predict(pd.read_csv(houses).drop(columns="price").iloc[[3]])[0]
    assert f"predicted {', '.join(f'{value:.6g}' for value in values)} (quantiles 0.05, 0.4, 0.95)" in said


def test_the_loss_alone_takes_the_quantiles_of_the_estimator(run: Run, houses: Path, tmp_path: Path) -> None:
    result = run("train", houses, *QUICK, "--loss", "pinball", "--output", tmp_path / "model")
    assert result.exit_code == 0, result.output
    loaded: Any = load(tmp_path / "model")
    assert loaded.quantiles == TableRegressor().quantiles


@pytest.mark.parametrize("given", ["0.5,0.1", "0,0.5", "0.5,1", "half", "", "0.1,,0.5", "nan"])
def test_what_names_no_quantiles_is_refused_before_any_work(run: Run, houses: Path, tmp_path: Path, given: str) -> None:
    result = run("train", houses, *QUICK, "--quantiles", given, "--output", tmp_path / "model")
    assert result.exit_code == 2
    assert "does not name quantiles" in re.sub(r"[\s│]+", " ", result.stderr)
    assert not (tmp_path / "model").exists()


def test_quantiles_belong_to_one_loss_and_to_quantities(run: Run, houses: Path, data: Path, tmp_path: Path) -> None:
    result = run("train", houses, *QUICK, "--loss", "huber", "--quantiles", "0.5")
    assert result.exit_code == 2
    assert "--loss huber predicts no quantiles" in re.sub(r"[\s│]+", " ", result.stderr)
    result = run("train", data, "--target", "label", "--quantiles", "0.5", "--output", tmp_path / "model")
    assert result.exit_code == 1
    assert "acts on quantities, but the target is labels" in result.stderr
    result = run("train", "--network", houses, "--target", "price", "--quantiles", "0.5")
    assert "--quantiles is for several networks that predict together" in result.stderr


def test_an_exported_model_names_the_column_that_it_predicts(run: Run, model: Path, tmp_path: Path) -> None:
    result = run("export", model, "--output", tmp_path / "model.c")
    assert result.exit_code == 0, result.output
    assert 'which predicts "price"' in (tmp_path / "model.c").read_text()
