"""X_val, y_val and sample_weight_val are the eval_set in parts that a pipeline can transform."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.errors import InputError

X, y = load_iris(return_X_y=True)
EVEN, ODD = np.arange(0, 150, 2), np.arange(1, 150, 2)
WEIGHTS = np.linspace(0.5, 2, 75)


@pytest.fixture(autouse=True)
def runs_may_end_at_max_iter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def made(Estimator: Any = MLPClassifier, **parameters: Any) -> Any:
    return Estimator(**{"hidden_layer_sizes": (4,), "max_iter": 6, "random_state": 0, **parameters})


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_the_parts_are_the_eval_set(Estimator: Any, early_stopping: bool, weights: Any) -> None:
    one, other = (made(Estimator, early_stopping=early_stopping) for _ in range(2))
    one.fit(X[EVEN], y[EVEN], X_val=X[ODD], y_val=y[ODD], sample_weight_val=weights)
    other.fit(X[EVEN], y[EVEN], eval_set=(X[ODD], y[ODD], weights))
    assert one.validation_loss_curve_ == other.validation_loss_curve_
    assert one.scores_ == other.scores_
    np.testing.assert_array_equal(one.theta_, other.theta_)


def test_a_pipeline_transforms_the_validation_set_as_it_does_X() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        clf = made(early_stopping=True).set_fit_request(X_val=True, y_val=True, sample_weight_val=True)
        pipeline = Pipeline([("scale", StandardScaler()), ("mlp", clf)], transform_input=["X_val"])
        pipeline.fit(X[EVEN], y[EVEN], X_val=X[ODD], y_val=y[ODD], sample_weight_val=WEIGHTS)
    scale = StandardScaler().fit(X[EVEN])
    by_hand = made(early_stopping=True)
    by_hand.fit(scale.transform(X[EVEN]), y[EVEN], eval_set=(scale.transform(X[ODD]), y[ODD], WEIGHTS))
    assert pipeline["mlp"].validation_loss_curve_ == by_hand.validation_loss_curve_
    np.testing.assert_array_equal(pipeline["mlp"].theta_, by_hand.theta_)


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"X_val": X}, "X_val is provided, but y_val was not provided"),
    ({"y_val": y}, "y_val is provided, but X_val was not provided"),
    ({"sample_weight_val": WEIGHTS}, "sample_weight_val is provided, but X_val was not provided"),
    ({"X_val": X, "sample_weight_val": WEIGHTS}, "X_val is provided, but y_val was not provided"),
    ({"X_val": X, "y_val": y, "eval_set": (X, y)}, "eval_set and X_val are both given"),
    ({"sample_weight_val": WEIGHTS, "eval_set": (X, y)}, "eval_set and sample_weight_val are both given"),
]


@pytest.mark.parametrize(("given", "message"), MISTAKES, ids=[row[-1] for row in MISTAKES])
def test_half_a_validation_set_and_two_of_them_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        made().fit(X, y, **given)
