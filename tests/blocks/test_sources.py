"""Every source gives the same rows, and says of bad ones which file, column and row it is."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from deltarule import Blocks
from deltarule.blocks.sources import Asked, is_dask, is_source, parquet, source_of
from deltarule.blocks.sources.arrow_rows import batch_rows
from deltarule.blocks.sources.held_out import ChosenRows
from deltarule.blocks.sources.source import Coded
from deltarule.common.errors import InputError, ShapeError

FLOAT64 = np.dtype(np.float64)
ASKED = Asked("y", is_coded=True)


def table(rows: int = 100, first: int = 0) -> pd.DataFrame:
    numbers = np.arange(first, first + rows)
    return pd.DataFrame({"a": numbers / 7, "b": numbers, "y": np.where(numbers % 3, "no", "yes")})


def write(folder: Path, frame: pd.DataFrame, name: str = "1.parquet", **more: Any) -> Path:
    path = folder / name
    frame.to_parquet(path, index=False, **more)
    return path


def rows_of(source: Any) -> tuple[Any, list[Any]]:
    chunks = list(source.chunks(FLOAT64))
    labels = [chunk.y.values[place] for chunk in chunks for place in chunk.y.places]
    return np.concatenate([chunk.X for chunk in chunks]), labels


def of_polars(path: Path) -> Any:
    return pl.scan_parquet(path)


def of_arrow(path: Path) -> Any:
    return ds.dataset(path)


def of_duckdb(path: Path) -> Any:
    duckdb = pytest.importorskip("duckdb")
    return duckdb.read_parquet(str(path))


def of_blocks(path: Path) -> Any:
    frame = pd.read_parquet(path)
    return Blocks.from_arrays(frame[["a", "b"]].to_numpy(), frame["y"].to_numpy(dtype=str), block_rows=7)


SOURCES: list[Callable[[Path], Any]] = [str, Path, lambda path: [path], of_polars, of_arrow, of_duckdb, of_blocks]


@pytest.mark.parametrize("make", SOURCES)
def test_every_source_gives_the_same_rows_in_the_same_order(make: Callable[[Path], Any], tmp_path: Path) -> None:
    path = write(tmp_path, table())
    given = make(path)
    assert is_source(given)
    source = source_of(given, ASKED)
    X, labels = rows_of(source)
    np.testing.assert_array_equal(X, table()[["a", "b"]])
    assert labels == table()["y"].tolist()
    assert (source.rows, source.n_features, source.dtype) == (100, 2, FLOAT64)
    np.testing.assert_array_equal(rows_of(source)[0], X)  # again


@pytest.mark.parametrize("given", [np.ones((2, 2)), [[1.0]], [], pd.DataFrame(), pl.DataFrame(), None, 3])
def test_what_is_in_memory_is_no_source(given: Any) -> None:
    assert not is_source(given)


def test_folders_and_patterns_are_read_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path, table(50, 50), "2.parquet")
    write(tmp_path, table(50), "1.parquet")
    write(tmp_path / "deep", table(20, 100), "3.parquet")
    for given, rows in ((tmp_path, 120), (str(tmp_path / "*.parquet"), 100), (str(tmp_path / "**/*.parquet"), 120)):
        source = source_of(given, ASKED)
        assert source.rows == rows
        np.testing.assert_array_equal(np.sort(rows_of(source)[0][:, 1]), np.arange(rows))
    np.testing.assert_array_equal(rows_of(source_of(str(tmp_path / "*.parquet"), ASKED))[0][:, 1], np.arange(100))


def test_codes_of_dictionaries_may_differ_between_row_groups_and_files(tmp_path: Path) -> None:
    for name, labels in (("1", ["x", "y", "y"]), ("2", ["y", "z", "x"])):
        column = pa.chunked_array([pa.array(labels[:2]).dictionary_encode(), pa.array(labels[2:]).dictionary_encode()])
        pq.write_table(pa.table({"a": [1.0, 2.0, 3.0], "y": column}), tmp_path / f"{name}.parquet", row_group_size=2)
    assert rows_of(source_of(tmp_path, ASKED))[1] == ["x", "y", "y", "y", "z", "x"]


def test_numbers_of_different_types_in_files_are_numbers(tmp_path: Path) -> None:
    write(tmp_path, table().astype({"b": "int8"}), "1.parquet")
    write(tmp_path, table().astype({"b": "float32"}), "2.parquet")
    write(tmp_path, table().astype({"b": "float64"})[["y", "b", "a"]], "3.parquet")  # in another order
    np.testing.assert_array_equal(rows_of(source_of(tmp_path, ASKED))[0], np.tile(table()[["a", "b"]], (3, 1)))


@pytest.mark.parametrize(("dtypes", "dtype"), [(["float32"] * 2, "float32"), (["float32", "float64"], "float64")])
def test_x_is_float32_only_where_every_column_of_every_file_is(dtypes: list[str], dtype: str, tmp_path: Path) -> None:
    for name, one in zip("12", dtypes, strict=True):
        write(tmp_path, table().astype({"a": one, "b": "float32"}), f"{name}.parquet")
    assert source_of(tmp_path, ASKED).dtype == dtype


def test_a_giant_row_group_is_read_in_slices_with_a_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(parquet, "GIANT_ROWS", 1000)
    monkeypatch.setattr("deltarule.blocks.sources.arrow_rows.BATCH_ROWS", 128)
    path = write(tmp_path, table(1000), row_group_size=1000)
    with caplog.at_level(logging.INFO, "deltarule"):
        source = source_of(path, ASKED)
    assert "holds 1000 rows in one row group" in caplog.text
    assert max(len(chunk.X) for chunk in source.chunks(FLOAT64)) == 128


def seven_of_twelve(tmp_path: Path) -> Any:
    for n in range(1, 13):
        write(tmp_path, table().drop(columns="b") if n == 7 else table(), f"{n:02}.parquet")
    return tmp_path


def text_among(tmp_path: Path) -> Any:
    write(tmp_path, table(), "1.parquet")
    return [tmp_path / "1.parquet", write(tmp_path, table().astype({"b": "str"}), "2.parquet")]


def other_labels(tmp_path: Path) -> Any:
    write(tmp_path, table(), "1.parquet")
    return [tmp_path / "1.parquet", write(tmp_path, table().assign(y=1), "2.parquet")]


def no_parquet(tmp_path: Path) -> Any:
    (tmp_path / "1.parquet").write_text("a,b,y\n1,2,no\n")
    return tmp_path / "1.parquet"


def cut_short(tmp_path: Path) -> Any:
    path = write(tmp_path, table())
    path.write_bytes(path.read_bytes()[:-100])
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            seven_of_twelve,
            r"07\.parquet has no column 'b', which .*01\.parquet has. It has 2: 'a', 'y'. Give all files",
        ),
        (text_among, r"column 'b' of .*2\.parquet holds (large_)?string, but the network takes numbers"),
        (other_labels, r"'y' holds string in .*1\.parquet, but int64 in .*2\.parquet"),
        (lambda path: path, "The folder .* holds no"),
        (lambda path: str(path / "*.parquet"), "matches no file"),
        (lambda path: path / "none.parquet", "There is no file"),
        (no_parquet, "cannot be read as Parquet"),
        (cut_short, "cannot be read as Parquet"),
        (lambda path: write(path, table(0)), "holds no row"),
        (lambda path: write(path, table().drop(columns=["a", "b"])), "no column besides 'y'"),
        (lambda path: write(path, table().rename(columns={"y": "yes"})), "has no column 'y'. It has 3: 'yes'"),
        (lambda path: pl.scan_parquet(write(path, table())).filter(pl.col("b") < 0), "The lazy frame holds no row"),
        (lambda path: pl.scan_parquet(write(path, table())).drop("y"), "The lazy frame has no column 'y'"),
        (lambda path: pl.scan_parquet(write(path, table().assign(a="x"))), "'a' of the lazy frame holds"),
    ],
)
def test_a_source_that_does_not_fit_is_refused_before_rows_are_read(
    make: Callable[[Path], Any], message: str, tmp_path: Path
) -> None:
    given = make(tmp_path)
    with pytest.raises(InputError, match=message):
        source_of(given, ASKED)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": [None if row == 42 else 1.0 for row in range(100)]}, r"'a' has a gap in row 42 of .*1\.parquet"),
        ({"y": [None if row == 7 else "x" for row in range(100)]}, r"'y' has a gap in row 7 of .*1\.parquet"),
    ],
)
def test_a_gap_is_told_with_its_column_file_and_row(change: Any, message: str, tmp_path: Path) -> None:
    write(tmp_path, table(), "0.parquet")
    write(tmp_path, table().assign(**change), "1.parquet")
    with pytest.raises(InputError, match=message):
        rows_of(source_of(tmp_path, ASKED))


def test_batches_of_very_wide_tables_have_fewer_rows() -> None:
    assert [batch_rows(columns) for columns in (0, 10, 64, 1000, 10**6)] == [65_536, 65_536, 65_536, 4194, 1024]


def test_a_relation_of_duckdb_may_have_any_names_and_decimals(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    write(tmp_path, table())
    names = """a / 3 AS "a ""b"" c", b::DECIMAL(9, 2) AS B, y"""
    relation = duckdb.sql(f"SELECT {names} FROM read_parquet('{tmp_path}/*.parquet') WHERE b < 50")
    source = source_of(relation, ASKED)
    assert (source.names, source.rows, source.fingerprint) == (('a "b" c', "B"), 50, None)
    for _ in range(2):
        X, labels = rows_of(source)
        np.testing.assert_allclose(X, table(50)[["a", "b"]] / [3, 1], rtol=1e-15)
        assert labels == table(50)["y"].tolist()
    with pytest.raises(InputError, match="The relation has no column 'z'"):
        source_of(relation, Asked("z", is_coded=True))
    with pytest.raises(InputError, match="The relation holds no row"):
        source_of(relation.filter("B < 0"), ASKED)


def test_blocks_whose_parts_differ_are_refused() -> None:
    def load(index: int) -> Any:
        return np.ones((2, 1)), np.ones(2), np.ones(2) if index else None

    with pytest.raises(ShapeError, match=r"Block 1 has y of the shape .* and weights, other than block 0"):
        list(source_of(Blocks.from_function(load, [2, 2]), Asked()).chunks(FLOAT64))


def test_rows_of_blocks_are_told_by_block_and_row() -> None:
    source = source_of(Blocks.from_arrays(np.ones((10, 1)), np.ones(10), block_rows=4), Asked())
    assert [source.place(row) for row in (0, 3, 4, 9)] == [
        f"row {row} of block {block}" for row, block in ((0, 0), (3, 0), (0, 1), (1, 2))
    ]


def test_held_out_rows_and_the_rest_are_all_rows_each_once() -> None:
    X = np.arange(5000.0)[:, np.newaxis]
    sizes = []
    for block_rows in (77, 5000):
        source = source_of(Blocks.from_arrays(X, X[:, 0] % 5, block_rows=block_rows), ASKED)
        parts = [ChosenRows(source, 0.1, 3, keeps) for keeps in (False, True)]
        found = [rows_of(part) for part in parts]
        assert [len(rows) for rows, _ in found] == [part.rows for part in parts]
        np.testing.assert_array_equal(np.sort(np.concatenate([rows for rows, _ in found])[:, 0]), X[:, 0])
        for rows, labels in found:
            np.testing.assert_array_equal(rows[:, 0] % 5, labels)
        assert parts[1].place(2) == source.place(int(found[1][0][2, 0]))
        sizes.append(found[1][0])
    np.testing.assert_array_equal(*sizes)  # however the rows are cut
    assert abs(len(sizes[0]) - 500) < 5 * np.sqrt(5000 * 0.1 * 0.9)


def test_collections_of_dask_are_known_without_dask() -> None:
    made = type("DataFrame", (), {"__module__": "dask.dataframe.core"})()
    assert is_dask(made)
    assert not is_dask(table())


def test_labels_keep_their_types() -> None:
    for labels in (["a", "b"], [1, 2], [True, False], [0.5, 1.5]):
        source = source_of(Blocks.from_arrays(np.ones((2, 1)), labels), ASKED)
        (chunk,) = source.chunks(FLOAT64)
        assert isinstance(chunk.y, Coded)
        assert [type(chunk.y.values[0]), sorted(chunk.y.values)] == [type(labels[0]), sorted(labels)]
