"""Models to report on, with rows that they did not learn."""

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning

from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.arrays import Array
from judged import HOSTILE, Judged


def trained(model: Any, X: Array, y: NDArray[Any], **more: Any) -> Any:
    """Fit for the few epochs that a test has time for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, **more)


@pytest.fixture(scope="session")
def two() -> Judged:
    """Two classes, one with a hostile name."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(200, 3))
    y = np.where(X[:, 0] + 0.5 * X[:, 1] + 0.6 * generator.normal(size=200) > 0.4, "ja", HOSTILE)
    model = MLPClassifier((4,), solver="lbfgs", alpha=1.0, max_iter=40, random_state=0)
    return Judged(trained(model, X[:120], y[:120]), X[120:], y[120:])


@pytest.fixture(scope="session")
def digits() -> Judged:
    X, y = load_digits(return_X_y=True)
    X = X / 16
    model = MLPClassifier((16,), max_iter=15, learning_rate_init=0.01, n_iter_no_change=20, random_state=0)
    return Judged(trained(model, X[:1200], y[:1200], eval_set=(X[1200:1400], y[1200:1400])), X[1400:], y[1400:])


@pytest.fixture(scope="session")
def quantities() -> Judged:
    X, y = load_diabetes(return_X_y=True)
    model = MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", alpha=1.0, max_iter=60, tol=1e-2, random_state=0)
    return Judged(trained(model, X[:300] * 20, y[:300] / 100), X[300:] * 20, y[300:] / 100)


@pytest.fixture(scope="session")
def several() -> Judged:
    """Three labels, any of which a row may have."""
    generator = np.random.default_rng(1)
    X = generator.normal(size=(160, 4))
    y = (X[:, :3] + 0.5 * generator.normal(size=(160, 3)) > 0).astype(int)
    return Judged(trained(MLPClassifier((6,), max_iter=20, random_state=0), X, y), X, y)
