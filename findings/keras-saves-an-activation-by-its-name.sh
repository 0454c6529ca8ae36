#!/bin/sh
# keras 3.15.1: a function of one's own that is called like an activation of Keras is saved as that one, and loads as another function.
#
# jax 0.10.2, which the NumPy backend of this version needs too.
#
# Guess:    `def leaky_relu(x): return keras.activations.leaky_relu(x, negative_slope=0.01)` as activation is saved with a mark that it is
#           not Keras's own, so that load_model asks for it in custom_objects, as it does for functions of other names.
# Seen:     the file says "leaky_relu", which is Keras's with the slope 0.2, and load_model returns other predictions without a word:
#           -0.4 instead of -0.02 at z = -2. custom_objects={"leaky_relu": leaky_relu} changes nothing. `gelu` with approximate=True
#           is 4e-4 off at z = -3 in this way.
# Cure:     register_keras_serializable before saving, another name for the function, or the layer
#           LeakyReLU(negative_slope=0.01), which keeps its number.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$folder"
KERAS_BACKEND=numpy HOME="$folder" "$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import keras
import numpy as np

X = np.array([[-2.0], [3.0]], dtype=np.float32)


def leaky_relu(x):
    return keras.activations.leaky_relu(x, negative_slope=0.01)


def slightly_leaky(x):
    return leaky_relu(x)


def before_and_after(activation, **load):
    layers = [keras.Input((1,)), keras.layers.Dense(1, activation=activation, kernel_initializer="ones")]
    network = keras.Sequential(layers)
    network.save("network.keras")
    loaded = keras.saving.load_model("network.keras", **load)
    return [model.predict(X, verbose=0).ravel().round(6).tolist() for model in (network, loaded)]


before, after = before_and_after(leaky_relu)
_, told = before_and_after(leaky_relu, custom_objects={"leaky_relu": leaky_relu})
_, registered = before_and_after(keras.saving.register_keras_serializable(package="mine")(leaky_relu))
layer = before_and_after(keras.layers.LeakyReLU(negative_slope=0.01))[1]
try:
    asked = str(before_and_after(slightly_leaky))
except Exception as error:
    asked = str(error)
print("before", before, "after", after, "told", told, "registered", registered, "layer", layer, "another name:", asked[:120])
right = before == layer == registered and abs(before[0] + 0.02) < 1e-6
sys.exit(not (right and after == told and abs(after[0] + 0.4) < 1e-6 and "slightly_leaky" in asked))
PYTHON
