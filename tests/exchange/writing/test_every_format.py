"""Every format in a runtime of its own, side by side with the model that a file was written of."""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from deltarule.common.errors import InputError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.writing import FORMATS, SUFFIXES, export
from deltarule.exchange.writing.checking import Check, check
from deltarule.network.parts import Unit
from deltarule.network.units import HIDDEN_UNITS
from deltarule.tables import TableEncoder
from deltarule.tables.target_column import TargetScale
from exported_models import LABELS, classifier, fitted, of_table

LARGEST = {"float64": 1e-12, "float32": 2e-6}
PRECISIONS = list(LARGEST)

MISSING = {
    "onnx": not (find_spec("onnx") and find_spec("onnxruntime")) and "onnx and onnxruntime are not installed",
    "safetensors": not (find_spec("torch") and find_spec("safetensors")) and "torch and safetensors are not installed",
    "pmml": not (shutil.which("java") and find_spec("jpmml_evaluator")) and "there is no Java, or no jpmml_evaluator",
    "excel": not (shutil.which("soffice") and find_spec("openpyxl")) and "there is no LibreOffice, or no openpyxl",
    "c": not shutil.which("cc") and "there is no C compiler",
}


@pytest.fixture(params=FORMATS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if MISSING.get(name):
        pytest.skip(str(MISSING[name]))
    return name


UNITS = {"pmml": ("logistic", "tanh", "relu", "identity")}
"""The hidden units of formats that have not all of them."""

REFUSED = {("pmml", "large numbers"): "beyond 32 bits", ("excel", "large numbers"): r"beyond 2\^53"}
"""Labels that a format does not hold."""


def checked(model: Any, kind: str, path: Path, rows: Any, precision: str = "float64") -> Check:
    file = path / f"m{SUFFIXES[kind]}"
    export(model, file, precision=precision)
    found = check(model, file, kind, rows, precision)
    assert found.difference <= LARGEST[precision]
    assert found.other_labels == 0
    return found


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("unit", HIDDEN_UNITS)
def test_every_unit_predicts_a_mixed_table_as_the_model_does(
    unit: str,
    precision: str,
    encoder: TableEncoder,
    table: pd.DataFrame,
    rows: pd.DataFrame,
    kind: str,
    tmp_path: Path,
) -> None:
    estimator = classifier(encoder.transform(table), LABELS["three words"], 1, activation=(unit, "tanh"))
    if unit not in UNITS.get(kind, HIDDEN_UNITS):
        with pytest.raises(InputError, match=unit):
            export(estimator, tmp_path / f"m{SUFFIXES[kind]}")
        assert list(tmp_path.iterdir()) == []
    else:
        checked(of_table(encoder, estimator), kind, tmp_path, rows, precision)


@pytest.mark.parametrize("name", LABELS)
def test_labels_come_back_with_their_type(
    name: str, encoder: TableEncoder, table: pd.DataFrame, rows: pd.DataFrame, kind: str, tmp_path: Path
) -> None:
    labels = LABELS[name]
    estimator = classifier(encoder.transform(table), labels, 0.5)
    if (kind, name) in REFUSED:
        with pytest.raises(InputError, match=REFUSED[kind, name]):
            export(estimator, tmp_path / f"m{SUFFIXES[kind]}")
        return
    found = checked(of_table(encoder, estimator), kind, tmp_path, rows)
    assert found.model.labels is not None
    assert found.file.labels is not None
    assert len(set(found.file.labels.tolist())) == len(labels)
    assert found.file.labels.dtype == found.model.labels.dtype


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    ("y", "parameters"),
    [
        (np.array(["a", "b"]), {"output": "softmax"}),
        (np.array(["a", "b", "c"]), {"output": "sigmoid"}),
        (np.array([[0, 1], [1, 1], [0, 0]]), {}),
        (np.array([[0, 1, 1], [1, 1, 0], [0, 0, 1]]), {}),
    ],
    ids=["softmax of two", "sigmoids of three classes", "two labels a row", "three labels a row"],
)
def test_classifiers_of_arrays_are_exported_whatever_their_outputs(
    y: NDArray[Any], parameters: dict[str, Any], precision: str, kind: str, tmp_path: Path
) -> None:
    X = np.random.default_rng(0).standard_normal((60, 4))
    estimator = fitted(MLPClassifier((5,), **parameters), X, y[np.arange(60) % len(y)])
    found = checked(estimator, kind, tmp_path, X, precision)
    assert found.model.labels is not None
    assert len(np.unique(found.model.labels)) > 1


