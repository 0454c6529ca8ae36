"""Files to tables: what is read, and what each broken file is told."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltarule.common.errors import TableError
from deltarule.tables import check_columns, read_table

QUOTE, QUOTES = '"', '""'


def written(folder: Path, data: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(TableError) as caught:
        read_table(path)
    return str(caught.value)


def test_csv_is_read_with_the_line_of_each_row(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, 'a,b\n1,x\n\n2,"two\nlines"\n3,z\n'))
    assert table["a"].tolist() == [1, 2, 3]
    assert table["b"].tolist() == ["x", "two\nlines", "z"]
    assert table.index.tolist() == [2, 4, 6]
    assert table.index.name == "line"


@pytest.mark.parametrize(
    ("late", "dtype"), [([], "int32"), ([2**40], "int64"), ([0.5], "float64"), ([2**40, ""], "float64")], ids=str
)
def test_whole_numbers_stay_what_they_are_whatever_comes_far_below(tmp_path: Path, late: list[Any], dtype: str) -> None:
    m = 200_000  # rows of more than a megabyte, which are read in several batches
    rows = [*range(m), *late, *range(m)]
    table = read_table(written(tmp_path, "a,b\n" + "".join(f"{value},x\n" for value in rows)))
    assert table["a"].dtype == dtype
    expected = np.array([np.nan if value == "" else value for value in rows], dtype=float)
    np.testing.assert_array_equal(table["a"].to_numpy(float), expected)


@pytest.mark.parametrize("text", ["a,b\r\n1,x\r\n", "\ufeffa,b\n1,x", "a , b\n1, x\n", "a,b\r1,x\r"])
def test_line_ends_a_byte_order_mark_and_blanks_after_commas_do_not_matter(tmp_path: Path, text: str) -> None:
    table = read_table(written(tmp_path, text))
    assert list(table.columns) == ["a", "b"]
    assert table.iloc[0].tolist() == [1, "x"]


def test_tsv_is_separated_by_tabs(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, "a\tb\n1,5\tx\n", "data.tsv")).iloc[0].tolist() == ["1,5", "x"]


def test_parquet_gives_the_table_of_the_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, np.nan, 3.0], "b": ["x", "y", None]})
    frame.to_parquet(tmp_path / "data.parquet")
    frame.to_csv(tmp_path / "data.csv", index=False)
    parquet, text = read_table(tmp_path / "data.parquet"), read_table(tmp_path / "data.csv")
    assert parquet.index.name == "row"
    pd.testing.assert_frame_equal(parquet.reset_index(drop=True), text.reset_index(drop=True))


def test_a_named_index_of_a_parquet_file_is_a_column(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2]}, index=pd.Index([7, 8], name="y")).to_parquet(tmp_path / "data.parquet")
    assert read_table(tmp_path / "data.parquet")["y"].tolist() == [7, 8]


def test_columns_asked_for_as_text_keep_their_zeros(tmp_path: Path) -> None:
    path = written(tmp_path, "code,n,zeros\n1.0,1.0,01\n2,2,2\n")
    table = read_table(path, as_text=["code", "absent"])
    assert table["code"].tolist() == ["1.0", "2"]
    assert table["n"].tolist() == [1, 2]
    assert table["zeros"].tolist() == ["01", "2"]


def test_every_digit_of_a_number_survives(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal(1000) * 10.0 ** np.arange(-50, 50).repeat(10)
    path = written(tmp_path, "x\n" + "\n".join(repr(float(value)) for value in values))
    assert np.array_equal(read_table(path)["x"].to_numpy(), values)


def test_a_quoted_field_without_text_is_a_word_an_empty_one_a_gap_and_a_blank_line_no_row(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, 'x\na\n""\n\n   \n2\n'))
    assert table["x"].tolist() == ["a", "", "2"]
    assert table.index.tolist() == [2, 3, 6]
    table = read_table(written(tmp_path, 'x,y\na,""\n, "" \n"  ",  \n"""",""""""\n"a,"" ,b",""","""\n'))
    assert table["x"].fillna("gap").tolist() == ["a", "gap", "", '"', 'a," ,b']
    assert table["y"].fillna("gap").tolist() == ["", "", "gap", '""', '","']


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6), st.integers(-9, 9)), min_size=1
    )
)
def test_rows_in_are_rows_out_in_order_whatever_the_text(tmp_path: Path, rows: list[tuple[str, int]]) -> None:
    path = tmp_path / "data.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([("text", "number"), *rows])
    assert read_table(path)["number"].tolist() == [number for _, number in rows]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path / "no.csv").endswith("no.csv does not exist. Give the path of a table (CSV or Parquet).")


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert "cannot be read (Is a directory)" in complaint(tmp_path / "folder.csv")


def test_another_suffix_names_those_that_fit(tmp_path: Path) -> None:
    assert "ends in '.xlsx'" in (message := complaint(written(tmp_path, "a", "data.xlsx")))
    assert ".csv, .tsv, .parquet, .pq" in message


@pytest.mark.parametrize("text", ["", "\n", "  \n\n"])
def test_an_empty_file_is_called_empty(tmp_path: Path, text: str) -> None:
    assert "is empty. A table has one line of column names" in complaint(written(tmp_path, text))


def test_a_header_alone_has_no_row(tmp_path: Path) -> None:
    assert "has 3 columns but no row below their names" in complaint(written(tmp_path, "a,b,c\n"))


def test_a_row_with_too_few_fields_is_named_with_both_counts(tmp_path: Path) -> None:
    message = complaint(written(tmp_path, "a,b,c\n1,2,3\n\n4,5\n"))
    assert "line 4: the row has 2 fields, but the header names 3 columns. Add 1" in message


def test_a_row_with_too_many_fields_is_named_with_both_counts(tmp_path: Path) -> None:
    message = complaint(written(tmp_path, 'a,b,c\n"1\n1",2,3\n4,5,6,7,8\n'))
    assert "line 4: the row has 5 fields, but the header names 3 columns. Take out 2" in message


def test_a_quote_that_never_ends_is_named_with_the_line_where_it_begins(tmp_path: Path) -> None:
    assert "line 3: the row cannot be read" in complaint(written(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n7,8\n'))


@pytest.mark.parametrize("last", ['1, "', '1, "x', '1,  "x y', ' "', '"x'])
def test_a_quote_that_is_never_closed_is_refused_whatever_blanks_stand_before_it(tmp_path: Path, last: str) -> None:
    names = "a,b" if "," in last else "a"
    assert "line 2: the row cannot be read" in complaint(written(tmp_path, f"{names}\n{last}"))
    assert "line 2: the row cannot be read" in complaint(written(tmp_path, f"{names}\r{last}"))


def test_a_byte_that_is_not_utf8_is_named_with_line_and_remedy(tmp_path: Path) -> None:
    message = complaint(written(tmp_path, "a,b\n1,x\n2,caf\xe9\n".encode("latin1")))
    assert "is not UTF-8: line 3 holds the byte 0xe9 at place 6" in message
    assert "iconv -f latin1 -t utf-8" in message


def test_utf16_is_told_its_own_remedy(tmp_path: Path) -> None:
    assert "iconv -f utf-16" in complaint(written(tmp_path, "a,b\n1,2\n".encode("utf-16")))


def test_columns_of_the_same_name_are_named(tmp_path: Path) -> None:
    assert "the column name 'a' stands 2 times. Give every column" in complaint(written(tmp_path, "a,b,a\n1,2,3\n"))


def test_a_first_line_of_values_is_recognised(tmp_path: Path) -> None:
    assert "'5.1' stands 2 times. This looks like a value" in complaint(written(tmp_path, "5.1,2,5.1\n1,2,3\n"))


def test_a_column_without_a_name_is_counted(tmp_path: Path) -> None:
    assert "column 2 of 3 has no name" in complaint(written(tmp_path, "a,,b\n1,2,3\n"))


def test_a_first_column_without_a_name_gets_the_one_that_pandas_gives_it(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, ",a\n0,1\n"))["Unnamed: 0"].tolist() == [0]
    assert "column 1 of 2 has no name" in complaint(written(tmp_path, ",Unnamed: 0\n0,1\n"))


def test_unreadable_parquet_says_so(tmp_path: Path) -> None:
    pd.DataFrame({"a": range(100)}).to_parquet(tmp_path / "whole.parquet")
    cut = written(tmp_path, (tmp_path / "whole.parquet").read_bytes()[:-20], "cut.parquet")
    assert "cannot be read as Parquet" in complaint(cut)


def test_a_missing_column_is_answered_with_the_closest_names() -> None:
    table = pd.DataFrame(columns=["alpha", "beta", "spices", "specie", *"abcdefgh"])
    with pytest.raises(TableError, match=re.escape("no column 'species', which is the target. It has 12: ")) as caught:
        check_columns(table, ["species"], "is the target")
    assert re.search(r"It has 12: 'spec?i[ce]e?s?', 'sp", str(caught.value))
    assert str(caught.value).count("'") == 2 * 9  # the missing one and eight that are there
    assert "and 4 more" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "mark", "columns"),
    [
        ("quotes.csv", '"age";"job"\n30;"none"\n', ";", {"age": [30], "job": ["none"]}),
        ("decimals.csv", "a;b;c\n1,5;2;x\n", ";", {"a": ["1,5"], "b": [2], "c": ["x"]}),
        ("commas_in_names.csv", "price, EUR;weight;y\n1;2;x\n", ";", {"price, EUR": [1], "weight": [2], "y": ["x"]}),
        ("bars.csv", 'a|b\n1|"x"\n2,5|z\n', "|", {"a": ["1", "2,5"], "b": ["x", "z"]}),
        ("tabs.csv", "\na\tb\r\n1,5\tx\r\n", "\t", {"a": ["1,5"], "b": ["x"]}),
        ("commas.tsv", 'a,b\n1,"2\t3"\n', ",", {"a": [1], "b": ["2\t3"]}),
        ("semicolon_in_a_name.csv", "a;b,c\n1,2\n", ",", {"a;b": [1], "c": [2]}),
    ],
)
def test_the_separator_is_the_one_that_fits_every_row(
    tmp_path: Path, name: str, text: str, mark: str, columns: dict[str, list[object]]
) -> None:
    table = read_table(written(tmp_path, text, name))
    assert table.to_dict("list") == columns
    assert table.attrs["separator"] == mark


def test_a_row_that_no_separator_fits_is_told_by_the_likelier_one(tmp_path: Path) -> None:
    message = complaint(written(tmp_path, "a;b;c\n1;2;3\n1;2\n"))
    assert "line 3: the row has 2 fields, but the header names 3 columns. Add 1" in message
    assert "a field that holds a semicolon goes in quotes" in message


def test_a_ragged_table_whose_names_hold_other_marks_is_ragged(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a|b,c;d,e\n1,2\n")
    with pytest.raises(TableError, match="line 2: the row has 2 fields, but the header names 3 columns"):
        read_table(tmp_path / "t.csv")


def test_blanks_around_fields_do_not_count_quoted_or_not(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, 'x,n\nyes,1\n yes ,2 \n"yes " , "3"\n\u00a0yes\u00a0,\u00a04\n'))
    assert table["x"].tolist() == ["yes"] * 4
    assert table["n"].tolist() == [1, 2, 3, 4]


def test_a_field_of_two_hundred_thousand_characters_is_read_and_the_limit_of_csv_is_put_back(tmp_path: Path) -> None:
    before = csv.field_size_limit(100_000)
    long = "x," * 100_000
    assert read_table(written(tmp_path, f'a,b\n1,"{long}"\n'))["b"].tolist() == [long]
    assert "line 2: the row has 100002 fields" in complaint(written(tmp_path, f"a,b\n1,{long}\n"))
    assert csv.field_size_limit(before) == 100_000


def test_a_header_in_the_middle_of_a_file_is_named_by_its_line(tmp_path: Path) -> None:
    for again in ("a,b", '"a","b"'):
        for header in ("a,b", '"a","b"'):
            message = complaint(written(tmp_path, f"{header}\n1,2\n{again}\n3,4\n"))
            assert "line 3: the row repeats the names of the columns" in message
    assert read_table(written(tmp_path, "y\ny\nn\n"))["y"].tolist() == ["y", "n"]


@pytest.mark.parametrize("odd", ["x", "007", "NA", "1,5", '""'])
def test_a_column_that_is_no_numbers_only_far_down_is_text_from_its_first_row(tmp_path: Path, odd: str) -> None:
    rows = 60_000
    fields = "".join(f"{n}.0,{n}\n" for n in range(rows))
    table = read_table(written(tmp_path, f"a,b\n{fields}{odd if odd == QUOTES else f'{QUOTE}{odd}{QUOTE}'},5\n"))
    assert table["a"].tolist() == [*(f"{n}.0" for n in range(rows)), odd.strip('"')]
    assert table["b"].tolist() == [*range(rows), 5]
    assert table.index.tolist() == list(range(2, rows + 3))


def test_whole_numbers_fractions_and_gaps_are_numbers_however_they_are_mixed(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "a,b,c,d,e\n1,1,,5000000000,-0.5\n2,1.5,,2,+1e-05\n3,,,3,.5\n"))
    assert table.dtypes.map(lambda dtype: dtype.kind).tolist() == ["i", "f", "f", "i", "f"]
    assert table["d"].tolist() == [5_000_000_000, 2, 3]
    assert table["e"].tolist() == [-0.5, 1e-5, 0.5]


@pytest.mark.parametrize("text", ["9" * 30, "1e400", "1_000", "0x10", "inf", "nan", "1 2", "１"])
def test_what_is_no_plain_number_stays_as_it_is_written(tmp_path: Path, text: str) -> None:
    assert read_table(written(tmp_path, f"a\n1\n{text}\n"))["a"].tolist() == ["1", text]


@pytest.mark.parametrize("end", ["", "x"])
def test_a_quote_between_commas_inside_a_quoted_field_is_no_empty_field(tmp_path: Path, end: str) -> None:
    for field in (',",', 'a,",b', ',",",', ',",,",', 'a,",b,",c'):
        doubled = field.replace('"', '""')
        table = read_table(written(tmp_path, f'one,two\n"{doubled}",{end}\n'), as_text=["one", "two"])
        assert table["one"].tolist() == [field]
        assert [None if pd.isna(text) else text for text in table["two"]] == [end or None]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(*[st.text(st.sampled_from('ab "",;\n\r\t1é'), max_size=5)] * 2), min_size=1, max_size=6),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_whatever_is_written_by_csv_is_read_without_the_blanks_around_it(
    tmp_path: Path, rows: list[tuple[str, str]], quoting: Any, end: str
) -> None:
    path = tmp_path / "data.csv"
    end = end if quoting == csv.QUOTE_ALL else "\r\n"  # csv leaves other line ends without quotes
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=quoting, lineterminator=end).writerows([("one", "two"), *rows])
    table = read_table(path, as_text=["one", "two"])
    gap = "" if quoting == csv.QUOTE_ALL else None
    expected = [[field.strip() or gap for field in row] for row in rows]
    got = [[None if pd.isna(field) else field for field in row] for row in table.itertuples(index=False)]
    blank_but_quoted = quoting == csv.QUOTE_MINIMAL
    assert [[field or (None if blank_but_quoted else "") for field in row] for row in got] == expected
