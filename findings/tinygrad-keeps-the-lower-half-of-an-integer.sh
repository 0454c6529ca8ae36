#!/bin/sh
# tinygrad 0.14.0: Tensor([3000000000]) is -1294967296, and Tensor([2**40]) is 0.
#
# numpy 2.4.6, the device PYTHON, which needs no compiler.
#
# Guess:    integers of Python become int64, as in PyTorch and NumPy, or raise OverflowError, as in JAX and for np.array(..., np.int32).
# Seen:     they become int32, and what does not fit loses its upper half: labels and customer numbers beyond 2 147 483 647 turn
#           negative, and multiples of 2^32 all become 0 and equal. The same numbers out of an array of NumPy are right, so a loader
#           that gives lists where it gave arrays changes the labels without a word.
# Cure:     Tensor(..., dtype=dtypes.int64).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check tinygrad==0.14.0 numpy==2.4.6
cd "$folder"
DEV=PYTHON HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
from tinygrad import Tensor, dtypes

numbers = [3_000_000_000, 2**40, 2**41, 7]
of_list, of_array = Tensor(numbers), Tensor(np.array(numbers))
cured = Tensor(numbers, dtype=dtypes.int64).numpy().tolist()
found = of_list.numpy().tolist()
print("list", of_list.dtype, found, "array", of_array.dtype, of_array.numpy().tolist(), "cured", cured)
sys.exit(not (found == [-1_294_967_296, 0, 0, 7] and of_array.numpy().tolist() == cured == numbers))
PYTHON
