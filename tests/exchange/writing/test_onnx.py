"""ONNX files in onnxruntime, side by side with the model that they were written of."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deltarule.estimators.classifier import MLPClassifier
from deltarule.exchange.writing import export
from deltarule.exchange.writing.checking import cells_of, check
from deltarule.exchange.writing.content import model_of
from deltarule.exchange.writing.from_models import exported_of
from deltarule.exchange.writing.runtimes import onnx_feed
from deltarule.network.parts import Unit
from deltarule.tables import TableEncoder
from deltarule.tables.model import TableModel
from exported_models import LABELS, classifier, fitted, of_table

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


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


def test_a_column_with_the_name_of_an_output_gets_another_one(
    encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path
) -> None:
    export(of_table(encoder, classifier(encoder.transform(table), LABELS["booleans"])), tmp_path / "m.onnx")
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
    model = of_table(encoder, classifier(encoder.transform(table), LABELS["booleans"]))
    exported = exported_of(model)
    feed = onnx_feed(exported, cells_of(encoder, exported, rows), "float64")
    assert encoder.categories["colour"][0] == ""
    assert set(feed["colour"][rows["colour"].isna()].ravel()) == {"a gap"}
    assert feed["flag"][15].tolist() == [""]


def test_files_hold_operators_of_onnx_alone_and_load_in_older_runtimes(
    encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path
) -> None:
    export(of_table(encoder, classifier(encoder.transform(table), LABELS["two words"])), tmp_path / "m.onnx")
    proto = onnx.load(tmp_path / "m.onnx")
    assert proto.ir_version == 9
    assert [(one.domain, one.version) for one in proto.opset_import] == [("", 19)]
    operators = {node.op_type for node in proto.graph.node}
    assert not operators & {"Sigmoid", "Softplus", "Erf", "Gelu", "ZipMap", "Scaler", "Imputer", "OneHotEncoder"}
    assert {node.domain for node in proto.graph.node} == {""}


def test_a_file_says_enough_to_make_its_model_again_with_the_same_bits(
    encoder: TableEncoder, table: pd.DataFrame, rows: pd.DataFrame, tmp_path: Path
) -> None:
    estimator = classifier(encoder.transform(table), LABELS["three words"], activation=Unit("elu", 0.3))
    model = of_table(encoder, estimator)
    export(model, tmp_path / "m.onnx")
    proto = onnx.load(tmp_path / "m.onnx")
    told = json.loads({one.key: one.value for one in proto.metadata_props}["deltarule"])
    tensors = {one.name: onnx.numpy_helper.to_array(one) for one in proto.graph.initializer}
    Thetas = []
    for n in range(1, len(told["sizes"])):
        weight, bias = (tensors[f"{told['prefix']}Theta{n}.{piece}"] for piece in ("weight", "bias"))
        Thetas.append(np.hstack([bias[:, np.newaxis], weight.T]))
    again = model_of(told, Thetas)
    assert isinstance(again, TableModel)
    assert np.array_equal(again.estimator.theta_, estimator.theta_)
    assert again.estimator.get_params() == estimator.get_params()
    pd.testing.assert_frame_equal(again.predict(rows)[0], model.predict(rows)[0], check_exact=True)
    export(again, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "m.onnx").read_bytes()


def test_the_same_model_is_the_same_bytes(encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path) -> None:
    model = of_table(encoder, classifier(encoder.transform(table), LABELS["two words"]))
    for name in ("a.onnx", "b.onnx"):
        export(model, tmp_path / name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
