"""What estimators of tables say of tables, labels and settings that do not fit, each in a sentence that helps."""

import datetime
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from deltarule import MLPClassifier, TableClassifier, TableRegressor
from deltarule.errors import InputError, TableError
from small_tables import QUICK, fitted, labels_of, table

X = table(60)
LABELS = labels_of(X)


def test_a_class_with_fewer_rows_than_folds_takes_fewer_folds_with_a_notice() -> None:
    y = np.array(["often"] * 56 + ["rare"] * 4)
    clf = TableClassifier(**QUICK).fit(X, y)
    assert "4 folds instead of 5, because the class 'rare' is in 4 rows." in clf.notices_
    assert clf.classes_.tolist() == ["often", "rare"]


def test_groups_that_leave_a_fold_without_a_class_are_told_and_all_classes_are_learnt() -> None:
    y = np.array(["a"] * 30 + ["b"] * 28 + ["c"] * 2)
    clf = TableClassifier(**{**QUICK, "n_members": 3}).fit(X, y, groups=np.r_[np.arange(58) % 6, 0, 1])
    assert any("no row of the class 'c'" in one for one in clf.notices_), clf.notices_
    assert clf.predict_proba(X).shape == (60, 3)
    alone = TableClassifier(**QUICK).fit(X, y, groups=np.r_[np.arange(58) % 6, 7, 7])
    assert any(one.startswith("Only one group has rows of 'c', so every member learns from") for one in alone.notices_)
    with pytest.raises(InputError, match="groups holds one group only, so no whole group can be held out"):
        TableClassifier(**QUICK).fit(X, y, groups=np.zeros(60))


@pytest.mark.parametrize("kind", [TableClassifier, TableRegressor])
def test_of_one_row_nothing_can_be_learnt(kind: Any) -> None:
    with pytest.raises(InputError, match=r"one sample, from which nothing can be learnt. Give more rows"):
        kind(**QUICK).fit(X[:1], [1])


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (pd.DataFrame({"same": [1.0] * 60}), "One value only, so dropped: 'same'"),
        (pd.DataFrame({"empty": [None] * 60}), "No value in any row, so dropped: 'empty'"),
        (pd.DataFrame({"id": np.arange(60)}), r"Row numbers, .* \(name them in keep to use them\): 'id'"),
        (pd.DataFrame({"name": [f"person {i}" for i in range(60)]}), "Another text in most rows, .*: 'name'"),
    ],
    ids=["constant", "empty", "row numbers", "names"],
)
def test_a_table_without_a_column_to_learn_from_is_refused_with_the_reason(frame: pd.DataFrame, why: str) -> None:
    with pytest.raises(TableError, match=f"No column is left to learn from: {why}"):
        TableClassifier(**QUICK).fit(frame, LABELS)


def test_columns_that_are_all_dropped_as_asked_are_told() -> None:
    with pytest.raises(TableError, match=r"No column is left .*: every column but the target is dropped, as asked"):
        TableClassifier(**QUICK, drop=list(X.columns)).fit(X, LABELS)


@pytest.mark.parametrize("kind", [TableClassifier, MLPClassifier])
def test_probabilities_that_do_not_sum_to_1_are_refused_with_their_row(kind: Any) -> None:
    y = np.tile([0.4, 0.6], (60, 1))
    y[7] = 0.5, 0.6
    numbers = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(InputError, match=r"probabilities in row 7 of y sum to 1.1 and not to 1 \(1 of 60 rows\)"):
        kind().fit(numbers, y)


@pytest.mark.parametrize(
    "y",
    [
        ["yes", np.nan] * 30,
        ["yes", None] * 30,
        pd.Series(["yes", pd.NA] * 30, dtype="string"),
        pd.Series([True, None] * 30, dtype="boolean"),
        pa.array(["yes", None] * 30),
        [1.0, np.nan] * 30,
    ],
    ids=["nan among texts", "None", "string", "boolean", "Arrow", "numbers"],
)
@pytest.mark.parametrize("kind", [TableClassifier, TableRegressor])
def test_a_gap_in_y_is_told_and_is_no_class_of_its_own(kind: Any, y: Any) -> None:
    with pytest.raises(InputError, match=r"gap in 30 of 60 rows, the first in row 1: .* Leave these rows out"):
        kind(**QUICK).fit(X, y)


