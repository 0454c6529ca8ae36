#!/bin/sh
# keras 3.15.1: a column that was 3 in every training row and is 4 in a new row is 10 000 000 behind Normalization.
#
# jax 0.10.2, which the NumPy backend of this version needs too.
#
# Guess:    1, or 0: a column without variance is only shifted, as StandardScaler of scikit-learn does, or the deviation has a sensible
#           lower bound.
# Seen:     the deviation is raised to 1e-7 at least, so the first row in which a flag is set for the first time is answered by that flag
#           alone, and no other input matters any more.
# Cure:     leave columns out that have one value; or Normalization(mean=..., variance=...) with 1 for such a variance.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$folder"
KERAS_BACKEND=numpy HOME="$folder" "$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from keras.layers import Normalization

X = np.random.default_rng(0).standard_normal((1000, 2)).astype(np.float32)
X[:, 1] = 3
layer = Normalization()
layer.adapt(X)
same, other = np.asarray(layer(X[:1]))[0, 1], np.asarray(layer(np.array([[0, 4]], dtype=np.float32)))[0, 1]
mean, variance = np.asarray(layer.mean).ravel(), np.asarray(layer.variance).ravel()
cured = Normalization(mean=mean, variance=np.where(variance == 0, 1, variance))
cure = np.asarray(cured(np.array([[0, 4]], dtype=np.float32)))[0, 1]
print("3 is", same, "4 is", other, "cured", cure, "variance", variance)
sys.exit(not (same == 0 and 9e6 < other < 1.1e7 and cure == 1))
PYTHON
