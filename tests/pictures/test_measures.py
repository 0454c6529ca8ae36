"""Confusion matrix, reliability, ROC and precision–recall, against numbers that a reader can count."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.pictures import Confusion, Reliability, confusion, precision_recall, reliability, roc


@dataclass
class Says:
    """A classifier that reads its probabilities off X."""

    classes_: Array

    def predict_proba(self, X: Array) -> Array:
        X = np.asarray(X, dtype=np.float64)
        return np.column_stack([1 - X, X]) if X.shape[1] == 1 else X

    def predict(self, X: Array) -> Any:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


PAIR = Says(np.array(["no", "yes"]))
THREE = Says(np.array([0, 1, 2]))
Y_THREE = np.array([0, 0, 1, 1, 2])
X_THREE = np.array([[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3], [0.25, 0.2, 0.55]])


def test_rows_of_the_confusion_matrix_are_true_classes_and_columns_predicted_ones() -> None:
    found = confusion(THREE, X_THREE, Y_THREE)
    assert found.counts.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 1]]
    assert found.shares.tolist() == [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]]
    assert found.accuracy == 0.8


def test_a_class_without_examples_has_shares_of_0() -> None:
    assert Confusion(np.array([0, 1]), np.array([[2, 2], [0, 0]])).shares.tolist() == [[0.5, 0.5], [0, 0]]


def test_weights_count_in_the_confusion_matrix() -> None:
    found = confusion(THREE, X_THREE, Y_THREE, sample_weight=[1, 2.5, 1, 1, 1])
    assert found.counts[0].tolist() == [1, 2.5, 0]


def test_counts_are_written_where_they_are_not_0() -> None:
    axes = confusion(THREE, X_THREE, Y_THREE).plot()
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "1", (1, 0): "1", (1, 1): "2", (2, 2): "1"}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "1", "2"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


def test_numbers_without_room_are_left_out() -> None:
    many = Confusion(np.arange(200), np.full((200, 200), 123456))
    assert len(many.plot().texts) == 0


def test_a_bin_holds_the_mean_probability_and_the_share_that_came_true() -> None:
    X = np.array([[0.1], [0.15], [0.9], [0.92], [0.94], [1.0]])
    y = np.array(["no", "yes", "yes", "yes", "no", "yes"])
    found = reliability(PAIR, X, y, bins=2)
    assert found.event == "yes"
    np.testing.assert_allclose(found.probability, [0.125, 0.94])
    np.testing.assert_allclose(found.frequency, [0.5, 0.75])
    assert found.counts.tolist() == [2, 4]
    np.testing.assert_allclose(found.error, [np.sqrt(0.25 / 2), np.sqrt(0.75 * 0.25 / 4)])
    assert found.expected_error == pytest.approx((2 * 0.375 + 4 * 0.19) / 6)


def test_edges_of_bins_are_counted_where_scikit_learn_puts_them() -> None:
    X = np.linspace(0, 1, 11)[:, np.newaxis]
    found = reliability(PAIR, X, np.where(X[:, 0] > 0.45, "yes", "no"), bins=5)
    assert found.counts.sum() == 11
    at = np.searchsorted(np.linspace(0, 1, 6)[1:-1], X[:, 0])
    np.testing.assert_allclose(found.probability, [X[at == n].mean() for n in range(5)])
    np.testing.assert_array_equal(found.counts, np.bincount(at))


def test_of_more_classes_the_event_is_that_the_predicted_one_is_right() -> None:
    found = reliability(THREE, X_THREE, Y_THREE, bins=1)
    assert found.event == "the predicted class"
    assert found.frequency.tolist() == [0.8]
    assert found.probability[0] == pytest.approx(np.mean([0.9, 0.7, 0.8, 0.4, 0.55]))


def test_the_diagram_shows_frequency_against_probability() -> None:
    axes = Reliability("yes", np.array([0.2, 0.8]), np.array([0.3, 0.7]), np.array([10, 20])).plot()
    np.testing.assert_allclose(np.asarray(axes.collections[-1].get_offsets()), [[0.2, 0.3], [0.8, 0.7]])
    assert axes.get_xlabel() == "predicted probability of yes"


def test_the_roc_of_two_classes_is_that_of_the_second() -> None:
    X = np.array([[0.1], [0.4], [0.35], [0.8]])
    [curve] = roc(PAIR, X, np.array(["no", "no", "yes", "yes"])).curves
    assert curve.name == "yes"
    assert curve.area == 0.75  # three of the four pairs are in the right order
    assert (curve.false_positive_rate[0], curve.true_positive_rate[0]) == (0, 0)
    assert (curve.false_positive_rate[-1], curve.true_positive_rate[-1]) == (1, 1)


def test_precision_and_recall_are_those_of_each_threshold() -> None:
    X = np.array([[0.1], [0.4], [0.35], [0.8]])
    [curve] = precision_recall(PAIR, X, np.array(["no", "no", "yes", "yes"])).curves
    np.testing.assert_allclose(curve.precision, [0.5, 2 / 3, 0.5, 1, 1])
    np.testing.assert_allclose(curve.recall, [1, 1, 0.5, 0.5, 0])
    assert curve.average_precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert curve.share == 0.5


def test_each_of_several_classes_stands_against_the_rest(reader: MLPClassifier, digits: tuple[Array, Array]) -> None:
    X, y = digits
    h = reader.predict_proba(X)
    weights = np.arange(len(y)) % 3 + 1.0
    curves = roc(reader, X, y, weights).curves
    assert [curve.name for curve in curves] == [str(k) for k in range(10)]
    assert curves[3].area == pytest.approx(roc_auc_score(y == 3, h[:, 3], sample_weight=weights))
    curve = precision_recall(reader, X, y, weights).curves[3]
    assert curve.average_precision == pytest.approx(average_precision_score(y == 3, h[:, 3], sample_weight=weights))
    assert curve.share == pytest.approx(weights[y == 3].sum() / weights.sum())


def test_the_share_of_each_class_is_drawn_as_what_guessing_gives() -> None:
    yes = np.array(["no", "no", "no", "yes"])
    axes = precision_recall(PAIR, np.array([[0.1], [0.4], [0.35], [0.8]]), yes).plot()
    assert axes.lines[0].get_label() == "guessing: 0.250"
    assert np.asarray(axes.lines[-1].get_xydata()).tolist() == [[0, 0.25], [1, 0.25]]
    found = precision_recall(THREE, X_THREE, Y_THREE)
    _, *lines = found.plot().lines
    curves, shares = lines[::2], lines[1::2]
    drawn = sorted(float(np.asarray(line.get_ydata())[0]) for line in shares)
    assert drawn == sorted(curve.share for curve in found.curves)
    assert [line.get_color() for line in curves] == [line.get_color() for line in shares]


def test_classes_without_examples_have_no_curve() -> None:
    keep = Y_THREE < 2
    assert [curve.name for curve in roc(THREE, X_THREE[keep], Y_THREE[keep]).curves] == ["0", "1"]
    assert [curve.name for curve in precision_recall(THREE, X_THREE[keep], Y_THREE[keep]).curves] == ["0", "1"]
    only = Y_THREE == 1
    assert roc(THREE, X_THREE[only], Y_THREE[only]).curves == ()


def test_each_of_several_labels_has_a_curve() -> None:
    found = roc(THREE, X_THREE, np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]]))
    assert len(found.curves) == 3
    assert len(roc(PAIR, X_THREE[:, :2], np.array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]])).curves) == 2


def test_up_to_four_classes_are_named_and_of_more_the_best_and_the_worst(
    reader: MLPClassifier, digits: tuple[Array, Array]
) -> None:
    axes = roc(THREE, X_THREE, Y_THREE).plot()
    named = [line for line in axes.lines if str(line.get_label()).startswith("class")]
    assert len(named) == 3
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in named}) == 3  # type: ignore[attr-defined]
    found = roc(reader, *digits)
    axes = found.plot()
    assert len(axes.lines) == 11
    labels = [text.get_text() for text in axes.get_legend().get_texts()]  # type: ignore[union-attr]
    areas = sorted(curve.area for curve in found.curves)
    assert labels[1] == "7 other classes"
    assert [label.split(": ")[1] for label in labels[2:]] == [f"{areas[n]:.3f}" for n in (-1, 1, 0)]


@pytest.mark.parametrize("make", [confusion, reliability, roc, precision_recall])
def test_a_regressor_is_refused(make: Any) -> None:
    reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(InputError, match="needs classes, but MLPRegressor has none"):
        make(reg, [[0.0]], [0.0])


@pytest.mark.parametrize("make", [confusion, reliability])
def test_several_labels_a_row_are_refused_where_there_must_be_one(make: Any) -> None:
    with pytest.raises(InputError, match=r"y has the shape \(5, 2\)"):
        make(THREE, X_THREE, np.ones((5, 2)))
