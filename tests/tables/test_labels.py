"""The target column: labels, rows without one, and the hold-out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltarule import MLPClassifier
from deltarule.common.errors import InputError, TableError
from deltarule.tables import hold_out, known_labels, training_labels


def frame(values: object) -> pd.DataFrame:
    return pd.DataFrame({"y": values})


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        ([3, 1, 3], np.array([3, 1, 3])),
        ([3.0, 1.0, 3.0], np.array([3, 1, 3])),
        (["b", "a", "b"], np.array(["b", "a", "b"])),
        ([True, False, True], np.array([True, False, True])),
        ([1.5, 2.0, 1.5], np.array(["1.5", "2", "1.5"])),
        (pd.Categorical(["b", "a", "b"]), np.array(["b", "a", "b"])),
    ],
)
def test_labels_are_whole_numbers_booleans_or_texts(column: object, labels: np.ndarray) -> None:
    values = training_labels(frame(column), "y").values
    assert values.dtype.kind == labels.dtype.kind
    assert values.tolist() == labels.tolist()


def test_a_label_that_numpy_would_make_another_is_refused() -> None:
    said = r"The label 'b\\x00' ends with a NUL character, which NumPy cuts off\. Take it out\."
    with pytest.raises(TableError, match=said):
        training_labels(frame(["a", "b", "b\0"]), "y")
    with pytest.raises(InputError, match=said):
        MLPClassifier().fit(np.eye(3), np.array(["a", "b", "b\0"], dtype=object))


def test_rows_without_a_label_are_left_out_and_said() -> None:
    table = frame([True, None, False, None])
    table.index = pd.Index([2, 3, 5, 6], name="line")
    labels = training_labels(table, "y")
    assert labels.values.tolist() == [True, False]
    assert labels.rows.tolist() == [0, 2]
    assert labels.notices == ("2 rows have no value in the target 'y' and are left out (first: line 3).",)


def test_a_target_that_is_not_there_names_the_columns() -> None:
    with pytest.raises(TableError, match=r"no column 'Y', which is the target. It has 1: 'y'"):
        training_labels(frame([1, 2]), "Y")


def test_an_empty_target_is_named() -> None:
    with pytest.raises(TableError, match="The target 'y' is empty in all 2 rows"):
        training_labels(frame([None, None]), "y")


def test_one_label_only_is_nothing_to_tell_apart() -> None:
    with pytest.raises(TableError, match=r"The target 'y' is 'a' in every row .* two labels or more"):
        training_labels(frame(["a", "a"]), "y")


def test_a_quantity_is_no_label() -> None:
    with pytest.raises(TableError, match=r"24 different values in 48 rows .*a quantity.* --task regress\.$"):
        training_labels(frame([n + 0.5 for n in range(24)] * 2), "y")


def test_names_of_rows_are_no_labels() -> None:
    with pytest.raises(TableError, match="looks like a name, a text or a date") as caught:
        training_labels(frame([f"r{n}" for n in range(30)]), "y")
    assert str(caught.value).endswith("Take another target.")  # no number, so no regression


def test_many_labels_that_come_back_are_labels() -> None:
    assert len(training_labels(frame(list(range(100)) * 2), "y").values) == 200


@pytest.mark.parametrize("column", [[2, 1], ["2", "1"], [2.0, 1.0]])
def test_labels_compare_as_they_are_written(column: object) -> None:
    assert known_labels(frame(column), "y", np.array([1, 2])).values.tolist() == [2, 1]


def test_labels_that_the_model_does_not_know_are_counted_and_named() -> None:
    with pytest.raises(TableError, match=r"not trained on: 'c', 'd' \(2 of 3 rows, the first in row 1\)"):
        known_labels(frame(["a", "c", "d"]), "y", np.array(["a", "b"]))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.floats(0, 0.99), st.integers(0, 9))
def test_hold_out_parts_every_row_once_and_every_class_by_its_share(y: list[int], share: float, seed: int) -> None:
    labels = np.array(y)
    training, held_out, _ = hold_out(labels, share, seed)
    assert sorted([*training, *held_out]) == list(range(len(y)))
    for name in np.unique(labels):
        held = np.count_nonzero(labels[held_out] == name)
        assert held < np.count_nonzero(labels == name)
        assert abs(held - share * np.count_nonzero(labels == name)) <= 1 + 1e-9


def test_the_same_seed_holds_out_the_same_rows() -> None:
    y = np.arange(50) % 3
    assert hold_out(y, 0.3, 7)[1].tolist() == hold_out(y, 0.3, 7)[1].tolist() != hold_out(y, 0.3, 8)[1].tolist()


def test_a_class_of_one_row_stays_in_training_and_is_said() -> None:
    y = np.array(["a"] * 10 + ["b"])
    training, _, notices = hold_out(y, 0.5, 0)
    assert 10 in training
    assert notices[0].startswith("No row of 'b' is held out: there are too few to split.")


def test_nothing_is_held_out_for_the_share_0() -> None:
    training, held_out, notices = hold_out(np.array([0, 1]), 0.0, 0)
    assert (len(training), len(held_out), notices) == (2, 0, ())
