"""scikit-learn's own converter finds the estimators of this library."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deltarule.common.errors import InputError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.exchange.writing.checking import cells_of
from deltarule.exchange.writing.from_models import exported_of
from deltarule.exchange.writing.onnx_encoder import word_of_gap
from deltarule.tabular.classifier import TableClassifier
from exported_models import LABELS, classifier, fitted
from exported_tables import estimator_of, rows_to_predict

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


def fed(estimator: Any, rows: Any) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """Return what a session takes, and what skl2onnx is told of it."""
    from skl2onnx.common.data_types import DoubleTensorType, StringTensorType

    exported = exported_of(estimator)
    feed, types = {}, []
    cells = cells_of(estimator.columns_.encoder, exported, rows)
    for column, values in zip(exported.columns, cells, strict=True):
        gap = word_of_gap(column)
        texts = None if column.is_quantity else np.array([gap if one is None else one for one in values], dtype=object)
        feed[column.name] = (values if texts is None else texts)[:, np.newaxis]
        types.append((column.name, (DoubleTensorType if texts is None else StringTensorType)([None, 1])))
    return feed, types


@pytest.mark.parametrize("task", ["two words", "three words", "large numbers", "a quantity", "two quantities"])
def test_an_estimator_of_tables_is_converted_with_a_column_for_each_input(to_onnx: Any, task: str) -> None:
    estimator, rows = estimator_of(task), rows_to_predict()
    feed, types = fed(estimator, rows)
    session = onnxruntime.InferenceSession(to_onnx(estimator, initial_types=types[::-1]).SerializeToString())
    names = [one.name for one in session.get_inputs()][::-1]  # skl2onnx writes "seen_at" for "seen at"
    said = session.run(None, dict(zip(names, feed.values(), strict=True)))
    if task.endswith(("quantity", "quantities")):
        np.testing.assert_allclose(said[0], estimator.predict(rows).reshape(len(rows), -1), rtol=1e-12)
    else:
        assert said[0].tolist() == estimator.predict(rows).tolist()
        np.testing.assert_allclose(said[1], estimator.predict_proba(rows), atol=1e-12)


def test_an_estimator_of_tables_that_was_fitted_on_an_array_takes_one(to_onnx: Any) -> None:
    gappy = np.where(np.arange(240).reshape(60, 4) % 11 == 0, np.nan, X)
    estimator = TableClassifier(2, epochs=2, hidden_layer_sizes=(4,), random_state=0, dtype="float64")
    estimator.fit(gappy, X[:, 0] > 0)
    label, probability = answers(to_onnx, estimator, gappy)
    assert label.tolist() == estimator.predict(gappy).tolist()
    np.testing.assert_allclose(probability, estimator.predict_proba(gappy), atol=1e-12)


def test_a_column_that_is_missing_or_of_another_type_is_named(to_onnx: Any) -> None:
    from skl2onnx.common.data_types import StringTensorType

    table = pd.DataFrame({"size": [1.0, 2.0, 8.0, 9.0] * 10, "colour": ["red", "red", "blue", "blue"] * 10})
    estimator = TableClassifier(1, epochs=1, hidden_layer_sizes=(3,), random_state=0).fit(table, [0, 0, 1, 1] * 10)
    text = StringTensorType([None, 1])
    with pytest.raises(InputError, match="The column 'size' is of another type"):
        to_onnx(estimator, initial_types=[("size", text), ("colour", text)])
    with pytest.raises(InputError, match="The column 'size' is missing"):
        to_onnx(estimator, initial_types=[("colour", text)])
    with pytest.raises(InputError, match="takes columns by name, and the input here is 'X'"):
        to_onnx(estimator, initial_types=[("X", text)])
