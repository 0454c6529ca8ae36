"""Damaged and forged archives of JSON and numbers, drawn at random: for model files, and whatever else is stored so."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from deltarule.common.arrays import Array

STRANGE: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3.5, 10**9, 2**63, 10**30, -(10**30), 1e308, 1e-320, float("nan"), float("inf"), "",
    "x", "a\0b", "é" * 500, "os.system", "builtins.eval", "__class__", [], {}, [[]], [None], [1, "1"], {"a": 1},
    {"tuple": [1]}, {"dict": [[[], 1]]}, {"__class__": "system", "__module__": "posix"}, ["a"] * 300, [0] * 300,
    "number", "category", "softmax", "relu", "native", "float32", "object",
]  # fmt: skip

DTYPES = ["<f4", "<f8", ">f8", "<c16", "|O", "<U9", "|V999999999", "<i8", "|b1", "<f2", "<M8[s]", [("a", "<f8")]]

SHAPES = [(), (0,), (1,), (10**9,), (2**63,), (10**30,), (2**32, 2**32), (3, 3), (0, 2**62), (-1,), (1,) * 60]


def members(data: bytes) -> dict[str, bytes]:
    """Return the parts of an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(parts: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive whose check sums are right."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return data.getvalue()


def npy(array: Any) -> bytes:
    """Return an array as NumPy writes it."""
    data = io.BytesIO()
    np.save(data, array)
    return data.getvalue()


def npy_header(dtype: Any, shape: tuple[int, ...], *, fortran: bool = False) -> bytes:
    """Return the first part of an array's file, whatever comes after it."""
    data = io.BytesIO()
    np.lib.format.write_array_header_1_0(data, {"descr": dtype, "fortran_order": fortran, "shape": shape})
    return data.getvalue()


def damaged(data: bytes, generator: np.random.Generator) -> bytes:
    """Return bytes with a few of them changed, cut out, put in, or moved: what disks, networks and editors do."""
    for _ in range(generator.integers(1, 4)):
        place, length = int(generator.integers(len(data))), int(generator.integers(1, 64))
        there = data[place : place + length]
        other = int(generator.integers(len(data)))
        new = [
            bytes([there[0] ^ 1 << int(generator.integers(8))]) + there[1:],
            generator.bytes(1) + there[1:],
            b"",
            generator.bytes(length),
            there + there,
            data[other : other + length],
            bytes(len(there)),
            b"\xff" * len(there),
        ][generator.integers(8)]
        data = data[:place] + new + data[place + length :] or b"\0"
    return data


def forged(data: bytes, generator: np.random.Generator) -> bytes:
    """Return an archive with right check sums and something in it that does not belong there."""
    parts = members(data)
    for _ in range(generator.integers(1, 4)):
        name = str(generator.choice(list(parts)))
        if generator.random() < 0.1:
            _FORGERIES[generator.integers(len(_FORGERIES))](parts, name, generator)
        elif name.endswith(".npy"):
            parts[name] = _forged_array(parts[name], generator)
        else:
            parts[name] = _forged_json(parts[name], generator)
        if not parts:
            break
    return archive_of(parts, zipfile.ZIP_DEFLATED if generator.random() < 0.05 else zipfile.ZIP_STORED)


_FORGERIES: list[Callable[[dict[str, bytes], str, np.random.Generator], object]] = [
    lambda parts, name, _: parts.pop(name),
    lambda parts, name, _: parts.update({f"../{name}": parts[name]}),
    lambda parts, name, _: parts.update({"schema.json": b'{"__class__": "system", "__module__": "posix"}'}),
    lambda parts, name, _: parts.update({name: parts[min(parts)]}),
    lambda parts, name, generator: parts.update({name: generator.bytes(50)}),
    lambda parts, name, _: parts.update({name: b"[" * 100_000}),
    lambda parts, name, _: parts.update({name: b"\x80\x04\x8c\x02os\x8c\x06system\x93."}),
]


def _forged_array(data: bytes, generator: np.random.Generator) -> bytes:
    array: Array = np.zeros(3)
    with suppress(Exception):  # it may have been forged already, in any way
        array = np.load(io.BytesIO(data), allow_pickle=False).real.astype(np.float64)
    dtype = DTYPES[generator.integers(len(DTYPES))]
    shape = SHAPES[generator.integers(len(SHAPES))]
    choice = generator.integers(6)
    if choice == 0:
        return npy_header(dtype, shape) + generator.bytes(int(generator.integers(64)))
    if choice == 1:
        return npy_header(dtype, array.shape, fortran=bool(generator.integers(2))) + array.tobytes()
    if choice == 2:
        return npy(np.resize(array, int(generator.integers(6))))
    if choice == 3:
        return data[: int(generator.integers(len(data) + 1))]
    changed = array.reshape(-1)
    changed[generator.random(changed.size) < 0.3] = generator.choice([np.nan, np.inf, 1e300, 1e-310, 0.0, -1.0])
    with np.errstate(all="ignore"):
        return npy(changed.reshape(array.shape).astype(np.float32 if choice == 4 else np.float64))


def _forged_json(data: bytes, generator: np.random.Generator) -> bytes:
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return data
    places = list(_places(tree))
    if not places:
        return data
    holder, key = places[generator.integers(len(places))]
    choice = generator.integers(4)
    if choice == 0:
        del holder[key]
    elif choice == 1:
        other, its_key = places[generator.integers(len(places))]
        holder[key] = json.loads(json.dumps(other[its_key]))
    elif choice == 2 and isinstance(holder, dict):
        holder[str(STRANGE[generator.integers(len(STRANGE))])] = holder.pop(key)
    else:
        holder[key] = STRANGE[generator.integers(len(STRANGE))]
    return json.dumps(tree).encode()


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    items: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, branch in items:
        yield tree, key
        yield from _places(branch)
