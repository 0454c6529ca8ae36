#!/bin/sh
# pytorch-tabnet 4.1.0 with PyTorch 2.13.0: a schedule by batches lasts for one fit, and a schedule by epochs needs an eval_set.
#
# Guess: each fit builds a scheduler anew from scheduler_params, so that all folds of a cross-validation have the same rates; and a
#        StepLR, which looks at no metric, runs without an eval_set too.
# Seen:  with is_batch_level=True the first fit lowers the rate in each batch, from 0.01 to 0.000001 in 4 epochs of 10 batches. The
#        second fit keeps 0.01 throughout, and so does every other model that was given the same dictionary: the first fit took the
#        entry out of it, and without it the schedule goes by epochs.
#        Without eval_set, a schedule by epochs is built and never moved: 0.01 throughout, where 0.01, 0.001, 0.0001, 0.00001 is meant.
#        No warning names the schedule.
# Cure:  a new dictionary for each model and each fit; an eval_set, be it a few rows of the training set.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 pandas==3.1.1 scikit-learn==1.9.1 torch==2.13.0 pytorch-tabnet==4.1.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import torch
from pytorch_tabnet.tab_model import TabNetClassifier

torch.set_num_threads(1)
X = np.random.default_rng(0).standard_normal((640, 4)).astype("float32")
y = (X[:, 0] > 0).astype(int)


def tabnet(schedule):
    step = torch.optim.lr_scheduler.StepLR
    return TabNetClassifier(
        scheduler_fn=step, scheduler_params=schedule, optimizer_params={"lr": 0.01}, n_steps=1, verbose=0, device_name="cpu"
    )


def rates(model, **more):
    model.fit(X, y, max_epochs=4, batch_size=64, virtual_batch_size=64, **more)
    return [float(f"{rate:.3g}") for rate in model.history["lr"]]


watched = {"eval_set": [(X[:64], y[:64])]}
by_batch = {"step_size": 10, "gamma": 0.1, "is_batch_level": True}
model = tabnet(by_batch)
first, second = rates(model, **watched), rates(model, **watched)
other = rates(tabnet(by_batch), **watched)
print("by batch: first fit", first, "second fit", second, "another model", other, "dictionary", by_batch)
by_epoch = {"step_size": 1, "gamma": 0.1}
with_set, without = rates(tabnet(by_epoch), **watched), rates(tabnet(by_epoch))
print("by epoch: with eval_set", with_set, "without", without)
right = first == [1e-3, 1e-4, 1e-5, 1e-6] and with_set == [1e-2, 1e-3, 1e-4, 1e-5]
sys.exit(not (right and second == other == without == [0.01] * 4))
PYTHON
