#!/bin/sh
# Shrink of MNN 3.6.1, from an ONNX file, does the opposite below zero: what is near 0 stays, what is far from 0 becomes 0.
#
# onnx 1.23.2 for the file; float32, CPU. Shrink is what soft and hard thresholding (Softshrink, Hardshrink) are in ONNX.
#
# Guess:    lambd 0.5, bias 0.25: -2 gives -1.75 and -0.4 gives 0, as the definition has it and onnx's reference evaluator gives.
# Seen:     -2 gives 0, and -0.4 gives -0.15; -0.1 gives even 0.15, of the other sign. Positive numbers are right, so a test on those
#           passes. The conversion says that it succeeded.
# Cure:     Relu(x - lambd) - Relu(-x - lambd) is soft thresholding, of nodes that MNN has right.
# Note:     the command mnnconvert installs a package for its logs with whatever pip comes first; this script calls what is beneath it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 MNN==3.6.1
cd "$folder"
PATH="$folder/venv/bin:$PATH" "$folder/venv/bin/python" - <<'PYTHON'
import sys

import _tools
import MNN
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

x = np.array([[-2, -1, -0.4, -0.1, 0, 0.1, 0.4, 1, 2]], dtype=np.float32)


def both(nodes, constants=()):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape) for name in "xy"]
    fixed = [numpy_helper.from_array(np.float32(value), name) for name, value in constants]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], fixed)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "g.onnx")
    _tools.mnnconvert(["mnnconvert", "-f", "ONNX", "--modelFile", "g.onnx", "--MNNModel", "g.mnn"])
    net = MNN.nn.load_module_from_file("g.mnn", ["x"], ["y"])
    given = MNN.expr.placeholder(list(x.shape), MNN.expr.NCHW, MNN.expr.float)
    given.write(x)
    there = np.array(MNN.expr.convert(net.forward([given])[0], MNN.expr.NCHW).read())
    return there[0], ReferenceEvaluator(model).run(None, {"x": x})[0][0]


node = helper.make_node
there, right = both([node("Shrink", ["x"], ["y"], lambd=0.5, bias=0.25)])
cure, soft = both(
    [
        node("Sub", ["x", "l"], ["a"]), node("Relu", ["a"], ["b"]), node("Neg", ["x"], ["c"]), node("Sub", ["c", "l"], ["d"]),
        node("Relu", ["d"], ["e"]), node("Sub", ["b", "e"], ["y"]),
    ],
    [("l", 0.5)],
)
print("x        ", x[0].tolist())
print("MNN      ", there.round(3).tolist())
print("reference", right.round(3).tolist())
print("the cure ", cure.round(3).tolist(), "true", soft.round(3).tolist())
wrong = there[0] == 0 and there[1] == 0 and abs(there[2] + 0.15) < 1e-5 and abs(there[3] - 0.15) < 1e-5
sys.exit(not (wrong and right[0] == -1.75 and right[2] == 0 and np.allclose(there[4:], right[4:]) and np.allclose(cure, soft)))
PYTHON
