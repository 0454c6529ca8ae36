"""Predicted against true values."""

import numpy as np
import pytest

from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.pictures import predicted_against_true

X = np.array([[0.0], [1.0], [2.0], [4.0]])


def fitted(Y: Array) -> MLPRegressor:
    return MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, random_state=1).fit(X, Y)


def test_points_are_at_the_true_value_and_what_the_model_predicts() -> None:
    y = np.array([1.0, 3.0, 4.0, 9.0])
    model = fitted(y)
    picture = predicted_against_true(model, X, y)
    np.testing.assert_array_equal(picture.true[:, 0], y)
    np.testing.assert_array_equal(picture.predicted[:, 0], model.predict(X))
    ax = picture.plot()
    points = np.asarray(ax.collections[0].get_offsets())
    np.testing.assert_allclose(points, np.column_stack([y, model.predict(X)]))
    assert ax.get_aspect() == 1
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("true value", "predicted value")


def test_several_targets_are_scaled_by_their_true_values() -> None:
    Y = np.column_stack([1 + 2 * X[:, 0], -100 * X[:, 0]])
    ax = predicted_against_true(fitted(Y), X, Y).plot()
    points = np.asarray(ax.collections[0].get_offsets()).reshape(4, 2, 2)
    np.testing.assert_allclose(points[:, :, 0].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(points[:, :, 0].std(axis=0), 1)
    np.testing.assert_allclose(points[:, :, 1], points[:, :, 0], atol=1e-4)  # linear targets are learnt
    assert ax.get_xlabel() == "true value (deviations)"


@pytest.mark.parametrize(("m", "as_image"), [(2000, False), (2001, True)])
def test_many_points_are_an_image(m: int, as_image: bool) -> None:
    x = np.linspace(0, 1, m)[:, np.newaxis]
    ax = predicted_against_true(fitted(X[:, 0]), x, x[:, 0]).plot()
    assert bool(ax.collections[0].get_rasterized()) is as_image


def test_a_classifier_is_refused() -> None:
    model = MLPClassifier((), solver="lbfgs", random_state=0).fit(X, ["a", "a", "b", "b"])
    with pytest.raises(InputError, match="MLPClassifier predicts labels"):
        predicted_against_true(model, X, ["a", "a", "b", "b"])
