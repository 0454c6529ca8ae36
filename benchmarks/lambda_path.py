"""The λ path: 10 values × 5 folds on the digits, against scikit-learn's `validation_curve`.

The same grid, folds and settings (those of a fresh `MLPClassifier`): by `lambda_path`, by `validation_curve` with this
library's estimator, and by `validation_curve` with scikit-learn's own. The workers of the latter two are already
running when the clock starts.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import validation_curve
from sklearn.neural_network import MLPClassifier as SklearnMLP

from contenders import CORES
from deltarule import LambdaPath, MLPClassifier, lambda_path
from deltarule.common.arrays import Array
from timing import least_in_turn, seconds

__all__ = ["PathTimes", "lambda_path_against_scikit_learn"]

LAMBDAS = [0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
FOLDS = 5


@dataclass(frozen=True)
class PathTimes:
    """Seconds of the three ways."""

    ours: float
    our_estimator: float
    scikit_learn: float


def lambda_path_against_scikit_learn(rounds: int) -> PathTimes:
    """Time the three ways in turn, scikit-learn's own estimator once, and check what they find."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    found: list[LambdaPath] = []
    one_thread = MLPClassifier(random_state=0, n_threads=1)  # in as many processes as there are cores

    def ours() -> float:
        clf = MLPClassifier(random_state=0)
        return seconds(lambda: found.append(lambda_path(clf, X, y, lambdas=LAMBDAS, cv=FOLDS)))

    def curve(estimator: Any, scoring: str | None = None) -> tuple[Array, Array]:
        grid = {"param_name": "alpha", "param_range": LAMBDAS, "cv": FOLDS, "n_jobs": CORES}
        training, validation = validation_curve(estimator, X, y, scoring=scoring, **grid)
        return training, validation

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 200 epochs are not enough for some; processes inherit it
        training, validation = curve(one_thread, "neg_log_loss")  # starts the processes, too
        ways = {"path": ours, "curve": lambda: seconds(lambda: curve(one_thread))}
        least = least_in_turn(ways, rounds)
        scikit_learn = seconds(lambda: curve(SklearnMLP(random_state=0)))
    check(found[-1], -training, -validation)
    return PathTimes(least["path"], least["curve"], scikit_learn)


def check(path: LambdaPath, training: Array, validation: Array) -> None:
    """Compare with the costs of ordinary fits.

    The largest λ is an ordinary fit. At the others an ordinary fit of 200 epochs has not come to its minimum yet, and
    the path is further down, on the same training rows; so what must agree is what the curve is drawn for: how low the
    validation cost comes, and for which λ.
    """
    np.testing.assert_allclose(path.training_cost[-1], training[-1], rtol=1e-5)
    np.testing.assert_allclose(path.validation_cost[-1], validation[-1], rtol=1e-5)
    ordinary = validation.mean(axis=1)
    chosen = int(ordinary.argmin())
    apart = (path.validation_cost[path.best] - validation[chosen]) / ordinary[chosen]
    assert abs(apart.mean()) < 0.05, (path.best_lambda, path.validation_cost.mean(axis=1), ordinary)
    assert abs(path.best - chosen) <= 1, (path.best_lambda, LAMBDAS[chosen])
    assert (path.training_cost[:-1].mean(axis=1) <= training[:-1].mean(axis=1)).all(), path.training_cost
