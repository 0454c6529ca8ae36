"""What a reader could guess in silence: each test states the right value of a cell, or what is said of it."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule.common.errors import TableError
from deltarule.tables import TableEncoder, read_table
from deltarule.tables.options import TableOptions
from deltarule.tables.table_run import TableTask, learn, prepare
from deltarule.tables.target_column import training_target

QUICK: dict[str, Any] = {"hidden_layer_sizes": (2,), "max_iter": 1}


def read(folder: Path, text: str) -> pd.DataFrame:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return read_table(folder / "t.csv")


def fitted(values: Any, name: str = "c", **options: Any) -> TableEncoder:
    table = pd.DataFrame({name: values})
    return TableEncoder.fit(table.assign(other=np.arange(len(table)) % 3), options=TableOptions(**options))


@pytest.mark.parametrize("text", ["x,y\n1,a\n\n2,b\n\n", "x,y\r\n1,a\r\n\r\n2,b\r\n", "x,y\n\n1,a\n2,b\n\n\n"])
def test_a_blank_line_between_rows_of_several_columns_is_no_row(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text)
    assert (table["x"].tolist(), table["y"].tolist()) == ([1, 2], ["a", "b"])


@pytest.mark.parametrize("again", ["x,y", " x , y ", '"x","y"', 'x, "y"'])
def test_a_header_in_the_middle_is_found_however_it_is_spaced_and_quoted(tmp_path: Path, again: str) -> None:
    with pytest.raises(TableError, match="line 3: the row repeats the names of the columns"):
        read(tmp_path, f"x,y\na,b\n{again}\nc,d\n")


@pytest.mark.parametrize(
    ("target", "other", "values"),
    [
        ("1,222 3,444 5,666", "0,5 1,25 2,5", [1.222, 3.444, 5.666]),  # by the decimals of the other column
        ("1.222 3.444 5.666", "0,5 1,25 2,5", [1222, 3444, 5666]),
        ("1,222 3,444 5,666", "0.5 1.25 2.5", [1222, 3444, 5666]),
    ],
)
def test_the_other_columns_tell_what_a_comma_in_the_target_means(
    tmp_path: Path, target: str, other: str, values: list[float]
) -> None:
    rows = "\n".join(f"{y};{x}" for y, x in zip(target.split(), other.split(), strict=True))
    found = training_target(read(tmp_path, f"y;x\n{rows}\n"), "y", "regress", TableOptions())
    assert found.values.tolist() == values


def test_a_comma_in_the_target_of_which_nothing_tells_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"Column 'y' holds numbers such as '1,222', which may be 1222 or 1\.222"):
        training_target(read(tmp_path, "y;x\n1,222;a\n3,444;b\n"), "y", "auto", TableOptions())


def test_the_target_tells_what_a_comma_in_another_column_means(tmp_path: Path) -> None:
    table = read(tmp_path, "y;x\n0,5;1,222\n1,25;3,444\n")
    assert TableEncoder.fit(table, without=["y"]).medians.tolist() == [pytest.approx(2.333)]


def test_how_a_target_is_written_is_said_as_of_any_other_column() -> None:
    found = training_target(pd.DataFrame({"y": ["$84,835.50", "$5", "7"]}), "y", "auto", TableOptions())
    assert found.values.tolist() == [84835.5, 5, 7]
    assert found.notices == ("Numbers written with ',' between thousands and the unit '$': 'y' ('$84,835.50').",)


def test_a_target_with_dots_between_thousands_stays_that_in_a_file_of_dots_only(tmp_path: Path) -> None:
    rows = [f"{n % 7},{n % 5};{1 + n % 8}.{500 + n}" for n in range(40)]
    table = read(tmp_path, "\n".join(["x;y", *rows, ""]))
    model = learn(prepare(table, TableTask("y")), QUICK).model
    (tmp_path / "new.csv").write_text("x;y\n1,5;2.500\n", encoding="utf-8")
    assert model.examples_of(read_table(tmp_path / "new.csv", as_text=model.as_text)).y.tolist() == [2500]


@pytest.mark.parametrize(
    ("labels", "gap"), [(["a", "b", "None"], "None"), (["0", "1", "?"], "?"), ([0, 1, -9], "-9"), ([0, 1, -9.0], "-9")]
)
def test_a_label_that_the_caller_calls_a_gap_is_one_in_training_and_later(labels: list[Any], gap: str) -> None:
    table = pd.DataFrame({"x": np.arange(30.0) % 7 / 3, "y": labels * 10})
    prepared = prepare(table, TableTask("y", options=TableOptions(gaps=(gap,))))
    assert len(np.unique(prepared.target.values)) == 2
    said = f"10 rows have no value in the target 'y' and are left out ({gap!r} in 10, first: row 2)."
    assert prepared.notices[0] == said
    examples = learn(prepared, QUICK).model.examples_of(table)
    assert (len(examples.y), examples.notices[0]) == (20, said)


def test_words_among_whole_numbers_of_a_target_are_counted_apart() -> None:
    found = training_target(pd.DataFrame({"y": ["0", "1", "?"] * 9}), "y", "auto", TableOptions())
    assert found.why == "classification: 'y' holds 2 different whole numbers and 1 other text"
    assert np.unique(found.values).tolist() == ["0", "1", "?"]


def test_labels_that_are_one_number_in_two_spellings_are_said() -> None:
    found = training_target(pd.DataFrame({"y": ["01", "1", "2"] * 9}), "y", "classify", TableOptions())
    assert "that are the same number, and count as different: '01' (9 rows), '1' (9 rows)" in found.notices[0]


@pytest.mark.parametrize(
    "dates",
    [
        pd.to_datetime,
        lambda days: pd.to_datetime(days, utc=True),
        lambda days: [date.fromisoformat(day) for day in days],
        lambda days: days,
    ],
    ids=["datetime64", "with a zone", "objects", "texts"],
)
def test_a_date_that_the_caller_calls_a_gap_is_one_whatever_holds_it(dates: Callable[[list[str]], Any]) -> None:
    encoder = fitted(dates(["2024-01-01", "1900-01-01", "2024-01-03"] * 4), gaps=("1900-01-01",))
    assert encoder.gaps == ("c",)
    assert encoder.medians[0] == 19724  # 2024-01-02


@pytest.mark.parametrize(
    ("stray", "said"),
    [
        ("1 234", "Numbers written with ' ' between thousands: 'c' ('1 234')."),
        ("1,222", "Numbers written with ',' between thousands: 'c' ('1,222')."),
        ("$5", "Numbers written with the unit '$': 'c' ('$5')."),
    ],
)
def test_the_example_in_a_notice_is_a_cell_that_shows_the_form(stray: str, said: str) -> None:
    assert said in fitted(["-0.5", "-1.25", "-2.75", stray]).notices


@pytest.mark.parametrize("cell", ["{}'11", "{}/80", "{}-9", "<{}", "{} ft 3 in"])
def test_many_words_that_begin_with_digits_are_said(cell: str) -> None:
    notices = fitted([cell.format(n % 13) for n in range(60)]).notices
    assert any("Cells that begin with digits, but are no numbers" in notice and "'c'" in notice for notice in notices)


def test_dates_without_a_zone_among_others_with_one_are_said() -> None:
    notices = fitted(["2024-01-01T10:00:00Z", "2024-01-02T10:00:00"] * 4).notices
    assert "Dates without a time zone among others that have one, taken for UTC: 'c' (4 rows)." in notices
    assert not any("without a time zone" in notice for notice in fitted(["2024-01-01T10:00", "2024-01-02"] * 4).notices)


@pytest.mark.parametrize(
    "values",
    [[n for n in range(30) if n != 7], [*range(9), None, *range(10, 30)], [n + n // 4 for n in range(30)]],
    ids=["a row taken out", "a gap", "every fifth row taken out"],
)
def test_row_numbers_of_a_table_that_lost_rows_are_dropped(values: list[Any]) -> None:
    for numbers in (values, values[::-1]):
        assert fitted(numbers).dropped == {"c": "row numbers"}
        assert "c" in fitted(numbers, keep=("c",)).kinds


def test_other_whole_numbers_that_rise_from_row_to_row_are_used_and_said() -> None:
    encoder = fitted([10 * n for n in range(30)])
    assert "c" in encoder.kinds
    said = "Whole numbers that rise or fall from each row to the next, as row numbers do (--drop leaves them out): 'c'."
    assert said in encoder.notices
    assert said not in fitted([10 * n for n in range(30)], keep=("c",)).notices
    assert said not in fitted([10 * (n % 29) for n in range(30)]).notices


def test_a_unit_is_no_row_number() -> None:
    assert "c" in fitted([f"{n} kg" for n in range(30)]).kinds


def test_a_target_of_too_few_numbers_to_hold_out_is_said_without_labels() -> None:
    notices = prepare(pd.DataFrame({"x": [1.5, 2.5], "y": [0.5, 1.5]}), TableTask("y")).notices
    assert notices[0] == "No row is held out: there are too few to split."


def test_weights_that_are_all_0_where_there_is_to_learn_are_refused() -> None:
    table = pd.DataFrame({"x": np.arange(30) % 4, "w": 0, "y": np.arange(30) % 2})
    with pytest.raises(TableError, match="The column of weights 'w' is 0 in all 24 rows to learn from"):
        prepare(table, TableTask("y", weight="w"))


def test_words_read_as_gaps_are_said_once_for_all_rows() -> None:
    cells = ["?" if n % 3 == 0 else f"{n % 7}.5" for n in range(35)]
    notices = prepare(pd.DataFrame({"x": cells, "y": np.arange(35) % 2}), TableTask("y")).notices
    assert [notice for notice in notices if "'?'" in notice] == [
        "Read as gaps, because the columns hold numbers or dates: 'x' ('?' in 12 rows)."
    ]
