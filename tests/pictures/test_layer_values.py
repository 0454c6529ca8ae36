"""a and δ by layer, against the textbook's values of every example."""

import numpy as np
import pytest

import deltarule
from deltarule import MLPClassifier, MLPRegressor, Unit
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.pictures import layers
from deltarule.pictures.layer_values import QUANTILES


def fitted(activation: str | Unit) -> tuple[MLPClassifier, Array, Array]:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(12, 3))
    y = np.arange(12) % 3
    clf = MLPClassifier((4, 5), activation, solver="gd", max_iter=1, tol=1e9, random_state=0)
    return clf.fit(X, y), X, y


@pytest.mark.parametrize("activation", ["logistic", "relu", "mish", Unit("elu", 0.5)], ids=str)
def test_quantiles_are_those_of_the_textbooks_values(activation: str | Unit) -> None:
    clf, X, y = fitted(activation)
    traces = deltarule.trace(clf.network_, clf.theta_, X, clf.encode(y)).examples
    found = layers(clf, X, y)
    assert [layer.number for layer in found.layers] == [2, 3, 4]
    assert [layer.size for layer in found.layers] == [4, 5, 3]
    assert [layer.unit for layer in found.layers] == [str(activation), str(activation), "softmax"]
    for n, layer in enumerate(found.layers):
        a = np.array([one.a[n + 1] for one in traces])
        delta = np.array([one.delta[n] for one in traces])
        np.testing.assert_allclose(layer.activations, np.quantile(a, QUANTILES), rtol=1e-10)
        np.testing.assert_allclose(layer.errors, np.quantile(np.abs(delta), QUANTILES), rtol=1e-10, atol=1e-15)


def test_saturated_and_dead_units_are_counted() -> None:
    clf, X, y = fitted("logistic")
    first = clf.network_.roll(clf.theta_)[0]
    first[:] = 0  # z = 0: the steepest place
    first[0, 0] = 50  # saturated for every example
    first[1, 1] = 1e3  # for every example but those with x₁ near 0
    near = np.abs(1e3 * X[:, 0]) < 4.3  # g′(4.36) is a twentieth of g′(0)
    found = layers(clf, X, y).layers[0]
    assert found.dead == (1 if near.any() else 2)
    assert found.saturated == pytest.approx((12 + (~near).sum()) / 48)
    X[3, 0] = 0.0
    assert layers(clf, X, y).layers[0].dead == 1


def test_saturated_is_a_slope_below_a_twentieth_of_the_steepest() -> None:
    clf, X, y = fitted("logistic")
    first = clf.network_.roll(clf.theta_)[0]
    first[:] = 0
    first[:, 0] = [0, 4.3, 4.4, -4.4]  # slopes of ¼ times 1, 0.053, 0.048, 0.048
    assert layers(clf, X, y).layers[0].dead == 2


def test_relu_units_below_0_are_saturated() -> None:
    clf, X, y = fitted("relu")
    z = X @ clf.coefs_[0] + clf.intercepts_[0]
    found = layers(clf, X, y).layers[0]
    assert found.saturated == (z <= 0).mean()
    assert found.dead == (z <= 0).all(axis=0).sum()
    assert found.unit == "relu"


def test_the_output_layer_has_no_share_of_saturated_units() -> None:
    last = layers(*fitted("tanh")).layers[-1]
    assert np.isnan(last.saturated)
    assert (last.unit, last.dead) == ("softmax", 0)


def test_delta_vanishes_on_its_way_back_through_deep_sigmoids() -> None:
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(50, 3)), generator.integers(0, 2, 50)
    clf = MLPClassifier((10,) * 5, "logistic", solver="gd", max_iter=1, tol=1e9, random_state=0).fit(X, y)
    clf.theta_ *= 0.25
    medians = [layer.errors[2] for layer in layers(clf, X, y).layers]
    assert (np.diff(medians) > 0).all()
    assert medians[-1] > 100 * medians[0]


def test_a_regressor_has_layers_too() -> None:
    X = np.random.default_rng(0).normal(size=(20, 2))
    reg = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=5000, random_state=0).fit(X, X[:, 0])
    found = layers(reg, X, X[:, 0])
    errors = np.abs(reg.predict(X) - X[:, 0])
    np.testing.assert_allclose(found.layers[-1].errors, np.quantile(errors, QUANTILES), rtol=1e-9, atol=1e-12)
    assert found.rows == 20


def test_medians_are_drawn_where_the_numbers_say() -> None:
    found = layers(*fitted("tanh"))
    for what, values in (("a", "activations"), ("delta", "errors")):
        [medians] = found.plot(what=what).lines
        expected = [getattr(layer, values)[2] for layer in found.layers]
        np.testing.assert_allclose(np.asarray(medians.get_ydata()), expected)


def test_what_is_neither_a_nor_delta_is_refused() -> None:
    with pytest.raises(InputError, match="what='z'"):
        layers(*fitted("tanh")).plot(what="z")
