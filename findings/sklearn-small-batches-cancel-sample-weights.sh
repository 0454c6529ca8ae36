#!/bin/sh
# scikit-learn 1.9.1: the smaller the batch, the less MLPRegressor and MLPClassifier heed sample_weight; batches of 1 ignore it.
#
# Guess:    rows of weight 9 beside as many of weight 1, with targets 1 and 0 and a network that is only a bias, give 0.9 for every
#           batch_size, and a row of weight 0 is as good as left out.
# Seen:     0.9 with one batch of all rows and with lbfgs, 0.84 with batches of 4, 0.72 with 2, 0.51 with 1. The loss is a weighted
#           mean, but of each batch by itself: its sum is divided by the weights that happen to be in the batch, so a row alone counts
#           as 1 whatever its weight. A batch in which all weights are 0 ends the fit with ZeroDivisionError.
# Cure:     batches so large that the sum of their weights hardly varies; or lbfgs.
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

y = np.arange(400) % 2 * 1.0
X, weight = np.zeros((400, 1)), np.where(y == 1, 9.0, 1.0)


def fitted(weight, **more):
    steps = {"hidden_layer_sizes": (), "alpha": 0.0, "tol": 0.0, "n_iter_no_change": 10_000, "random_state": 0}
    return MLPRegressor(**steps | more).fit(X, y, sample_weight=weight).predict(X[:1]).item()


sgd = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.01}
said = {size: fitted(weight, batch_size=size, max_iter=60 if size < 400 else 3000, **sgd) for size in (1, 2, 4, 400)}
lbfgs = fitted(weight, solver="lbfgs")
try:
    fitted(np.where(np.arange(400) < 360, 0.0, 1.0), batch_size=20, max_iter=1, **sgd)
    refused = ""
except ZeroDivisionError as error:
    refused = str(error)
print("by batch_size", {size: round(mean, 3) for size, mean in said.items()}, "lbfgs", round(lbfgs, 3), "zeros:", refused)
right = abs(said[400] - 0.9) < 1e-3 and abs(lbfgs - 0.9) < 1e-3
seen = abs(said[1] - 0.5) < 0.04 and abs(said[2] - 0.7) < 0.05 and 0.78 < said[4] < 0.88
sys.exit(not (right and seen and "Weights sum to zero" in refused))
PYTHON
