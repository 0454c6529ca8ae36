"""safetensors files: read by the package of that name, by PyTorch where it is there, and by hand."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.writing import export
from deltarule.exchange.writing.content import model_of
from deltarule.network.parts import Unit
from deltarule.network.units import HIDDEN_UNITS
from deltarule.tables import TableEncoder
from deltarule.tables.model import TableModel
from exported_models import LABELS, classifier, fitted, of_table


def test_the_header_is_padded_and_the_numbers_follow_each_other(tmp_path: Path) -> None:
    estimator = fitted(MLPClassifier((3,)), np.eye(2), np.arange(2))
    export(estimator, tmp_path / "m.safetensors")
    data = (tmp_path / "m.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    assert length % 8 == 0
    assert header.pop("__metadata__")["format"] == "pt"
    places = [one["data_offsets"] for one in header.values()]
    assert [end for _, end in places] == [start for start, _ in places[1:]] + [len(data) - 8 - length]
    assert list(header) == ["0.weight", "0.bias", "2.weight", "2.bias"]


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_package_reads_weights_and_biases_as_they_are(
    precision: str, encoder: TableEncoder, table: pd.DataFrame, tmp_path: Path
) -> None:
    safetensors = pytest.importorskip("safetensors")
    estimator = classifier(encoder.transform(table), LABELS["three words"])
    export(of_table(encoder, estimator), tmp_path / "m.safetensors", precision=precision)
    with safetensors.safe_open(tmp_path / "m.safetensors", "numpy") as file:
        told = json.loads(file.metadata()["deltarule"])
        Thetas = [
            np.hstack([file.get_tensor(f"{n}.bias")[:, np.newaxis], file.get_tensor(f"{n}.weight")]) for n in (0, 2, 4)
        ]
    assert np.array_equal(np.concatenate([one.ravel() for one in Thetas]), estimator.theta_.astype(precision))
    assert told["estimator"]["classes"]["values"] == estimator.classes_.tolist()
    again = model_of(told, Thetas)
    assert isinstance(again, TableModel)
    assert again.encoder.names == encoder.names


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier((4, 3), ("gelu", "elu")),
        MLPClassifier((4,), output="softmax"),
        MLPRegressor("poisson", tuple(3 for _ in HIDDEN_UNITS), tuple(HIDDEN_UNITS)),
        MLPRegressor("squared_error", (3,), Unit("leaky_relu", 0.3)),
    ],
    ids=["sigmoid", "softmax", "exp", "identity"],
)
def test_the_lines_in_the_file_make_the_network_in_pytorch(
    estimator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    safetensors = pytest.importorskip("safetensors")
    X = np.random.default_rng(0).standard_normal((20, 3))
    y = np.arange(20) % 2
    fitted(estimator, X, y, 1)
    export(estimator, tmp_path / "m.safetensors")
    monkeypatch.chdir(tmp_path)
    with safetensors.safe_open("m.safetensors", "numpy") as file:
        lines = file.metadata()["pytorch"]
    names = {"X": torch.from_numpy(X)}
    exec(lines, names)
    if isinstance(estimator, MLPClassifier):
        np.testing.assert_allclose(names["probability"].detach().numpy(), estimator.predict_proba(X), atol=1e-12)
    else:
        np.testing.assert_allclose(names["prediction"].detach().numpy()[:, 0], estimator.predict(X), rtol=1e-12)
