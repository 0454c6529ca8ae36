#!/bin/sh
# The transposed weights of a network are saved scrambled, and load without an error.
#
# safetensors 0.8.0, numpy 2.4.6: safetensors.numpy.save of an array that is not contiguous, such as coefs_[0].T of
# scikit-learn, which is what PyTorch's nn.Linear takes.
#
# Expected: the values of the array, row by row, or an error, as safetensors.torch raises for such tensors.
# What happens: shape and type are right, but the bytes are those that lie in memory, in the other order.
#
# Seen:
#     saved  [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]
#     loaded [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
from safetensors.numpy import load, save

weight = np.arange(6.0).reshape(3, 2).T
loaded = load(save({"weight": weight}))["weight"]
print("saved ", weight.tolist())
print("loaded", loaded.tolist())
sys.exit(not (loaded.shape == weight.shape and not np.array_equal(loaded, weight)))
PYTHON
