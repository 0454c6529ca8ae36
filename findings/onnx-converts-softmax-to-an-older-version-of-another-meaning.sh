#!/bin/sh
# The version converter of onnx 1.23.2 leaves Softmax(axis=1) as it is on the way from opset 13 to 12, where it means something else.
#
# Guess:    a Softmax over axis 1 of a tensor of three axes is rewritten (opset 12 flattens all axes from there on), or refused: the
#           other way, from 12 to 13, the converter writes Shape, Flatten, Softmax and Reshape.
# Seen:     one node, the same attribute, no warning, and a file that the checker passes. Probabilities that summed to 1 over axis 1
#           sum to 1 over axes 1 and 2 together. onnxruntime 1.32.0 runs both files, each as its version says.
# Cure:     move the axis to the end (Transpose) before going back; the last axis means the same in both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0
cd "$folder"
HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, version_converter

x = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)


def sums(model):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    y = session.run(None, {"x": x})[0]
    return y.sum(axis=1).round(3), y.sum(axis=(1, 2)).round(3)


ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3, 4]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Softmax", ["x"], ["y"], axis=1)], "g", ends[:1], ends[1:])
new = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
old = version_converter.convert_version(new, 12)
onnx.checker.check_model(old, full_check=True)
forth = version_converter.convert_version(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)]), 13)
print("over axis 1:", sums(new)[0].tolist(), "converted:", sums(old)[0].tolist(), [n.op_type for n in old.graph.node])
print("the other way:", [n.op_type for n in forth.graph.node])
same = (sums(new)[0] == 1).all() and (sums(old)[1] == 1).all()
sys.exit(not (same and len(old.graph.node) == 1 and len(forth.graph.node) == 4))
PYTHON
