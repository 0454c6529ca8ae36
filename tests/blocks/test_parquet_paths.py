"""What paths stand for: folders that say columns, files that are passed over, and bytes that were changed in place."""

import io
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deltarule import MLPClassifier, TableRows
from deltarule.blocks.sources import Asked, Reopened, rows_of, source_of
from deltarule.blocks.sources.parquet import ParquetFiles
from deltarule.common.errors import InputError

pytestmark = pytest.mark.usefixtures("cache", "runs_may_end_early")


def table(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 2)), columns=["a", "b"])
    return frame.assign(y=np.where(frame["a"] > 0, "yes", "no"))


def write(frame: pd.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)
    return path


def read(given: Any, *columns: str) -> pa.Table:
    return pa.Table.from_batches(rows_of(given).batches(columns))


def test_names_of_folders_are_columns_as_hive_writes_them(tmp_path: Path) -> None:
    for n, (year, country) in enumerate([(2023, "D%20E"), (2024, "__HIVE_DEFAULT_PARTITION__"), (2024, "FR")]):
        write(table(10 + n, n), tmp_path / f"year={year}" / f"country={country}" / "0.parquet")
    for given in (tmp_path, tmp_path / "*" / "*" / "*.parquet", tmp_path / "**" / "*.parquet"):
        rows = rows_of(given)
        assert [str(field.type) for field in rows.schemas[0][1]][-2:] == ["int64", "string"]
        found = read(given, "country", "a", "year").to_pydict()
        assert found["year"] == [2023] * 10 + [2024] * 23
        assert found["country"] == ["D E"] * 10 + ["FR"] * 12 + [None] * 11  # in the order of names
        assert read(given, "year").num_rows == 33  # no column of the files at all
    with pytest.raises(InputError, match=r"'country' of .* holds string, but the network takes numbers"):
        source_of(tmp_path, Asked("y", is_coded=True))
    assert TableRows.learn(tmp_path, "y").encoder.kinds["year"] == "number"
    alone = next(tmp_path.rglob("*.parquet"))
    assert rows_of(alone).schemas[0][1].names == ["a", "b", "y"]  # who names a file means the file


def test_a_column_that_files_hold_is_read_from_them_and_not_from_their_folder(tmp_path: Path) -> None:
    write(table(4).assign(part=7.5), tmp_path / "part=1" / "0.parquet")
    write(table(4), tmp_path / "part=2" / "0.parquet")
    found = [batch.column("part").to_pylist() for batch in rows_of(tmp_path).batches(["part"])]
    assert found == [[7.5] * 4, [2] * 4]


def test_labels_may_be_names_of_folders(tmp_path: Path) -> None:
    for label in ("no", "yes"):
        frame = table()
        write(frame[frame["y"] == label].drop(columns="y"), tmp_path / f"y={label}" / "0.parquet")
    clf = MLPClassifier((), solver="lbfgs", max_iter=50).fit(tmp_path, "y")
    assert clf.classes_.tolist() == ["no", "yes"]
    assert clf.score(tmp_path, "y") > 0.95


def test_what_systems_leave_in_folders_is_passed_over(tmp_path: Path) -> None:
    expected = write(table(), tmp_path / "data" / "0.parquet")
    (tmp_path / "data" / "_SUCCESS").touch()
    for name in ("._0.parquet", "_temporary/1.parquet", ".hidden/2.parquet"):
        (tmp_path / "data" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "data" / name).write_bytes(b"not whole")
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "data" / "9.parquet")  # opening it would wait for a writer
    rows: Any = rows_of(tmp_path / "data")
    assert rows.files == (expected,)
    assert len(TableRows.learn(tmp_path / "data", "y")) == 60


def test_a_file_without_rows_says_nothing_of_types(tmp_path: Path) -> None:
    pd.DataFrame({name: pd.Series([], dtype=object) for name in "aby"}).to_parquet(tmp_path / "0.parquet", index=False)
    write(table(), tmp_path / "1.parquet")
    write(table().iloc[:0], tmp_path / "2.parquet")
    write(table(), tmp_path / "3.parquet")
    assert source_of(tmp_path, Asked("y", is_coded=True)).rows == 120
    assert TableRows.learn(tmp_path, "y").encoder.kinds == {"a": "number", "b": "number"}
    for name in ("1", "3"):
        (tmp_path / f"{name}.parquet").unlink()
    with pytest.raises(InputError, match=r"holds null|no row"):
        source_of(tmp_path, Asked("y", is_coded=True))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell when anything of a file was changed")
def test_bytes_changed_in_place_are_converted_again_though_size_and_time_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "0.parquet"
    plain: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    clf = MLPClassifier((2,), max_iter=1, random_state=0)
    thetas = []
    for sign in (1, -1):
        before = path.stat() if path.exists() else None
        pq.write_table(pa.Table.from_pandas(table().assign(b=sign * table()["b"]), preserve_index=False), path, **plain)
        if before is not None:
            assert path.stat().st_size == before.st_size
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        thetas.append(clf.fit(path, "y").theta_)
    assert (thetas[0] != thetas[1]).any()


def test_what_is_no_path_of_this_machine_is_told_what_to_give() -> None:
    with pytest.raises(
        InputError, match=r"s3://bucket/x\.parquet is an address, .* polars\.scan_parquet\('s3://bucket"
    ):
        rows_of("s3://bucket/x.parquet")
    with pytest.raises(InputError, match=r"is no path|There is no file"):
        rows_of("a" * 5000)


class _Kept(Reopened):
    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    def __str__(self) -> str:
        return "standard input"

    def open(self) -> BinaryIO:
        return io.BytesIO(self._data)


def test_bytes_without_a_path_are_rows_that_are_read_again_and_again(tmp_path: Path) -> None:
    path = write(table(), tmp_path / "0.parquet")
    rows = ParquetFiles.of(_Kept(path.read_bytes()))
    assert (rows.rows, rows.fingerprint, rows.identity) == (60, None, None)
    assert rows.place(7) == "row 7 of standard input"
    for _ in range(2):
        assert pa.Table.from_batches(rows.batches(["b", "y"])).equals(read(path, "b", "y"))
    with pytest.raises(InputError, match="standard input cannot be read as Parquet"):
        ParquetFiles.of(_Kept(b"PAR1 and no more"))
