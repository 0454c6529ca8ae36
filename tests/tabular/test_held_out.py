"""What members say of training rows that they did not learn from."""

import numpy as np
import pytest

from deltarule import TableClassifier, TableRegressor
from small_tables import QUICK, labels_of, table


def test_each_training_row_has_the_prediction_of_the_member_that_did_not_learn_from_it() -> None:
    frame = table()
    clf = TableClassifier(**{**QUICK, "n_members": 5}).fit(frame, labels_of(frame))
    held_out = clf.held_out_predictions_
    assert held_out.shape == (len(frame), 2)
    np.testing.assert_allclose(held_out.sum(axis=1), 1)
    each = np.stack([clf._answers_of(z[np.newaxis]) for z in clf._outputs(frame)])
    by = np.abs(each - held_out).max(axis=2).argmin(axis=0)  # the member whose prediction it is
    np.testing.assert_allclose(each[by, np.arange(len(frame))], held_out, rtol=1e-6)
    assert set(np.bincount(by)) == {len(frame) // 5}


def test_rows_of_weight_0_and_rows_that_nobody_watches_have_none() -> None:
    frame = table()
    weights = np.ones(len(frame))
    weights[[3, 50]] = 0
    clf = TableClassifier(**{**QUICK, "n_members": 5}).fit(frame, labels_of(frame), weights)
    assert np.flatnonzero(np.isnan(clf.held_out_predictions_[:, 0])).tolist() == [3, 50]
    time = TableClassifier(**QUICK, validation="time").fit(frame, labels_of(frame))
    assert np.flatnonzero(np.isfinite(time.held_out_predictions_[:, 0])).tolist() == list(range(96, 120))
    both = time._answers_of(time._outputs(frame[96:]))
    np.testing.assert_allclose(time.held_out_predictions_[96:], both, atol=0.05)
    watched = TableClassifier(**QUICK).fit(frame, labels_of(frame), eval_set=(frame[:20], labels_of(frame[:20])))
    assert np.isnan(watched.held_out_predictions_).all()


@pytest.mark.parametrize("columns", [None, 2])
def test_quantities_are_predicted_in_their_units(columns: int | None) -> None:
    frame = table()
    y = frame["count"].to_numpy() * 100.0 + 5000
    y = y if columns is None else np.column_stack([y, -y])
    reg = TableRegressor(**{**QUICK, "n_members": 5}).fit(frame, y)
    assert reg.held_out_predictions_.shape == y.shape
    assert np.abs(reg.held_out_predictions_ - y).mean() < 400


@pytest.mark.parametrize(("members", "watched"), [(1, 12), (2, 48), (5, 120)])
def test_a_single_regressor_watches_a_tenth_and_each_of_several_a_fifth(members: int, watched: int) -> None:
    frame = table(120)
    reg = TableRegressor(**{**QUICK, "n_members": members}).fit(frame, frame["count"].to_numpy())
    assert np.count_nonzero(~np.isnan(reg.held_out_predictions_)) == watched
