"""Converted rows are those of the source; what is not whole or not the source's is never taken for it."""

import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule import Blocks
from deltarule.blocks import conversion
from deltarule.blocks.cache import cache_folder, converted
from deltarule.blocks.layout import LayoutFile
from deltarule.blocks.sources import Asked, source_of
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, OutputError

pytestmark = pytest.mark.usefixtures("cache")
FLOAT32 = np.dtype(np.float32)


def frame(rows: int = 5000, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    columns = {"a": rng.normal(size=rows), "b": np.arange(rows), "y": rng.choice(["no", "yes", "maybe"], rows)}
    return pd.DataFrame(columns | {"w": rng.random(rows)})


def parquet(tmp_path: Path, table: pd.DataFrame, name: str = "rows.parquet", **more: Any) -> Path:
    path = tmp_path / name
    table.to_parquet(path, index=False, **more)
    return path


def read(file: LayoutFile) -> tuple[Array, list[Any], Array | None]:
    parts = file.facts.empty(file.facts.rows)
    file.read_into(parts, 0)
    labels = [file.facts.values[code] for code in parts.targets[:, 0]] if file.facts.is_coded else parts.targets
    return parts.X, list(labels), parts.weights


ASKED = Asked("y", "w", is_coded=True)

_opened: list[LayoutFile] = []


@pytest.fixture(autouse=True)
def files_are_closed() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def convert(given: Any, dtype: np.dtype[Any] = FLOAT32, mixes: bool = False, asked: Asked = ASKED) -> LayoutFile:
    source = given if hasattr(given, "chunks") else source_of(given, asked)
    _opened.append(converted(source, dtype, mixes))
    return _opened[-1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_in_order_are_those_of_the_source(tmp_path: Path, dtype: str) -> None:
    table = frame()
    file = convert(parquet(tmp_path, table), np.dtype(dtype))
    X, labels, weights = read(file)
    np.testing.assert_array_equal(X, table[["a", "b"]].to_numpy().astype(dtype))
    assert labels == table["y"].tolist()
    np.testing.assert_array_equal(weights, table["w"])
    assert file.facts.names == ("a", "b")
    file.check()


def test_mixed_rows_are_the_same_rows_each_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "REGION_BYTES", 5000)
    monkeypatch.setattr(conversion, "PAGES_BYTES", 9000)
    monkeypatch.setattr(conversion, "CHUNK_BYTES", 12_000)
    table = frame(5001)
    file = convert(parquet(tmp_path, table), np.dtype(np.float64), mixes=True)
    X, labels, weights = read(file)
    file.check()
    assert weights is not None
    found = Counter(zip(*X.T.tolist(), labels, weights.tolist(), strict=True))
    assert found == Counter(map(tuple, table[["a", "b", "y", "w"]].itertuples(index=False)))


def test_every_block_of_mixed_rows_holds_rows_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "REGION_BYTES", 5000)
    monkeypatch.setattr(conversion, "CHUNK_BYTES", 12_000)
    file = convert(parquet(tmp_path, frame(20_000)), mixes=True)
    numbers = read(file)[0][:, 1].reshape(100, 200)  # blocks of 200 rows; b counts the rows of the source
    # The mean of 200 rows that were drawn at random is off by less than 5 standard errors.
    assert np.abs(numbers.mean(axis=1) - 10_000).max() < 5 * 20_000 / np.sqrt(12 * 200)


def test_mixing_does_not_depend_on_how_the_source_is_cut(tmp_path: Path) -> None:
    table = frame(9000)
    X, y, w = table[["a", "b"]].to_numpy(), table["y"].to_numpy(dtype=str), table["w"].to_numpy()
    files = [
        convert(given, mixes=True)
        for given in (
            parquet(tmp_path, table),
            Blocks.from_arrays(X, y, w, block_rows=77),
            Blocks.from_arrays(X, y, w, block_rows=9000),
        )
    ]
    first, *others = map(read, files)
    for other in others:
        np.testing.assert_array_equal(first[0], other[0])
        assert first[1] == other[1]


def test_rows_of_files_are_converted_once(tmp_path: Path, cache: Path) -> None:
    path = parquet(tmp_path, frame())
    first = convert(path)
    (kept,) = cache.glob("*.rows")
    time = kept.stat().st_mtime_ns
    again = convert(path)
    assert kept.stat().st_mtime_ns == time
    assert first.digest == again.digest


