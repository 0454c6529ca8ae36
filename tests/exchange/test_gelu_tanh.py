"""The approximation of gelu by tanh is a unit of its own, wherever a file says it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule.exchange.reading.keras_layers import stages_of_layer
from deltarule.exchange.reading.stages import Activation
from deltarule.exchange.writing.safetensors import pytorch_unit
from deltarule.network.parts import Unit


@pytest.mark.parametrize("form", ["attribute", "operations"])
def test_gelu_by_tanh_in_onnx_is_read_as_what_it_is(form: str, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    W, V = np.array([[1.0, -2.0]]), np.array([[0.5], [1.5]])
    constants = {"W": W, "V": V, "k": np.array(0.044715), "c": np.array(np.sqrt(2 / np.pi)), "one": np.array(1.0)}
    constants["half"] = np.array(0.5)
    if form == "attribute":
        middle = [helper.make_node("Gelu", ["z"], ["a"], approximate="tanh")]
    else:
        steps = [
            "Mul z z s",
            "Mul s z t",
            "Mul t k u",
            "Add z u v",
            "Mul v c w",
            "Tanh w y",
            "Add y one o",
            "Mul z o p",
        ]
        words = [step.split() for step in [*steps, "Mul p half a"]]
        middle = [helper.make_node(word[0], word[1:-1], word[-1:]) for word in words]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["X", "W"], ["z"]), *middle, helper.make_node("MatMul", ["a", "V"], ["out"])],
        "g",
        [helper.make_tensor_value_info("X", onnx.TensorProto.DOUBLE, ["N", 1])],
        [helper.make_tensor_value_info("out", onnx.TensorProto.DOUBLE, ["N", 1])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 20)]
    (tmp_path / "m.onnx").write_bytes(helper.make_model(graph, opset_imports=opset).SerializeToString())
    estimator: Any = deltarule.read_foreign(tmp_path / "m.onnx", output="identity").estimator
    assert estimator.network_.hidden_units == (Unit("gelu_tanh"),)
    X = np.array([[-1.5], [0.25]])
    z = X @ W
    a = 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    np.testing.assert_allclose(estimator.predict(X), (a @ V)[:, 0], rtol=1e-14)


def test_tools_that_name_it_mean_it() -> None:
    config = {"activation": "gelu_new", "name": "d"}  # TensorFlow.js
    assert stages_of_layer("Activation", config, {}, []) == [Activation("gelu_tanh", ())]
    assert pytorch_unit(Unit("gelu_tanh")) == ("GELU", {"approximate": "tanh"})


def test_it_differs_from_gelu_by_less_than_a_thousandth_and_keeps_its_tail() -> None:
    z = np.linspace(-6, 6, 601)
    difference = np.abs(Unit("gelu_tanh").g(z) - Unit("gelu").g(z))
    assert 4e-4 < difference.max() < 5e-4
    # mpmath 1.3, 60 digits: z/(1 + exp(-2*sqrt(2/pi)*(z + mpf("0.044715")*z**3))) at -10
    assert Unit("gelu_tanh").g(np.array([-10.0]))[0] == pytest.approx(-1.2040923482098059937e-37, rel=1e-15)
