#!/bin/sh
# LightGBM 4.7.0: numbers of a column that are smaller than 1e-35 are one value, 0, so a column in such units teaches nothing.
#
# Guess: trees look at the order of numbers only, so a factor on a column changes no prediction while float64 holds it.
# Seen:  a column that tells two classes apart does so times 1e-34 (accuracy 0.9995). Times 1e-35 it is 0.78, and times 1e-36 all
#        rows get the larger class (0.62), without a warning: |x| < 1e-35 counts as zero, an absolute bound, far above the least
#        normal float64 (2e-308) and float32 (1e-38).
# Cure:  scale columns of tiny units (probabilities of long sequences, say, or their products) or take their logarithms.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==1.26.4 scikit-learn==1.9.1 lightgbm==4.7.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import lightgbm
import numpy as np

x = np.random.default_rng(0).standard_normal((2000, 1))
y = (x[:, 0] > 0.3).astype(int)
scores = []
for unit in (1.0, 1e-34, 1e-35, 1e-36):
    model = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1).fit(x * unit, y)
    scores.append(float(np.mean(model.predict(x * unit) == y)))
print("accuracy", scores, "share of the larger class", float(1 - y.mean()))
sys.exit(not (scores[0] == scores[1] > 0.99 and scores[2] < 0.85 and scores[3] == 1 - y.mean()))
PYTHON
