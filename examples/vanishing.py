"""A deep network of sigmoids that fails to learn, the reason, and the repair.

python examples/vanishing.py [FOLDER]        writes layer_values.png there
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from deltarule import MLPClassifier
from deltarule.pictures import layers

HIDDEN = (32,) * 6
EPOCHS = 60

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, test_size=0.2, random_state=0, stratify=y)

narrow = MLPClassifier(HIDDEN, "logistic", solver="sgd", learning_rate_init=0.1, random_state=0)
usual = MLPClassifier(HIDDEN, "logistic", solver="sgd", learning_rate_init=0.1, random_state=0)

# Lecture notes recommend first weights uniform between ±0.12. Training begins with the assigned coefs_.
random = np.random.default_rng(0)
shapes = [(64, 32)] + [(32, 32)] * 5 + [(32, 10)]
narrow.coefs_ = [random.uniform(-0.12, 0.12, shape) for shape in shapes]
narrow.intercepts_ = [np.zeros(units) for _, units in shapes]

figure, axes = plt.subplots(2, 2, figsize=(11, 8.5))
figure.set_layout_engine("constrained", h_pad=0.15)
starts = [("First weights within ±0.12", narrow), ("First weights of the library", usual)]
for (name, clf), (left, right) in zip(starts, axes, strict=True):
    clf.partial_fit(X_train, y_train, classes=range(10))  # one epoch
    found = layers(clf, X_train, y_train)
    found.plot(left, what="a").set(ylim=(0, 1))
    left.set_title(name, pad=20, weight="bold")
    found.plot(right, what="delta").set(ylim=(1e-9, 2))
    right.set_title(name, pad=20, weight="bold")

    print(name)
    for layer in found.layers:
        print(f"  layer {layer.number}: median |δ| is {layer.errors[2]:.1e} after one epoch")
    for _ in range(EPOCHS - 1):
        clf.partial_fit(X_train, y_train)
    print(f"  after {EPOCHS} epochs the cost is {clf.loss_:.2f}, and {clf.score(X_test, y_test):.0%} are right")

figure.savefig(folder / "layer_values.png", dpi=100)
