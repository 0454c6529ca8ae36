#!/bin/sh
# mlxtend 0.23.4: `l1` of MultiLayerPerceptron changes the cost that it prints, and no weight; `momentum` moves weights without `eta`.
#
# Guess: l1 pulls weights towards 0, as its documentation says; momentum adds a share of the last step, so that it shrinks with eta.
# Seen:  with l1=1e6 all weights are those of l1=0 to the last bit, and the cost is ten million times as large: the gradient leaves the
#        penalty out. With momentum=0.9 each step subtracts 0.9 times the last gradient, not times eta, and no sum of earlier ones:
#        at eta=1e-12, where nothing should move, weights of 0.02 come to 103 and the cost from 0.35 to 6.5.
# Cure:  l2 for l1; momentum of the size of eta times what is meant.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==1.26.4 scikit-learn==1.9.1 mlxtend==0.23.4
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
from mlxtend.classifier import MultiLayerPerceptron

X = np.random.default_rng(0).standard_normal((40, 3))
y = (X[:, 0] > 0).astype(int)


def fitted(**settings):
    return MultiLayerPerceptron(hidden_layers=[4], epochs=20, random_seed=1, minibatches=1, **settings).fit(X, y)


plain, penalised = fitted(eta=0.05), fitted(eta=0.05, l1=1e6)
same = all(np.array_equal(plain.w_[name], penalised.w_[name]) for name in ("1", "out"))
print("l1: same weights", same, "costs", plain.cost_[-1], penalised.cost_[-1])
still, moved = fitted(eta=1e-12), fitted(eta=1e-12, momentum=0.9)
largest = [float(np.abs(one.w_["1"]).max()) for one in (still, moved)]
print("momentum: largest weights", largest, "costs", still.cost_[-1], moved.cost_[-1])
sys.exit(not (same and penalised.cost_[-1] > 1e6 and largest[0] < 0.1 and largest[1] > 50 and moved.cost_[-1] > 5))
PYTHON
