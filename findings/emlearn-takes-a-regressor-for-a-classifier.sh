#!/bin/sh
# emlearn 0.23.2 converts MLPRegressor without a word, and predicts whether the output is above a half: 1 instead of 4.7.
#
# scikit-learn 1.9.1, and a C compiler.
#
# Guess:    the quantity, or a refusal: its trees are converted with return_type="regressor" where they are regressors.
# Seen:     all predictions are 0 or 1. A network with one output is one for two classes to it, so the C code compares the output, which
#           is no probability here, with 0.5. Of a regressor with three outputs it says which is the largest.
# Cure:     the weights into C by another tool; or the regressor's function out of the model's arrays, coefs_ and intercepts_.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check emlearn==0.23.2 scikit-learn==1.9.1 numpy==2.4.6 setuptools
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import emlearn
import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

X = np.random.default_rng(0).standard_normal((200, 2))
small, large = X[:, 0] / 10, X[:, 0] / 10 + 5


def both(network, target):
    network.fit(X, target)
    return network.predict(X[:5]).round(1).ravel().tolist(), np.asarray(emlearn.convert(network).predict(X[:5])).ravel().tolist()


steps = {"hidden_layer_sizes": (4,), "solver": "lbfgs", "random_state": 0}
below, above = both(MLPRegressor(**steps), small), both(MLPRegressor(**steps), large)
three = both(MLPRegressor(**steps), np.stack([small, large, -large], axis=1))
classes = both(MLPClassifier(**steps), (X[:, 0] > 0).astype(int))
print("small", below, "large", above, "three outputs", three, "classes", classes)
right = classes[0] == classes[1] and min(above[0]) > 4 and max(below[0]) < 0.5
sys.exit(not (right and above[1] == [1] * 5 and below[1] == [0] * 5 and three[1] == [1] * 5))
PYTHON
