#!/bin/sh
# torch-optimizer 0.3.0 with PyTorch 2.13.0: the weight decay of SGDW takes the same amount off each weight, whatever its size and sign.
#
# Guess: weight_decay=0.1 and lr=0.1 take a hundredth of each weight in each step, as decoupled weight decay is said to do.
# Seen:  they take 0.01 itself. In 100 steps with gradients of 0 the weights 2, 0, -2 become 1, -1, -3 instead of 0.73, 0, -0.73: zeros
#        leave zero, and negative weights grow without end. It is the step of a loss to which a tenth of the sum of the weights was
#        added, not of their squares. SGD of PyTorch with the same weight_decay is right.
# Cure:  torch.optim.SGD with weight_decay; for plain steps without momentum that is the same as the decoupled form.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 torch==2.13.0 torch-optimizer==0.3.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import torch
from torch_optimizer import SGDW

torch.set_num_threads(1)


def decayed(optimizer):
    weight = torch.nn.Parameter(torch.tensor([2.0, 0.0, -2.0]))
    steps = optimizer([weight], lr=0.1, weight_decay=0.1)
    for _ in range(100):
        weight.grad = torch.zeros(3)
        steps.step()
    return [round(value, 3) for value in weight.tolist()]


said, right = decayed(SGDW), decayed(torch.optim.SGD)
print("SGDW", said, "SGD", right)
sys.exit(not (said == [1.0, -1.0, -3.0] and right == [0.732, 0.0, -0.732]))
PYTHON
