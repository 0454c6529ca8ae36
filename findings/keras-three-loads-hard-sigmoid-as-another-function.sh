#!/bin/sh
# keras 3.15.1 loads a network that Keras 2 saved with hard_sigmoid, and predicts something else: the function has changed its slope.
#
# tf-keras 2.21.0 (Keras 2) on tensorflow-cpu 2.21.0; jax 0.10.2, which the NumPy backend of keras needs too.
#
# Guess:    load_model gives the function that the file was trained with, or refuses, as it does for ThresholdedReLU, which Keras 3 has no
#           more ("Unknown layer").
# Seen:     clip(0.2 z + 0.5, 0, 1) has become clip(z/6 + 0.5, 0, 1), under the same name: 0.1 is 0.167 at z = -2, and what was exactly 0
#           from -2.5 on is so from -3 on. No word, from .h5 and from .keras, although the file says which version wrote it. The other
#           activations that both have agree, leaky_relu (0.2) among them.
# Cure:     clip(0.2 z + 0.5) as an activation of one's own; or two layers: Rescaling(1.2) before hard_sigmoid.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check tensorflow-cpu==2.21.0 tf-keras==2.21.0 keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$folder"
export HOME="$folder" TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=numpy
"$folder/env/bin/python" -W ignore - 2> two.log <<'PYTHON' || { cat two.log; exit 1; }
import numpy as np
from tf_keras import Sequential, layers

z = np.array([[-2.75], [-2.0], [0.0], [1.0]], dtype=np.float32)
for name in ("hard_sigmoid", "leaky_relu"):
    network = Sequential([layers.InputLayer((1,)), layers.Dense(1, activation=name, kernel_initializer="ones")])
    np.save(f"{name}.npy", network.predict(z, verbose=0))
    network.save(f"{name}.h5")
    network.save(f"{name}.keras")
PYTHON
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import keras
import numpy as np

z = np.array([[-2.75], [-2.0], [0.0], [1.0]], dtype=np.float32)
saved = {name: np.load(f"{name}.npy").ravel().astype(float).round(4).tolist() for name in ("hard_sigmoid", "leaky_relu")}
loaded = {
    (name, kind): keras.saving.load_model(f"{name}.{kind}").predict(z, verbose=0).ravel().astype(float).round(4).tolist()
    for name in saved
    for kind in ("h5", "keras")
}
cured = np.asarray(keras.activations.hard_sigmoid(1.2 * z)).ravel().astype(float).round(4).tolist()
print("Keras 2", saved, "Keras 3", loaded, "cured", cured)
right = cured == saved["hard_sigmoid"] == [0.0, 0.1, 0.5, 0.7]
right = right and loaded["leaky_relu", "h5"] == loaded["leaky_relu", "keras"] == saved["leaky_relu"]
found = [loaded["hard_sigmoid", kind] == [0.0417, 0.1667, 0.5, 0.6667] for kind in ("h5", "keras")]
sys.exit(not (right and all(found)))
PYTHON
