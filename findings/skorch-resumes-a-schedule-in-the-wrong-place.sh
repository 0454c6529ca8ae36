#!/bin/sh
# skorch 1.4.0 with PyTorch 2.13.0: LRScheduler goes on in the wrong place when training goes on with partial_fit.
#
# Guess: 6 epochs at once and 6 times one epoch give the same learning rates, as the losses of both do; skorch hands last_epoch over.
# Seen:  StepLR(step_size=2, gamma=0.1) gives 1, 1, 0.1, 0.1, 0.01, 0.01 at once, and 1, 1, 0.01, 0.01, 0.0001, 0.0001 by single epochs.
#        The end of an epoch has lowered the rate already; the new scheduler is told the epoch before, and lowers it again. Two calls
#        of 3 epochs are right, because none of them ends where a step falls. With step_every="batch" the scheduler is told the number
#        of epochs for the number of batches: a warm-up over 12 batches, 4 in each epoch, never ends. ReduceLROnPlateau begins anew
#        with each call, so a patience of 2 is never used up. ExponentialLR and CosineAnnealingLR by epochs are right.
# Cure:  LambdaLR by epochs, whose rate is reckoned from the first one; or one call of fit.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 scikit-learn==1.9.1 torch==2.13.0 skorch==1.4.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import torch
from skorch import NeuralNetRegressor
from skorch.callbacks import LRScheduler

torch.set_num_threads(1)
X = np.random.default_rng(0).standard_normal((32, 2)).astype("float32")


def rates(calls, policy, **settings):
    schedule = LRScheduler(policy, **settings)
    line = {"module__in_features": 2, "module__out_features": 1, "batch_size": 8, "train_split": None, "verbose": 0}
    net = NeuralNetRegressor(torch.nn.Linear, max_epochs=6 // calls, lr=1.0, callbacks=[schedule], **line)
    for _ in range(calls):
        net.partial_fit(X, X[:, :1])
    if settings.get("step_every") != "batch":
        return [round(rate, 6) for rate in net.history[:, "event_lr"]]
    return [round(rate, 6) for epoch in net.history[:, "batches", :, "event_lr"] for rate in epoch]


tenth = {"step_size": 2, "gamma": 0.1}
once, halves, singly = (rates(calls, "StepLR", **tenth) for calls in (1, 2, 6))
print("StepLR", once, "two calls", halves, "six calls", singly)
warm = {"lr_lambda": lambda step: min(1.0, (step + 1) / 12), "step_every": "batch"}
warm_once, warm_singly = (rates(calls, "LambdaLR", **warm) for calls in (1, 6))
print("warm-up", warm_once[11], max(warm_once[:11]), "six calls", max(warm_singly), warm_singly)
flat = {"monitor": lambda net: 1.0, "patience": 2}
flat_once, flat_singly = (rates(calls, "ReduceLROnPlateau", **flat) for calls in (1, 6))
print("plateau", flat_once, "six calls", flat_singly)
right = once == halves == [1.0, 1.0, 0.1, 0.1, 0.01, 0.01] and warm_once[11] == 1.0 and flat_once[-1] < 1.0
sys.exit(not (right and singly == [1.0, 1.0, 0.01, 0.01, 0.0001, 0.0001] and max(warm_singly) < 0.9 and min(flat_singly) == 1.0))
PYTHON
