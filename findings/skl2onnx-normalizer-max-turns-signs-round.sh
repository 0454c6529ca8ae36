#!/bin/sh
# skl2onnx 1.20.0: Normalizer(norm="max") and MaxAbsScaler(clip=True) before a network are converted to other functions.
#
# scikit-learn 1.9.1, onnxruntime 1.32.0.
#
# Guess:    the same numbers as transform gives, as for StandardScaler, MinMaxScaler (with clip too), RobustScaler and Normalizer
#           with l1 and l2; or a refusal.
# Seen:     the row (-4, 1) becomes (-4, 1), where scikit-learn divides by the largest absolute value and says (-1, 0.25); the row
#           (-4, -2) becomes (2, 1), with both signs turned round: Normalizer of ONNX divides by the largest value as it is. MaxAbsScaler
#           loses its clip: 3 of a column that had at most 2 is 1.5 instead of 1. No word about either.
# Cure:     norm="l2", or the division before the file; MinMaxScaler(clip=True), which is converted whole.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0
cd "$folder"
HOME="$folder" "$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, Normalizer

train = np.array([[-1.0, 2.0], [1.0, -2.0]], dtype=np.float32)
rows = np.array([[-4.0, 1.0], [-4.0, -2.0], [0.5, 3.0]], dtype=np.float32)


def both(scaler):
    model = to_onnx(scaler.fit(train), train[:1])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    there = session.run(None, {session.get_inputs()[0].name: rows})[0]
    print(scaler, "scikit-learn", scaler.transform(rows).tolist(), "file", there.tolist())
    return scaler.transform(rows).tolist(), there.tolist()


norm, clip, right = both(Normalizer(norm="max")), both(MaxAbsScaler(clip=True)), both(MinMaxScaler(clip=True))
seen = norm[0][:2] == [[-1, 0.25], [-1, -0.5]] and norm[1][:2] == [[-4, 1], [2, 1]]
sys.exit(not (seen and clip[0][2] == [0.5, 1] and clip[1][2] == [0.5, 1.5] and right[0] == right[1]))
PYTHON
