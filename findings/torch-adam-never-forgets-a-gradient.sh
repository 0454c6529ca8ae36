#!/bin/sh
# PyTorch 2.13.0: after gradients have become 0, Adam's mean of them in float32 does not become 0, however long one goes on.
#
# Guess: 0.9 to the n is below the least number of float32 after some 1 000 steps; then `exp_avg` is 0, so a dead unit's parameters rest.
# Seen:  it sticks at 5.6e-45, four times the least subnormal number, because 0.9 times 4 is 3.6, which rounds to 4. After 20 000
#        steps it is there still, in the plain, the foreach and the fused form. From then on every step computes with subnormal
#        numbers, which processors do slowly, and a test for `exp_avg == 0` finds no dead unit. In float64 it sticks at 2.5e-323.
# Cure:  compare with a small number instead of 0; flush subnormal numbers before the first thread begins.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 torch==2.13.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import torch

torch.set_num_threads(1)
left = []
for dtype, form in ((torch.float32, {}), (torch.float32, {"foreach": True}), (torch.float32, {"fused": True}), (torch.float64, {})):
    parameter = torch.nn.Parameter(torch.ones(1, dtype=dtype))
    adam = torch.optim.Adam([parameter], **form)
    for step in range(20_000):
        parameter.grad = torch.full((1,), float(step == 0), dtype=dtype)
        adam.step()
    left.append(adam.state[parameter]["exp_avg"].item())
print(left)
sys.exit(left != 3 * [4 * 2.0**-149] + [5 * 2.0**-1074])
PYTHON
