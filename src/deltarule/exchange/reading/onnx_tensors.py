"""Tensors and attributes of ONNX, with data inside the file or in one beside it."""

from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.file import ForeignFile
from deltarule.exchange.reading.protobuf import Message

__all__ = ["attributes_of", "tensor_of"]

TEXT, BFLOAT = 8, 16
DTYPES = {1: "<f4", 2: "<u1", 3: "<i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "|b1", 10: "<f2", 11: "<f8",
          12: "<u4", 13: "<u8", 16: "<u2"}  # fmt: skip
OUTSIDE = 1


def tensor_of(file: ForeignFile, tensor: Message) -> Array:
    """Return a tensor; numbers as they are, texts as objects.

    Raises
    ------
    ModelFileError
        If it has more or fewer numbers than it says, or data in a file that is not beside this one.
    """
    name, kind, dims = tensor.text(8), tensor.integer(2), tensor.integers(1)
    size = 1
    for n in dims:
        if n < 0 or n > 1 << 40:
            raise ModelFileError(f"the tensor {name[:40]!r} has the shape {dims[:5]}.")
        size *= n
    if kind == TEXT:
        texts = tensor.texts(6)
        if len(texts) != size:
            raise ModelFileError(f"the tensor {name[:40]!r} has {len(texts)} texts, but says {size}.")
        return np.array(texts, dtype=object).reshape(dims)
    if kind not in DTYPES:
        raise ModelFileError(f"the tensor {name[:40]!r} has numbers of the type {kind}, which are not read.")
    dtype = np.dtype(DTYPES[kind])
    raw = tensor.data(9)
    if tensor.integer(14) == OUTSIDE:
        raw = memoryview(_outside(file, tensor, size * dtype.itemsize))
    if raw is not None:
        if len(raw) != size * dtype.itemsize:
            raise ModelFileError(f"the tensor {name[:40]!r} has {len(raw)} bytes, but says {size * dtype.itemsize}.")
        values = np.frombuffer(raw, dtype=dtype)
    elif kind == 1:
        values = tensor.numbers(4, "<f4")
    elif kind == 11:
        values = tensor.numbers(10, "<f8")
    else:
        numbers = tensor.integers({7: 7, 12: 11, 13: 11}.get(kind, 5))
        values = np.array(numbers, dtype=np.int64).astype(dtype) if kind != 10 else _halves(numbers)
    if values.size != size:
        raise ModelFileError(f"the tensor {name[:40]!r} has {values.size} numbers, but says {size}.")
    if kind == BFLOAT:
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return values.reshape(dims)


def _halves(numbers: list[int]) -> Array:
    return np.array(numbers, dtype=np.int64).astype(np.uint16).view(np.float16)


def _outside(file: ForeignFile, tensor: Message, n_bytes: int) -> bytes:
    """Return the part of a file beside this one that a tensor names."""
    said = {entry.text(1): entry.text(2) for entry in tensor.messages(13)}
    location = said.get("location", "")
    path = file.path.parent / location
    if not location or Path(location).name != location or path.is_symlink():
        raise ModelFileError(f"its weights are in {location[:80]!r}, which is no plain name of a file beside it.")
    offset, length = int(said.get("offset", "0")), int(said.get("length", str(n_bytes)))
    if offset < 0 or length != n_bytes:
        raise ModelFileError(f"a tensor takes {n_bytes} bytes, but says {length}, from {offset} on.")
    try:
        if path.stat().st_size < offset + length:
            raise ModelFileError(f"its weights are in {location!r}, which ends too early.")
        with path.open("rb") as other:
            other.seek(offset)
            return other.read(length)
    except OSError as error:
        raise ModelFileError(
            f"its weights are in {location!r} beside it, which cannot be read ({error.strerror}). Keep both files "
            "together."
        ) from None


def attributes_of(file: ForeignFile, node: Message) -> dict[str, Any]:
    """Return the attributes of a node that are numbers, texts, tensors, or lists of them."""
    found: dict[str, Any] = {}
    for one in node.messages(5):
        kind, name = one.integer(20), one.text(1)
        if kind == 1:
            found[name] = one.number(2)
        elif kind == 2:
            found[name] = one.integer(3)
        elif kind == 3:
            found[name] = one.text(4)
        elif kind == 4:
            tensor = one.messages(5)
            found[name] = tensor_of(file, tensor[0]) if tensor else None
        elif kind == 6:
            found[name] = one.numbers(7, "<f4").astype(np.float64).tolist()
        elif kind == 7:
            found[name] = one.integers(8)
        elif kind == 8:
            found[name] = one.texts(9)
    return found
