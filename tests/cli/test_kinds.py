"""The options of both kinds of models that `deltarule train` makes."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from deltarule import TableClassifier, TableRegressor
from deltarule.cli.kinds import BOTH, OF_COMMITTEE, OF_NETWORK
from deltarule.cli.options import parse_layers
from deltarule.cli.train import train

Run = Callable[..., Result]

QUICK = ["--layers", "8", "--epochs", "8", "--members", "3"]


def test_every_option_of_the_other_kind_is_refused_by_its_name(run: Run, data: Path, tmp_path: Path) -> None:
    offered = {parameter.name: parameter for parameter in _parameters()}
    for name in (*OF_NETWORK, *OF_COMMITTEE):
        option = offered[name].opts[0]
        kind = ["--network"] if name in OF_COMMITTEE else []
        result = run("train", data, "--target", "label", *kind, *_given(name, option), "-o", tmp_path / "model")
        assert result.exit_code == 1, (name, result.output)
        assert result.stderr.startswith(f"Error: {option} is for "), name
        assert "--network" in result.stderr
    several = run("train", data, "--target", "label", "--lambda", 1, "--solver", "sgd", "-o", tmp_path / "model")
    assert "Error: --solver and --lambda are for a single network" in several.stderr
    assert not (tmp_path / "model").exists()


def _parameters() -> list[Any]:
    import typer

    from deltarule.cli import app

    return list(typer.main.get_command(app).commands["train"].params)  # type: ignore[attr-defined]


def _given(name: str, option: str) -> list[str]:
    """An option with a value that it takes."""
    default = inspect.signature(train).parameters[name].default
    if isinstance(default, bool):
        return [option]
    return [option, "1" if default is None else str(default)]


def test_defaults_are_those_of_the_estimators(run: Run) -> None:
    offered = inspect.signature(train).parameters
    for estimator in (TableClassifier, TableRegressor):
        declared = inspect.signature(estimator).parameters
        assert offered["members"].default == declared["n_members"].default
        assert offered["validation"].default == declared["validation"].default
        assert offered["time_budget"].default == declared["time_budget"].default
        assert parse_layers(BOTH["layers"].together) == declared["hidden_layer_sizes"].default
        assert BOTH["dtype"].together == declared["dtype"].default
    of_classes, of_quantities = (
        inspect.signature(one).parameters["epochs"].default for one in (TableClassifier, TableRegressor)
    )
    assert BOTH["epochs"].told == f"{of_classes} for classes and {of_quantities} for quantities"
    assert offered["loss"].default == inspect.signature(TableRegressor).parameters["loss"].default
    assert offered["objective"].default == inspect.signature(TableClassifier).parameters["objective"].default
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", run("train", "--help").stdout).split())
    assert "256,256,256; with --network 100" in said


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--epochs 0", "0 is no number of epochs. Give 1 or more."),
        ("--dtype float16", "'float16' is neither float32 nor float64"),
        ("--time-budget 0", "0 is no number of seconds above 0."),
        ("--time-budget nan", "nan is no number of seconds above 0."),
        ("--members 0", "'--members'"),
        ("--validation never", "'--validation'"),
        ("--groups nobody", "The table has no column 'nobody', which is the column of groups."),
        ("--groups label", "The column of groups 'label' is the target, too"),
        ("--groups size", "The column of groups 'size' is empty in line 2 (9 of 90 rows in all)."),
        ("--groups colour --validation time", "--validation 'time' holds out the last rows"),
        ("--groups colour --holdout 0.7", "--holdout 0.7 is more than half of the rows"),
        ("--groups same", "groups holds one group only"),
    ],
)
def test_options_that_cannot_be_are_told_with_what_fits(
    run: Run, data: Path, tmp_path: Path, options: str, complaint: str
) -> None:
    result = run("train", data, "--target", "label", *QUICK, *options.split(), "-o", tmp_path / "model")
    assert result.exit_code in (1, 2), result.output
    assert complaint in " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.stderr).split())
    assert not (tmp_path / "model").exists()
