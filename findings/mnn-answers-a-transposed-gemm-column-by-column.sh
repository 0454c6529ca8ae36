#!/bin/sh
# MNN 3.6.1 writes the answer of Gemm with transA = 1, from an ONNX file, column by column, under the shape of row by row.
#
# onnx 1.23.2 for the file; float32, CPU. transA serves cases that are columns, as many instruments and tables deliver them.
#
# Guess:    4 cases in the columns of x, 3 outputs: 4 rows of 3, as onnx's reference evaluator and ONNX Runtime give.
# Seen:     the shape is (4, 3) and all 12 numbers are there, but in the order of the transposed matrix: the outputs of a case come
#           from several cases, and a next layer is wrong too. The conversion says that it succeeded. transB is right.
# Cure:     a Transpose node before a Gemm without transA.
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

x = np.array([[1, 2, 3, 4], [10, 20, 30, 40]], dtype=np.float32)
W = np.array([[1, 0, 1], [0, 1, 1]], dtype=np.float32)


def both(nodes):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", [2, 4]), ("y", [4, 3]))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [numpy_helper.from_array(W, "W"), numpy_helper.from_array(W.T.copy(), "V")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "g.onnx")
    _tools.mnnconvert(["mnnconvert", "-f", "ONNX", "--modelFile", "g.onnx", "--MNNModel", "g.mnn"])
    net = MNN.nn.load_module_from_file("g.mnn", ["x"], ["y"])
    given = MNN.expr.placeholder(list(x.shape), MNN.expr.NCHW, MNN.expr.float)
    given.write(x)
    there = np.array(MNN.expr.convert(net.forward([given])[0], MNN.expr.NCHW).read())
    return there, ReferenceEvaluator(model).run(None, {"x": x})[0]


node = helper.make_node
there, right = both([node("Gemm", ["x", "W"], ["y"], transA=1)])
cure, _ = both([node("Transpose", ["x"], ["t"], perm=[1, 0]), node("Gemm", ["t", "V"], ["y"], transB=1)])
print("MNN      ", there.tolist())
print("reference", right.tolist())
print("the cure ", cure.tolist())
turned = there.shape == (4, 3) and np.array_equal(there, right.T.reshape(4, 3)) and not np.array_equal(there, right)
sys.exit(not (turned and np.array_equal(cure, right)))
PYTHON
