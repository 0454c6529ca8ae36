#!/bin/sh
# keras 3.15.1: metrics.AUC of a network that ranks rare events perfectly is 0.5, as if it had guessed.
#
# jax 0.10.2, which the NumPy backend of this version needs too.
#
# Guess:    AUC depends on the ranking alone, as roc_auc_score of scikit-learn does, and 200 thresholds make it right to 0.01.
# Seen:     all events at 0.002, all others at 0.001: 0.5, and the curve "PR" gives what chance gives. The thresholds are 0, 1/199,
#           2/199 and so on, whatever is predicted; rows between two of them count as equal. A calibrated network for an event of one
#           row in 1000 seldom says more than 1/199. The same at the other end, 0.9985 against 0.9990. With 10 times the
#           probabilities it is 1.
# Cure:     AUC(thresholds=...) at quantiles of what is predicted; or scikit-learn.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$folder"
KERAS_BACKEND=numpy HOME="$folder" "$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from keras.metrics import AUC

y = np.arange(10_000) % 100 == 0


def auc(lower, upper, **more):
    metric = AUC(**more)
    metric.update_state(y.astype(float), np.where(y, upper, lower))
    return round(float(metric.result()), 4)


rare, frequent, ten = auc(0.001, 0.002), auc(0.9985, 0.999), auc(0.01, 0.02)
precision = auc(0.001, 0.002, curve="PR"), auc(0.01, 0.02, curve="PR")
cured = auc(0.001, 0.002, thresholds=[0.0005, 0.0015, 0.0025])
print("rare", rare, "frequent", frequent, "ten times", ten, "PR", precision, "cured", cured)
sys.exit(not (rare == frequent == 0.5 and ten == 1 and precision[0] < 0.6 and precision[1] > 0.99 and cured == 1))
PYTHON
