"""What cells mean: no class deleted, no quantity turned into words, nothing guessed in silence."""

import datetime
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

from deltarule.common.errors import TableError
from deltarule.tables import TableEncoder, known_labels, read_table, training_labels
from deltarule.tables.meaning import meaning_of
from deltarule.tables.options import TableOptions
from deltarule.tables.reading import as_frame

SLEEP = ["None", "Insomnia", "Apnea"]


def read(folder: Path, text: str, name: str = "t.csv", **options: Any) -> pd.DataFrame:
    (folder / name).write_text(text, encoding="utf-8")
    return read_table(folder / name, **options)


def column(cells: list[str], name: str = "age") -> str:
    return "\n".join([f"{name},other", *(f"{cell},{n % 7}" for n, cell in enumerate(cells))]) + "\n"


def ages(stray: str) -> list[str]:
    return [*(str(20 + n % 60) for n in range(399)), stray]


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("word", ["None", "NA", "null", "nan", "N/A", "?", "unknown"])
def test_a_class_whose_name_looks_like_a_gap_is_a_class(tmp_path: Path, word: str, quote: str) -> None:
    rows = [f"{n % 11},{quote}{[word, *SLEEP[1:]][n % 3]}{quote}" for n in range(90)]
    table = read(tmp_path, "\n".join(["a,y", *rows, "5,", ""]))
    labels = training_labels(table, "y")
    assert np.unique(labels.values, return_counts=True)[1].tolist() == [30, 30, 30]
    assert word in labels.values
    assert any("1 row has no value in the target 'y'" in notice for notice in labels.notices)
    assert f"The target 'y' holds '{word}' in 30 rows, which is a label here" in labels.notices[1]
    assert known_labels(table, "y", np.unique(labels.values)).values.tolist() == labels.values.tolist()


@pytest.mark.parametrize(
    "stray", ["?", ".", "-", "\\N", "#DIV/0!", "#N/A", "unknown", "NA", "n.a.", "Missing", "--", "NULL"]
)
def test_a_mark_for_a_gap_among_numbers_is_a_gap_and_said(tmp_path: Path, stray: str) -> None:
    table = read(tmp_path, column(ages(stray)))
    encoder = TableEncoder.fit(table)
    assert encoder.names == ["age", "other", "age is missing"]
    assert f"'age' ({stray!r} in 1 row)" in encoder.notices[0]
    assert np.flatnonzero(encoder.transform(table)[:, 2] > 0).tolist() == [399]


@pytest.mark.parametrize("stray", ["<0.5", "x", "12 or 13", "inf", "1_000", "0x10", "1-2", "12;", "ca. 40", "true"])
def test_another_stray_among_numbers_is_an_error_with_two_ways_out(tmp_path: Path, stray: str) -> None:
    table = read(tmp_path, column(ages(stray)))
    with pytest.raises(TableError) as caught:
        TableEncoder.fit(table)
    assert str(caught.value) == (
        f"Column 'age' holds numbers in 399 of 400 rows, but something else in 1: {stray!r} in line 401. Correct the "
        f'cell, read it as gaps (--gaps "{stray}"), or use the column as words (--categories age).'
    )
    assert TableEncoder.fit(table, options=TableOptions(gaps=(stray,))).names == ["age", "other", "age is missing"]
    words = TableEncoder.fit(table, options=TableOptions(categories=("age",)))
    assert words.kinds["age"] == "category"


@pytest.mark.parametrize("share", [0.15, 0.5, 0.85])
def test_a_word_that_stands_again_and_again_among_measured_values_is_an_error_too(share: float) -> None:
    cells = ["<0.5" if n < share * 400 else f"{n / 7:.2f}" for n in range(400)]
    with pytest.raises(TableError, match=r"--gaps \"<0.5\".*--categories c"):
        TableEncoder.fit(pd.DataFrame({"c": cells}))
    codes = [["A", "B", "1", "2"][n % 4] for n in range(400)]
    encoder = TableEncoder.fit(pd.DataFrame({"c": codes}))
    assert encoder.notices == ("Numbers in some rows but words in others, so read as words: 'c' (200 numbers).",)


