#!/bin/sh
# tinygrad 0.14.0: erf of 1e-7 is 0, and of 1e-4 wrong in the fourth digit; in double seven digits of erf of 1 are right.
#
# numpy 2.4.6, the device PYTHON, which needs no compiler.
#
# Guess:    erf to the last digits of its type, as in PyTorch, JAX and the C library: 1.128e-7, and 1.1283791633e-4 in double.
# Seen:     the formula 7.1.26 of Abramowitz and Stegun, which is right to 1.5e-7 absolutely and so has no digits of small numbers:
#           0 at 1e-7 in float32, 5e-4 off at 1e-4. In double it has no more digits: 1.2e-7 off at 1, where double has 1e-16, and 0.9 %
#           off at 1e-7. So a gelu by erf in double, to check another library with, is good for seven digits.
# Cure:     below 0.1 the series 2/sqrt(pi) (x - x^3/3 + x^5/10 - x^7/42).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check tinygrad==0.14.0 numpy==2.4.6
cd "$folder"
DEV=PYTHON HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import math
import sys

from tinygrad import Tensor, dtypes

single = {x: Tensor([x]).erf().item() for x in (1e-7, 1e-4, 1.0)}
double = {x: Tensor([x], dtype=dtypes.double).erf().item() for x in (0.0, 1e-7, 1e-4, 1.0)}
exact = {x: math.erf(x) for x in double}
x = 1e-4
series = 2 / math.sqrt(math.pi) * (x - x**3 / 3 + x**5 / 10 - x**7 / 42)
off = {x: double[x] / exact[x] - 1 for x in (1e-7, 1e-4, 1.0)}
print("float32", single, "double", double, "exact", exact, "off", off, "series", series)
right = abs(series / exact[1e-4] - 1) < 1e-15
sys.exit(not (right and single[1e-7] == 0 and abs(single[1e-4] / exact[1e-4] - 1) > 1e-4 and abs(off[1]) > 5e-8 and abs(off[1e-7]) > 5e-3))
PYTHON
