"""Coming from scikit-learn: change one import, then use what is new.

python examples/from_scikit_learn.py [FOLDER]        writes validation_curve.png and scores.png there
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import recall_score
from sklearn.model_selection import ValidationCurveDisplay, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deltarule import MLPClassifier  # before: from sklearn.neural_network import MLPClassifier

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
data = load_breast_cancer()
X, y = data.data, 1 - data.target  # 1: malignant
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0, stratify=y)

# Pipelines, searches and curves written for scikit-learn's class run unchanged.
network = MLPClassifier((20,), learning_rate_init=0.01, max_iter=1000, random_state=0)
model = make_pipeline(StandardScaler(), network)
print(f"As before: {model.fit(X_train, y_train).score(X_test, y_test):.1%} right")

display = ValidationCurveDisplay.from_estimator(
    model, X_train, y_train, param_name="mlpclassifier__alpha", param_range=[0.01, 0.1, 1, 10, 100], cv=5
)
display.ax_.set_xlabel("alpha, the strength of the penalty")
display.figure_.savefig(folder / "validation_curve.png", dpi=120)

# New: the cost of an example depends on its class. Missing a malignant tumour is worse than a false alarm.
for weights in (None, {1: 10.0}):
    model.set_params(mlpclassifier__alpha=1, mlpclassifier__class_weight=weights).fit(X_train, y_train)
    found = recall_score(y_test, model.predict(X_test))
    print(f"class_weight={weights}: {found:.1%} of the malignant are found, {model.score(X_test, y_test):.1%} right")

# New: any of scikit-learn's scores after each epoch, on both sets. Early stopping watches the first.
clf = MLPClassifier((20,), early_stopping=True, validation_fraction=0.3, scoring=["roc_auc", "recall"], random_state=0)
clf.fit(StandardScaler().fit_transform(X_train), y_train)
print(
    f"Stopped after {clf.n_iter_} epochs; the best had an area under the ROC curve of {clf.best_validation_score_:.3f}"
)

figure, ax = plt.subplots(layout="constrained")
for name, scores in clf.scores_.items():
    ax.plot(range(1, len(scores) + 1), scores, "-" if name.startswith("train") else "--", label=name)
ax.set(xlabel="epoch", ylabel="score")
ax.legend()
figure.savefig(folder / "scores.png", dpi=120)
