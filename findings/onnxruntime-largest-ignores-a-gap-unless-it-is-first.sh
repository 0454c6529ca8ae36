#!/bin/sh
# ReduceMax and ArgMax of onnxruntime 1.32.0 see a NaN only if it is the first number.
#
# Guess:    NaN wherever one of the numbers is NaN, as Relu, Max, Softmax and all sums of onnxruntime say, NumPy and the
#           reference evaluator of onnx 1.23.2; or NaN ignored wherever it is. So for ArgMax: its place, or never its place.
# Seen:     max(NaN, 0.1, 0.3) is NaN, max(0.1, NaN, 0.3) is 0.3. ArgMax: 0 and 2, where the reference says 0 and 1. So a gap that
#           went through a network becomes an ordinary label, or not, by the order of the classes. In double even the place in
#           memory counts: the row (0.1, NaN, 0.3) twice gave 0.3 and NaN.
# Cure:     IsNaN before the network, which has to say what a gap is.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0
cd "$folder"
HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

rows = [np.array([row], dtype=np.float32) for row in ([np.nan, 0.1, 0.3], [0.1, np.nan, 0.3])]
graph = helper.make_graph(
    [
        helper.make_node("ReduceMax", ["x", "axes"], ["largest"], keepdims=0),
        helper.make_node("ArgMax", ["x"], ["place"], axis=1, keepdims=0),
    ],
    "g",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, None])],
    [
        helper.make_tensor_value_info("largest", TensorProto.FLOAT, [None]),
        helper.make_tensor_value_info("place", TensorProto.INT64, [None]),
    ],
    [numpy_helper.from_array(np.array([1]), "axes")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
said = [[one.item() for one in session.run(None, {"x": row})] for row in rows]
right = [[one.item() for one in ReferenceEvaluator(model).run(None, {"x": row})] for row in rows]
print("largest and its place", said, "reference", right)
seen = np.isnan(said[0][0]) and said[1][0] == np.float32(0.3) and [one[1] for one in said] == [0, 2]
sys.exit(not (seen and all(np.isnan(one[0]) for one in right) and [one[1] for one in right] == [0, 1]))
PYTHON
