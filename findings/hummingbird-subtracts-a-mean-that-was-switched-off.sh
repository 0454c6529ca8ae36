#!/bin/sh
# Hummingbird 0.4.12 subtracts the mean of StandardScaler(with_mean=False) and does not clip what MinMaxScaler(clip=True) clips.
#
# scikit-learn 1.9.1, torch 2.14.1, CPU.
#
# Guess:    a converted pipeline answers as the pipeline does, or the conversion refuses an option that it lacks.
# Seen:     the scaler keeps mean_ though it does not use it, and the conversion does. Behind it the network answers as if every input
#           were shifted by its mean: with inputs near 3 it is off by more than 1 on the very rows of training, where the pipeline is
#           off by less than 0.1. Without clip, inputs beyond the range of training go into the network as they are; those within it
#           are right, so a test on the rows of training passes. No warning of either. with_std=False is honoured.
# Cure:     set mean_ = None after fitting, before converting; clip the inputs before the converted model is asked.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scikit-learn==1.9.1 torch==2.14.1 onnx==1.16.1 hummingbird-ml==0.4.12
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import hummingbird.ml
import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

X = np.random.default_rng(0).normal(3, 1, size=(300, 3)).astype(np.float32)
y = X[:, 0] - 2 * X[:, 1]


def apart(scaler, cure=None):
    net = MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=2000, random_state=0)
    pipeline = make_pipeline(scaler, net).fit(X, y)
    here = [pipeline.predict(Z) for Z in (X, 2 * X)]
    if cure:
        cure(scaler)
    model = hummingbird.ml.convert(pipeline, "pytorch", X)
    print(scaler, "largest error of the pipeline on the rows of training", abs(here[0] - y).max().round(4))
    found = [float(abs(model.predict(Z) - there).max()) for Z, there in zip((X, 2 * X), here)]
    print("    largest difference of the converted one: rows of training", round(found[0], 5), "twice those", round(found[1], 5))
    return *found, abs(here[0] - y).max()


mean = apart(StandardScaler(with_mean=False))
cured = apart(StandardScaler(with_mean=False), lambda scaler: setattr(scaler, "mean_", None))
spread = apart(StandardScaler(with_std=False))
clip = apart(MinMaxScaler(clip=True))
told = mean[0] > 1 and mean[2] < 0.1 and clip[0] < 1e-3 and clip[1] > 1
sys.exit(not (told and max(cured[:2]) < 1e-3 and max(spread[:2]) < 1e-3))
PYTHON
