"""Models that several pictures are drawn of, and figures closed after each test."""

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.datasets import load_digits

mpl.use("Agg")

from matplotlib import pyplot

from deltarule import MLPClassifier
from deltarule.common.arrays import Array


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    yield
    pyplot.close("all")


@pytest.fixture(scope="session")
def digits() -> tuple[Array, Array]:
    X, y = load_digits(return_X_y=True)
    return X / 16, y


@pytest.fixture(scope="session")
def reader(digits: tuple[Array, Array]) -> MLPClassifier:
    """A network that reads digits."""
    X, y = digits
    return MLPClassifier((16,), max_iter=1000, learning_rate_init=0.01, random_state=0).fit(X[::2], y[::2])


@pytest.fixture(scope="session")
def two_classes() -> tuple[MLPClassifier, Array, Array]:
    """A network of two features and two classes, with its examples."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(120, 2))
    y = np.where(X[:, 0] + 0.5 * X[:, 1] + 0.4 * generator.normal(size=120) > 0, "ja", "nein")
    return MLPClassifier((4,), activation="tanh", solver="lbfgs", alpha=1.0, random_state=0).fit(X, y), X, y
