"""scikit-learn's own converter finds the estimators of this library."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from exported_models import LABELS, classifier, fitted

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def to_onnx() -> Any:
    skl2onnx = pytest.importorskip("skl2onnx")
    import deltarule.exchange.skl2onnx

    assert deltarule.exchange.skl2onnx.__name__ in sys.modules
    return skl2onnx.to_onnx


@pytest.fixture(autouse=True)
def home_of_runtimes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """onnxruntime writes below the home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


X = np.random.default_rng(0).standard_normal((60, 4))


def answers(to_onnx: Any, model: Any, rows: Any) -> Any:
    session = onnxruntime.InferenceSession(to_onnx(model, rows[:1]).SerializeToString())
    return session.run(None, {"X": rows})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LABELS)
def test_a_pipeline_is_converted_with_labels_of_their_type(to_onnx: Any, name: str, dtype: str) -> None:
    estimator = classifier(X, LABELS[name], 0.5, activation=("gelu", "tanh"))
    pipeline = make_pipeline(StandardScaler().fit(X), estimator)
    label, probability = answers(to_onnx, pipeline, X.astype(dtype))
    np.testing.assert_allclose(probability, pipeline.predict_proba(X), atol=1e-12 if dtype == "float64" else 2e-6)
    assert label.tolist() == pipeline.predict(X).tolist()
    assert probability.dtype == dtype


@pytest.mark.parametrize(
    "estimator",
    [MLPRegressor("poisson", (3,)), MLPRegressor("squared_error", (3,), "elu")],
    ids=["poisson", "squared error"],
)
@pytest.mark.parametrize("targets", [1, 2])
def test_regressors_are_converted_whatever_their_loss_and_number_of_targets(
    to_onnx: Any, estimator: Any, targets: int
) -> None:
    fitted(estimator, X, np.abs(X[:, :targets]).squeeze(), 0.5)
    (prediction,) = answers(to_onnx, estimator, X)
    assert prediction.shape == (60, targets)
    np.testing.assert_allclose(prediction, estimator.predict(X).reshape(60, -1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("labels", [2, 3])
def test_several_labels_have_one_probability_each(to_onnx: Any, labels: int) -> None:
    estimator = fitted(MLPClassifier((3,)), X, (X[:, :labels] > 0).astype(int))
    label, probability = answers(to_onnx, estimator, X)
    np.testing.assert_allclose(probability, estimator.predict_proba(X), atol=1e-12)
    assert np.array_equal(label, estimator.predict(X))


def test_rows_of_whole_numbers_are_taken(to_onnx: Any) -> None:
    whole = np.arange(40).reshape(10, 4)
    estimator = classifier(whole.astype(float), LABELS["two words"], 0.05)
    _, probability = answers(to_onnx, estimator, whole)
    np.testing.assert_allclose(probability, estimator.predict_proba(whole), atol=1e-5)
