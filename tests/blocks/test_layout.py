"""Converted rows are those of the source; what is not whole or not the source's is never taken for it."""

import errno
import json
import logging
import os
import shutil
import time
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
from deltarule.blocks.clearing import clear_cache, kept_rows
from deltarule.blocks.layout import LayoutFile, LayoutWriter
from deltarule.blocks.sources import Asked, source_of
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, OutputError, SettingsError
from deltarule.files.whole import lock_beside

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


def test_rows_that_another_process_converts_at_this_moment_are_converted_apart(tmp_path: Path, cache: Path) -> None:
    path = parquet(tmp_path, frame())
    expected = read(convert(path))
    (kept,) = cache.glob("*.rows")
    kept.unlink()
    with lock_beside(kept) as is_free:
        assert is_free
        for found, rows in zip(read(convert(path)), expected, strict=True):
            np.testing.assert_array_equal(found, rows)
        assert not list(cache.glob("*.rows"))  # a file without a name, which nobody else takes for whole
    convert(path)
    assert kept.exists()


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


@pytest.mark.parametrize("why", [errno.EROFS, errno.EACCES])
def test_a_cache_folder_that_is_read_only_is_told_before_rows_are_read(
    why: int, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: Path, *arguments: Any, **more: Any) -> None:
        raise OSError(why, os.strerror(why))

    source = source_of(parquet(tmp_path, frame()), ASKED)
    monkeypatch.setattr(type(source), "chunks", lambda self, dtype: pytest.fail("rows were read"))
    monkeypatch.setattr(Path, "touch", refused)
    with pytest.raises(OutputError, match=rf"cannot be written \({os.strerror(why)}\)"):
        convert(source)


def test_a_disk_that_fills_during_the_conversion_is_told_and_leaves_nothing_behind(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of(parquet(tmp_path, frame()), ASKED)

    def full(self: Any, first: int, parts: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(LayoutWriter, "write", full)
        with pytest.raises(OutputError, match=r"The cache folder .* \(it is full\)\. Make room"):
            convert(source)
    assert [path for path in cache.iterdir() if not path.name.endswith(".lock")] == []
    assert convert(source).facts.rows == 5000


def age(path: Path, days: float) -> None:
    then = time.time() - 86_400 * days
    os.utime(path, (then, then))


def two_files(tmp_path: Path, cache: Path) -> tuple[Path, Path]:
    """Return converted rows that were used 40 and 2 days ago."""
    found: list[Path] = []
    for name, days in (("old", 40), ("new", 2)):
        convert(parquet(tmp_path, frame(seed=days), f"{name}.parquet"))
        (path,) = set(cache.glob("*.rows")) - set(found)
        age(path, days)
        found.append(path)
    return found[0], found[1]


@pytest.mark.parametrize(
    ("limits", "stay"),
    [
        ({}, [False, False]),
        ({"max_days": 30}, [False, True]),
        ({"max_days": 1}, [False, False]),
        ({"max_bytes": 150_000}, [False, True]),
        ({"max_bytes": 1e9}, [True, True]),
        ({"max_bytes": 1e9, "max_days": 30}, [False, True]),
        ({"max_bytes": 0, "max_days": 30}, [False, False]),
    ],
)
def test_converted_rows_beyond_a_size_or_an_age_are_removed(
    limits: Any, stay: list[bool], tmp_path: Path, cache: Path
) -> None:
    files = two_files(tmp_path, cache)
    removed = clear_cache(**limits)
    assert [path.exists() for path in files] == stay
    assert {rows.path for rows in removed} == {path for path, stays in zip(files, stay, strict=True) if not stays}
    assert [rows.path for rows in kept_rows()] == [path for path in files[::-1] if path.exists()]


def test_rows_that_a_fit_uses_again_are_not_old(tmp_path: Path, cache: Path) -> None:
    old, _ = two_files(tmp_path, cache)
    convert(tmp_path / "old.parquet")
    assert clear_cache(max_days=30) == []
    assert old.exists()


def test_clearing_the_cache_removes_what_a_killed_conversion_left_and_not_what_is_being_converted(
    tmp_path: Path, cache: Path
) -> None:
    cache.mkdir()
    dead, alive = cache / ".0a.rows.0123abcd.tmp", cache / ".0b.rows.0123abcd.tmp"
    for path in (dead, alive):
        path.write_bytes(b"half")
    with lock_beside(cache / "0b.rows"):
        assert clear_cache() == []
    assert [dead.exists(), alive.exists()] == [False, True]
    assert read(convert(parquet(tmp_path, frame())))[1] == frame()["y"].tolist()


def test_a_fit_whose_rows_are_removed_meanwhile_goes_on(tmp_path: Path, cache: Path) -> None:
    file = convert(parquet(tmp_path, frame()))
    assert len(clear_cache()) == 1
    assert read(file)[1] == frame()["y"].tolist()


def test_a_limit_of_the_cache_is_not_negative() -> None:
    with pytest.raises(SettingsError, match="max_days=-1 is no limit"):
        clear_cache(max_days=-1)


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
