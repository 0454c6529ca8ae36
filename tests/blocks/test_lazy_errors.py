"""What other libraries cannot compute is an error in the words of this one, with theirs behind it."""

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pytest

from deltarule.blocks.sources import Asked, source_of
from deltarule.common.errors import InputError

ASKED = Asked("y", is_coded=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "y": ["no", "yes", "no"]})
    frame.to_parquet(tmp_path / "0.parquet", index=False)
    return tmp_path / "0.parquet"


def read(given: Any) -> None:
    list(source_of(given, ASKED).chunks(source_of(given, ASKED).dtype))


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (pl.col("nothing") + 1, "ColumnNotFoundError: unable to find column"),
        (pl.col("y").cast(pl.Float64).alias("b"), "InvalidOperationError: conversion from"),
    ],
)
def test_a_plan_of_polars_that_fails_is_told(plan: Any, said: str, path: Path) -> None:
    with pytest.raises(InputError, match=rf"The lazy frame cannot be computed \({said}") as caught:
        read(pl.scan_parquet(path).with_columns(plan))
    assert isinstance(caught.value.__cause__, pl.exceptions.PolarsError)


def test_files_of_a_plan_or_a_dataset_that_are_gone_are_told(path: Path) -> None:
    frame, dataset = pl.scan_parquet(path), ds.dataset(path)
    path.unlink()
    for given in (frame, dataset):
        with pytest.raises(InputError, match=r"cannot be computed \(FileNotFoundError: .*0\.parquet"):
            read(given)


def test_a_relation_whose_connection_was_closed_is_told(path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    relation = connection.sql(f"select * from '{path}'")
    failing = duckdb.sql(f"select a, cast(y as int) as b, y from '{path}'")
    connection.close()
    for given, said in ((relation, "Connection has already been closed"), (failing, "Could not convert string")):
        with pytest.raises(InputError, match=f"The relation cannot be computed .*{said}"):
            read(given)


def test_an_error_of_a_function_of_the_user_stays_what_it_is(path: Path) -> None:
    def fail(column: Any) -> Any:
        raise ZeroDivisionError("of the user")

    frame = pl.scan_parquet(path).with_columns(pl.col("a").map_batches(fail, return_dtype=pl.Float64))
    with pytest.raises(ZeroDivisionError, match="of the user"):
        read(frame)


def test_labels_that_are_decimals_without_a_fraction_are_whole_numbers(path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.sql(f"select a, cast(a as decimal(9, 0)) as y from '{path}'")
    source: Any = source_of(relation, ASKED)
    (chunk,) = source.chunks(source.dtype)
    assert chunk.y.values == [1, 2, 3]
