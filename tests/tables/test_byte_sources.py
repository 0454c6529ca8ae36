"""Compressed tables and standard input are read as the same table in a file is."""

import gzip
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from deltarule.common.errors import TableError
from deltarule.tables import read_table

TEXT = 'name,size\n"Ä, b",1.5\nc,\n'


@pytest.fixture
def expected(tmp_path: Path) -> pd.DataFrame:
    (tmp_path / "plain.csv").write_text(TEXT, encoding="utf-8")
    return read_table(tmp_path / "plain.csv")


def test_a_compressed_table_is_the_table(tmp_path: Path, expected: pd.DataFrame) -> None:
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "table.TSV.GZ").write_bytes(gzip.compress(TEXT.replace(",", "\t").replace("Ä\t", "Ä,").encode()))
    for name in ("table.csv.gz", "table.TSV.GZ"):
        pd.testing.assert_frame_equal(read_table(tmp_path / name), expected)


@pytest.mark.parametrize("kind", ["csv", "gz", "parquet"])
def test_standard_input_is_read_whatever_kind_of_table_it_is(
    tmp_path: Path, expected: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    data = {"csv": TEXT.encode(), "gz": gzip.compress(TEXT.encode())}.get(kind)
    if data is None:
        expected.to_parquet(tmp_path / "table.parquet", index=False)
        data = (tmp_path / "table.parquet").read_bytes()
        expected = expected.reset_index(drop=True).rename_axis("row")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    pd.testing.assert_frame_equal(read_table("-"), expected)


@pytest.mark.parametrize(("name", "ending"), [("table.gz", "'.gz'"), ("t.parquet.gz", "'.parquet.gz'")])
def test_other_compressed_files_are_refused_with_the_endings_that_fit(tmp_path: Path, name: str, ending: str) -> None:
    with pytest.raises(TableError, match=rf"ends in {ending}, which .* \.csv\.gz, \.tsv\.gz, or - for standard input"):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    "data",
    [b"", b"name,size\n", gzip.compress(TEXT.encode())[:-9]],
    ids=["empty", "text", "cut"],
)
def test_a_file_that_is_no_whole_gzip_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "table.csv.gz").write_bytes(data)
    with pytest.raises(TableError, match=r"table\.csv\.gz (cannot be decompressed \(.*\)\. It may be|is empty\.)"):
        read_table(tmp_path / "table.csv.gz")


def test_an_empty_standard_input_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(TableError, match=r"^standard input is empty"):
        read_table("-")
