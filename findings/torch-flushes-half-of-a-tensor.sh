#!/bin/sh
# PyTorch 2.13.0: `torch.set_flush_denormal(True)` makes half of a large tensor 0 and leaves the other half.
#
# Guess: it is a setting of the library, or of the process; an operation treats all numbers of a tensor alike.
# Seen:  it sets a register of the calling thread. Threads of PyTorch's pool that have begun before keep theirs, so of 1 048 576
#        numbers of 1e-40 times 1.0 on two threads, 524 288 become 0; of 1 000, which one thread takes, all. Set before the
#        first parallel operation it is inherited by the pool, and all are 0. NumPy in the same thread takes 1e-40 for 0 too.
# Cure:  set it before anything else of PyTorch runs, or on one thread; a library that promises the same bits on any number of
#        threads sets the register itself.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 torch==2.13.0
cat > "$folder/flush.py" <<'PYTHON'
import sys

import numpy as np
import torch

is_first = sys.argv[1] == "first"
torch.set_num_threads(2)
if is_first:
    torch.set_flush_denormal(True)
x = torch.full((1 << 20,), 1e-40)
torch.set_flush_denormal(True)
zeros = [int((x[:n] * 1.0 == 0).sum()) for n in (1000, 1 << 20)]
numpy = float((np.full(1, 1e-40, np.float32) * np.float32(1))[0])
print(sys.argv[1], zeros, "NumPy", numpy)
sys.exit(zeros != [1000, 1048576 if is_first else 524288] or numpy != 0)
PYTHON
"$folder/venv/bin/python" "$folder/flush.py" first
"$folder/venv/bin/python" "$folder/flush.py" later
