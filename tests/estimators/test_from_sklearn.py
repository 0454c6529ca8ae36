"""Networks of scikit-learn become estimators that predict the same, whatever linear steps stood before them."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, RobustScaler, StandardScaler

import deltarule
from deltarule.common.errors import InputError

X = np.random.default_rng(3).normal(size=(40, 3))
LABELS = {
    2: np.where(X[:, 0] > 0, "yes", "no"),
    3: np.array([10, 20, 2**40])[np.arange(40) % 3],
    "several": (X[:, :2] > 0).astype(int),
}


def fitted(made: Any, X: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return made.fit(X, y)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", [2, 3, "several"])
def test_a_classifier_predicts_what_scikit_learn_predicts(activation: str, kind: Any) -> None:
    theirs = fitted(TheirClassifier((4, 3), activation, max_iter=20, random_state=0), X, LABELS[kind])
    ours = deltarule.MLPClassifier.from_sklearn(theirs)
    assert np.abs(ours.predict_proba(X) - theirs.predict_proba(X)).max() < 1e-12
    assert (ours.predict(X) == theirs.predict(X)).all()
    assert ours.classes_.dtype.kind == theirs.classes_.dtype.kind


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_a_regressor_of_several_targets_predicts_what_scikit_learn_predicts(loss: str) -> None:
    y = np.abs(X[:, :2]) + 0.1
    theirs = fitted(TheirRegressor(loss=loss, hidden_layer_sizes=(5,), max_iter=20, random_state=0), X, y)
    ours = deltarule.MLPRegressor.from_sklearn(theirs)
    assert np.abs(ours.predict(X) - theirs.predict(X)).max() < 1e-12


@pytest.mark.parametrize(
    "steps",
    [
        [StandardScaler()],
        [StandardScaler(with_mean=False), MinMaxScaler()],
        [MaxAbsScaler(), RobustScaler(), "passthrough"],
        [StandardScaler(), PCA(2, whiten=True), MinMaxScaler()],
        [SelectKBest(k=2), StandardScaler(with_std=False)],
        [ColumnTransformer([("a", StandardScaler(), [2]), ("b", "drop", [1])], remainder="passthrough")],
        [make_pipeline(RobustScaler(), PCA(3)), MaxAbsScaler()],
    ],
)
def test_linear_steps_before_the_network_are_folded(steps: list[Any]) -> None:
    pipeline = fitted(make_pipeline(*steps, TheirClassifier((4,), max_iter=20, random_state=0)), 3 * X + 1, LABELS[2])
    ours = deltarule.MLPClassifier.from_sklearn(pipeline)
    assert ours.n_features_in_ == 3
    assert np.abs(ours.predict_proba(3 * X + 1) - pipeline.predict_proba(3 * X + 1)).max() < 1e-12


@pytest.mark.parametrize("outside", [True, False])
def test_the_scale_of_a_target_is_folded(outside: bool) -> None:
    net = TheirRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0)
    scaled = TransformedTargetRegressor(
        make_pipeline(MinMaxScaler(), net) if outside else net, transformer=StandardScaler()
    )
    theirs = fitted(scaled if outside else make_pipeline(MinMaxScaler(), scaled), X, 50 + 7 * X[:, 0])
    ours = deltarule.MLPRegressor.from_sklearn(theirs)
    assert np.abs(ours.predict(X) - theirs.predict(X)).max() < 1e-10


def test_names_of_columns_and_settings_of_training_stay() -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    theirs = fitted(TheirClassifier((4,), alpha=0.25, max_iter=20, random_state=0), frame, LABELS[2])
    ours = deltarule.MLPClassifier.from_sklearn(theirs)
    assert ours.feature_names_in_.tolist() == ["a", "b", "c"]
    assert ours.alpha == 0.25
    assert deltarule.check_gradient(ours, frame, LABELS[2]).passed


def test_float32_stays_float32() -> None:
    theirs = fitted(TheirClassifier((4,), max_iter=20, random_state=0), X.astype(np.float32), LABELS[2])
    assert deltarule.MLPClassifier.from_sklearn(theirs).theta_.dtype == np.float32


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (make_pipeline(PolynomialFeatures(), TheirClassifier((2,), max_iter=2)), "PolynomialFeatures"),
        (make_pipeline(MinMaxScaler(clip=True), TheirClassifier((2,), max_iter=2)), "MinMaxScaler"),
        (LogisticRegression(), "LogisticRegression is not scikit-learn's MLPClassifier"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "LogisticRegression"),
    ],
)
def test_what_is_not_linear_or_no_network_is_refused_by_name(made: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        deltarule.MLPClassifier.from_sklearn(fitted(made, X, LABELS[2]))


def test_what_is_not_fitted_is_refused() -> None:
    with pytest.raises(NotFittedError):
        deltarule.MLPClassifier.from_sklearn(TheirClassifier())
