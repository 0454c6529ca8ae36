"""Any table, whatever is in it: rows in are rows out, in order, or an error says what is wrong."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from deltarule.common.errors import TableError
from deltarule.tables import TableEncoder, known_labels, read_table, training_labels
from strange_tables import check_file, check_frames, check_labels, files, frames

few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@few
@given(frames())
def test_any_frame_is_encoded_row_by_row_or_refused(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    check_frames(tables)


@few
@given(frames())
def test_any_column_is_labels_or_refused(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    check_labels(tables)


@few
@given(files())
def test_any_file_is_a_table_or_refused(tmp_path: Path, data: bytes) -> None:
    check_file(tmp_path / "table.csv", data)


def test_columns_without_a_name_of_their_own_are_refused() -> None:
    numbers = np.arange(6.0).reshape(2, 3)
    with pytest.raises(TableError, match="column name 'a' stands 2 times"):
        TableEncoder.fit(pd.DataFrame(numbers, columns=["a", "b", "a"]))
    with pytest.raises(TableError, match=r"a column has the name 0 \(int\), but names are texts. Rename the columns"):
        TableEncoder.fit(pd.DataFrame(numbers))
    with pytest.raises(TableError, match="column 2 of 3 has no name"):
        TableEncoder.fit(pd.DataFrame(numbers, columns=["a", "", "b"]))
    encoder = TableEncoder.fit(pd.DataFrame(numbers, columns=["a", "b", "c"]))
    with pytest.raises(TableError, match="has the column 'b' more than once"):
        encoder.transform(pd.DataFrame(np.hstack([numbers, numbers]), columns=list("abcbde")))
    twice_but_not_used = pd.DataFrame(np.hstack([numbers, numbers]), columns=list("abcddd"))
    assert encoder.transform(twice_but_not_used).shape == (2, 3)


def test_a_target_that_is_there_twice_is_refused() -> None:
    with pytest.raises(TableError, match="has the column 'y' more than once"):
        training_labels(pd.DataFrame([[0, 1], [1, 0]], columns=["y", "y"]), "y")


def test_ten_thousand_columns_are_encoded() -> None:
    generator = np.random.default_rng(0)
    table = pd.DataFrame(generator.standard_normal((30, 10_000)), columns=[f"c{n}" for n in range(10_000)])
    X = TableEncoder.fit(table).transform(table)
    truth = table.to_numpy()
    np.testing.assert_allclose(X, (truth - truth.mean(axis=0)) / truth.std(axis=0), rtol=1e-9, atol=1e-12)


def test_of_a_category_with_very_many_values_the_frequent_ones_are_kept_with_a_notice() -> None:
    words = [f"rare {n}" for n in range(100_000)] + [f"often {n % 150}" for n in range(150_000)]
    encoder = TableEncoder.fit(pd.DataFrame({"c": words}))
    assert len(encoder.names) == 200
    assert {f"often {n}" for n in range(150)} <= set(encoder.categories["c"])
    assert encoder.notices == (
        "More values than the 200 that are used, of which the rarer ones count as unknown: 'c' (100150).",
    )
    X = encoder.transform(pd.DataFrame({"c": ["often 7", "rare 99999", "never seen", None]}))
    assert X.sum(axis=1).tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("spread", [5e-324, 1e-310, 1e-200, 1e-30, 1e90])
def test_a_column_of_any_spread_is_finite_for_any_new_value(spread: float) -> None:
    table = pd.DataFrame({"a": [0.0, spread, 2 * spread, 0.0]})
    encoder = TableEncoder.fit(table)
    assert np.isfinite(encoder.transform(table)).all()
    assert np.isfinite(encoder.transform(pd.DataFrame({"a": [1e100, -1e100]}))).all()
    if spread > 1e-200:
        np.testing.assert_allclose(encoder.transform(table).std(axis=0), 1, rtol=1e-12)


def test_dates_of_all_centuries_are_days() -> None:
    table = pd.DataFrame({"d": ["0001-01-01", "1970-01-02", "9999-12-31"]})
    encoder = TableEncoder.fit(table)
    assert encoder.medians.tolist() == [1.0]
    days = encoder.transform(table)[:, 0] * encoder.deviations + encoder.means
    np.testing.assert_allclose(days, [-719162, 1, 2932896], atol=1e-6)


def test_a_number_of_four_hundred_digits_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n" + "9" * 400 + "\n")
    with pytest.raises(TableError, match=r"Column 'a' holds '9{40}' in line 3, where a finite number belongs"):
        TableEncoder.fit(read_table(tmp_path / "t.csv"))


def test_gaps_in_the_target_are_left_out_of_the_labels_and_counted() -> None:
    table = pd.DataFrame({"y": [None, "a", "b", None, "a"]})
    labels = training_labels(table, "y")
    assert (labels.values.tolist(), labels.rows.tolist()) == (["a", "b", "a"], [1, 2, 4])
    assert labels.notices == ("2 rows have no value in the target 'y' and are left out (first: row 0).",)
    assert known_labels(table, "y", np.array(["a", "b"])).rows.tolist() == [1, 2, 4]
