#!/bin/sh
# scikit-learn 1.9.1: alpha of MLPRegressor and MLPClassifier counts 20 times as much with batches of 20 rows as with one of 400.
#
# Guess:    "The L2 regularization term is divided by the sample size when added to the loss": by the rows of the training set, so that
#           batch_size and solver change how one gets to the minimum and not where it is.
# Seen:     with y = x, x = ±1, 400 rows and alpha = 100 the weight is 0.8 = 1/(1 + 100/400) with lbfgs and with one batch, 0.5 with
#           batches of 100 and 0.17 = 1/(1 + 100/20) with batches of 20, for sgd and for adam: each batch divides the whole term by its
#           own rows. So a search over batch_size is one over alpha, and alpha found with lbfgs on 20 000 rows is 100 times as strong
#           with adam and the default batches of 200. A last batch that is smaller penalises more than the others.
# Cure:     alpha times batch_size over the number of rows.
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

X = np.resize([-1.0, 1.0], 400)[:, None]


def weight(solver, batch_size="auto", alpha=100.0):
    steps = {"learning_rate_init": 0.02, "max_iter": 400, "tol": 0.0, "n_iter_no_change": 10_000, "random_state": 0}
    network = MLPRegressor(hidden_layer_sizes=(), alpha=alpha, solver=solver, batch_size=batch_size, **steps)
    return network.fit(X, X.ravel()).coefs_[0].item()


whole = {"lbfgs": weight("lbfgs"), "sgd": weight("sgd", 400)}
parts = {(solver, size): weight(solver, size) for solver in ("sgd", "adam") for size in (100, 20)}
cured = weight("sgd", 20, 100 * 20 / 400)
print(whole, parts, "cured", cured)
right = all(abs(found - 0.8) < 1e-2 for found in (*whole.values(), cured))
sys.exit(not (right and all(abs(found - 1 / (1 + 100 / size)) < 2e-2 for (_, size), found in parts.items())))
PYTHON
