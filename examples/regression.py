"""Without a hidden layer, the network *is* logistic regression, and linear regression.

python examples/regression.py
"""

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import scale

from deltarule import MLPClassifier, MLPRegressor

LAMBDA = 1.0


def compare(title: str, names: list[str], here: np.ndarray, there: np.ndarray) -> None:
    """Print the first parameters of both libraries, and the largest difference of all parameters."""
    print(f"\n{title}: {len(here)} parameters\n{'':24}{'deltarule':>14}{'scikit-learn':>14}")
    for name, ours, theirs in list(zip(["bias", *names], here, there, strict=True))[:6]:
        print(f"{name:24}{ours:14.6f}{theirs:14.6f}")
    difference = np.abs(here - there).max() / np.abs(there).max()
    print(f"largest difference, relative to the largest parameter: {difference:.0e}")
    assert difference < 1e-6


# Logistic regression: one sigmoid output. scikit-learn's C is 1/λ.
data = load_breast_cancer()
X, y = scale(data.data), data.target
clf = MLPClassifier(hidden_layer_sizes=(), solver="lbfgs", alpha=LAMBDA, tol=1e-9, max_iter=1000, random_state=0)
clf.fit(X, y)
known = LogisticRegression(C=1 / LAMBDA, solver="newton-cholesky", tol=1e-9).fit(X, y)
compare("Tumours, logistic", list(data.feature_names), clf.theta_, np.hstack([known.intercept_, known.coef_[0]]))
print(f"{clf.score(X, y):.1%} of the tumours are classified correctly.")

# Linear regression: one identity output. The penalty of ridge regression leaves out the bias too.
data = load_diabetes(scaled=False)
X, y = scale(data.data), data.target
reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=LAMBDA, tol=1e-9, max_iter=1000, random_state=0)
reg.fit(X, y)
known = Ridge(alpha=LAMBDA).fit(X, y)
compare("Diabetes, linear", list(data.feature_names), reg.theta_, np.hstack([known.intercept_, known.coef_]))
print(f"R² is {reg.score(X, y):.3f}.")
