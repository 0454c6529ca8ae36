"""The data summary."""

import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from deltarule.common.errors import ShapeError
from deltarule.reporting.columns import MOST_COLUMNS, Numbers, Words, columns_of, dense_rows, summary_of

TABLE = pd.DataFrame(
    {"size": [1.0, np.nan, 4.0], "day": pd.to_datetime(["2024-01-02", "NaT", "2024-01-02"]), "is": [True, False, True]},
    index=pd.Index([5, 6, 9], name="line"),
)


def test_numbers_are_summed_up_without_their_gaps() -> None:
    assert summary_of("size", list(TABLE["size"])) == Numbers("size", 1, 2.5, 1.5, 1.0, 4.0)


def test_dates_and_booleans_are_words_and_gaps_are_counted() -> None:
    assert summary_of("day", list(TABLE["day"])) == Words("day", 1, 1, "2024-01-02 00:00:00", 2)
    assert summary_of("is", list(TABLE["is"])) == Words("is", 0, 2, "True", 2)


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, pd.NaT, np.float32(np.nan)])
def test_every_kind_of_gap_is_one_and_the_word_nan_is_none(gap: Any) -> None:
    assert summary_of("x", [gap, "nan", "b", "b"]) == Words("x", 1, 2, "b", 2)


def test_a_column_of_gaps_has_no_figures() -> None:
    found = summary_of("x", [np.nan, None])
    assert isinstance(found, Numbers)
    assert found.gaps == 2
    assert np.isnan(found.mean)


def test_of_equally_common_words_the_first_in_the_alphabet_is_named() -> None:
    assert summary_of("x", ["b", "a"]) == Words("x", 0, 2, "a", 1)


def test_a_frame_gives_names_of_columns_and_rows() -> None:
    found = columns_of(np.zeros((3, 7)), TABLE)
    assert list(found.values) == ["size", "day", "is"]
    assert ([found.row_name(t) for t in range(3)], found.n_columns) == (["line 5", "line 6", "line 9"], 3)
    assert list(columns_of(TABLE).values) == ["size", "day", "is"]


def test_a_matrix_gets_names_and_only_its_first_columns_are_kept() -> None:
    X = np.arange(3 * 50.0).reshape(3, 50)
    for matrix in (X, csr_matrix(X)):
        found = columns_of(matrix)
        assert list(found.values) == [f"x_{j}" for j in range(1, MOST_COLUMNS + 1)]
        assert list(found.values["x_2"]) == [1.0, 51.0, 101.0]
        assert (found.row_name(2), found.n_columns) == ("row 2", 50)


def test_columns_are_not_copied_and_the_rest_takes_no_memory_for_each_row() -> None:
    table = pd.DataFrame({"x": np.arange(10**6), "y": np.arange(10**6) / 2})
    tracemalloc.start()
    found = columns_of(table, table)
    values = dict(found.row(999_999))
    assert tracemalloc.get_traced_memory()[1] < 10**6  # lists of them took 80 MB, and names of the rows 60
    tracemalloc.stop()
    assert (values, found.row_name(999_999)) == ({"x": 999_999, "y": 499_999.5}, "row 999999")
    summary = summary_of("x", found.values["x"])
    assert isinstance(summary, Numbers)
    assert (summary.gaps, summary.mean, summary.largest) == (0, 499_999.5, 999_999.0)


def test_a_table_of_other_rows_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"Column 'a' of the table has 2 rows, but X has 3\. Give the rows"):
        columns_of(np.zeros((3, 1)), {"a": [1, 2]})


def test_some_rows_of_a_frame_are_a_frame_and_of_a_sparse_matrix_an_array() -> None:
    assert list(dense_rows(TABLE, [2])["size"]) == [4.0]
    np.testing.assert_array_equal(dense_rows(csr_matrix(np.eye(3)), [1]), [[0, 1, 0]])
