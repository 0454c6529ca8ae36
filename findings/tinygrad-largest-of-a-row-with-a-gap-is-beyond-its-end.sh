#!/bin/sh
# tinygrad 0.14.0: argmax of a row of three numbers with a NaN is 3, an index that the row does not have.
#
# numpy 2.4.6, the device PYTHON, which needs no compiler.
#
# Guess:    the place of the NaN, as NumPy, PyTorch and JAX say, or of the largest number, or any index from 0 to 2.
# Seen:     0-based 3 of 3 if NaN is first, and for a row of NaN its length; argmin the same. It looks for where the row equals its
#           largest number, which NaN never does, and counts down from the length. As an index of a tensor 3 gives 0 without a word, so
#           the label of a row with a gap, names[probabilities.argmax()], is 0, which need not be a label at all.
# Cure:     isnan().any() first.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check tinygrad==0.14.0 numpy==2.4.6
cd "$folder"
DEV=PYTHON HOME="$folder" "$folder/env/bin/python" - <<'PYTHON'
import sys

import numpy as np
from tinygrad import Tensor

gap = float("nan")
rows = {"first": [gap, 1.0, 2.0], "all": [gap] * 5, "none": [0.0, 1.0, 2.0]}
largest = {name: int(Tensor(row).argmax().item()) for name, row in rows.items()}
smallest = int(Tensor(rows["first"]).argmin().item())
softmax = Tensor([rows["first"]]).softmax().argmax(axis=1)
label = Tensor([7, 8, 9])[softmax].numpy().tolist()
reference = {name: int(np.argmax(row)) for name, row in rows.items()}
print("argmax", largest, "argmin", smallest, "label", label, "numpy", reference)
sys.exit(not (largest == {"first": 3, "all": 5, "none": 2} and smallest == 3 and label == [0] and reference["first"] == 0))
PYTHON
