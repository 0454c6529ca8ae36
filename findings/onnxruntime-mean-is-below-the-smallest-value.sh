#!/bin/sh
# ReduceMean of onnxruntime 1.32.0 says 999 779 for 300 000 numbers of which none is below 999 977, in float32.
#
# Guess:    1 000 000 within 0.1, as NumPy says for the same row (it adds in pairs), and as the reference evaluator says.
# Seen:     the mean is 200 below the smallest number. Each number is added to one of a few sums, which grow to 10^10 and lose what
#           is below their last digit, always on the same side. 10 000 numbers are still right to 0.2. GlobalAveragePool is alike.
# Cure:     subtract a number near the mean first, or cast to double around the mean.
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

x = (1e6 + 5 * np.random.default_rng(0).standard_normal((1, 300_000))).astype(np.float32)
graph = helper.make_graph(
    [helper.make_node("ReduceMean", ["x", "axes"], ["y"], keepdims=0)],
    "g",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, None])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])],
    [numpy_helper.from_array(np.array([1]), "axes")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
mean = float(session.run(None, {"x": x})[0][0])
reference = float(ReferenceEvaluator(model).run(None, {"x": x})[0][0])
print(f"mean {mean}, reference {reference}, smallest number {x.min()}, in double {x.mean(dtype=np.float64)}")
sys.exit(not (mean < x.min() - 50 and abs(reference - 1e6) < 0.5))
PYTHON