@pytest.mark.parametrize("gap", [np.nan, None])
def test_a_gap_in_a_list_of_texts_is_no_class_of_a_plain_network_either(gap: Any) -> None:
    with pytest.raises(ValueError, match="contains NaN"):
        MLPClassifier(max_iter=1).fit(np.zeros((60, 1)), ["yes", gap] * 30)


@pytest.mark.parametrize("kind", [TableClassifier, MLPClassifier])
def test_texts_beside_other_labels_are_refused_and_not_made_texts(kind: Any) -> None:
    with pytest.raises(InputError, match="y holds texts and other labels, such as 'yes' and 1"):
        kind().fit(np.zeros((60, 1)), ["yes", 1] * 30)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.linspace(0, 1, 60), "Unknown label type: continuous.* Take a TableRegressor"),
        ([datetime.date(2024, 1, 1 + k % 2) for k in range(60)], "y holds 2024-01-01. Write labels of the type date"),
        ([Decimal("1.5"), Decimal(2)] * 30, "y holds 1.5. Write labels of the type Decimal as texts"),
        ("colour", "y is the text 'colour'. Pass the values of that column, and leave it out of X"),
    ],
    ids=["fractions", "dates", "decimals", "a name"],
)
def test_what_is_no_label_is_refused_with_a_way_out(y: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        TableClassifier(**QUICK).fit(X, y)


def test_the_value_that_is_no_number_is_named_where_a_quantity_is_to_be_learnt() -> None:
    with pytest.raises(InputError, match="y holds 'many', and a regressor predicts numbers"):
        TableRegressor(**QUICK).fit(X, ["1", "many"] * 30)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (X["size"], r"X is a Series. Make it a frame: X.to_frame\(\)"),
        ({"size": [1.0] * 60}, r"X is a dict, and not a frame. Make it one: pandas.DataFrame\(X\)"),
        (X.to_dict("records"), r"X is a list of dictionaries, .* pandas.DataFrame\(X\)"),
        (X[["count"]].to_records(), r"X is a recarray, .* pandas.DataFrame\(X\)"),
        (X.assign(size=1e300), r"'size' holds '1e\+300' in row 0, where a number within ±1e\+100 belongs"),
        (
            X.assign(size=pd.Series([[1, 2]] * 60, dtype=object)),
            r"'size' holds '\[1, 2\]' in row 0 \(mixed\), which is not a number, a text",
        ),
        (pd.concat([X, X], axis=1), "the column name 'size' stands 2 times"),
    ],
    ids=["series", "dictionary", "records", "recarray", "huge", "lists", "a name twice"],
)
def test_what_is_no_table_is_refused_with_a_way_out(rows: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        TableClassifier(**QUICK).fit(rows, LABELS)


def test_a_time_budget_too_short_for_one_member_stops_it_early_and_says_so() -> None:
    clf = TableClassifier(3, hidden_layer_sizes=(8,), random_state=0, time_budget=1e-9).fit(X, LABELS)
    assert (clf.n_members_, len(clf.members_[0].values)) == (1, 1)
    (notice,) = [one for one in clf.notices_ if "time_budget" in one]
    assert re.match(r"time_budget has room for 1 of 3 members and 1 of 256 epochs: one epoch of", notice)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_a_frame_without_a_column_is_refused_at_prediction_and_the_model_stays(method: str) -> None:
    clf = fitted()
    with pytest.raises(TableError, match="The table has no column 'town', which the model was trained on"):
        getattr(clf, method)(X.drop(columns="town"))
    assert len(getattr(clf, method)(X)) == 60