def test_classes_without_any_probability_have_the_same(kind: str, tmp_path: Path) -> None:
    if kind == "pmml":
        pytest.skip("the simplemax of PMML is 0/0 there")
    X = np.array([[-2000.0], [0.0]])
    estimator = fitted(MLPClassifier((), output="sigmoid"), np.zeros((3, 1)), np.array(["a", "b", "c"]))
    estimator.theta_[:] = 1
    assert checked(estimator, kind, tmp_path, X).file.numbers[0].tolist() == pytest.approx([1 / 3] * 3, rel=1e-14)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("targets", [1, 3])
def test_regressors_of_one_target_and_of_several_are_exported(
    loss: str, targets: int, precision: str, kind: str, tmp_path: Path
) -> None:
    X = np.random.default_rng(0).standard_normal((40, 4))
    estimator = fitted(MLPRegressor(loss, (5,)), X, np.abs(X[:, :targets]).squeeze(), 0.5)
    assert checked(estimator, kind, tmp_path, X, precision).file.numbers.shape == (40, targets)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_quantities_of_a_table_come_in_their_own_units(
    precision: str, encoder: TableEncoder, table: pd.DataFrame, rows: pd.DataFrame, kind: str, tmp_path: Path
) -> None:
    X = encoder.transform(table)
    estimator = fitted(MLPRegressor("squared_error", (5,), "tanh"), X, X[:, 0], 1)
    found = checked(of_table(encoder, estimator, TargetScale(1e6, 5.0)), kind, tmp_path, rows, precision)
    assert np.ptp(found.model.numbers) > 5
    assert np.abs(found.file.numbers - found.model.numbers).max() < 2e-5


def test_numbers_of_units_are_in_the_file(kind: str, tmp_path: Path) -> None:
    X = np.random.default_rng(0).standard_normal((40, 4))
    activation = (Unit("leaky_relu", 0.3), Unit("elu", 0.5))
    if kind in UNITS:
        pytest.skip("the format has no such units")
    checked(fitted(MLPClassifier((5, 3), activation), X, X[:, 0] > 0), kind, tmp_path, X)


def test_every_day_of_the_calendar_has_its_month_and_weekday(kind: str, tmp_path: Path) -> None:
    ends = [("1899-12-25", "1901-01-10"), ("1967-12-25", "1970-01-10"), ("1999-12-25", "2001-01-10")]
    days = pd.Series(np.concatenate([pd.date_range(*both).astype("datetime64[s]") for both in ends]))
    far = pd.Series(np.array(["0001-01-01", "0004-02-29", "1600-02-29", "9999-12-31"], dtype="datetime64[s]"))
    table = pd.DataFrame({"day": pd.concat([days, far], ignore_index=True)})
    encoder = TableEncoder.fit(table)
    X = encoder.transform(table)
    assert X.shape[1] == 5
    estimator = fitted(MLPRegressor("squared_error", ()), X, X)
    for Theta in estimator.network_.roll(estimator.theta_):
        Theta[:] = np.eye(5, 6, 1)
    found = checked(of_table(encoder, estimator), kind, tmp_path, table)
    if kind == "onnx":  # which looks the waves up
        assert np.array_equal(found.file.numbers, X)
