#!/bin/sh
# scipy 1.17.1: BFGS, CG, Newton-CG and trust-constr go astray where the gradient is written into the same array each time.
#
# Guess:    minimize copies the array that jac returns, or all methods fail alike. L-BFGS-B, TNC and SLSQP are right, and so is a
#           first trial with them.
# Seen:     Newton-CG says "Optimization terminated successfully" after one iteration, at the point where it began; BFGS and CG use up
#           all their iterations on Rosenbrock's function in two variables, which they else solve in 32 and 36; trust-constr too. They keep
#           the array as the gradient at the last point, so the difference of two gradients is 0. Code that trains networks writes its
#           gradient in place just because the array is large.
# Cure:     return gradient.copy().
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from scipy.optimize import minimize, rosen, rosen_der

gradient = np.empty(2)


def in_place(x):
    gradient[:] = rosen_der(x)
    return gradient


start, found = np.array([-1.2, 1.0]), {}
for method in ("L-BFGS-B", "TNC", "SLSQP", "BFGS", "CG", "Newton-CG", "trust-constr"):
    runs = [minimize(rosen, start, method=method, jac=jac) for jac in (in_place, lambda x: in_place(x).copy())]
    found[method] = [(run.x.round(2).tolist(), bool(run.success), run.nit) for run in runs]
    print(method, "in place", *found[method][0], "copied", *found[method][1])
right = all(each[1][0] == [1, 1] for each in found.values())
safe = all(found[method][0][0] == [1, 1] for method in ("L-BFGS-B", "TNC", "SLSQP"))
astray = all(np.abs(np.array(found[method][0][0]) - 1).max() > 0.05 for method in ("BFGS", "CG", "Newton-CG", "trust-constr"))
sys.exit(not (right and safe and astray and found["Newton-CG"][0] == ([-1.2, 1], True, 1)))
PYTHON
