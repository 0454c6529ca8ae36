#!/bin/sh
# A converter drops the exponential of a Poisson network, and predicts negative counts.
#
# hummingbird-ml 0.4.12 converts scikit-learn 1.9.1's MLPRegressor(loss="poisson") to PyTorch 2.13.0 without a word.
#
# Expected: the same predictions, or a refusal, as it refuses other things that it does not know.
# What happens: the output is log(prediction): h = exp(z) has become h = z. All other regressors are right.
#
# Seen:
#     scikit-learn [0.44872764 0.79272273 0.41815955]
#     hummingbird  [-0.80133915 -0.2322818  -0.8718922 ]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hummingbird-ml==0.4.12 scikit-learn==1.9.1 torch==2.13.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import warnings

warnings.simplefilter("ignore")
import numpy as np
from hummingbird.ml import convert
from sklearn.neural_network import MLPRegressor

generator = np.random.default_rng(0)
X = generator.normal(size=(40, 2))
y = np.exp(X[:, 0])
off = {}
for loss in ("squared_error", "poisson"):
    net = MLPRegressor(loss=loss, hidden_layer_sizes=(4,), max_iter=200, random_state=0).fit(X, y)
    theirs, converted = net.predict(X[:3]), np.ravel(convert(net, "torch", X[:1]).predict(X[:3]))
    print(loss, "scikit-learn", theirs, "hummingbird ", converted)
    off[loss] = np.abs(np.log(np.abs(theirs)) - converted).max() if loss == "poisson" else np.abs(theirs - converted).max()
sys.exit(not (max(off.values()) < 1e-4))
PYTHON
