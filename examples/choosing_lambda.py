"""How strong should the penalty be? Cost against λ, by cross-validation.

python examples/choosing_lambda.py [FOLDER]        writes lambda_path.png and size_path.png there
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from deltarule import MLPClassifier, lambda_path, size_path

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

# Few examples and many parameters: without a penalty, this network learns its examples by heart.
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, train_size=300, random_state=0, stratify=y)
clf = MLPClassifier((25,), "tanh", learning_rate_init=0.01, max_iter=1000, random_state=0)

path = lambda_path(clf, X_train, y_train, lambdas=[0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10])
print("     λ   training   validation   accuracy   epochs")
for n, value in enumerate(path.lambdas):
    costs = f"{path.training_cost[n].mean():11.4f}{path.validation_cost[n].mean():13.4f}"
    mark = "  <- chosen" if n == path.best else ""
    print(f"{value:6g}{costs}{path.validation_score[n].mean():11.1%}{path.epochs[n].mean():9.0f}{mark}")

# Measure the least and the chosen λ on rows that took no part in the choice.
for value in (path.lambdas[0], path.best_lambda):
    clf.set_params(alpha=value).fit(X_train, y_train)
    cost = log_loss(y_test, clf.predict_proba(X_test))
    print(f"λ = {value:g}: {len(y_test)} other digits cost {cost:.4f} each, {clf.score(X_test, y_test):.1%} right")

# Would more examples help? Yes, if there is a gap between both costs.
sizes = size_path(clf.set_params(alpha=path.best_lambda), X_train, y_train)

path.plot()
plt.savefig(folder / "lambda_path.png", dpi=120)
sizes.plot()
plt.savefig(folder / "size_path.png", dpi=120)
