"""The decision boundary, by what the classifier says on the grid."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, ShapeError
from deltarule.pictures import decision_boundary

Trained = tuple[MLPClassifier, Array, Array]


def test_the_grid_holds_what_the_classifier_says_there(two_classes: Trained) -> None:
    model, X, y = two_classes
    found = decision_boundary(model, X, y, resolution=30)
    assert found.probabilities.shape == (30, 30, 2)
    for i, j in [(0, 0), (3, 17), (29, 29)]:
        [there] = model.predict_proba([[found.x1[j], found.x2[i]]])
        np.testing.assert_allclose(found.probabilities[i, j], there, rtol=1e-6)
        assert model.classes_[found.predicted[i, j]] == model.predict([[found.x1[j], found.x2[i]]])[0]


def test_the_grid_reaches_beyond_all_examples(two_classes: Trained) -> None:
    model, X, y = two_classes
    found = decision_boundary(model, X, y)
    for grid, column in ((found.x1, X[:, 0]), (found.x2, X[:, 1])):
        assert grid[0] < column.min() < column.max() < grid[-1]


def test_features_have_the_names_of_the_frame_that_was_fitted() -> None:
    frame = pd.DataFrame({"length": [0.0, 1.0, 2.0, 3.0], "width": [1.0, 1.0, 0.0, 0.0]})
    labels = ["a", "b", "c", "c"]
    clf = MLPClassifier((4,), solver="lbfgs", random_state=0).fit(frame, labels)
    found = decision_boundary(clf, frame, labels, resolution=20)
    axes = found.plot()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("length", "width")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b", "c"]  # type: ignore[union-attr]


def test_classes_differ_in_their_markers_too(two_classes: Trained) -> None:
    axes = decision_boundary(*two_classes).plot()
    clouds = [c for c in axes.collections if c.get_label() in ("ja", "nein")]
    assert [len(np.asarray(cloud.get_offsets())) for cloud in clouds] == [
        int((two_classes[2] == name).sum()) for name in ("ja", "nein")
    ]
    first, second = (np.asarray(cloud.get_paths()[0].vertices) for cloud in clouds)
    assert first.shape != second.shape


def test_other_than_two_features_are_refused(reader: Any, digits: tuple[Array, Array], two_classes: Trained) -> None:
    with pytest.raises(ShapeError, match=r"X has the shape \(1797, 64\) and the network takes 64 inputs"):
        decision_boundary(reader, *digits)
    with pytest.raises(ShapeError, match=r"X has the shape \(3, 1\) and the network takes 2"):
        decision_boundary(two_classes[0], np.zeros((3, 1)), np.zeros(3))


def test_a_regressor_is_refused() -> None:
    reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs").fit(np.eye(2), [0.0, 1.0])
    with pytest.raises(InputError, match="A decision boundary needs classes"):
        decision_boundary(reg, np.eye(2), [0, 1])
