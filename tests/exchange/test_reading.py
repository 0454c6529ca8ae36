"""What real tools wrote predicts here as it does there; what does not fit, or is left open, is said in a sentence."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import deltarule
from deltarule.common.errors import ModelFileError, SettingsError
from foreign_examples import EXAMPLES, FILES, KERAS, OF_TORCH, Example


def rows_of(imported: deltarule.Imported, rows: Any) -> Any:
    if isinstance(rows, dict):
        assert imported.encoder is not None
        return imported.encoder.transform(pd.DataFrame(rows))
    return rows


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file)
def test_it_predicts_what_the_tool_predicts(example: Example) -> None:
    imported = deltarule.read_foreign(FILES / example.file, **example.said)
    X = rows_of(imported, example.rows)
    if isinstance(example.predicted, dict):
        assert isinstance(imported.estimator, deltarule.MLPClassifier)
        classes = imported.estimator.classes_.tolist()
        p = imported.estimator.predict_proba(X)
        for label, expected in example.predicted.items():
            assert np.abs(p[:, classes.index(label)] - expected).max() < example.within
    else:
        h = imported.estimator.predict(X)
        assert np.abs(np.asarray(h) - example.predicted).max() < example.within * np.abs(example.predicted).max()
    if example.units:
        assert imported.estimator.network_.hidden == example.units


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file)
def test_its_gradient_passes_the_check(example: Example) -> None:
    imported = deltarule.read_foreign(FILES / example.file, **example.said)
    X = np.random.default_rng(0).normal(size=(5, imported.estimator.n_features_in_))
    is_class = isinstance(imported.estimator, deltarule.MLPClassifier)
    classes = imported.estimator.classes_ if is_class else None
    Y = (
        np.zeros((5, imported.estimator.network_.K))
        if classes is None
        else imported.estimator.encode(np.resize(classes, 5))
    )
    assert deltarule.check_gradient(imported.estimator.network_, imported.estimator.theta_, X, Y).passed


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file)
def test_it_is_saved_and_loaded_with_the_same_bits(example: Example, tmp_path: Path) -> None:
    imported = deltarule.read_foreign(FILES / example.file, **example.said)
    imported.save(tmp_path / "model")
    loaded = deltarule.load(tmp_path / "model")
    estimator: Any = loaded.estimator if isinstance(loaded, deltarule.TableModel) else loaded
    assert estimator.theta_.tobytes() == imported.estimator.theta_.tobytes()
    assert estimator.network_ == imported.estimator.network_
    if isinstance(loaded, deltarule.TableModel) and isinstance(example.rows, dict):
        table = pd.DataFrame(example.rows)
        expected = imported.estimator.predict(rows_of(imported, example.rows))
        assert loaded.predict(table)[0].iloc[:, 0].tolist() == list(expected)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("default.net", "SIGMOID_STEPWISE"),
        ("shortcut.net", "shortcut connections"),
        ("lost_scale.net", "divides input 2 by a deviation or factor of 0"),
        ("skip.rds", "skip-layer connections"),
        ("gauss.yml", "GAUSSIAN"),
        ("nan.yml", "NO_OUTPUT_SCALE"),
        ("t9l.onnx", "joins two branches"),
        ("int8.keras", r"'dense_212' is quantised \(int8\)"),
        ("lora.h5", "'lora_kernel_a' where its kernel belongs"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(file: str, words: str) -> None:
    with pytest.raises(ModelFileError, match=words):
        deltarule.read_foreign(FILES / file)


@pytest.mark.parametrize(
    ("file", "said", "words"),
    [
        ("iris3.txt", {}, "table=…"),
        ("fix.keras", {}, r"labels=\[…\] with 2 names"),
        ("t2l.onnx", {}, "the second for output 1"),
        ("t2.safetensors", {"output": "sigmoid"}, "activation='relu'"),
        ("t2.safetensors", {"activation": "relu"}, "output='softmax'"),
        ("t2.safetensors", {"activation": ["relu"], "output": "sigmoid"}, "names 1 units"),
        ("t2.safetensors", {"activation": "sine", "output": "sigmoid"}, "sine"),
        ("fix.keras", {"labels": ["a"]}, "1 labels are given"),
        ("fix.keras", {"labels": ["a", "a"]}, "cannot tell classes apart"),
        ("fix.keras", {"labels": ["a", 1]}, "cannot tell classes apart"),
        ("fix.keras", {"labels": [0, 1], "output": "identity"}, "ends in softmax"),
        ("fix.keras", {"labels": [0, 1], "table": "x.arff"}, "table=… is for files of weka"),
        ("lin.rds", {"labels": ["a", "b"]}, "no probabilities"),
        ("lin.rds", {"output": "sine"}, "output='sine'"),
        ("lin.rds", {"features": ["a"]}, "2 columns"),
        ("lin.rds", {"format": "pickle"}, "format='pickle'"),
        ("three.rds", {"labels": ["a", "b"]}, "names 3 classes itself"),
    ],
)
def test_what_a_file_leaves_open_must_be_said(file: str, said: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        deltarule.read_foreign(FILES / file, **said)


def test_it_prints_what_it_understood() -> None:
    text = str(deltarule.read_foreign(FILES / "t1l.onnx", labels=["no", "yes"]))
    assert "network 3-4-3-2" in text
    assert "leaky_relu(0.2), silu" in text
    assert "softmax for no, yes" in text
    assert "Batch normalisation was folded" in text


def test_columns_are_named_by_the_caller_where_the_file_names_none() -> None:
    imported = deltarule.read_foreign(FILES / "fix.yml", features=["left", "right"], target="place")
    assert imported.encoder is not None
    X = imported.encoder.transform(pd.DataFrame({"right": [-2.0, 0.25], "left": [1.0, 3.5]}))
    assert X.tolist() == KERAS
    assert imported.target == "place"


def test_labels_that_descend_turn_the_outputs_round() -> None:
    up = deltarule.read_foreign(FILES / "t2l.onnx", labels=["a", "b"]).estimator
    down = deltarule.read_foreign(FILES / "t2l.onnx", labels=["b", "a"]).estimator
    assert isinstance(up, deltarule.MLPClassifier)
    assert isinstance(down, deltarule.MLPClassifier)
    assert np.abs(up.predict_proba(OF_TORCH)[:, ::-1] - down.predict_proba(OF_TORCH)).max() < 1e-15


def test_a_state_dict_follows_the_numbers_of_its_modules_and_not_their_text(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    matrices = [generator.normal(size=(3, 3)) for _ in range(11)]
    state = {f"{2 * n}.weight": W for n, W in enumerate(matrices)}
    write_safetensors(tmp_path / "net.safetensors", state)
    imported = deltarule.read_foreign(tmp_path / "net.safetensors", activation="tanh", output="identity")
    a = np.ones(3)
    for W in matrices[:-1]:
        a = np.tanh(W @ a)
    assert np.abs(imported.estimator.predict(np.ones((1, 3)))[0] - matrices[-1] @ a).max() < 1e-14


def test_modules_whose_order_is_not_clear_must_be_named(tmp_path: Path) -> None:
    W, V = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, -1.0], [2.0, 0.0]])
    write_safetensors(tmp_path / "net.safetensors", {"out.weight": V, "first.weight": W, "first.bias": np.ones(2)})
    path = tmp_path / "net.safetensors"
    with pytest.raises(SettingsError, match="several orders fit"):
        deltarule.read_foreign(path, activation="relu", output="identity")
    named = deltarule.read_foreign(path, layers=["first", "leaky_relu(0.2)", "out"], output="identity").estimator
    z = W @ [1, -1] + 1
    assert named.predict([[1.0, -1.0]])[0].tolist() == (V @ np.where(z > 0, z, 0.2 * z)).tolist()
    with pytest.raises(SettingsError, match="first is left out"):
        deltarule.read_foreign(path, layers=["out"], output="identity")


def write_safetensors(path: Path, tensors: dict[str, np.ndarray[Any, Any]]) -> None:
    import json

    header, data = {}, b""
    for name in sorted(tensors):
        raw = np.asarray(tensors[name], dtype="<f8").tobytes()
        header[name] = {
            "dtype": "F64",
            "shape": list(tensors[name].shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
