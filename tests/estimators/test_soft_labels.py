"""Tests of probabilities as y: distilling one model into another."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.datasets import load_iris

from deltarule import MLPClassifier, check_gradient, load
from deltarule.common.errors import InputError, SettingsError
from deltarule.estimators.outcomes import outcome_of

X, labels = load_iris(return_X_y=True)
RAW = np.random.default_rng(0).dirichlet([0.5, 1, 2], 150)
NAMES = ["oak", "pine", "yew"]
LBFGS: dict[str, Any] = {
    "solver": "lbfgs",
    "alpha": 0.0,
    "max_iter": 3000,
    "max_fun": 30000,
    "tol": 1e-9,
    "random_state": 0,
}
ADAM: dict[str, Any] = {"max_iter": 4, "tol": 0.0, "n_iter_no_change": 1000, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_probabilities_are_learnt_exactly_where_the_network_can_say_them() -> None:
    cells = np.eye(4)
    soft = np.array([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.9, 0.05, 0.05], [1 / 3, 1 / 3, 1 / 3]])
    clf = MLPClassifier((), **LBFGS).fit(cells, soft)
    np.testing.assert_allclose(clf.predict_proba(cells), soft, atol=1e-5)
    entropy = -(soft * np.log(soft)).sum(axis=1).mean()
    assert clf.loss_ == pytest.approx(entropy, rel=1e-8)  # cross-entropy is least at the entropy of the targets


def test_soft_labels_are_the_same_as_each_class_with_its_share_as_weight() -> None:
    soft = MLPClassifier((5,), **ADAM, batch_size=150, dtype="float64").fit(X, RAW)
    copies = MLPClassifier((5,), **ADAM, batch_size=450, dtype="float64", output="softmax")
    copies.fit(np.repeat(X, 3, axis=0), np.tile([0, 1, 2], 150), sample_weight=RAW.ravel())
    np.testing.assert_allclose(soft.theta_, copies.theta_, rtol=1e-9)
    np.testing.assert_allclose(soft.loss_curve_, copies.loss_curve_, rtol=1e-12)


def test_two_columns_have_one_unit_and_the_cost_of_both() -> None:
    two = np.column_stack([1 - RAW[:, 2], RAW[:, 2]])
    clf = MLPClassifier((5,), **ADAM, dtype="float64").fit(X, two)
    assert clf.network_.K == 1
    assert clf.classes_.tolist() == [0, 1]
    expected = -(two * clf.predict_log_proba(X)).sum(axis=1)
    np.testing.assert_allclose(outcome_of(clf, X, two).costs, expected, rtol=1e-12)
    assert clf.encode(two).shape == (150, 1)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_the_gradient_for_soft_labels_passes_the_check(output: str) -> None:
    clf = MLPClassifier((4,), activation="tanh", output=output, **ADAM, dtype="float64").fit(X, RAW)
    assert check_gradient(clf, X, RAW).passed


def test_hard_probabilities_are_the_labels() -> None:
    hard = np.eye(3)[labels]
    for y in (hard, hard.astype(int), hard.astype(bool)):
        soft = MLPClassifier((5,), output="softmax", **ADAM).fit(X, y)
        assert not soft.several_labels_
        np.testing.assert_array_equal(soft.theta_, MLPClassifier((5,), output="softmax", **ADAM).fit(X, labels).theta_)


def test_a_matrix_of_0_and_1_stays_several_labels() -> None:
    for y in (np.eye(3)[labels], np.eye(3, dtype=int)[labels]):
        assert MLPClassifier((5,), **ADAM).fit(X, y).several_labels_


def test_several_labels_for_softmax_are_refused() -> None:
    y = np.eye(3, dtype=int)[labels]
    y[7] = 1
    with pytest.raises(SettingsError, match="gives one label to each row, but y has several"):
        MLPClassifier((5,), output="softmax").fit(X, y)


def test_the_columns_of_a_frame_name_the_classes() -> None:
    frames: list[Any] = [pd.DataFrame(RAW, columns=NAMES)]
    frames += [pl.DataFrame(RAW, schema=NAMES), pa.table(dict(zip(NAMES, RAW.T, strict=True)))]
    fitted = [MLPClassifier((5,), **ADAM).fit(X, frame) for frame in frames[:2]]
    for clf in fitted:
        assert clf.classes_.tolist() == NAMES
        assert set(clf.predict(X)) <= set(NAMES)
        np.testing.assert_array_equal(clf.theta_, MLPClassifier((5,), **ADAM).fit(X, RAW).theta_)
        assert 0 <= clf.score(X, np.array(NAMES)[labels]) <= 1
    years = MLPClassifier((5,), **ADAM).fit(X, pd.DataFrame(RAW, columns=[1999, 2005, 2010]))
    assert years.classes_.tolist() == [1999, 2005, 2010]


def test_scores_compare_with_the_most_probable_class() -> None:
    clf = MLPClassifier((5,), scoring=["accuracy", "f1_macro"], early_stopping=True, **ADAM)
    clf.fit(X, RAW, eval_set=(X, RAW))
    right = clf.predict(X) == RAW.argmax(axis=1)
    assert clf.scores_["validation_accuracy"][-1] == clf.scores_["train_accuracy"][-1]
    last = MLPClassifier((5,), **ADAM).fit(X, RAW)
    assert last.score(X, RAW.argmax(axis=1)) == pytest.approx(np.mean(last.predict(X) == RAW.argmax(axis=1)))
    assert right.dtype == bool


@pytest.mark.parametrize("columns", [2, 3])
def test_early_stopping_holds_out_rows_of_soft_labels_even_if_one_class_is_most_probable_in_a_single_row(
    columns: int,
) -> None:
    y = np.tile(np.linspace(0.8, 0.2 / (columns - 1), columns), (150, 1))
    y /= y.sum(axis=1, keepdims=True)
    y[3] = y[3, ::-1]
    clf = MLPClassifier((5,), early_stopping=True, **ADAM).fit(X, y)
    assert not np.isnan(clf.validation_loss_curve_).any()


def test_a_watched_set_may_have_labels_where_the_rows_have_probabilities_and_the_other_way_round() -> None:
    clf = MLPClassifier((5,), output="softmax", **ADAM)
    clf.fit(X, RAW, eval_set=(X, labels))
    first = clf.validation_loss_curve_
    clf.fit(X, RAW, eval_set=(X, np.eye(3)[labels]))
    assert clf.validation_loss_curve_ == first
    clf.fit(X, labels, eval_set=(X, RAW))
    assert len(clf.validation_loss_curve_) == 4


def test_a_run_on_soft_labels_goes_on_and_is_saved(tmp_path: Any) -> None:
    whole = MLPClassifier((5,), **ADAM).fit(X, RAW)
    parts = MLPClassifier((5,), **ADAM).set_params(max_iter=2).fit(X, RAW)
    parts.set_params(max_iter=4).fit(X, RAW, resume=True)
    np.testing.assert_array_equal(whole.theta_, parts.theta_)
    calls = MLPClassifier((5,), **ADAM)
    for _ in range(4):
        calls.partial_fit(X, RAW, classes=[0, 1, 2])
    np.testing.assert_array_equal(whole.theta_, calls.theta_)
    calls.partial_fit(X, labels)  # labels may follow
    whole.save(tmp_path / "soft.model")
    again = load(tmp_path / "soft.model")
    assert isinstance(again, MLPClassifier)
    np.testing.assert_array_equal(again.predict_proba(X), whole.predict_proba(X))


def test_label_smoothing_mixes_probabilities_with_an_even_share() -> None:
    smoothed = MLPClassifier((5,), label_smoothing=0.3, **ADAM).fit(X, RAW)
    np.testing.assert_array_equal(smoothed.theta_, MLPClassifier((5,), **ADAM).fit(X, 0.7 * RAW + 0.3 / 3).theta_)


def wrong(row: int, values: list[float]) -> Any:
    y = RAW.copy()
    y[row] = values
    return y


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a sum that is not 1": (wrong(4, [0.5, 0.5, 0.25]), {}, r"row 4 of y sum to 1\.25 and not to 1 \(1 of 150 rows\)"),
    "below 0": (wrong(2, [1.5, -0.75, 0.25]), {}, r"row 2 holds -0\.75"),
    "above 1": (wrong(2, [1.5, 0, 0]), {}, r"row 2 holds 1\.5"),
    "quantities": (10 * RAW, {}, "taken for probabilities of 3 classes, but row 0 holds"),
    "a gap": (wrong(2, [np.nan, 0.5, 0.5]), {}, "Input y contains NaN"),
    "class weights": (RAW, {"class_weight": "balanced"}, "each row has a share of all classes. Pass sample_weight"),
    "columns that do not ascend": (pd.DataFrame(RAW, columns=NAMES[::-1]), {}, "do not ascend"),
    "columns of two types": (pd.DataFrame(RAW, columns=[1, "b", "c"]), {}, "neither all texts nor all whole numbers"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_distribution_is_refused(case: str) -> None:
    y, parameters, words = REFUSED[case]
    clf = MLPClassifier((5,), **ADAM).fit(X, labels)
    before = clf.theta_.copy()
    clf.set_params(**parameters)
    with pytest.raises((InputError, SettingsError, ValueError), match=words):
        clf.fit(X, y)
    np.testing.assert_array_equal(clf.theta_, before)


def test_probabilities_of_other_classes_do_not_continue_a_fit() -> None:
    clf = MLPClassifier((5,), **ADAM).fit(X, pd.DataFrame(RAW, columns=NAMES))
    with pytest.raises(InputError, match="probabilities of 2 classes, but the network was trained on 3 classes"):
        clf.partial_fit(X, np.column_stack([RAW[:, 0], 1 - RAW[:, 0]]))
    with pytest.raises(InputError, match=r"name the classes \['ash', 'elm', 'fir'\], but .* \['oak', 'pine', 'yew'\]"):
        clf.partial_fit(X, pd.DataFrame(RAW, columns=["ash", "elm", "fir"]))
    with pytest.raises(InputError, match=r"row 0 of y sum to 1\.5"):
        clf.encode([[0.5, 0.5, 0.5]])
    several = MLPClassifier((5,), **ADAM).fit(X, np.eye(3, dtype=int)[labels])
    with pytest.raises(InputError, match="trained on 3 labels a row"):
        several.partial_fit(X, RAW)
