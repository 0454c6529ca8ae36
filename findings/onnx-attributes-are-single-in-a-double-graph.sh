#!/bin/sh
# A double graph of ONNX is right to eight digits where an operator has a number as attribute: Gemm(alpha=0.1) multiplies by
# 0.10000000149011612.
#
# onnx 1.23.2, onnxruntime 1.32.0.
#
# Guess:    inputs, weights and outputs are double, so the answer is right to 1e-16.
# Seen:     1.5e-8 off, in onnxruntime and in the reference evaluator: attributes have no double in the format, and nothing says so
#           where 0.1 is given. The same holds for alpha of Elu, LeakyRelu and Celu and for every epsilon.
# Cure:     numbers that are not exact in float32 belong into constants: Mul by a double 0.1 is right.
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

ends = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [1, 1]) for name in ("x", "y")]
W, tenth = numpy_helper.from_array(np.array([[1.0]]), "W"), numpy_helper.from_array(np.array(0.1), "tenth")
said = {}
gemm = [helper.make_node("Gemm", ["x", "W"], ["y"], alpha=0.1)]
product = [helper.make_node("MatMul", ["x", "W"], ["z"]), helper.make_node("Mul", ["z", "tenth"], ["y"])]
for name, nodes, constants in (("attribute", gemm, [W]), ("constant", product, [W, tenth])):
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feed = {"x": np.array([[1.0]])}
    said[name] = session.run(None, feed)[0].item(), ReferenceEvaluator(model).run(None, feed)[0].item()
print({name: tuple(map(repr, pair)) for name, pair in said.items()})
sys.exit(not (said["attribute"] == (0.10000000149011612,) * 2 and said["constant"] == (0.1, 0.1)))
PYTHON
