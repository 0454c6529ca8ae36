#!/bin/sh
# skl2onnx 1.20.0 converts TunedThresholdClassifierCV without its threshold: the file answers as if nothing had been tuned.
#
# scikit-learn 1.9.1, onnxruntime 1.32.0.
#
# Guess:    skl2onnx has a converter for this class of its own, so the file compares the probability with best_threshold_; or it
#           refuses, as it does for FixedThresholdClassifier.
# Seen:     labels are those of the inner network, by the larger probability. The threshold stands nowhere in the file, there is no
#           warning, and probabilities agree to seven digits, so a check of them finds nothing.
# Cure:     convert estimator_, and compare with best_threshold_ behind the file.
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
from sklearn.datasets import make_classification
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.neural_network import MLPClassifier

X, y = make_classification(600, 8, n_informative=5, weights=[0.9], random_state=0)
X = X.astype(np.float32)
net = MLPClassifier(hidden_layer_sizes=(8,), max_iter=60, random_state=0)
tuned = TunedThresholdClassifierCV(net, scoring="balanced_accuracy", cv=3).fit(X, y)
model = to_onnx(tuned, X[:1], options={"zipmap": False})
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
labels, probabilities = session.run(None, {session.get_inputs()[0].name: X})
apart = np.abs(probabilities - tuned.predict_proba(X)).max()
other = int((labels != tuned.predict(X)).sum())
inner = int((labels != tuned.estimator_.predict(X)).sum())
print(f"threshold {tuned.best_threshold_:.3f}; of 600 labels {other} differ from the tuned model, {inner} from the network inside")
print(f"probabilities differ by {apart:.1e}")
sys.exit(not (other > 10 and inner == 0 and apart < 1e-5 and tuned.best_threshold_ < 0.4))
PYTHON
