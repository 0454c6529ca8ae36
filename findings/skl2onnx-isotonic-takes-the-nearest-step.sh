#!/bin/sh
# skl2onnx 1.20.0 converts isotonic calibration to another map: the nearest known point instead of the line between two.
#
# scikit-learn 1.9.1, onnxruntime 1.32.0: CalibratedClassifierCV(MLPClassifier(...), method="isotonic").
#
# Guess:    probabilities agree to six digits, as they do for method="sigmoid" of the same network; isotonic regression of
#           scikit-learn predicts by linear interpolation.
# Seen:     no word, and probabilities that are wrong by several hundredths: the file looks for the nearest threshold (ArgMin) and
#           takes its value. Here 0.04, with 300 rows to train and calibrate.
# Cure:     method="sigmoid", or the interpolation behind the file.
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
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier

X, y = make_classification(1000, 8, n_informative=5, random_state=0)
X = X.astype(np.float32)
apart = {}
for method in ("sigmoid", "isotonic"):
    net = MLPClassifier(hidden_layer_sizes=(8,), max_iter=60, random_state=0)
    calibrated = CalibratedClassifierCV(net, method=method, cv=3).fit(X[:300], y[:300])
    model = to_onnx(calibrated, X[:1], options={"zipmap": False})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    probabilities = session.run(None, {session.get_inputs()[0].name: X})[1]
    apart[method] = float(np.abs(probabilities - calibrated.predict_proba(X)).max())
print({method: f"{one:.1e}" for method, one in apart.items()}, [node.op_type for node in model.graph.node].count("ArgMin"))
sys.exit(not (apart["sigmoid"] < 1e-5 and apart["isotonic"] > 0.02))
PYTHON
