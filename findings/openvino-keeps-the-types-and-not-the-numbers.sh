#!/bin/sh
# OpenVINO 2026.4.1 computes a double graph in float32 and int64 in 32 bits, and still says double64 and int64_t.
#
# onnx 1.23.2 for the files, the CPU plugin.
#
# Guess:    a graph whose inputs, weights and outputs are double is computed in double, or refused; or its output is float32, so that
#           one sees it. Labels that are int64 come back as they are.
# Seen:     0.2 + 0.1 is 0.30000001192092896 in an array of type float64. The label 3000000000 that ArgMax and Gather choose comes
#           back as 2147483647, and 3000000000 + 3000000000 as 1705032704, in arrays of type int64. Nothing is said of it.
# Cure:     let the file give the number of the class, and look the label up outside.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check openvino==2026.4.1 onnx==1.23.2
cd "$folder"
HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
import openvino
from onnx import TensorProto, helper, numpy_helper

core = openvino.Core()


def run(nodes, constants, x, kind):
    taken = helper.np_dtype_to_tensor_dtype(x.dtype)
    ends = [helper.make_tensor_value_info("x", taken, x.shape), helper.make_tensor_value_info("y", kind, [1])]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [numpy_helper.from_array(v, k) for k, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    y = core.compile_model(core.read_model(model.SerializeToString(), b""), "CPU")(x)[0]
    return str(y.dtype), y.item()


double = run([helper.make_node("Add", ["x", "w"], ["y"])], {"w": np.array([0.1])}, np.array([0.2]), TensorProto.DOUBLE)
nodes = [helper.make_node("ArgMax", ["x"], ["i"], axis=1, keepdims=0), helper.make_node("Gather", ["labels", "i"], ["y"])]
label = run(nodes, {"labels": np.array([5, 3_000_000_000])}, np.array([[0.1, 0.9]], dtype=np.float32), TensorProto.INT64)
total = run([helper.make_node("Add", ["x", "x"], ["y"])], {}, np.array([3_000_000_000]), TensorProto.INT64)
print("0.2 + 0.1", double, "label", label, "sum", total)
lost = double[0] == "float64" and 1e-9 < abs(double[1] - 0.3) < 0.01
sys.exit(not (lost and label == ("int64", 2147483647) and total == ("int64", 1705032704)))
PYTHON
