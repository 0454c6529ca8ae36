"""safetensors files: named tensors behind a header of JSON."""

import json
from math import prod
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.file import ForeignFile

__all__ = ["metadata_in", "tensors_in"]

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
          "I8": "<i1",           "U8": "<u1", "U16": "<u2", "U32": "<u4", "U64": "<u8", "BOOL": "|b1"}  # fmt: skip


def metadata_in(file: ForeignFile) -> dict[str, Any]:
    """Return what a file says beside its tensors."""
    header, _ = _parts(file)
    return dict(header.get("__metadata__") or {})


def _parts(file: ForeignFile) -> tuple[dict[str, Any], memoryview]:
    """Return the header, and what is behind it."""
    length = int.from_bytes(file.data[:8], "little")
    if len(file.data) < 8 or length > len(file.data) - 8:
        raise ModelFileError("it ends too early.")
    header = json.loads(file.data[8 : 8 + length].decode())  # of bytes, Python would guess the encoding
    return header, memoryview(file.data)[8 + length :]


def tensors_in(file: ForeignFile) -> dict[str, Array]:
    """Return the tensors of a file by their names.

    Raises
    ------
    ModelFileError
        If it is cut short or damaged, or tensors lie upon one another.
    """
    header, data = _parts(file)
    header.pop("__metadata__", None)
    tensors: dict[str, Array] = {}
    end_before = 0
    for name, said in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        dtype, shape, (start, end) = said["dtype"], said["shape"], said["data_offsets"]
        if dtype not in DTYPES:
            raise ModelFileError(f"the tensor {name[:40]!r} has numbers of the type {dtype!r}, which are not read.")
        if not all(isinstance(n, int) and n >= 0 for n in (*shape, start, end)):
            raise ModelFileError(f"the tensor {name[:40]!r} has the shape {shape}, from {start} to {end}.")
        if start != end_before or end > len(data) or prod(shape) * np.dtype(DTYPES[dtype]).itemsize != end - start:
            raise ModelFileError(
                f"the tensor {name[:40]!r} of the shape {shape} does not fit its place, {start} to {end}."
            )
        end_before = end
        values = np.frombuffer(data[start:end], dtype=DTYPES[dtype]).reshape(shape)
        tensors[name] = (values.astype(np.uint32) << 16).view(np.float32) if dtype == "BF16" else values
    return tensors
