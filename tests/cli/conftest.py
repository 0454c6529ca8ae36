"""A small table and a model trained on it through the command line."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning
from typer.testing import CliRunner, Result

from deltarule.cli import app
from deltarule.common.html import Html

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a command in this process."""

    def run_command(*arguments: object, piped: bytes | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        result = CliRunner().invoke(app, words, input=piped, env={"COLUMNS": "120"})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run_command


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    x, size = generator.standard_normal(90), generator.uniform(0, 9, 90).round(2)
    size[::10] = np.nan
    colour = generator.choice(["red", "blue", "01"], 90)
    label = np.where(x > 0.6, "high", np.where(colour == "red", "red one", "low"))
    return pd.DataFrame({"x": x, "size": size, "colour": colour, "same": 1, "label": label})


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> Path:
    folder = tmp_path_factory.mktemp("data")
    table.to_csv(folder / "data.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def data(folder: Path) -> Path:
    return folder / "data.csv"


@pytest.fixture(scope="session")
def trained(run: Run, data: Path, folder: Path) -> Result:
    """What the command says that makes `model`."""
    options = "--target label --layers 8 --activation tanh --solver lbfgs --lambda 0.01 --epochs 60"
    return run(
        "train", "--network", data, *options.split(), "--output", folder / "model", "--pictures", folder / "pictures"
    )


@pytest.fixture(scope="session")
def model(trained: Result, folder: Path) -> Path:
    assert trained.exit_code == 0, trained.output
    return folder / "model"


@pytest.fixture(scope="session")
def coloured() -> Callable[[int], pd.DataFrame]:
    """Make a table of so many rows, of a number with gaps and a colour, with a quantity and a label to learn."""

    def of_rows(m: int) -> pd.DataFrame:
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"x": rng.normal(size=m), "colour": rng.choice(["red", "blue"], m)})
        frame["price"] = 1e4 + 300 * frame["x"] + 100 * (frame["colour"] == "red") + rng.normal(size=m)
        frame["label"] = np.where(frame["x"] + (frame["colour"] == "red") > 0.5, "high", "low")
        frame.loc[::9, "x"] = np.nan
        return frame

    return of_rows


@pytest.fixture
def parts_are_small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Read 512 rows of a source at a time, and leave warnings of short runs out."""
    monkeypatch.setattr("deltarule.blocks.sources.arrow_rows.BATCH_ROWS", 512)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@pytest.fixture
def reports_without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out of reports, which take 2 s each: for tests about what a report says."""
    monkeypatch.setattr("deltarule.reporting.document.drawn", lambda *given, **more: Html(""))
