"""Archives of JSON and numbers: what comes out is never more than the file, and nothing else than JSON and numbers."""

import json
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.files.archive import read_archive, to_bytes
from mutations import archive_of, members, npy, npy_header

ARRAYS: dict[str, Array] = {
    "a": np.arange(6.0).reshape(2, 3),
    "b/c": np.array([1, np.nan, np.inf], dtype=np.float32),
    "scalar": np.array(3.0),
    "empty": np.zeros((0, 4)),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(to_bytes("model", 3, {"name": "é", "list": [1, None]}, ARRAYS))
    return tmp_path / "file"


def complaint(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        read_archive(path, "model", 3)
    return str(caught.value)


def test_what_was_written_comes_back_with_the_same_bits(path: Path) -> None:
    header, arrays = read_archive(path, "model", 3)
    assert (header["name"], header["list"], header["kind"], header["format"]) == ("é", [1, None], "model", 3)
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        assert arrays[name].tobytes() == array.tobytes()
        arrays[name][...] = 0  # they are writable


def test_arrays_of_either_byte_order_and_layout_are_written_alike() -> None:
    a = np.arange(6.0).reshape(2, 3)
    files = {
        to_bytes("model", 1, {}, {"a": b}) for b in (a, a.astype(">f8"), np.asfortranarray(a), a[:, ::-1][:, ::-1])
    }
    assert len({members(file)["a.npy"] for file in files}) == 1


def test_numpy_opens_the_arrays(path: Path) -> None:
    with np.load(path) as opened:
        assert np.array_equal(opened["a"], ARRAYS["a"])


def test_what_json_cannot_write_is_refused() -> None:
    with pytest.raises(ModelFileError, match="holds what a file does not take"):
        to_bytes("model", 1, {"function": print}, {})


def test_numbers_that_are_not_finite_come_back_and_the_header_is_json_to_a_strict_parser(tmp_path: Path) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    content = {"best": np.inf, "list": [-np.inf, {"x": (1.5, np.nan)}], "$float": "inf and more"}
    (tmp_path / "file").write_bytes(to_bytes("model", 3, content, {}))
    json.loads(members((tmp_path / "file").read_bytes())["deltarule.json"], parse_constant=refuse)
    header, _ = read_archive(tmp_path / "file", "model", 3)
    assert (header["best"], header["list"][0], header["$float"]) == (np.inf, -np.inf, "inf and more")
    assert header["list"][1]["x"][0] == 1.5
    assert np.isnan(header["list"][1]["x"][1])


def test_infinity_as_version_0_1_0_wrote_it_is_read(path: Path) -> None:
    parts = members(path.read_bytes())
    header = json.loads(parts["deltarule.json"]) | {"best": np.inf}
    path.write_bytes(archive_of({**parts, "deltarule.json": json.dumps(header).encode()}))
    assert b"Infinity" in path.read_bytes()
    assert read_archive(path, "model", 3)[0]["best"] == np.inf


def test_a_compressed_part_is_refused_before_it_is_inflated(path: Path) -> None:
    header = {"deltarule.json": members(path.read_bytes())["deltarule.json"]}
    path.write_bytes(archive_of(header, zipfile.ZIP_DEFLATED))
    assert "its part 'deltarule.json' is compressed" in complaint(path)
    path.write_bytes(archive_of(header))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(10**8))
    assert "its parts overlap" in complaint(path)  # 10⁸ bytes in a file of 10⁵
    data = path.read_bytes()
    entry = data.rindex(b"PK\x01\x02")
    size = data[entry + 20 : entry + 24]
    path.write_bytes(data[: entry + 24] + size + data[entry + 28 :])  # it says that it is as large as it is small
    assert "its part 'a.npy' is compressed" in complaint(path)


def test_a_part_that_says_another_size_than_it_has_is_refused(path: Path) -> None:
    data = path.read_bytes()
    entry = data.index(b"PK\x01\x02")
    for sizes in [(10**9, 10**9), (10**9, 5), (5, 10**9), (0xFFFFFFFF, 0xFFFFFFFF)]:
        path.write_bytes(data[: entry + 20] + struct.pack("<II", *sizes) + data[entry + 28 :])
        assert "is a damaged model file" in complaint(path)


def test_parts_that_share_their_bytes_are_refused(path: Path) -> None:
    data = archive_of({"deltarule.json": members(path.read_bytes())["deltarule.json"], "a.npy": npy(np.zeros(4000))})
    entries, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    last = data.index(b"PK\x01\x02", entries + 4)
    entry = data[last:end]
    many = b"".join(entry.replace(b"a.npy", f"{n:05d}".encode()) for n in range(1000))
    directory = data[entries:last] + many
    path.write_bytes(
        data[:entries]
        + directory
        + b"PK\x05\x06"
        + struct.pack("<HHHHIIH", 0, 0, 1001, 1001, len(directory), entries, 0)
    )
    assert "its parts overlap" in complaint(path)


def test_a_part_that_is_there_twice_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a.npy", npy(np.zeros(3)))
    assert "its parts overlap" in complaint(path)


@pytest.mark.parametrize("shape", [(10**9,), (10**30,), (2**32, 2**32), (2,), (2, 4), (3, -2)])
def test_a_shape_that_the_bytes_do_not_fill_is_refused_without_making_it(path: Path, shape: tuple[int, ...]) -> None:
    part = npy_header("<f8", shape) + ARRAYS["a"].tobytes()
    path.write_bytes(archive_of({**members(path.read_bytes()), "a.npy": part}))
    message = complaint(path)
    assert f"'a.npy' says the shape {shape}, but has 48 bytes of it" in message or "is not an array" in message


@pytest.mark.parametrize("dtype", ["|O", "<c16", ">f8", "<i8", "|V1000000000", "<U9", [("a", "<f8")]])
def test_an_array_of_another_type_is_refused(path: Path, dtype: str) -> None:
    part = npy_header(dtype, (2, 3)) + ARRAYS["a"].tobytes()
    path.write_bytes(archive_of({**members(path.read_bytes()), "a.npy": part}))
    assert "'a.npy' is not an array of float32 or float64" in complaint(path)


def test_json_nested_beyond_all_measure_is_refused(path: Path) -> None:
    path.write_bytes(archive_of({"deltarule.json": b'{"format": ' + b"[" * 200_000}))
    assert "is a damaged model file" in complaint(path)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    assert "cannot be read (it is not a file)" in complaint(tmp_path)
    assert "cannot be read (it is not a file)" in complaint(Path(os.devnull))
    assert "cannot be read" in complaint(tmp_path / "a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_without_a_writer_does_not_hold_up_the_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "it is not a file" in complaint(tmp_path / "pipe")


def test_a_file_of_another_kind_is_named_whatever_formats_that_kind_has(tmp_path: Path) -> None:
    for format_ in (1, 2, 3):
        (tmp_path / "file").write_bytes(to_bytes("model", format_, {}, {}))
        with pytest.raises(ModelFileError, match=r"is a model, not a checkpoint\. Give a checkpoint file\."):
            read_archive(tmp_path / "file", "checkpoint", 2)