def test_a_number_can_be_asked_for_as_a_gap_whatever_holds_it() -> None:
    options = TableOptions(gaps=("-999", "?"))
    for values in ([1.5, -999, 3], ["1.5", "-999", "3"], pd.array([1.5, -999, 3], "Float64"), ["1.5", "?", "3"]):
        encoder = TableEncoder.fit(table := pd.DataFrame({"a": values}), options=options)
        assert encoder.names == ["a", "a is missing"]
        assert encoder.means[0] == pytest.approx(2.25)
        assert encoder.transform(table)[1].tolist() == encoder.transform(pd.DataFrame({"a": [-999]}))[0].tolist()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("−12", -12), ("1\u00a0222", 1222), ('"1,222"', 1222), ("1 222 333", 1_222_333), ("1'222", 1222),
        ("1’222.5", 1222.5), ("$1222", 1222), ("+12", 12), ("1e3", 1000), ("(12)", -12), ("１２", 12),
    ],
)  # fmt: skip
def test_a_number_that_is_written_otherwise_is_the_number(tmp_path: Path, cell: str, value: float) -> None:
    table = read(tmp_path, column(ages(cell)))
    encoder = TableEncoder.fit(table)
    X = encoder.transform(table) * encoder.deviations + encoder.means
    assert encoder.names == ["age", "other"]
    assert X[399, 0] == pytest.approx(value, rel=1e-12)
    assert X[0, 0] == pytest.approx(20, rel=1e-12)


@pytest.mark.parametrize("stray", ["dog", "<0.5", "12 kg"])
def test_a_word_in_a_column_of_numbers_is_an_error_at_prediction_too(tmp_path: Path, stray: str) -> None:
    encoder = TableEncoder.fit(read(tmp_path, column(ages("33"))))
    new = read(tmp_path, column(["1", "2", stray]), as_text=encoder.as_text)
    with pytest.raises(TableError, match=f"Column 'age' holds '{stray}' in line 4, where a finite number belongs"):
        encoder.transform(new)


def test_a_mark_for_a_gap_is_one_at_prediction_though_training_had_none(tmp_path: Path) -> None:
    encoder = TableEncoder.fit(read(tmp_path, column(ages("33"))))
    X, notices = encoder.encode(read(tmp_path, column(["?", "NA", ""])))
    assert X[:, 0].tolist() == [X[0, 0]] * 3
    assert notices[0] == "Read as gaps: 'age' ('?' in 1 row, 'NA' in 1 row)."


def test_the_form_of_training_holds_at_prediction(tmp_path: Path) -> None:
    encoder = TableEncoder.fit(read(tmp_path, "a;b\n1.234,50;1\n7,5;2\n9;1\n"))
    assert encoder.as_text == ["a"]
    X = encoder.transform(read(tmp_path, "a;b\n1.234;1\n", as_text=encoder.as_text))
    assert X[0, 0] * encoder.deviations[0] + encoder.means[0] == pytest.approx(1234)
    with pytest.raises(TableError, match=r"'1,234\.5' in line 2, where a finite number with ',' before the decimals"):
        encoder.transform(read(tmp_path, "a;b\n1,234.5;1\n", as_text=encoder.as_text))
    percent = TableEncoder.fit(pd.DataFrame({"p": ["4%", "5.5%"]}))
    with pytest.raises(TableError, match=r"'0.04' in row 0, where a finite number with the unit '%' belongs"):
        percent.transform(pd.DataFrame({"p": [0.04]}))


def test_dots_between_thousands_are_told_by_the_other_columns_of_the_file(tmp_path: Path) -> None:
    rows = "".join(f"{n % 9 + 1}.{n % 900 + 100};{n},5\n" for n in range(50))
    encoder = TableEncoder.fit(table := read(tmp_path, f"people;share\n{rows}"))
    X = encoder.transform(table) * encoder.deviations + encoder.means
    assert X[:, 0] == pytest.approx([1000 * (n % 9 + 1) + n % 900 + 100 for n in range(50)])
    assert encoder.as_text == ["people", "share"]
    rows = rows.replace(",", ".")
    assert read(tmp_path, f"people;share\n{rows}").dtypes.map(str).tolist() == ["float64", "float64"]


