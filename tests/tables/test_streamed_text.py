"""Text files that are read part by part are the tables that `read_table` reads whole: types, gaps and refusals."""

import gzip
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from deltarule import MLPClassifier, TableRows
from deltarule.common.errors import InputError, TableError
from deltarule.tables import TableEncoder, read_table
from deltarule.tables.options import TableOptions
from deltarule.tables.streamed.frames import Frames
from deltarule.tables.streamed.text_files import text_files_of
from deltarule.tables.streamed.text_rows import TextRows, about_text
from deltarule.tables.target_column import training_target
from raw_tables import M, raw, same_encoder
from strange_tables import files

pytestmark = pytest.mark.usefixtures("cache", "small_buffers")
DAY_FIRST = TableOptions(dates="day-first")


@pytest.fixture(autouse=True)
def parts_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltarule.blocks.sources.arrow_rows.BATCH_ROWS", 800)
    monkeypatch.setattr("deltarule.tables.records._BATCH", 1 << 15)


def rows_in(given: Any, as_text: tuple[str, ...] = ()) -> TextRows:
    files = text_files_of(given)
    assert files is not None
    return TextRows(files, as_text)


def whole(path: Any, as_text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the rows of a file that is read part by part as one frame."""
    frames = Frames(rows_in(path, as_text))
    parts = [part for _, part in frames.read(frames.names)]
    assert sum(map(len, parts)) == len(frames)
    return pd.concat(parts)


def as_csv(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False)


def as_tsv(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False, sep="\t")


def as_german(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False, sep=";", decimal=",")


def with_blank_lines_and_quotes(path: Path, table: pd.DataFrame) -> None:
    lines = table.to_csv(index=False, quoting=1).splitlines()
    lines[40:40] = ["", "   "]
    lines.append("")
    path.write_text("﻿" + "\r\n".join(lines), newline="")


@pytest.mark.parametrize(
    ("name", "write", "target"),
    [
        ("a.csv", as_csv, "y"),
        ("a.tsv.gz", as_tsv, "z"),
        ("a.csv", as_german, "z"),
        ("a.csv", with_blank_lines_and_quotes, "y"),
    ],
)
def test_columns_mean_what_they_mean_when_the_file_is_read_whole(
    name: str, write: Callable[[Path, pd.DataFrame], None], target: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    write(path, raw())
    table = read_table(path)
    pd.testing.assert_frame_equal(whole(path), table)
    rows = TableRows.learn(path, target, weight="w", options=DAY_FIRST)
    encoder = TableEncoder.fit(table, without=[target, "w"], options=DAY_FIRST)
    same_encoder(encoder, rows.encoder)
    expected = training_target(table, target, "auto", DAY_FIRST)
    assert rows.target is not None
    assert rows.target.why == expected.why
    assert rows.notices == (*expected.notices, *rows.encoder.notices)
    assert len(rows) == M
    found = [chunk.X for chunk in rows.like(path).source_for(None).chunks(np.dtype(np.float64))]  # type: ignore[arg-type]
    np.testing.assert_allclose(np.concatenate(found), encoder.transform(table), rtol=1e-8, atol=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_classifier_learns_a_text_file_and_predicts_another(tmp_path: Path, cache: Path) -> None:
    as_csv(tmp_path / "a.csv", raw())
    rows = TableRows.learn(tmp_path / "a.csv", "y", options=DAY_FIRST)
    given: dict[str, Any] = {"solver": "lbfgs", "max_iter": 20, "random_state": 0}
    fitted = MLPClassifier((8,), **given).fit(rows)
    table = read_table(tmp_path / "a.csv")
    in_memory = MLPClassifier((8,), **given).fit(rows.encoder.transform(table), table["y"].to_numpy(dtype=str))
    np.testing.assert_array_equal(fitted.theta_, in_memory.theta_)
    assert len(list(cache.glob("*.rows"))) == 1
    as_csv(tmp_path / "b.csv", raw(seed=1).drop(columns="y"))
    expected = fitted.predict(rows.encoder.transform(read_table(tmp_path / "b.csv")))
    np.testing.assert_array_equal(fitted.predict(rows.like(tmp_path / "b.csv")), expected)


def test_words_such_as_01_stay_as_written_in_rows_to_predict(tmp_path: Path) -> None:
    codes = ["01", "02", "x"] * 100
    pd.DataFrame({"code": codes, "y": ["a", "b", "b"] * 100}).to_csv(tmp_path / "a.csv", index=False)
    rows = TableRows.learn(tmp_path / "a.csv", "y")
    pd.DataFrame({"code": ["01", "02"]}).to_csv(tmp_path / "b.csv", index=False)
    (chunk,) = rows.like(tmp_path / "b.csv").source_for(None).chunks(np.dtype(np.float64))  # type: ignore[arg-type]
    table = read_table(tmp_path / "b.csv", as_text=["code"])
    np.testing.assert_array_equal(chunk.X, rows.encoder.transform(table))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(files())
def test_any_file_is_read_or_refused_as_it_is_whole(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    try:
        expected = read_table(path)
    except TableError as error:
        with pytest.raises(TableError, match=re.escape(str(error))):
            rows_in(path)
    else:
        pd.testing.assert_frame_equal(whole(path), expected)


@pytest.mark.parametrize(
    "lines",
    [
        ["1,2"] * 5000 + ["1,2,3"],
        ["1,2"] * 5000 + ["a,b"],
        ["1,2"] * 5000 + ['1,"2'],
        ["1,2"] * 5000 + ["1,\udcff"],
        [],
    ],
)
def test_what_is_wrong_far_down_is_told_with_its_line_as_in_memory(lines: list[str], tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes("\n".join(["a,b", *lines]).encode(errors="surrogateescape"))
    with pytest.raises(TableError) as in_memory:
        read_table(path)
    with pytest.raises(TableError) as part_by_part:
        TableRows.learn(path, "b")
    assert str(part_by_part.value) == str(in_memory.value)


def test_a_cell_that_does_not_fit_is_told_with_its_line(tmp_path: Path) -> None:
    lines = ["1,x", "", *["2,y", "3,x"] * 3000]
    lines[4001] = "cheap,y"
    (tmp_path / "a.csv").write_text("\n".join(["price,y", *lines]))
    with pytest.raises(TableError, match="something else in 1: 'cheap' in line 4003"):
        TableRows.learn(tmp_path / "a.csv", "y")
    lines[4001] = "3,"
    (tmp_path / "a.csv").write_text("\n".join(["price,y", *lines]))
    notices = TableRows.learn(tmp_path / "a.csv", "y").notices
    assert "1 row has no value in the target 'y' and is left out (first: line 4003)" in notices[0]


def test_a_file_that_is_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    as_csv(path, raw())
    rows = rows_in(path)
    batches = rows.batches(["size"])
    next(batches)
    with path.open("a") as file:
        file.write("\n")
    with pytest.raises(TableError, match=r"a\.csv was changed while it was read"):
        list(batches)
    path.unlink()
    with pytest.raises(TableError, match=r"a\.csv cannot be read any more"):
        list(rows.batches(["size"]))


def test_files_that_are_no_text_or_are_several_are_told_what_fits(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 1000)[:-9])
    with pytest.raises(TableError, match="cannot be decompressed"):
        rows_in(tmp_path / "a.csv.gz")
    with pytest.raises(TableError, match=r"none\.csv does not exist"):
        TableRows.learn(tmp_path / "none.csv", "y")
    for source in (str(tmp_path / "a.csv"), tmp_path):
        with pytest.raises(InputError, match=r"TableRows\.learn\(path, target\) (also )?reads"):
            MLPClassifier().fit(source, "y")


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_the_size_of_a_file_is_told_from_its_beginning(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltarule.tables.streamed.text_rows._SOME_BYTES", 1 << 17)
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(10_000, 5)), columns=list("abcde"))
    table.to_csv(tmp_path / f"a{ending}", index=False)
    bytes_, rows, columns = about_text(tmp_path / f"a{ending}")
    assert columns == 5
    share = 0.2 if ending == ".csv.gz" else 0.05  # gzip reads 128 KB ahead of what it gives
    assert rows == pytest.approx(10_000, rel=share)
    assert bytes_ == pytest.approx(len(table.to_csv(index=False)), rel=share)


PASSES = """
import resource, sys
from deltarule import TableRows
def learn(path):
    for chunk in TableRows.learn(path, "v").like(path).source_for(None).chunks("float32"):
        pass
learn(sys.argv[1])  # what pandas and Arrow load for the first file does not count
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
learn(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(30_000, 6)).round(5)
    table = pd.DataFrame(numbers, columns=list("abcdef")).assign(v=rng.choice(["yes", "no"], 30_000))
    table.to_csv(tmp_path / "small.csv", index=False)
    table.to_csv(tmp_path / "large.csv", index=False)
    for _ in range(4):
        table.to_csv(tmp_path / "large.csv", index=False, mode="a", header=False)
    paths = [str(tmp_path / name) for name in ("small.csv", "large.csv")]
    assert (tmp_path / "large.csv").stat().st_size > 8e6
    printed = subprocess.run([sys.executable, "-c", PASSES, *paths], check=True, capture_output=True, text=True).stdout
    assert int(printed) < 4 << 10  # the file has 9 MB, and as a frame more


def divided(folder: Path, table: pd.DataFrame) -> list[Path]:
    """Write a table as four files: with tabs, with semicolons, compressed, and with its columns in another order."""
    folder.mkdir()
    parts = [table.iloc[rows] for rows in np.array_split(np.arange(len(table)), 4)]
    as_csv(folder / "1.csv", parts[0])
    as_tsv(folder / "2.tsv.gz", parts[1].assign(more=1))
    parts[2].to_csv(folder / "3.csv", index=False, sep=";")
    as_csv(folder / "4.csv", parts[3][parts[3].columns[::-1]])
    return sorted(folder.iterdir())


def test_several_files_are_the_table_that_they_would_be_as_one(tmp_path: Path) -> None:
    table = raw()
    table["late"] = ["1"] * (M - 700) + ["word"] * 700  # numbers in all files but the last
    table["code"] = ["01"] + ["2"] * (M - 1)
    table["wide"] = [1] * (M - 1) + [2**40]
    as_csv(tmp_path / "all.csv", table)
    files = divided(tmp_path / "parts", table)
    expected = read_table(tmp_path / "all.csv").reset_index(drop=True)
    for source in (files, tmp_path / "parts", str(tmp_path / "parts" / "*sv*")):
        frame = whole(source)
        assert frame.index[-1] == len(table) // 4 + 1  # the last line of its own file
        pd.testing.assert_frame_equal(frame.reset_index(drop=True), expected)
    rows = TableRows.learn(tmp_path / "parts", "y", weight="w", options=DAY_FIRST)
    of_one = TableRows.learn(tmp_path / "all.csv", "y", weight="w", options=DAY_FIRST)
    same_encoder(of_one.encoder, rows.encoder)
    assert rows.notices == of_one.notices
    assert [rows.frames.rows.position(row) for row in (0, 749, 750, M - 1)] == [
        (str(files[0]), 2), (str(files[0]), 751), (str(files[1]), 2), (str(files[3]), 751)
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_several_files_train_the_model_of_one(solver: str, tmp_path: Path) -> None:
    table = raw().drop(columns="name")
    as_csv(tmp_path / "all.csv", table)
    divided(tmp_path / "parts", table)
    given: dict[str, Any] = {"solver": solver, "max_iter": 5, "random_state": 0}
    one, several = (
        MLPClassifier((8,), **given).fit(TableRows.learn(tmp_path / name, "y", options=DAY_FIRST))
        for name in ("all.csv", "parts")
    )
    np.testing.assert_array_equal(one.theta_, several.theta_)


def test_numbers_with_thousands_in_one_file_are_read_as_in_a_file_of_all(tmp_path: Path) -> None:
    lines = [["1.234", "2.500"], ["3,5", "7.125"]]
    for name, rows in [("a", lines[:1]), ("b", lines[1:]), ("all", lines)]:
        (tmp_path / f"{name}.csv").write_text("\n".join(["p;q", *(";".join(row) for row in rows)]))
    together = whole([tmp_path / "a.csv", tmp_path / "b.csv"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(together, read_table(tmp_path / "all.csv").reset_index(drop=True))
    assert together["q"].tolist() == ["2.500", "7.125"]


def test_what_does_not_fit_in_one_of_several_files_is_told_with_its_name(tmp_path: Path) -> None:
    for n in range(1, 13):
        names = "size,label" if n != 7 else "sice,label"
        (tmp_path / f"{n:02}.csv").write_text(names + "\n1,a\n2,b\n" * 3 if n == 7 else f"{names}\n" + "1,a\n2,b\n" * 3)
    seventh = tmp_path / "07.csv"
    with pytest.raises(TableError, match=r"07\.csv has no column 'size', which .*01\.csv has\. It has 2: 'sice', 'lab"):
        TableRows.learn(tmp_path, "label")
    seventh.write_text("size,label\n1,a\ncheap,b\n" + "2,b\n" * 9)
    with pytest.raises(TableError, match=r"'cheap' in line 3 of .*07\.csv\. Correct them"):
        TableRows.learn(tmp_path, "label")
    seventh.write_text("size,label\n1,a\n2,\n")
    (notice,) = TableRows.learn(tmp_path, "label").notices
    assert f"(first: line 3 of {seventh})" in notice
    seventh.write_text("size,label\n1,a,3\n")
    with pytest.raises(TableError, match=r"07\.csv, line 2: the row has 3 fields"):
        TableRows.learn(tmp_path, "label")
    seventh.write_bytes(b"")
    with pytest.raises(TableError, match=r"07\.csv is empty"):
        TableRows.learn(tmp_path, "label")
    seventh.write_bytes(b"size,label\n1,\xff\n")
    with pytest.raises(TableError, match=r"07\.csv is not UTF-8: line 2"):
        TableRows.learn(tmp_path, "label")
    seventh.write_text("size,label\n")  # a file without rows is a file of 0 rows
    rows = TableRows.learn(tmp_path, "label")
    assert len(rows) == 66
    (tmp_path / "12.csv").write_text("size,label\n9,a\n")
    with pytest.raises(TableError, match=r"12\.csv was changed while it was read"):
        list(rows.frames.read(["size"]))


def test_files_of_two_kinds_and_folders_without_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"The folder .* holds no table"):
        TableRows.learn(tmp_path, "y")
    as_csv(tmp_path / "a.csv", raw(50))
    raw(50).to_parquet(tmp_path / "b.parquet")
    for source in (tmp_path, str(tmp_path / "*"), [tmp_path / "b.parquet", tmp_path / "a.csv"]):
        with pytest.raises(TableError, match=r"a\.csv is a text file, but .*b\.parquet is not"):
            TableRows.learn(source, "y")
    with pytest.raises(InputError, match="matches no file"):
        TableRows.learn(str(tmp_path / "*.tsv"), "y")
