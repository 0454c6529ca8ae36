"""Distil gradient-boosted trees, which take milliseconds an answer, into a network that takes microseconds.

python examples/distil.py
"""

from functools import partial
from timeit import repeat

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_predict

from deltarule import MLPClassifier

# Claims of insured drivers: steps and corners, which trees find easily, and labels that are mostly chance.
generator = np.random.default_rng(0)
X = generator.normal(size=(16000, 10))
score = 1.5 * (X[:, 0] > 0.5) + 2.0 * (X[:, 1] > 0) * (X[:, 2] > 0) - 1.5 * (X[:, 3] > 1) + 0.8 * np.abs(X[:, 4]) - 1.5
true = 1 / (1 + np.exp(-score))
y = np.where(generator.random(16000) < true, "claim", "none")
X_train, X_test, X_more = X[:3000], X[3000:6000], X[6000:]  # the labels of the last rows are not known
y_train, y_test = y[:3000], y[3000:6000]

trees = HistGradientBoostingClassifier(max_iter=60, learning_rate=0.1, max_leaf_nodes=8, random_state=0)
trees.fit(X_train, y_train)

# Out-of-fold probabilities: what trees say of rows that they were trained on is too sure, and is not to be learnt.
soft = cross_val_predict(trees, X_train, y_train, cv=5, method="predict_proba")
assert np.allclose(soft.sum(axis=1), 1)


def network() -> MLPClassifier:
    """Return a network of two small layers, trained until the held-out rows cost no less."""
    return MLPClassifier((32, 32), "silu", learning_rate_init=3e-3, early_stopping=True, scoring="loss", random_state=0)


from_labels = network().fit(X_train, y_train)
distilled = network().fit(X_train, soft)  # a column for each class, in ascending order: claim, none
# Rows without labels can be learnt too: the trees have not seen them, so what they say of them is honest.
more = network().fit(np.vstack([X_train, X_more]), np.vstack([soft, trees.predict_proba(X_more)]))

print(f"{'':44}{'log-loss':>10}{'µs a row':>10}")
for name, model in {
    "gradient-boosted trees": trees,
    "network, from labels": from_labels,
    "network, from the trees' probabilities": distilled,
    "the same, with 10 000 rows without labels": more,
}.items():
    cost = log_loss(y_test == "none", model.predict_proba(X_test)[:, 1])
    seconds = min(repeat(partial(model.predict_proba, X_test[:1]), number=10, repeat=5)) / 10
    print(f"{name:44}{cost:10.4f}{1e6 * seconds:10.1f}")
print(f"{'the odds that drew the labels':44}{log_loss(y_test == 'none', 1 - true[3000:6000]):10.4f}")