def test_a_comma_is_told_by_the_other_columns_of_the_file(tmp_path: Path) -> None:
    decimal = TableEncoder.fit(table := read(tmp_path, "a;b\n1,222;0,5\n2,333;1,75\n"))
    assert decimal.transform(table)[:, 0] == pytest.approx([-1, 1])
    assert decimal.means[0] == pytest.approx(1.7775)
    thousands = TableEncoder.fit(read(tmp_path, "a;b\n1,222;0.5\n2,333;1.75\n"))
    assert thousands.means[0] == pytest.approx(1777.5)
    for rows in ("a;b;c\n1,222;0,5;0.5\n2,333;1,5;2.5\n", "a;b\n1,222;1\n2,333;2\n"):
        with pytest.raises(TableError, match=r"may be 1222 or 1\.222, and the other columns do not tell"):
            TableEncoder.fit(read(tmp_path, rows))


def test_dates_of_two_orders_in_one_column_are_an_error_however_often_each(tmp_path: Path) -> None:
    cells = [f"{n % 28 + 1:02}/{n % 12 + 1:02}/2024" for n in range(200)] + ["12/31/2024"] * 60
    with pytest.raises(TableError, match=r"dates \(day, month, year\) in 2.. of 260 rows, but something else in"):
        TableEncoder.fit(read(tmp_path, column(cells, "d")))


def test_a_date_is_days_and_sine_and_cosine_of_what_comes_round_again() -> None:
    table = pd.DataFrame({"d": ["2024-01-01 06:00", "2024-04-02 18:00", None, "2024-07-03 00:00"]})
    encoder = TableEncoder.fit(table)
    assert encoder.names == [
        "d", "d is missing", "d: month (sine)", "d: month (cosine)", "d: weekday (sine)", "d: weekday (cosine)",
        "d: time (sine)", "d: time (cosine)",
    ]  # fmt: skip
    waves = encoder.transform(table)[:, 2:]
    week = 2 * np.pi / 7
    np.testing.assert_allclose(
        waves,
        [
            [0, 1, 0, 1, 1, 0],
            [1, 0, np.sin(week), np.cos(week), -1, 0],
            [0, 0, 0, 0, 0, 0],
            [0, -1, np.sin(2 * week), np.cos(2 * week), 0, 1],
        ],
        atol=1e-12,
    )


def test_dates_of_many_forms_are_the_days_that_they_say() -> None:
    days = [datetime.datetime(2023, 12, 28, 13, 5) + datetime.timedelta(days=n) for n in range(40)]
    truth = TableEncoder.fit(table := pd.DataFrame({"d": pd.to_datetime(days)})).transform(table)
    for form in (
        "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M", "%b %d, %Y %H:%M",
        "%d-%b-%y %H:%M", "%a, %d %b %Y %H:%M:%S GMT", "%B %d %Y %H:%M", "%Y-%m-%dT%H:%M:%S+00:00",
        "%d-%m-%Y %H:%M", "%m/%d/%y %H:%M",
    ):  # fmt: skip
        written = pd.DataFrame({"d": [day.strftime(form) for day in days]})
        np.testing.assert_allclose(TableEncoder.fit(written).transform(written), truth, atol=1e-9, err_msg=form)


def test_durations_are_days_and_are_told_from_numbers_at_prediction() -> None:
    table = pd.DataFrame({"t": pd.to_timedelta([1, 2, 3], unit="h")})
    encoder = TableEncoder.fit(table)
    assert encoder.notices == ("Durations, used as days: 't'.",)
    assert encoder.means[0] == pytest.approx(2 / 24)
    as_text = pd.DataFrame({"t": table["t"].astype(str)})
    np.testing.assert_allclose(encoder.transform(as_text), encoder.transform(table))
    numbers = TableEncoder.fit(pd.DataFrame({"t": [1.0, 2, 3]}))
    for strange in (table, table.astype(object), pd.DataFrame({"t": pd.to_datetime([1, 2], unit="s")}), as_text):
        with pytest.raises(TableError, match="where a finite number belongs"):
            numbers.transform(strange)
    for strange in (pd.DataFrame({"t": [1.0]}), pd.DataFrame({"t": [1]}, dtype=object), pd.DataFrame({"t": ["1"]})):
        with pytest.raises(TableError, match="where a duration belongs"):
            encoder.transform(strange)


