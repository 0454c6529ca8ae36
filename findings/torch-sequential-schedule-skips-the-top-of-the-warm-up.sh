#!/bin/sh
# PyTorch 2.13.0: SequentialLR with MultiplicativeLR after a warm-up never comes to the full learning rate, and keeps what it lost.
#
# Guess: after a LinearLR over 4 steps from 0.1, MultiplicativeLR with 0.5 goes on as ExponentialLR with gamma=0.5 and LambdaLR with
#        0.5 to the n do, since all three are the same schedule: 0.1, 0.325, 0.55, 0.775, 1, 0.5, 0.25.
# Seen:  those two do. MultiplicativeLR gives 0.1, 0.325, 0.55, 0.775, 0.3875, 0.19375, 0.096875: the switch sets the others to their
#        first rate, but this one multiplies the last rate of the warm-up, so 1 is left out and every rate thereafter is 0.3875 of
#        what is meant. With a factor of 1 the rate stays at 0.775 for good.
# Cure:  LambdaLR with the product of the factors.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 torch==2.13.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import torch
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, LinearLR, MultiplicativeLR, SequentialLR


def rates(after):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    schedule = SequentialLR(optimizer, [LinearLR(optimizer, 0.1, total_iters=4), after(optimizer)], milestones=[4])
    seen = []
    for _ in range(7):
        seen.append(round(optimizer.param_groups[0]["lr"], 6))
        optimizer.step()
        schedule.step()
    return seen


exponential = rates(lambda optimizer: ExponentialLR(optimizer, 0.5))
power = rates(lambda optimizer: LambdaLR(optimizer, lambda step: 0.5**step))
product = rates(lambda optimizer: MultiplicativeLR(optimizer, lambda step: 0.5))
one = rates(lambda optimizer: MultiplicativeLR(optimizer, lambda step: 1.0))
print("ExponentialLR", exponential, "LambdaLR", power)
print("MultiplicativeLR", product, "by 1", one)
right = exponential == power == [0.1, 0.325, 0.55, 0.775, 1.0, 0.5, 0.25]
sys.exit(not (right and product == [0.1, 0.325, 0.55, 0.775, 0.3875, 0.19375, 0.096875] and one == [0.1, 0.325, 0.55] + [0.775] * 4))
PYTHON
