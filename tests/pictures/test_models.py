"""What the pictures refuse: models that are not fitted, or are none."""

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.exceptions import NotFittedError

from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.errors import InputError
from deltarule.pictures import (
    confusion,
    decision_boundary,
    first_layer,
    layers,
    network_picture,
    precision_recall,
    predicted_against_true,
    reliability,
    roc,
)

X, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]

OF_CLASSES: tuple[Callable[[Any], object], ...] = (
    lambda model: confusion(model, X, y),
    lambda model: decision_boundary(model, X, y),
    lambda model: reliability(model, X, y),
    lambda model: roc(model, X, y),
    lambda model: precision_recall(model, X, y),
)


@pytest.mark.parametrize(
    "picture",
    [*OF_CLASSES, network_picture, lambda model: first_layer(model, (1, 2)), lambda model: layers(model, X, y)],
)
def test_a_picture_of_a_classifier_without_a_fit_is_refused_as_scikit_learn_refuses(
    picture: Callable[[Any], object],
) -> None:
    with pytest.raises(NotFittedError, match="This MLPClassifier instance is not fitted yet"):
        picture(MLPClassifier())


def test_a_picture_of_a_regressor_without_a_fit_is_refused_as_scikit_learn_refuses() -> None:
    with pytest.raises(NotFittedError, match="This MLPRegressor instance is not fitted yet"):
        predicted_against_true(MLPRegressor(), X, y)


@pytest.mark.parametrize("picture", OF_CLASSES)
def test_a_picture_of_classes_takes_no_regressor(picture: Callable[[Any], object]) -> None:
    regressor = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs").fit(X, y)
    with pytest.raises(InputError, match=r"needs classes, but MLPRegressor has none\. Give a classifier\."):
        picture(regressor)