@pytest.mark.parametrize(
    "numbering", [lambda m: range(1, m + 1), range, lambda m: range(1000, 1000 + m), lambda m: reversed(range(m)),
                  lambda m: np.random.default_rng(0).permutation(m) + 5, lambda m: [float(n) for n in range(m)]]
)  # fmt: skip
@pytest.mark.parametrize("name", ["Id", "whatever"])
def test_row_numbers_are_dropped_with_a_notice_and_kept_if_asked(name: str, numbering: Callable[[int], Any]) -> None:
    m = 150
    table = pd.DataFrame({name: list(numbering(m)), "a": np.arange(m) % 7, "y": np.arange(m) // 50})
    rows = np.random.default_rng(1).permutation(m)[:120]  # those that are learnt from do not run by one
    encoder = TableEncoder.fit(table, without=["y"], rows=rows.tolist())
    assert encoder.names == ["a"]
    assert encoder.dropped == {name: "row numbers"}
    assert encoder.notices == (
        f"Row numbers, which say nothing about new rows, so dropped (name them in keep to use them): {name!r}.",
    )
    assert encoder.encode(table.drop(columns=name))[1] == ()
    assert TableEncoder.fit(table, without=["y"], options=TableOptions(keep=(name,))).names == [name, "a"]


@pytest.mark.parametrize(
    "values",
    [
        range(9),
        [2 * n for n in range(50)],
        [n // 2 for n in range(50)],
        [n + 0.5 for n in range(50)],
        [n * n for n in range(50)],
    ],
)
def test_what_only_resembles_row_numbers_is_used(values: Any) -> None:
    assert TableEncoder.fit(pd.DataFrame({"a": list(values)})).kinds == {"a": "number"}


def test_a_first_column_without_a_name_is_an_index(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(100) % 7})
    frame.sample(30, random_state=0).to_csv(tmp_path / "sample.csv")
    frame.set_index(pd.Index([f"car {n}" for n in range(100)])).head(12).to_csv(tmp_path / "names.csv")
    frame.head(3).to_csv(tmp_path / "small.csv")
    pd.concat([frame, frame]).to_csv(tmp_path / "twice.csv")
    for name in ("sample", "names", "small", "twice"):
        encoder = TableEncoder.fit(read_table(tmp_path / f"{name}.csv"))
        assert encoder.names == ["a"], name
        assert "'Unnamed: 0'" in encoder.notices[0]
        assert encoder.encode(frame)[1] == ()


def test_labels_with_zeros_in_front_stay_as_they_stand(tmp_path: Path) -> None:
    table = read(tmp_path, column([f"{n % 12 + 1:02}" for n in range(60)], "y"))
    labels = training_labels(table, "y")
    assert labels.values[:3].tolist() == ["01", "02", "03"]
    assert known_labels(table, "y", np.unique(labels.values)).values.tolist() == labels.values.tolist()
    with pytest.raises(TableError, match=r"not trained on: '1'"):
        known_labels(read(tmp_path, column(["1"], "y")), "y", np.unique(labels.values))


def test_labels_that_look_alike_are_said(tmp_path: Path) -> None:
    table = read(tmp_path, column(["yes", "yes ", "Yes", "no"] * 5, "y"))
    labels = training_labels(table, "y")
    assert np.unique(labels.values).tolist() == ["Yes", "no", "yes"]
    assert labels.notices == (
        "The target 'y' has labels that differ in case, blanks or invisible marks only, and count as different: 'Yes' "
        "(5 rows), 'yes' (10 rows).",
    )
    frame = pd.DataFrame({"y": ["caf\u00e9", "cafe\u0301", "no\u200b", "no"] * 3})
    assert len(training_labels(frame, "y").notices) == 2
    with pytest.raises(TableError, match="'no' and 'NO' differ in case or blanks only: write them alike"):
        known_labels(pd.DataFrame({"y": ["NO"]}), "y", np.array(["no", "yes"]))


def test_booleans_of_a_file_are_booleans_only_where_they_are_written_as_python_does(tmp_path: Path) -> None:
    python, r = (read(tmp_path, column(cells * 5, "y")) for cells in (["True", "False"], ["TRUE", "FALSE"]))
    assert training_labels(python, "y").values.tolist() == [True, False] * 5
    assert training_labels(r, "y").values.tolist() == ["TRUE", "FALSE"] * 5
    assert known_labels(r, "y", np.array([False, True])).values.tolist() == [True, False] * 5


def test_numbers_asked_for_as_categories_are_the_same_words_in_every_file(tmp_path: Path) -> None:
    options = TableOptions(categories=("k",))
    training = read(tmp_path, column(["1", "2", "3"] * 3, "k"))
    encoder = TableEncoder.fit(training, options=options)
    assert encoder.categories == {"k": ("1", "2", "3")}
    with_gap = read(tmp_path, column(["1", "", "3"], "k"), as_text=encoder.as_text)
    with_word = read(tmp_path, column(["1.0", "x", "3"], "k"), as_text=encoder.as_text)
    for new in (with_gap, with_word):
        assert encoder.transform(new)[:, 1:].tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_columns_of_arrow_nullable_ones_and_polars_are_as_plain_ones() -> None:
    day = datetime.date(2024, 1, 31)
    plain = {
        "n": [1, None, 3], "f": [1.5, None, 2.0], "b": [True, None, False], "w": ["x", None, "y"],
        "d": [day, None, day + datetime.timedelta(days=40)], "t": [datetime.timedelta(1), None, datetime.timedelta(2)],
    }  # fmt: skip
    truth = TableEncoder.fit(pd.DataFrame(plain)).transform(pd.DataFrame(plain))
    arrow = pyarrow.table(plain)
    tables = [
        arrow, polars.DataFrame(plain), arrow.to_pandas(types_mapper=pd.ArrowDtype),
        pd.DataFrame(plain).convert_dtypes(), pd.DataFrame(plain).astype({"w": "str", "n": "Int64", "b": "boolean"}),
    ]  # fmt: skip
    for table in tables:
        encoder = TableEncoder.fit(table)
        assert [*encoder.kinds.values()] == ["number", "number", "boolean", "category", "date", "duration"]
        np.testing.assert_array_equal(encoder.transform(table), truth)
    decimals = pyarrow.table({"m": pyarrow.array([1, None, 3], pyarrow.decimal128(9, 2))})
    assert TableEncoder.fit(decimals.to_pandas(types_mapper=pd.ArrowDtype)).names == ["m", "m is missing"]
    with pytest.raises(TableError, match="A list is no table"):
        TableEncoder.fit([[1, 2]])  # type: ignore[arg-type]


def test_a_column_of_a_million_different_words_costs_seconds() -> None:
    words = pd.DataFrame({"w": [f"word {n}" for n in range(300_000)], "a": np.arange(300_000) % 5})
    start = time.perf_counter()
    assert TableEncoder.fit(words).dropped == {"w": "names"}
    assert time.perf_counter() - start < 20


def test_medians_means_and_words_come_from_the_rows_to_learn_from_and_forms_from_all() -> None:
    table = pd.DataFrame({"a": [1.0, 2, 9, 100], "w": ["x", "y", "x", "z"], "d": ["01/02/2024", "02/02/2024"] * 2})
    table.loc[3, "d"] = "31/03/2024"
    encoder = TableEncoder.fit(table, rows=[0, 1, 2])
    assert encoder.means[0] == 4
    assert encoder.medians[0] == 2
    assert encoder.categories == {"w": ("x", "y")}
    assert encoder.forms["d"].date == "day-first"
    assert encoder.forms["d"].parts == ("weekday",)


@pytest.mark.parametrize("kind", ["Int128", "UInt128"])
def test_whole_numbers_of_polars_that_arrow_does_not_have_are_numbers(kind: str) -> None:
    frame = polars.DataFrame({"n": polars.Series([1, None, 2**100], dtype=getattr(polars, kind)), "w": list("abc")})
    read = as_frame(frame)
    assert read["n"].dtype == np.float64
    assert read["n"].tolist()[::2] == [1.0, 2.0**100]
    assert np.isnan(read["n"][1])
    assert read["w"].tolist() == list("abc")


def test_complex_numbers_are_refused_and_are_no_words() -> None:
    with pytest.raises(TableError, match=r"Column 'z' holds '\(1\+2j\)' in row 0 \(complex\), which is not a number"):
        meaning_of(pd.Series([1 + 2j, 3 - 1j, 0j], name="z"), TableOptions())
