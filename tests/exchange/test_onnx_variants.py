"""ONNX graphs of one network in other words, as exporters and people write them; expected is (1) by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule.common.arrays import Array
from deltarule.errors import ModelFileError, SettingsError

onnx = pytest.importorskip("onnx")
node, TensorProto = onnx.helper.make_node, onnx.TensorProto

W, b = np.arange(-6, 6).reshape(3, 4) / 4, np.array([0.5, -0.25, 0.125, 0.75])
V, c = np.arange(-3, 5).reshape(4, 2) / 4, np.array([0.25, -0.5])
X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
TAIL = [node("Relu", ["z"], ["a"]), node("Gemm", ["a", "V", "c"], ["y"])]


def by_hand(rows: Array = X) -> Array:
    """Return (1) of the network: relu, then linear."""
    return np.asarray(np.maximum(rows @ W + b, 0) @ V + c)


def written(folder: Path, nodes: list[Any], shape: list[Any] | None = None, **constants: Any) -> Path:
    """Write a graph from x to y, in float64."""
    given = {"W": W, "b": b, "V": V, "c": c, **constants}
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [value("x", TensorProto.DOUBLE, shape or ["N", 3])],
        [value("y", TensorProto.DOUBLE, None)],
        [onnx.numpy_helper.from_array(np.asarray(number), name) for name, number in given.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    return folder / "m.onnx"


def constant(name: str, number: Any) -> Any:
    return node("Constant", [], [name], value=onnx.numpy_helper.from_array(np.asarray(number)))


@pytest.mark.parametrize(
    "nodes",
    [
        [node("Gemm", ["x", "W", "b"], ["z"])],
        [node("MatMul", ["x", "W"], ["m"]), node("Sum", ["m", "b"], ["z"])],
        [node("MatMul", ["x", "W"], ["m"]), node("Add", ["b", "m"], ["z"])],
        [node("Cast", ["x"], ["f"], to=TensorProto.FLOAT), node("Cast", ["f"], ["d"], to=TensorProto.DOUBLE),
         node("Dropout", ["d"], ["e"]), node("Identity", ["e"], ["i"]), node("Gemm", ["i", "W", "b"], ["z"])],
        [node("Transpose", ["W"], ["T"], perm=[1, 0]), node("Gemm", ["x", "T", "b"], ["z"], transB=1)],
    ],
)  # fmt: skip
def test_one_network_in_many_words_gives_the_same_numbers(nodes: list[Any], tmp_path: Path) -> None:
    found = deltarule.read_foreign(written(tmp_path, [*nodes, *TAIL])).estimator
    np.testing.assert_allclose(found.predict(X), by_hand(), rtol=1e-14)


def test_rows_laid_out_flat_by_sizes_that_the_graph_computes_are_read(tmp_path: Path) -> None:
    """torch writes `x.view(x.size(0), -1)` as Shape, Gather, Unsqueeze, Concat and Reshape."""
    nodes = [
        node("Shape", ["x"], ["sizes"]),
        constant("first", 0),
        node("Gather", ["sizes", "first"], ["rows"], axis=0),
        constant("axes", [0]),
        node("Unsqueeze", ["rows", "axes"], ["one"]),
        constant("rest", [-1]),
        node("Concat", ["one", "rest"], ["shape"], axis=0),
        node("Reshape", ["x", "shape"], ["f"]),
        node("Gemm", ["f", "W", "b"], ["z"]),
    ]
    for shape in (["N", 3, 1], ["N", 1, 3], [1, 3]):
        found = deltarule.read_foreign(written(tmp_path, [*nodes, *TAIL], shape)).estimator
        np.testing.assert_allclose(found.predict(X), by_hand(), rtol=1e-14)
    flat = [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "W", "b"], ["z"]), *TAIL]
    assert deltarule.read_foreign(written(tmp_path, flat, ["N", 3, 1])).estimator.n_features_in_ == 3


@pytest.mark.parametrize("to", [TensorProto.INT64, TensorProto.UINT8, TensorProto.BOOL])
def test_a_cast_that_cuts_values_off_is_refused_and_not_left_out(to: int, tmp_path: Path) -> None:
    for before, behind in (("x", "i"), ("z", "z2")):
        casts = [node("Cast", [before], ["n"], to=to), node("Cast", ["n"], [behind], to=TensorProto.DOUBLE)]
        first = [node("Gemm", ["i" if before == "x" else "x", "W", "b"], ["z"])]
        tail = TAIL if before == "x" else [node("Relu", ["z2"], ["a"]), TAIL[1]]
        nodes = [*casts, *first, *tail] if before == "x" else [*first, *casts, *tail]
        with pytest.raises(ModelFileError, match="units of the operations Cast"):
            deltarule.read_foreign(written(tmp_path, nodes))


def test_a_truth_that_is_cast_to_a_number_stays_what_it_is(tmp_path: Path) -> None:
    """relu as z times whether z > 0."""
    nodes = [
        node("Gemm", ["x", "W", "b"], ["z"]),
        constant("none", 0.0),
        node("Greater", ["z", "none"], ["is_up"]),
        node("Cast", ["is_up"], ["one"], to=TensorProto.INT32),
        node("Cast", ["one"], ["up"], to=TensorProto.DOUBLE),
        node("Mul", ["z", "up"], ["a"]),
        TAIL[1],
    ]
    found = deltarule.read_foreign(written(tmp_path, nodes)).estimator
    np.testing.assert_allclose(found.predict(X), by_hand(), rtol=1e-14)


def test_selu_with_numbers_of_its_own_is_a_scaled_elu(tmp_path: Path) -> None:
    selu = node("Selu", ["z"], ["a"], alpha=1.5, gamma=2.0)
    found = deltarule.read_foreign(written(tmp_path, [node("Gemm", ["x", "W", "b"], ["z"]), selu, TAIL[1]])).estimator
    z = X @ W + b
    expected = 2 * np.where(z < 0, 1.5 * np.expm1(np.minimum(z, 0)), z) @ V + c
    np.testing.assert_allclose(found.predict(X), expected, rtol=1e-14)


def test_a_file_that_gives_only_the_largest_class_is_no_regressor(tmp_path: Path) -> None:
    """As torch 2.14.1 writes `net(x).argmax(1)`: the file keeps to itself what its numbers are before."""
    nodes = [node("Gemm", ["x", "W", "b"], ["z"]), node("Relu", ["z"], ["a"]), node("Gemm", ["a", "V", "c"], ["s"])]
    file = written(tmp_path, [*nodes, node("ArgMax", ["s"], ["y"], axis=1, keepdims=0)])
    with pytest.raises(SettingsError, match="names no output units"):
        deltarule.read_foreign(file)
    clf = deltarule.read_foreign(file, output="softmax", labels=["no", "yes"]).estimator
    assert clf.predict(X).tolist() == np.array(["no", "yes"])[by_hand().argmax(1)].tolist()


@pytest.mark.parametrize("beta", [2.0, 0.5])
def test_softplus_with_a_slope_is_read_as_torchs_new_exporter_writes_it(tmp_path: Path, beta: float) -> None:
    """As torch 2.14.1 writes nn.Softplus(beta=2): linear where beta z is above 20, which is the same to 2e-9."""
    nodes = [
        node("Gemm", ["x", "W", "b"], ["z"]),
        node("Mul", ["z", "beta"], ["s"]),
        node("Softplus", ["s"], ["p"]),
        node("Div", ["p", "beta"], ["d"]),
        node("Greater", ["s", "limit"], ["far"]),
        node("Where", ["far", "z", "d"], ["a"]),
        node("Gemm", ["a", "V", "c"], ["y"]),
    ]
    file = written(tmp_path, nodes, beta=np.array(beta), limit=np.array(20.0))
    found = deltarule.read_foreign(file).estimator
    assert found.network_.hidden == ("softplus",)
    expected = np.log1p(np.exp(beta * (X @ W + b))) / beta @ V + c
    np.testing.assert_allclose(found.predict(X), expected, rtol=1e-12)
