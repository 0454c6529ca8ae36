#!/bin/sh
# JAX 0.10.2 on a CPU: NumPy gives other results inside `jax.pure_callback` than outside of it.
#
# Guess: a callback runs the same NumPy on the same numbers; its bits are those of the function called directly.
# Seen:  XLA's threads take subnormal numbers for 0, and a callback runs on one of them. 1e-40 times 1 is 0 in a callback, and exp(-95),
#        5.5e-42 elsewhere, too. Outside of JAX nothing changes. JAX itself shows such a number as it is, finds it equal to 0
#        and makes 0 of it in any operation.
# Cure:  scale numbers before they get there; in a compiled extension, set the register for the time of a call.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 jax==0.10.2
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import jax
import jax.numpy as jnp
import numpy as np


def computed(ignored):
    tiny = np.float32(1e-40)
    return np.array([tiny * np.float32(1), np.exp(np.float32(-95))], np.float32)


shape = jax.ShapeDtypeStruct((2,), np.float32)
inside = np.asarray(jax.jit(lambda a: jax.pure_callback(computed, shape, a))(jnp.zeros(1)))
outside = computed(None)
of_jax = jnp.float32(1e-40)
print("inside", inside, "outside", outside, "JAX's number", of_jax, bool(of_jax == 0), of_jax * 1)
sys.exit(inside.any() or not outside.all() or float(of_jax) == 0 or not bool(of_jax == 0) or float(of_jax * 1) != 0)
PYTHON
