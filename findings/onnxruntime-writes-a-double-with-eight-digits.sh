#!/bin/sh
# The operator Cast of onnxruntime 1.32.0 makes "1.2345679e+08" of the double 123456789: a double becomes text with eight digits.
#
# Guess:    all digits of a double, "123456789" and "0.30000000000000004", or so many that the way back gives the same number.
# Seen:     "1.2345679e+08" and "0.3"; back by Cast they are 123456790 and 0.3. Whole numbers of eight digits are still right, so
#           a customer number that gets a ninth digit meets no word of the model any more, and nothing says so. The reference
#           evaluator of onnx 1.23.2 says "123456789.0", which is no word of the model either.
# Cure:     cast whole numbers to int64 first, whose text has all digits.
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
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def model(steps, kind):
    ways = {"text": TensorProto.STRING, "double": TensorProto.DOUBLE, "int64": TensorProto.INT64}
    names = ["x", *(f"a{n}" for n in range(len(steps) - 1)), "y"]
    nodes = [helper.make_node("Cast", [names[n]], [names[n + 1]], to=ways[step]) for n, step in enumerate(steps)]
    described = [("x", TensorProto.DOUBLE), ("y", kind)]
    ends = [helper.make_tensor_value_info(name, kind, [None]) for name, kind in described]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


def run(one, x):
    session = onnxruntime.InferenceSession(one.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.array(x)})[0].tolist()


text = model(["text"], TensorProto.STRING)
there = run(text, [12345678.0, 123456789.0, 0.1 + 0.2])
back = run(model(["text", "double"], TensorProto.DOUBLE), [123456789.0])
cured = run(model(["int64", "text"], TensorProto.STRING), [123456789.0])
reference = ReferenceEvaluator(text).run(None, {"x": np.array([123456789.0])})[0].tolist()
print("text", there, "and back", back, "through int64", cured, "reference", reference)
sys.exit(not (there == ["12345678", "1.2345679e+08", "0.3"] and back == [123456790.0] and cured == ["123456789"]))
PYTHON
