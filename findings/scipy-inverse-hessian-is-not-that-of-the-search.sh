#!/bin/sh
# scipy 1.17.1: the hess_inv that L-BFGS-B returns is not the matrix by which it chose its directions.
#
# Guess:    result.hess_inv is the H of the two loops, so −H ∇f is the direction in which the next iteration would go, up to rounding.
# Seen:     it begins with the identity; the solver begins with γ I, γ = sᵀy/yᵀy of the newest pair. And where maxiter ends the run, the
#           newest pair is missing. After six iterations on a badly scaled quadratic function of six variables, two loops with γ over
#           all six pairs give the direction of the solver's next step (cosine 1); the same six pairs without γ have cosine 0.07 with
#           it, and hess_inv, with its five pairs, 0.96.
# Cure:     compute the two loops, with γ, from pairs that a callback collects.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from scipy.optimize import minimize

scale = 10.0 ** np.arange(6)
seen = []


def f(x):
    return 0.5 * float(scale @ x**2), scale * x


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def stopped(iterations):
    return minimize(f, np.ones(6), jac=True, method="L-BFGS-B", options={"maxiter": iterations, "ftol": 0, "gtol": 0})


one, other, next_one = stopped(5), stopped(6), stopped(7)
step = next_one.x - other.x
H = other.hess_inv
s, y = list(H.sk), list(H.yk)
if not np.allclose(s[-1], other.x - one.x):  # the pair of the last iteration is not taken before the solver goes on
    s, y = [*s, other.x - one.x], [*y, scale * (other.x - one.x)]
q, kappa = scale * other.x, []
for a, b in zip(s[::-1], y[::-1]):
    kappa.append(a @ q / (a @ b))
    q = q - kappa[-1] * b
r = (s[-1] @ y[-1]) / (y[-1] @ y[-1]) * q
for a, b, k in zip(s, y, kappa[::-1]):
    r = r + (k - b @ r / (a @ b)) * a
plain = type(H)(np.array(s), np.array(y))
found = cosine(-r, step), cosine(-(plain @ (scale * other.x)), step), cosine(-(H @ (scale * other.x)), step)
print("pairs", len(H.sk), "of", len(s), "; cosine with the next step: two loops with γ %.6f, the same pairs without %.3f, hess_inv %.3f" % found)
sys.exit(not (len(H.sk) == 5 and len(s) == 6 and found[0] > 0.999999 and found[1] < 0.5 and found[2] < 0.99))
PYTHON
