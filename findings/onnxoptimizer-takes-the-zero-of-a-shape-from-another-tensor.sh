#!/bin/sh
# The default passes of onnxoptimizer 0.4.2 drop a Reshape before a Reshape, and the 0 in the second shape then means another length.
#
# onnx 1.23.2, onnxruntime 1.32.0.
#
# Guess:    two Reshapes in a row become one of the same answer, or stay: 0 means "as long as in the tensor before", which was the first
#           one's answer.
# Seen:     rows of 8 are split into rows of 4, then flattened with (0, -1) as exporters do, then Softmax: 12 rows of 4 before, 6 rows of 8
#           after, each of which sums to 1. The check by onnx says that the model is valid. The pass is
#           eliminate_consecutive_idempotent_ops.
# Cure:     all passes but that one, or (-1, 4) in place of (0, -1); and always compare the answers before and after.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxoptimizer==0.4.2 onnxruntime==1.32.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxoptimizer
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

node = helper.make_node
ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", ["n", 8]), ("y", ["m", "k"]))]
shapes = [numpy_helper.from_array(np.array(shape), name) for name, shape in (("split", [-1, 4]), ("flat", [0, -1]))]
nodes = [node("Reshape", ["x", "split"], ["a"]), node("Reshape", ["a", "flat"], ["b"]), node("Softmax", ["b"], ["y"], axis=1)]
graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], shapes)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model, full_check=True)
x = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)


def run(model):
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


before, after = run(model), run(onnxoptimizer.optimize(model))
bad = "eliminate_consecutive_idempotent_ops"
passes = onnxoptimizer.get_fuse_and_elimination_passes()
without = run(onnxoptimizer.optimize(model, [name for name in passes if name != bad]))
print("shape before", before.shape, "after", after.shape, "without the pass", without.shape)
print("first numbers before", before.ravel()[:4].tolist(), "after", after.ravel()[:4].tolist())
told = np.allclose(before, softmax(x.reshape(12, 4))) and np.allclose(after, softmax(x)) and after.shape == (6, 8)
sys.exit(not (told and bad in passes and np.allclose(without, before)))
PYTHON
