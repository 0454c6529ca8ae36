#!/bin/sh
# scikit-learn 1.9.1: sample weights of 1/m each make the penalty of MLPRegressor and MLPClassifier m times as strong.
#
# Guess:    the loss is documented and shown as a mean, so equal weights change nothing, whatever they are.
# Seen:     y = x + 2x' + 3x'' with alpha=1 and 400 rows: the coefficients are 1.00, 1.99 and 2.99 without weights and with weights
#           of 1, and about half of that with weights of 1/400. The mean of the losses is over the weights, and so it does not
#           move; the penalty is divided by the sum of the weights, as it else is by the number of rows.
# Cure:     weights whose mean is 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from sklearn.neural_network import MLPRegressor

X = np.random.default_rng(0).standard_normal((400, 3))
y = X @ [1.0, 2.0, 3.0]


def coefficients(weight):
    net = MLPRegressor(hidden_layer_sizes=(), alpha=1.0, solver="lbfgs", max_iter=1000, random_state=0)
    return net.fit(X, y, sample_weight=weight).coefs_[0].ravel()


without, ones, shares = (coefficients(weight) for weight in (None, np.ones(400), np.full(400, 1 / 400)))
print("no weights", without.round(3), "ones", ones.round(3), "1/400 each", shares.round(3))
same = np.abs(without - ones).max() < 1e-3 and np.abs(ones - [1, 2, 3]).max() < 0.02
sys.exit(not (same and (shares < 0.6 * ones).all()))
PYTHON
