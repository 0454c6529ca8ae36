"""A fitted estimator made of parts predicts as the one that the parts are of."""

import pickle
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from deltarule import MLPClassifier, MLPRegressor, Network, Unit
from deltarule.common.errors import InputError, SettingsError, ShapeError

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]
SEVERAL = np.column_stack([y > 0, y == 2]).astype(int)
LINE = Network((1, 1), output="identity")


@pytest.fixture(autouse=True)
def runs_may_end_at_max_iter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@pytest.mark.parametrize("targets", [NAMES, y == 0, SEVERAL], ids=["classes", "two classes", "several labels"])
@pytest.mark.parametrize("given", [np.float32, np.float64])
def test_a_classifier_of_the_parts_of_another_predicts_the_same_bits_and_goes_on_from_there(
    targets: Any, given: Any
) -> None:
    settings: dict[str, Any] = {"random_state": 0, "max_iter": 5, "warm_start": True}
    clf = MLPClassifier((5, 4), activation=["tanh", Unit("elu", 0.5)], **settings).fit(X.astype(given), targets)
    again = MLPClassifier.from_parts(
        clf.network_,
        clf.theta_,
        classes=clf.classes_,
        several_labels=clf.several_labels_,
        history=clf.history_,
        t=clf.t_,
        **settings,
    )
    assert again.theta_.dtype == given
    assert again.theta_ is not clf.theta_
    for method in ("predict", "predict_proba", "predict_log_proba"):
        np.testing.assert_array_equal(getattr(again, method)(X), getattr(clf, method)(X))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(again)).predict(X), clf.predict(X))
    assert (again.n_iter_, again.t_, again.loss_) == (clf.n_iter_, clf.t_, clf.loss_)
    assert clone(again).hidden_layer_sizes == (5, 4)
    again.fit(X.astype(given), targets)
    assert len(again.loss_curve_) == 10


@pytest.mark.parametrize(("loss", "output"), [("squared_error", "identity"), ("poisson", "exp")])
def test_a_regressor_of_the_parts_of_another_predicts_the_same_bits(loss: str, output: str) -> None:
    reg = MLPRegressor(loss, (5,), random_state=0, max_iter=5).fit(X, y)
    again = MLPRegressor.from_parts(reg.network_, reg.theta_)
    assert again.loss == loss
    assert again.network_.output == output
    np.testing.assert_array_equal(again.predict(X), reg.predict(X))
    np.testing.assert_array_equal(again.coefs_[0], reg.coefs_[0])
    assert np.isnan(again.loss_)
    assert again.n_iter_ == 0


MISTAKES: list[tuple[Any, type[Exception], str]] = [
    (lambda: MLPRegressor.from_parts(LINE, [1.0]), ShapeError, r"theta has the shape \(1,\), but .* has 2 parameters"),
    (lambda: MLPRegressor.from_parts(LINE, [1.0, np.nan]), InputError, "theta holds values that are not finite"),
    (lambda: MLPRegressor.from_parts(LINE, [1.0, 2.0], t=-1), InputError, "t=-1 is not a number of examples"),
    (lambda: MLPRegressor.from_parts(Network((1, 1)), [1.0, 2.0]), SettingsError, "has sigmoid outputs, which are not"),
    (lambda: MLPRegressor.from_parts(LINE, [1.0, 2.0], loss="poisson"), SettingsError, "not those of loss='poisson'"),
    (lambda: MLPRegressor.from_parts(LINE, [1.0, 2.0], alpha=-1.0), SettingsError, "The 'alpha' parameter"),
    (
        lambda: MLPRegressor.from_parts(LINE, [1.0, 2.0], hidden_layer_sizes=(3,)),
        SettingsError,
        r"hidden_layer_sizes=\(3,\) .* do not make the hidden layers of the network 1-1",
    ),
    (
        lambda: MLPClassifier.from_parts(Network((1, 1)), [1.0, 2.0], classes=["a", "b", "c"]),
        InputError,
        "3 classes do not fit the network 1-1 with sigmoid outputs",
    ),
    (
        lambda: MLPClassifier.from_parts(Network((1, 1)), [1.0, 2.0], classes=["b", "a"]),
        InputError,
        "are not labels in ascending order",
    ),
    (
        lambda: MLPClassifier.from_parts(Network((1, 1)), [1.0, 2.0], classes=[[0, 1]]),
        InputError,
        "are not labels in ascending order",
    ),
    (
        lambda: MLPClassifier.from_parts(LINE, [1.0, 2.0], classes=[0, 1]),
        InputError,
        "A classifier has sigmoid outputs",
    ),
    (
        lambda: MLPClassifier.from_parts(Network((1, 2)), np.zeros(4), classes=[0, 1, 2], several_labels=False),
        InputError,
        "3 classes do not fit the network 1-2",
    ),
]


@pytest.mark.parametrize(("make", "kind", "message"), MISTAKES, ids=[row[-1][:40] for row in MISTAKES])
def test_parts_that_do_not_fit_each_other_are_refused(make: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_weights_without_a_fit_say_how_to_predict_with_them(Estimator: Any) -> None:
    estimator = Estimator(hidden_layer_sizes=(5,))
    estimator.coefs_, estimator.intercepts_ = [np.ones((4, 5)), np.ones((5, 1))], [np.ones(5), np.ones(1)]
    for use in (estimator.predict, lambda rows: estimator.trace(rows[0], 1)):
        with pytest.raises(NotFittedError, match=rf"by {Estimator.__name__}\.from_parts\(network, theta, "):
            use(X)
