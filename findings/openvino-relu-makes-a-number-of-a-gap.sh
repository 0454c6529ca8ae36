#!/bin/sh
# Relu of NaN is 0 in OpenVINO 2026.4.1, so a network answers a row with a gap as if nothing were missing.
#
# onnx 1.23.2 for the file; onnxruntime 1.32.0 for comparison.
#
# Guess:    NaN goes through the whole network and comes out as NaN, as in onnxruntime, PyTorch and NumPy, and as it does here
#           through LeakyRelu, Elu, Tanh and Sigmoid.
# Seen:     0 from Relu and 1 from HardSigmoid. A first layer of Relu units makes 0 of all its units, because each of them adds the
#           gap up: the answer is that of the biases above, the same for all rows with a gap in any column.
# Cure:     IsNaN on the inputs, before the network.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check openvino==2026.4.1 onnx==1.23.2 onnxruntime==1.32.0
cd "$folder"
HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

core = openvino.Core()
generator = np.random.default_rng(0)
shapes = {"W1": (3, 4), "b1": (4,), "W2": (4, 1), "b2": (1,)}
weights = {name: generator.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
rows = np.array([[1, np.nan, 3], [np.nan, -50, 7], [1, 2, 3]], dtype=np.float32)


def both(unit):
    nodes = [("Gemm", ["x", "W1", "b1"], ["z"]), (unit, ["z"], ["a"]), ("Gemm", ["a", "W2", "b2"], ["y"])]
    ends = [helper.make_tensor_value_info(*end) for end in (("x", TensorProto.FLOAT, [3, 3]), ("y", TensorProto.FLOAT, [3, 1]))]
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph([helper.make_node(op, a, b) for op, a, b in nodes], "g", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    there = core.compile_model(core.read_model(model, b""), "CPU")(rows)[0]
    print(unit, "openvino", there.ravel().tolist(), "onnxruntime", session.run(None, {"x": rows})[0].ravel().tolist())
    return there.ravel(), session.run(None, {"x": rows})[0].ravel()


relu, other = both("Relu")
tanh, _ = both("Tanh")
bias = weights["b2"].item()
seen = abs(relu[:2] - bias).max() < 0.02 and np.isnan(other[:2]).all() and np.isnan(tanh[:2]).all()
sys.exit(not (seen and abs(relu[2] / other[2] - 1) < 0.02))
PYTHON