def test_changed_files_are_converted_again(tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = parquet(tmp_path, frame())
    first = convert(path)
    parquet(tmp_path, frame(seed=1))
    os.utime(path, ns=(1, 1))
    with caplog.at_level(logging.INFO, "deltarule"):
        again = convert(path)
    assert "The files have changed since they were converted" in caplog.text
    assert first.digest != again.digest
    assert len(list(cache.glob("*.rows"))) == 1


def test_a_file_added_to_a_pattern_is_noticed(tmp_path: Path, cache: Path) -> None:
    parquet(tmp_path, frame(), "1.parquet")
    pattern = str(tmp_path / "*.parquet")
    assert convert(pattern).facts.rows == 5000
    parquet(tmp_path, frame(10), "2.parquet")
    assert convert(pattern).facts.rows == 5010
    assert len(list(cache.glob("*.rows"))) == 1


def test_files_that_change_while_they_are_read_are_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, frame())
    source = source_of(path, ASKED)
    parquet(tmp_path, frame(4000))
    with pytest.raises(InputError, match="was changed while it was read"):
        convert(source)


@pytest.mark.parametrize("cut", [1, 20, 400, 30_000])
def test_a_file_that_was_cut_short_is_never_taken_for_whole(
    cut: int, tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = source_of(parquet(tmp_path, frame()), ASKED)
    whole = convert(source).digest
    (kept,) = cache.glob("*.rows")
    data = kept.read_bytes()
    kept.write_bytes(data[:-cut])
    assert convert(source).digest == whole
    assert "is not used: " in caplog.text
    assert kept.read_bytes() == data


@pytest.mark.parametrize("place", [0.0, 0.5, 0.9, 0.9999])
def test_a_changed_byte_is_found_when_rows_are_used_again(
    place: float, tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = source_of(parquet(tmp_path, frame()), ASKED)
    convert(source)
    (kept,) = cache.glob("*.rows")
    data = bytearray(kept.read_bytes())
    data[int(place * len(data))] ^= 1
    kept.write_bytes(data)
    assert read(convert(source))[1] == frame()["y"].tolist()
    assert "is not used: " in caplog.text


def test_a_conversion_that_fails_leaves_nothing_behind(tmp_path: Path, cache: Path) -> None:
    table = frame()
    table.loc[4321, "a"] = np.nan
    with pytest.raises(InputError, match=r"a' has a gap in row 4321 of .*rows.parquet|NaN in the column 'a', row 4321"):
        convert(parquet(tmp_path, table), mixes=True)
    assert [path for path in cache.iterdir() if not path.name.endswith(".lock")] == []


def test_leftovers_of_a_killed_conversion_are_removed(tmp_path: Path, cache: Path) -> None:
    path = parquet(tmp_path, frame())
    convert(path)
    (kept,) = cache.glob("*.rows")
    leftover = kept.with_name(f".{kept.name}.0123abcd.tmp")
    leftover.write_bytes(b"half")
    kept.unlink()
    convert(path)
    assert not leftover.exists()


def test_rows_of_blocks_are_not_kept(cache: Path) -> None:
    file = convert(Blocks.from_arrays(np.ones((3, 2)), [0, 1, 0]), asked=Asked(is_coded=True))
    assert list(cache.iterdir()) == []
    np.testing.assert_array_equal(read(file)[0], np.ones((3, 2)))


def test_a_cache_folder_that_cannot_be_written_is_told_before_rows_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    monkeypatch.setenv("DELTARULE_CACHE", str(in_the_way / "cache"))
    with pytest.raises(OutputError, match=r"The cache folder .* cannot be written .* DELTARULE_CACHE"):
        convert(parquet(tmp_path, frame()))


def test_a_full_disk_is_told_before_rows_are_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 50_000))
    with pytest.raises(OutputError, match=r"5000 rows take .* GB .* has 5e-05 GB\s+left"):
        convert(parquet(tmp_path, frame()))


def test_the_cache_folder_is_the_users_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder().name == "cache"
    monkeypatch.delenv("DELTARULE_CACHE")
    assert cache_folder().name == "deltarule"


def test_the_footer_says_where_every_part_is(tmp_path: Path, cache: Path) -> None:
    convert(parquet(tmp_path, frame(100)))
    (kept,) = cache.glob("*.rows")
    data = kept.read_bytes()
    length = int.from_bytes(data[-20:-12], "little")
    facts = json.loads(data[-20 - length : -20])["facts"]
    assert len(data) == 100 * (2 * 4 + 4 + 8) + length + 20
    assert (facts["rows"], facts["values"]) == (100, sorted(facts["values"], key=frame(100)["y"].tolist().index))
