#!/bin/sh
# emlearn 0.23.2 converts MLPRegressor without a word, and predicts whether the output is above a half: 1 instead of 4.7.
#
# scikit-learn 1.9.1, and a C compiler.
#
# Guess:    the quantity, or a refusal: convert() chooses by the name of the class, and trees of regressors become regressors.
# Seen:     all predictions are 0 or 1. convert() has return_type="classifier" as default for networks, MLPRegressor included, so the C code
#           compares the output, which is no probability here, with 0.5. Of a regressor with three outputs it says which is the largest.
#           With return_type="regressor" one output is right, and two are NaN.
# Cure:     convert(network, method="loadable", return_type="regressor"), one network for each quantity.
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
asked = {"method": "loadable", "return_type": "regressor"}
one, pair = MLPRegressor(**steps).fit(X, large), MLPRegressor(**steps).fit(X, X)
cured = abs(np.asarray(emlearn.convert(one, **asked).predict(X)).ravel() - one.predict(X)).max()
two = np.asarray(emlearn.convert(pair, **asked).predict(X[:5])).ravel()
print("cured within", cured, "two outputs", two, "small", below, "large", above, "three outputs", three, "classes", classes)
right = classes[0] == classes[1] and min(above[0]) > 4 and max(below[0]) < 0.5
right = right and cured < 1e-5 and np.isnan(two).all()
sys.exit(not (right and above[1] == [1] * 5 and below[1] == [0] * 5 and three[1] == [1] * 5))
PYTHON
