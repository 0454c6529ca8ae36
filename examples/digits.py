"""Handwritten digits: train a network, measure it, check its gradient, and look inside.

python examples/digits.py [FOLDER]        writes four pictures there
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from deltarule import MLPClassifier, check_gradient, trace_example
from deltarule.pictures import confusion, first_layer, learning_curve, network_picture

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

# 1 797 images of 8 x 8 pixels from 0 to 16. A fifth is held out, to measure the trained network.
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, test_size=0.2, random_state=0, stratify=y)

# 64 inputs, 25 hidden units, 10 outputs. Training ends when the cost of a held-out tenth stops falling.
clf = MLPClassifier(
    (25,), alpha=0.3, learning_rate_init=0.01, early_stopping=True, scoring="loss", max_iter=500, random_state=0
)
clf.fit(X_train, y_train)
print(f"{clf.n_iter_} epochs; {clf.score(X_test, y_test):.1%} of {len(y_test)} digits that it never saw are right.")

# Compare D of equations (3) to (6) with differences of J.
print(check_gradient(clf, X_train[:50], y_train[:50], parameters=200))

# The test digit that the network gets most wrong: the predicted digit, and the error terms of the outputs.
P = clf.predict_proba(X_test)
worst = P[range(len(y_test)), y_test].argmin()
trace = trace_example(clf.network_, clf.theta_, X_test[worst], clf.encode(y_test)[worst])
print(f"Most wrong: a {y_test[worst]} taken for a {P[worst].argmax()}, with probability {P[worst].max():.2f}.")
print(f"Its cost is {trace.cost:.2f}, and δ of the outputs is", *(f"{value:+.2f}" for value in trace.delta[-1]))

network_picture(clf).plot()
plt.savefig(folder / "network.png", dpi=120)
learning_curve(clf).plot()
plt.savefig(folder / "learning_curve.png", dpi=120)
confusion(clf, X_test, y_test).plot()
plt.savefig(folder / "confusion.png", dpi=120)
first_layer(clf).plot()
plt.savefig(folder / "first_layer.png", dpi=120)
