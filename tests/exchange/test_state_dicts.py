"""State dicts of PyTorch as people save them: averaged, with weight normalisation, with their order and units named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule.common.arrays import Array
from deltarule.errors import ModelFileError, SettingsError

W, b = np.arange(-6, 6).reshape(4, 3) / 4, np.array([0.5, -0.25, 0.125, 0.75])
V, c = np.arange(-3, 5).reshape(2, 4) / 4, np.array([0.25, -0.5])
X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
EXPECTED = np.maximum(X @ W.T + b, 0) @ V.T + c
PLAIN = {"fc1.weight": W, "fc1.bias": b, "out.weight": V, "out.bias": c}


def written(folder: Path, tensors: dict[str, Any]) -> Path:
    """Write a safetensors file."""
    arrays = {name: np.ascontiguousarray(values, dtype="<f8") for name, values in tensors.items()}
    header, at = {}, 0
    for name, values in arrays.items():
        header[name] = {
            "dtype": "F64",
            "shape": list(np.shape(tensors[name])),
            "data_offsets": [at, at + values.nbytes],
        }
        at += values.nbytes
    text = json.dumps(header).encode()
    data = b"".join(values.tobytes() for values in arrays.values())
    (folder / "net.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    return folder / "net.safetensors"


def predicted(path: Path, **options: Any) -> Array:
    return np.asarray(deltarule.read_foreign(path, output="identity", **options).estimator.predict(X))


def test_a_named_order_takes_the_units_that_are_named_apart_from_it(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    np.testing.assert_allclose(predicted(path, layers=["fc1", "out"], activation="relu"), EXPECTED, rtol=1e-14)
    np.testing.assert_allclose(predicted(path, layers=["fc1", "relu", "out"]), EXPECTED, rtol=1e-14)
    linear = (X @ W.T + b) @ V.T + c
    np.testing.assert_allclose(predicted(path, layers=["fc1", "identity", "out"]), linear, rtol=1e-14)
    with pytest.raises(SettingsError, match="both name units"):
        predicted(path, layers=["fc1", "relu", "out"], activation="tanh")
    with pytest.raises(SettingsError, match="no unit between 'fc1' and 'out'"):
        predicted(path, layers=["fc1", "out"])


def test_the_mean_of_several_networks_is_read_as_one(tmp_path: Path) -> None:
    averaged = {"n_averaged": 3.0, **{f"module.{name}": values for name, values in PLAIN.items()}}
    np.testing.assert_allclose(predicted(written(tmp_path, averaged), activation="relu"), EXPECTED, rtol=1e-14)


@pytest.mark.parametrize(
    "names", ["weight_g weight_v", "parametrizations.weight.original0 parametrizations.weight.original1"]
)
def test_weight_normalisation_is_multiplied_out(names: str, tmp_path: Path) -> None:
    g, v = names.split()
    norms = np.linalg.norm(W, axis=1, keepdims=True)
    state = {f"0.{g}": norms, f"0.{v}": 3 * W, "0.bias": b, "2.weight": V, "2.bias": c}
    np.testing.assert_allclose(predicted(written(tmp_path, state), activation="relu"), EXPECTED, rtol=1e-14)


def test_an_empty_state_dict_and_other_parametrizations_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no tensors"):
        predicted(written(tmp_path, {}), activation="relu")
    spectral = {"0.parametrizations.weight.original": W, "0.bias": b, "2.weight": V, "2.bias": c}
    with pytest.raises(ModelFileError, match="remove_parametrizations"):
        predicted(written(tmp_path, spectral), activation="relu")


def test_a_program_of_torch_export_is_refused_with_what_to_write_instead(tmp_path: Path) -> None:
    (tmp_path / "net.pt2").write_bytes(b"PK\x03\x04 archive_format config.json")
    with pytest.raises(ModelFileError, match=r"a program of torch.export.* Write it with torch.onnx.export"):
        deltarule.read_foreign(tmp_path / "net.pt2")
