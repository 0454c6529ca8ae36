#!/bin/sh
# ONNX Runtime 1.32.0: `session.set_denormal_as_zero` counts in the first session of a process only, and then NumPy obeys it too.
#
# Guess: an entry of a session's options concerns that session; other sessions, and NumPy, compute as before.
# Seen:  where the first session has "1", the thread that made it takes subnormal numbers for 0 for good: so do NumPy, sessions made
#        later with "0" or nothing, and threads that begin later; also after all sessions have been deleted. Where the first
#        has "0" or nothing, a later "1" does nothing, without a word.
# Cure:  make the first session of a process with the entry that is wanted for the whole of it, or each kind in a process of its own.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > "$folder/sessions.py" <<'PYTHON'
import sys
import threading

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

x, one = np.full(1000, 1e-40, np.float32), np.ones(1000, np.float32)
of = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "one", "y")]
graph = helper.make_graph([helper.make_node("Mul", ["x", "one"], ["y"])], "g", of[:2], of[2:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9).SerializeToString()


def session(entry):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if entry != "nothing":
        options.add_session_config_entry("session.set_denormal_as_zero", entry)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def of_numpy():
    return int((x * one == 0).sum())


def of_session(some):
    return int((some.run(None, {"x": x, "one": one})[0] == 0).sum())


first, second = sys.argv[1:]
zeros = [of_numpy()]
one_session = session(first)
zeros += [of_session(one_session), of_numpy()]
another = session(second)
zeros += [of_session(another), of_numpy()]
del one_session, another
zeros.append(of_numpy())
thread = threading.Thread(target=lambda: zeros.append(of_numpy()))
thread.start()
thread.join()
print(f"first {first}, second {second}: zeros of 1000", zeros)
sys.exit(zeros != [0] + 6 * [1000 if first == "1" else 0])
PYTHON
"$folder/venv/bin/python" "$folder/sessions.py" 1 0
"$folder/venv/bin/python" "$folder/sessions.py" 1 nothing
"$folder/venv/bin/python" "$folder/sessions.py" 0 1
"$folder/venv/bin/python" "$folder/sessions.py" nothing 1
