"""The page for those who come from scikit-learn says what is so, and all of it."""

import inspect
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as JudgeClassifier
from sklearn.neural_network import MLPRegressor as JudgeRegressor

from deltarule import MLPClassifier, MLPRegressor

PAGE = (Path(__file__).parents[2] / "docs" / "from-scikit-learn.md").read_text(encoding="utf-8")
PAIRS = [(MLPClassifier, JudgeClassifier), (MLPRegressor, JudgeRegressor)]
X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


def table(heading: str) -> dict[str, str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", section, flags=re.MULTILINE))


def fitted(Estimator: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return Estimator(max_iter=2, hidden_layer_sizes=(3,)).fit(pd.DataFrame(X, columns=list("abcd")), y)


def test_every_parameter_is_on_the_page_and_new_ones_are_called_new() -> None:
    ours = {name for Estimator, _ in PAIRS for name in inspect.signature(Estimator).parameters}
    judges = {name for _, Judge in PAIRS for name in inspect.signature(Judge).parameters}
    told = table("Parameters")
    assert set(told) == ours
    assert {name for name, kind in told.items() if kind == "new"} == ours - judges


def test_every_attribute_is_on_the_page_and_new_ones_are_called_new() -> None:
    def attributes(kind: Any) -> set[str]:
        return {name for name in dir(fitted(kind)) if name.endswith("_") and not name.startswith("_")}

    ours = {name for Estimator, _ in PAIRS for name in attributes(Estimator)}
    judges = {name for _, Judge in PAIRS for name in attributes(Judge)}
    told = table("Attributes")
    assert set(told) == ours
    assert {name for name, kind in told.items() if kind == "new"} == ours - judges


def test_every_method_is_on_the_page_and_new_ones_are_called_new() -> None:
    def methods(kind: Any) -> set[str]:
        of_every_estimator = set(dir(BaseEstimator)) - {"score"}
        names = {name for name in dir(kind) if not name.startswith(("_", "set_")) and not name.endswith("_")}
        return {name for name in names - of_every_estimator if callable(getattr(kind, name))}

    assert "score" in dir(ClassifierMixin)
    assert "score" in dir(RegressorMixin)
    ours = {name for Estimator, _ in PAIRS for name in methods(Estimator)}
    judges = {name for _, Judge in PAIRS for name in methods(Judge)}
    told = table("Methods")
    assert set(told) == ours
    assert {name for name, kind in told.items() if kind == "new"} == ours - judges


def test_the_difference_stands_first() -> None:
    assert PAGE.index("The one deliberate difference") < PAGE.index("## Parameters")


@pytest.mark.parametrize(("Estimator", "Judge"), PAIRS)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_with_the_alpha_that_the_page_converts_the_steps_are_scikit_learns(
    Estimator: Any, Judge: Any, solver: str
) -> None:
    m, b, alpha, epochs = 150, 50, 0.8, 4
    settings = {
        "hidden_layer_sizes": (6,),
        "activation": "tanh",
        "solver": solver,
        "batch_size": b,
        "shuffle": False,
        "learning_rate_init": 0.05,
        "random_state": 0,
    }
    start = Judge(**settings).partial_fit(X, y, **({"classes": [0, 1, 2]} if Judge is JudgeClassifier else {}))
    W, biases = [W.copy() for W in start.coefs_], [c.copy() for c in start.intercepts_]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        judge = Judge(**settings, alpha=alpha, max_iter=epochs, warm_start=True)
        for name in ("classes_", "_label_binarizer", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
            if hasattr(start, name):
                setattr(judge, name, getattr(start, name))
        judge.coefs_, judge.intercepts_ = [w.copy() for w in W], [c.copy() for c in biases]
        judge.t_, judge.loss_curve_, judge.best_loss_, judge._no_improvement_count = 0, [], np.inf, 0
        judge.fit(X, y)

        ours, other = (
            Estimator(**settings, alpha=at, max_iter=epochs, warm_start=True, dtype="float64")
            for at in (alpha * m / b, alpha)
        )
        for estimator in (ours, other):
            estimator.coefs_, estimator.intercepts_ = W, biases
            estimator.fit(X, y)

    for mine, his in zip(ours.coefs_ + ours.intercepts_, judge.coefs_ + judge.intercepts_, strict=True):
        np.testing.assert_allclose(mine, his, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(ours.loss_curve_, judge.loss_curve_, rtol=1e-11)
    assert np.abs(other.coefs_[0] - judge.coefs_[0]).max() > 1e-3
