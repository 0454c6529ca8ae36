#!/bin/sh
# Elu, Selu and Celu of a small negative number are exactly 0 in ONNX Runtime, and -1e-4 is off by 1.7e-4 of itself.
#
# onnxruntime 1.32.0, float32, CPU; onnx 1.23.2.
#
# Expected: -1e-8, as onnx's reference evaluator and PyTorch give: e^z - 1 is computed by expm1 for this reason.
# What happens: e^z rounds to 1 first, so every z between -3e-8 and 0 gives 0, whatever alpha is. Networks that were
# trained with these units lose the slope that tells elu from relu just where signals are small.
#
# Seen:
#     Elu  [0.0, -0.00010001659393310547] reference [-9.99999993922529e-09, -9.999499889090657e-05]
#     Selu [0.0, ...]  Celu [0.0, ...]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

x = np.array([-1e-8, -1e-4], dtype=np.float32)
zero = True
for op in ("Elu", "Selu", "Celu"):
    described = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in "xy"]
    graph = helper.make_graph([helper.make_node(op, ["x"], ["y"])], "g", described[:1], described[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    there = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    right = ReferenceEvaluator(model).run(None, {"x": x})[0]
    print(op, there.tolist(), "reference", right.tolist())
    zero = zero and there[0] == 0 and right[0] < -9e-9
sys.exit(not zero)
PYTHON
