#!/bin/sh
# onnxruntime 1.32.0 takes an array of big-endian float32 for a little-endian one, and predicts the same for every row.
#
# numpy 2.4.6, onnx 1.23.2.
#
# Guess:    an array of dtype ">f4" is converted, as scikit-learn, OpenVINO and safetensors do and as onnxruntime itself does with
#           arrays that are transposed, reversed or sliced; or refused, as onnx.numpy_helper and float64 for float32 are.
# Seen:     the bytes are read as they lie, so 1, 2 and 3 are 4.6e-41, 9.0e-44 and 2.3e-41, and a network answers with its bias.
#           Such arrays come from np.frombuffer(data, ">f4"), from FITS and netCDF files and from other machines.
# Cure:     x.astype(np.float32), which compares types by name and costs nothing where the order is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import struct
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

W, b = np.array([[1.0], [-1.0]], dtype=np.float32), np.array([0.5], dtype=np.float32)
ends = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2]), helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])]
node = helper.make_node("Gemm", ["x", "W", "b"], ["y"])
graph = helper.make_graph([node], "g", ends[:1], ends[1:], [numpy_helper.from_array(W, "W"), numpy_helper.from_array(b, "b")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
big = np.frombuffer(struct.pack(">4f", 3, 1, -2, 5), ">f4").reshape(2, 2)
said = session.run(None, {"x": big})[0].ravel().tolist()
cured = session.run(None, {"x": big.astype(np.float32)})[0].ravel().tolist()
turned = session.run(None, {"x": big.astype(np.float32).T})[0].ravel().tolist()
try:
    session.run(None, {"x": big.astype(float)})
    refused = False
except Exception:
    refused = True
print("array", big.tolist(), "answer", said, "cured", cured, "transposed", turned, "float64 refused", refused)
sys.exit(not (np.allclose(said, [0.5, 0.5], atol=1e-30) and cured == [2.5, -6.5] and turned == [5.5, -3.5] and refused))
PYTHON
