#!/bin/sh
# Softplus of OpenVINO 2026.4.1 is negative from z = -18 to z = -31, in float32 on the CPU.
#
# onnx 1.23.2 for the file.
#
# Guess:    log(1 + e^z) is 2.06e-9 at -20, as in onnxruntime 1.32.0; or 0, if its digits are lost.
# Seen:     -1.9e-6 at -20, a thousand times the true value and of the other sign; multiples of 4.8e-7 above that, off by 14 % at -14
#           and 0 at -15. A network whose output is a scale or a rate through Softplus says a negative one, and Log or Sqrt behind it
#           makes NaN. Right from -10 on upwards to 1 %.
# Cure:     Relu(z) - Log(Sigmoid(Abs(z))) is never negative; or add what the smallest scale may be, 1e-5, behind Softplus.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check openvino==2026.4.1 onnx==1.23.2
cd "$folder"
HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
import openvino
from onnx import TensorProto, helper

core = openvino.Core()


def run(nodes, x):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in "xy"]
    graph = helper.make_graph([helper.make_node(op, a, b) for op, a, b in nodes], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    compiled = core.compile_model(core.read_model(model.SerializeToString(), b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.asarray(compiled(x)[0])


z = np.linspace(-40, 5, 4501, dtype=np.float32)
y = run([("Softplus", ["x"], ["y"])], z)
cured = [("Relu", ["x"], ["p"]), ("Abs", ["x"], ["a"]), ("Sigmoid", ["a"], ["s"]), ("Log", ["s"], ["l"]), ("Sub", ["p", "l"], ["y"])]
cure = run(cured, z)
true = np.log1p(np.exp(z.astype(float)))
negative = z[y < 0]
print(f"negative at {negative.size} of {z.size} numbers, from {negative.min()} to {negative.max()}; smallest {y.min()}")
print({at: (y[z == at].tolist(), true[z == at].tolist()) for at in (-20, -10)}, "smallest of the cure", cure.min())
sys.exit(not (negative.size > 100 and y.min() < -1e-6 and abs(y[z > -8] / true[z > -8] - 1).max() < 0.01 and cure.min() >= 0))
PYTHON
