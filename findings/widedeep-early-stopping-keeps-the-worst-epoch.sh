#!/bin/sh
# pytorch-widedeep 1.7.0 with PyTorch 2.14.1: EarlyStopping takes a rising R2 for a worsening one, and stops all later fits too.
#
# Guess: mode="auto" knows the direction of the package's own metrics, R2Score among them; a second fit trains on, for its n_epochs.
# Seen:  "auto" looks for acc, prec, rec, fscore, f1 or f2 in the name, and takes the smaller for the better in all else. With
#        monitor="val_r2" R2 rises from 0.23 in each epoch, training ends after 4 of 20, and restore_best_weights puts back the first
#        epoch, the worst. ModelCheckpoint with save_best_only keeps the worst likewise. With mode="max" it comes to 0.98.
#        After a fit that was stopped early, a second fit of 20 epochs ends after 1, though the loss falls: the mark that stops it is
#        set once and never taken back. No warning is given.
# Cure:  mode="max" by hand; trainer.early_stop = False before each fit.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==1.26.4 torch==2.14.1 torchvision==0.29.1 pytorch-widedeep==1.7.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import torch
from pytorch_widedeep import Trainer
from pytorch_widedeep.callbacks import EarlyStopping, ModelCheckpoint
from pytorch_widedeep.metrics import R2Score
from pytorch_widedeep.models import TabMlp, WideDeep

torch.set_num_threads(1)
X = np.random.default_rng(0).standard_normal((300, 3)).astype("float32")
y = 2 * X[:, 0]
sets = {"X_train": {"X_tab": X[:200], "target": y[:200]}, "X_val": {"X_tab": X[200:], "target": y[200:]}}


def trainer(*callbacks, rate=0.01):
    torch.manual_seed(0)
    names = ["a", "b", "c"]
    tab = TabMlp(column_idx={name: at for at, name in enumerate(names)}, continuous_cols=names, mlp_hidden_dims=[8], mlp_dropout=0.0)
    model = WideDeep(deeptabular=tab)
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    line = {"optimizers": adam, "metrics": [R2Score()], "verbose": 0, "num_workers": 0}
    return Trainer(model, objective="regression", callbacks=list(callbacks), **line)


def epochs(one):
    one.fit(n_epochs=20, **sets)
    return [round(float(value), 3) for value in one.history["val_r2"]]


stop = EarlyStopping(monitor="val_r2", patience=3, restore_best_weights=True)
stopped = trainer(stop)
auto = epochs(stopped)
kept = 1 - float(np.mean((y[200:] - stopped.predict(X_tab=X[200:])) ** 2) / np.var(y[200:]))
maximum = epochs(trainer(EarlyStopping(monitor="val_r2", mode="max", patience=3)))
save = ModelCheckpoint(monitor="val_r2", save_best_only=True)
epochs(trainer(save))
print("auto", auto, "best epoch", stop.best_epoch, "R2 of what is kept", round(kept, 3), "checkpoint", save.best_epoch)
print("max", len(maximum), "epochs, to", maximum[-1])

patient = EarlyStopping(monitor="val_loss", patience=3, min_delta=10.0)
twice = trainer(patient, rate=0.001)
first = epochs(twice)
patient.min_delta = 0.0
second = epochs(twice)
twice.early_stop = False
third = epochs(twice)
print("early stop after", len(first), "second fit", len(second), "with the mark taken back", len(third))
worst = auto == sorted(auto) and len(auto) == 4 and stop.best_epoch == save.best_epoch == 0
sys.exit(not (worst and len(maximum) > 8 and kept < 0.3 and len(first) == 4 and len(second) == 1 and len(third) == 20))
PYTHON
