#!/bin/sh
# onnxconverter-common 1.16.0: convert_float_to_float16 makes 10 000 of a weight of 20 000, which float16 holds exactly, and 1e-7 of 1e-20.
#
# onnx 1.23.2, numpy 2.4.6.
#
# Guess:    weights are rounded to float16, as astype does: up to 65 504, and to 0 below 3e-8.
# Seen:     everything beyond ±10 000 becomes ±10 000, and everything but 0 below 1e-7 becomes ±1e-7, a million million times as large
#           where a weight was 1e-20. A network that takes its inputs in thousandths and gives its output in units has such a weight
#           in its last layer; weights that decay has driven to 1e-20 become alive again. A warning names one number of each tensor,
#           the largest or the smallest: none is said of 20 000 beside 60 000.
# Cure:     convert_float_to_float16(model, min_positive_val=0, max_finite_val=65504).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check onnxconverter-common==1.16.0 onnx==1.23.2 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import sys
import warnings

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnxconverter_common.float16 import convert_float_to_float16

W = np.array([[20_000], [60_000], [1], [1e-20], [2e-5]], dtype=np.float32)
value = helper.make_tensor_value_info
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "W"], ["y"])],
    "one layer",
    [value("x", TensorProto.FLOAT, ["N", 5])],
    [value("y", TensorProto.FLOAT, ["N", 1])],
    [numpy_helper.from_array(W, "W")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


def converted(**limits):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        half = convert_float_to_float16(model.__class__.FromString(model.SerializeToString()), **limits)
    return numpy_helper.to_array(half.graph.initializer[0]).ravel().tolist(), [str(one.message) for one in said]


found, said = converted()
rounded = W.astype(np.float16).ravel().tolist()
cured, _ = converted(min_positive_val=0, max_finite_val=65504)
print("found", found, "rounded", rounded, "cured", cured, "said", said)
told = any("60000" in one for one in said) and not any("20000" in one for one in said)
right = rounded == cured and rounded[0] == 20_000 and rounded[3] == 0
sys.exit(not (right and told and found[:2] == [10_000, 10_000] and abs(found[3] / 1e-7 - 1) < 0.2))
PYTHON
