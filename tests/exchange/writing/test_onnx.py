"""ONNX files in onnxruntime, side by side with the model that they were written of."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.writing import export
from deltarule.exchange.writing.checking import Check, cells_of, check
from deltarule.exchange.writing.exported import exported_of
from deltarule.exchange.writing.runtimes import onnx_feed
from deltarule.network.parts import Unit
from deltarule.network.units import HIDDEN_UNITS
from deltarule.tables import TableEncoder
from exported_models import LABELS, OfTable, Scale, classifier, fitted

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

LARGEST = {"float64": 1e-12, "float32": 2e-6}
PRECISIONS = list(LARGEST)


def checked(model: Any, path: Path, rows: Any, precision: str = "float64") -> Check:
    export(model, path / "m.onnx", precision=precision)
    found = check(model, path / "m.onnx", "onnx", rows, precision)
    assert found.difference <= LARGEST[precision]
    assert found.other_labels == 0
    return found


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("unit", HIDDEN_UNITS)
def test_every_unit_predicts_a_mixed_table_as_the_model_does(
    unit: str, precision: str, encoder: TableEncoder, table: pd.DataFrame, rows: pd.DataFrame, tmp_path: Path
) -> None:
    estimator = classifier(encoder.transform(table), LABELS["three words"], 1, activation=(unit, "tanh"))
    checked(OfTable(encoder, estimator), tmp_path, rows, precision)


@pytest.mark.parametrize("labels", LABELS.values(), ids=list(LABELS))
def test_labels_come_back_with_their_type(
    labels: NDArray[Any], encoder: TableEncoder, table: pd.DataFrame, rows: pd.DataFrame, tmp_path: Path
) -> None:
    estimator = classifier(encoder.transform(table), labels, 0.5)
    found = checked(OfTable(encoder, estimator), tmp_path, rows)
    assert found.model.labels is not None
    assert found.file.labels is not None
    assert len(set(found.file.labels.tolist())) == len(labels)
    assert found.file.labels.dtype == found.model.labels.dtype


def test_both_tails_of_two_classes_keep_their_digits(tmp_path: Path) -> None:
    X = np.linspace(-80, 80, 161)[:, np.newaxis]
    estimator = fitted(MLPClassifier(()), X, X[:, 0] > 0)
    estimator.theta_[:] = 0, 1
    export(estimator, tmp_path / "m.onnx")
    z = X[:, 0]
    p = check(estimator, tmp_path / "m.onnx", "onnx", X).file.numbers
    np.testing.assert_allclose(p, np.stack([1 / (1 + np.exp(z)), 1 / (1 + np.exp(-z))], axis=1), rtol=1e-14)
    export(estimator, tmp_path / "m.onnx", precision="float32")
    narrow = check(estimator, tmp_path / "m.onnx", "onnx", X, "float32").file.numbers
    np.testing.assert_allclose(narrow, p, rtol=1e-6)
    assert narrow.dtype == np.float32


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
    y: NDArray[Any], parameters: dict[str, Any], precision: str, tmp_path: Path
) -> None:
    X = np.random.default_rng(0).standard_normal((60, 4))
    estimator = fitted(MLPClassifier((5,), **parameters), X, y[np.arange(60) % len(y)])
    found = checked(estimator, tmp_path, X, precision)
    assert found.model.labels is not None
    assert len(np.unique(found.model.labels)) > 1
    assert found.file.numbers.dtype == precision


def test_classes_without_any_probability_have_the_same(tmp_path: Path) -> None:
    X = np.array([[-2000.0], [0.0]])
    estimator = fitted(MLPClassifier((), output="sigmoid"), np.zeros((3, 1)), np.array(["a", "b", "c"]))
    estimator.theta_[:] = 1
    assert checked(estimator, tmp_path, X).file.numbers[0].tolist() == [1 / 3] * 3


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("targets", [1, 3])
def test_regressors_of_one_target_and_of_several_are_exported(
    loss: str, targets: int, precision: str, tmp_path: Path
) -> None:
    X = np.random.default_rng(0).standard_normal((40, 4))
    estimator = fitted(MLPRegressor(loss, (5,)), X, np.abs(X[:, :targets]).squeeze(), 0.5)
    assert checked(estimator, tmp_path, X, precision).file.numbers.shape == (40, targets)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_quantities_of_a_table_come_in_their_own_units(
    precision: str, encoder: TableEncoder, table: pd.DataFrame, rows: pd.DataFrame, tmp_path: Path
) -> None:
    X = encoder.transform(table)
    estimator = fitted(MLPRegressor("squared_error", (5,), "tanh"), X, X[:, 0], 1)
    found = checked(OfTable(encoder, estimator, Scale(1e6, 5.0)), tmp_path, rows, precision)
    assert np.ptp(found.model.numbers) > 5
    assert np.abs(found.file.numbers - found.model.numbers).max() < 2e-5


def test_numbers_of_units_are_in_the_file(tmp_path: Path) -> None:
    X = np.random.default_rng(0).standard_normal((40, 4))
    activation = (Unit("leaky_relu", 0.3), Unit("elu", 0.5))
    checked(fitted(MLPClassifier((5, 3), activation, engine="reference"), X, X[:, 0] > 0), tmp_path, X)


def test_every_day_of_the_calendar_has_its_month_and_weekday(tmp_path: Path) -> None:
    days = pd.Series(pd.date_range("1899-12-25", "2101-01-10", freq="D")).astype("datetime64[s]")
    far = pd.Series(np.array(["0001-01-01", "0004-02-29", "1600-02-29", "9999-12-31"], dtype="datetime64[s]"))
    table = pd.DataFrame({"day": pd.concat([days, far], ignore_index=True)})
    encoder = TableEncoder.fit(table)
    X = encoder.transform(table)
    assert X.shape[1] == 5
    estimator = fitted(MLPRegressor("squared_error", ()), X, X)
    for Theta in estimator.network_.roll(estimator.theta_):
        Theta[:] = np.eye(5, 6, 1)
    found = checked(OfTable(encoder, estimator), tmp_path, table)
    assert np.array_equal(found.file.numbers, X)


def test_a_column_with_the_name_of_an_output_gets_another_one(
    encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path
) -> None:
    export(OfTable(encoder, classifier(encoder.transform(table), LABELS["booleans"])), tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    assert [one.name for one in session.get_inputs()] == [
        "x", "size (m²)", "day", "seen at", "took", "colour", "probability_", "flag",
    ]  # fmt: skip
    assert [one.shape for one in session.get_inputs()] == [["N", 1]] * 8
    assert [(one.name, one.type) for one in session.get_outputs()] == [
        ("label", "tensor(bool)"),
        ("probability", "tensor(double)"),
    ]


def test_a_gap_is_another_word_where_the_empty_word_is_known(
    encoder: TableEncoder, table: pd.DataFrame, rows: pd.DataFrame
) -> None:
    model = OfTable(encoder, classifier(encoder.transform(table), LABELS["booleans"]))
    exported = exported_of(model)
    feed = onnx_feed(exported, cells_of(encoder, exported, rows), "float64")
    assert encoder.categories["colour"][0] == ""
    assert set(feed["colour"][rows["colour"].isna()].ravel()) == {"a gap"}
    assert feed["flag"][15].tolist() == [""]


def test_files_hold_operators_of_onnx_alone_and_load_in_older_runtimes(
    encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path
) -> None:
    export(OfTable(encoder, classifier(encoder.transform(table), LABELS["two words"])), tmp_path / "m.onnx")
    proto = onnx.load(tmp_path / "m.onnx")
    assert proto.ir_version == 9
    assert [(one.domain, one.version) for one in proto.opset_import] == [("", 19)]
    operators = {node.op_type for node in proto.graph.node}
    assert not operators & {"Sigmoid", "Softplus", "Erf", "Gelu", "ZipMap", "Scaler", "Imputer", "OneHotEncoder"}
    assert {node.domain for node in proto.graph.node} == {""}


def test_a_file_says_enough_to_make_its_model_again_with_the_same_bits(
    encoder: TableEncoder, table: pd.DataFrame, rows: pd.DataFrame, tmp_path: Path
) -> None:
    estimator = classifier(
        encoder.transform(table), LABELS["three words"], activation=Unit("elu", 0.3), engine="reference"
    )
    export(OfTable(encoder, estimator), tmp_path / "m.onnx")
    proto = onnx.load(tmp_path / "m.onnx")
    told = json.loads({one.key: one.value for one in proto.metadata_props}["deltarule"])
    arrays = {name: np.array(told["encoder"].pop(name)) for name in ("medians", "means", "deviations")}
    again = TableEncoder.from_content(told["encoder"], arrays)
    assert np.array_equal(again.transform(rows), encoder.transform(rows))
    tensors = {one.name: onnx.numpy_helper.to_array(one) for one in proto.graph.initializer}
    Thetas = [
        np.hstack(
            [tensors[f"{told['prefix']}Theta{n}.bias"][:, np.newaxis], tensors[f"{told['prefix']}Theta{n}.weight"].T]
        )
        for n in range(1, len(told["sizes"]))
    ]
    assert np.array_equal(estimator.network_.unroll(Thetas), estimator.theta_)
    assert [Unit(name, *numbers) for name, *numbers in told["hidden"]] == list(estimator.network_.hidden_units)
    assert np.array_equal(np.array(told["classes"]["values"], told["classes"]["type"]), estimator.classes_)


def test_the_same_model_is_the_same_bytes(encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path) -> None:
    model = OfTable(encoder, classifier(encoder.transform(table), LABELS["two words"]))
    for name in ("a.onnx", "b.onnx"):
        export(model, tmp_path / name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
