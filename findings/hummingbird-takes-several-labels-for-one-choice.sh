#!/bin/sh
# Hummingbird 0.4.12 converts an MLPClassifier of several labels at once into a softmax over them.
#
# scikit-learn 1.9.1, torch 2.14.1, CPU.
#
# Guess:    labels that do not exclude each other come out of sigmoids, each with a probability of its own, or the conversion refuses.
# Seen:     a net that has each of 3 labels right says up to 3 together; converted, the probabilities of a row have the same shape, but
#           sum to 1, so at most one label can exceed one half. predict gives one number a row, the place of the largest, in
#           place of three zeros and ones. No warning. One label with 2 or 3 classes is right.
# Cure:     ask out_activation_ of the network first: it must be "softmax", or "logistic" with one output. Else set up the layers by hand.
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
from sklearn.neural_network import MLPClassifier

X = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
labels = (X > 0).astype(int)


def both(y):
    net = MLPClassifier((8,), solver="lbfgs", max_iter=2000, random_state=0).fit(X, y)
    return net, hummingbird.ml.convert(net, "pytorch", X)


net, there = both(labels)
here, converted = net.predict_proba(X), there.predict_proba(X)
row = labels.sum(axis=1).argmax()
print("share of rows right:", net.score(X, labels), "of outputs by", net.out_activation_)
print("a row of all labels:", here[row].round(3).tolist(), "converted:", converted[row].round(3).tolist())
print("predict:", net.predict(X).shape, "converted:", there.predict(X).shape)
sums = converted.sum(axis=1)
one, alone = both(labels[:, 0] + labels[:, 1])
right = np.allclose(one.predict_proba(X), alone.predict_proba(X), atol=1e-4)
told = here[row].min() > 0.9 and np.allclose(sums, 1, atol=1e-5) and ((converted > 0.5).sum(axis=1) <= 1).all()
sys.exit(not (told and right and net.predict(X).shape == (300, 3) and there.predict(X).shape == (300,)))
PYTHON
