"""Tables to X: numbers, categories, booleans, dates and gaps."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltarule.common.errors import TableError
from deltarule.tables import TableEncoder, read_table


def test_numbers_are_standardised() -> None:
    X = TableEncoder.fit(table := pd.DataFrame({"a": [1, 2, 3, 10], "b": [0.5, 0.25, -1, 8]})).transform(table)
    assert X.dtype == np.float64
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(X.std(axis=0), 1, rtol=1e-15)


def test_a_gap_becomes_the_median_and_one_more_column_says_where_it_was() -> None:
    encoder = TableEncoder.fit(table := pd.DataFrame({"a": [1.0, np.nan, 2.0, 9.0]}))
    assert encoder.names == ["a", "a is missing"]
    X = encoder.transform(table)
    median = encoder.transform(pd.DataFrame({"a": [2.0]}))
    assert X[1, 0] == median[0, 0]
    assert X[1, 1] > 0 > X[0, 1] == X[2, 1] == X[3, 1]


def test_a_gap_that_training_did_not_have_becomes_the_median() -> None:
    encoder = TableEncoder.fit(pd.DataFrame({"a": [1.0, 2.0, 9.0]}))
    assert encoder.transform(pd.DataFrame({"a": [np.nan]})) == encoder.transform(pd.DataFrame({"a": [2.0]}))


def test_a_category_is_one_hot_and_an_unseen_one_is_all_zeros() -> None:
    encoder = TableEncoder.fit(pd.DataFrame({"c": ["red", "blue", "red"]}))
    assert encoder.names == ["c=blue", "c=red"]
    new = pd.DataFrame({"c": ["red", "green", "blue", None]})
    assert encoder.transform(new).tolist() == [[0, 1], [0, 0], [1, 0], [0, 0]]


def test_a_missing_category_is_one_of_its_own_if_training_had_it() -> None:
    encoder = TableEncoder.fit(pd.DataFrame({"c": ["red", None, "blue"]}))
    assert encoder.names == ["c=blue", "c=red", "c is missing"]
    assert encoder.transform(pd.DataFrame({"c": [np.nan, "red"]})).tolist() == [[0, 0, 1], [0, 1, 0]]


def test_booleans_are_categories_also_with_gaps() -> None:
    encoder = TableEncoder.fit(pd.DataFrame({"b": [True, False, None]}))
    assert encoder.kinds == {"b": "boolean"}
    assert encoder.transform(pd.DataFrame({"b": ["TRUE", "false"]})).tolist() == [[0, 1, 0], [1, 0, 0]]


def test_dates_are_days_in_text_and_in_parquet() -> None:
    days = ["2024-01-01", "2024-01-03", "2024-01-11T12:00:00"]
    as_text = pd.DataFrame({"d": days})
    as_dates = pd.DataFrame({"d": pd.to_datetime(days, format="ISO8601")})
    encoder = TableEncoder.fit(as_text)
    assert encoder.kinds == {"d": "date"}
    assert encoder.notices == (
        "Dates, used as days since 1970-01-01, with weekday and time of day as sine and cosine: 'd' "
        "('2024-01-11T12:00:00').",
    )
    assert np.array_equal(encoder.transform(as_text), TableEncoder.fit(as_dates).transform(as_dates))
    X = encoder.transform(as_text)[:, 0]
    assert (X[2] - X[0]) / (X[1] - X[0]) == pytest.approx(10.5 / 2)


def test_decimals_are_numbers_and_pandas_categories_are_categories() -> None:
    table = pd.DataFrame({"n": [Decimal("1.5"), Decimal("2.5")], "c": pd.Categorical([1, 2])})
    assert TableEncoder.fit(table).kinds == {"n": "number", "c": "category"}


def test_nullable_columns_of_pandas_are_as_plain_ones() -> None:
    plain = pd.DataFrame({"a": [1.0, np.nan, 3.0], "b": [True, False, None]})
    nullable = pd.DataFrame({"a": pd.array([1, None, 3], "Int64"), "b": pd.array([True, False, None], "boolean")})
    assert np.array_equal(TableEncoder.fit(plain).transform(plain), TableEncoder.fit(nullable).transform(nullable))


def test_constant_and_empty_columns_are_dropped_with_a_notice() -> None:
    table = pd.DataFrame({"a": [1, 2], "b": [5, 5], "c": ["x", "x"], "d": [np.nan, np.nan], "e": [None, None]})
    encoder = TableEncoder.fit(table)
    assert encoder.names == ["a"]
    assert encoder.notices == ("No value in any row, so dropped: 'd', 'e'.", "One value only, so dropped: 'b', 'c'.")


def test_a_constant_with_gaps_says_where_the_gaps_are() -> None:
    assert TableEncoder.fit(pd.DataFrame({"a": [5, np.nan]})).names == ["a", "a is missing"]


def test_texts_that_name_the_rows_are_dropped_with_a_notice() -> None:
    table = pd.DataFrame({"id": [f"r{n}" for n in range(30)], "a": [n // 2 for n in range(30)]})
    encoder = TableEncoder.fit(table)
    assert encoder.names == ["a"]
    assert "'id'" in encoder.notices[0]


def test_no_column_left_is_an_error_that_says_why() -> None:
    with pytest.raises(TableError, match="No column is left to learn from: One value only, so dropped: 'a'"):
        TableEncoder.fit(pd.DataFrame({"a": [1, 1], "y": [0, 1]}), without=["y"])


def test_columns_are_found_by_name_and_others_are_passed_over() -> None:
    table = pd.DataFrame({"a": [1, 2, 4], "c": ["x", "y", "x"], "unused": [7, 7, 7]})
    encoder = TableEncoder.fit(table)
    other = pd.DataFrame({"more": ["?"] * 3, "c": table["c"], "a": table["a"]})
    assert np.array_equal(encoder.transform(other), encoder.transform(table))


def test_missing_columns_are_named() -> None:
    encoder = TableEncoder.fit(pd.DataFrame({"a": [1, 2], "b": [1, 2], "c": [1, 3]}))
    with pytest.raises(TableError, match=r"no column 'a', 'c', which the model was trained on. It has 2: 'A', 'b'"):
        encoder.transform(pd.DataFrame({"A": [1], "b": [2]}))


def test_text_where_numbers_were_is_named_with_column_value_and_line(tmp_path: Path) -> None:
    encoder = TableEncoder.fit(pd.DataFrame({"age": [1, 2]}))
    (tmp_path / "new.csv").write_text("age\n3\nforty\nfifty\n")
    with pytest.raises(TableError, match=r"'age' holds 'forty' in line 3, where a finite number belongs .2 such"):
        encoder.transform(read_table(tmp_path / "new.csv"))


@pytest.mark.parametrize(
    ("value", "fits"), [(np.inf, "finite number"), (-np.inf, "finite number"), (-1e200, r"number within ±1e\+100")]
)
def test_numbers_beyond_all_measure_are_refused(value: float, fits: str) -> None:
    with pytest.raises(TableError, match=rf"Column 'a' holds .* in row 1, where a {fits} belongs"):
        TableEncoder.fit(pd.DataFrame({"a": [1.0, value]}))


def test_words_where_dates_were_are_refused() -> None:
    encoder = TableEncoder.fit(pd.DataFrame({"d": ["2024-01-01", "2024-01-02"]}))
    with pytest.raises(TableError, match="'d' holds 'soon' in row 0, where a date belongs"):
        encoder.transform(pd.DataFrame({"d": ["soon"]}))


def test_lists_in_cells_are_refused() -> None:
    with pytest.raises(TableError, match="which is not a number, a text, a boolean, a date or a duration"):
        TableEncoder.fit(pd.DataFrame({"a": [[1, 2], [3]]}))


def test_a_category_of_digits_is_the_same_in_a_file_that_has_no_letters(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("c\n01\nx\n")
    (tmp_path / "new.csv").write_text("c\n01\n")
    encoder = TableEncoder.fit(read_table(tmp_path / "train.csv"))
    new = read_table(tmp_path / "new.csv", as_text=encoder.as_text)
    assert encoder.transform(new).tolist() == [[1, 0]]


cells = {
    "number": st.none() | st.floats(-1e6, 1e6).map(lambda value: round(value, 3)),
    "whole": st.none() | st.integers(-5, 5),
    "word": st.none() | st.sampled_from(["a", "b", "ü", "a b", "1"]),
    "boolean": st.none() | st.booleans(),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.fixed_dictionaries(cells), min_size=2, max_size=12), seed=st.integers(0, 99))
def test_each_row_is_encoded_by_itself_and_finite(rows: list[dict[str, object]], seed: int) -> None:
    table = pd.DataFrame(rows)
    try:
        encoder = TableEncoder.fit(table)
    except TableError:
        return  # nothing but constants
    X = encoder.transform(table)
    assert X.shape == (len(rows), len(encoder.names))
    assert np.isfinite(X).all()
    order = np.random.default_rng(seed).permutation(len(rows))
    np.testing.assert_array_equal(encoder.transform(table.iloc[order]), X[order])


def test_words_that_training_did_not_have_are_counted_and_named_by_column() -> None:
    training = pd.DataFrame({"sex": ["male", "female"] * 3, "n": range(6), "yes": [True, False] * 3})
    encoder = TableEncoder.fit(training)
    assert encoder.encode(training)[1] == ()
    new = training.assign(sex=["MALE", np.nan, "male", "FEMALE", "MALE", "x"], yes=["true"] * 5 + ["maybe"])
    X, notices = encoder.encode(new)
    assert np.array_equal(X, encoder.transform(new))
    assert notices == (
        "'sex' holds what the model does not know in 4 of 6 rows ('MALE', 'FEMALE', 'x'). It knows 'female', 'male'.",
        "'yes' holds what the model does not know in 1 of 6 rows ('maybe'). It knows 'false', 'true'.",
    )


def test_columns_that_are_empty_but_were_not_in_training_are_named_in_one_notice() -> None:
    training = pd.DataFrame(
        {"a": [1.0, 2, 3], "d": ["2024-01-01"] * 2 + [None], "c": ["x", "y", None], "b": 3 * [None]}
    )
    encoder = TableEncoder.fit(training)
    new = training.assign(a=np.nan, d=None, c=None)
    assert encoder.encode(new)[1] == ("Empty in every row, but not in training: 'a', 'd', 'c'.",)
    assert encoder.encode(new.assign(a=[np.nan, 1, np.nan], c=["x", np.nan, "y"], d=training["d"]))[1] == ()
