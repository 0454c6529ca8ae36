"""Answers as bytes: a length, a header of JSON, and arrays that JavaScript reads without a copy.

    u32 n (little-endian) | header: n bytes of UTF-8 JSON, padded with blanks | arrays, each at a multiple of 8

The header has the fields of the answer, `kind`, and `arrays`: [{name, dtype, shape, offset}], with offsets from the
first byte after the header. Dtypes are `f8 f4 i4 u1`, little-endian. JSON holds no NaN: numbers that are not finite are
null.
"""

import functools
import json
import math
import struct
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from deltarule.play.answers import Answer

__all__ = ["decoded", "encoded", "parts_of"]

ALIGNMENT = 8
DTYPES = {"f8": "<f8", "f4": "<f4", "i4": "<i4", "u1": "|u1"}
_NAMES = {np.dtype(code).str: name for name, code in DTYPES.items()}


def parts_of(answer: Answer) -> tuple[dict[str, Any], list[bytes]]:
    """Return the header of an answer and its arrays as bytes, padded: the message and the buffers of a notebook."""
    header: dict[str, Any] = {"kind": answer.kind}
    arrays: list[dict[str, Any]] = []
    buffers: list[bytes] = []
    offset = 0
    for one in fields(answer):
        value = getattr(answer, one.name)
        if not isinstance(value, np.ndarray):
            header[one.name] = _plain(value)
            continue
        name = _NAMES[value.dtype.newbyteorder("<").str]
        data = np.ascontiguousarray(value, dtype=DTYPES[name]).tobytes()
        arrays.append({"name": one.name, "dtype": name, "shape": list(value.shape), "offset": offset})
        buffers.append(data + b"\0" * (-len(data) % ALIGNMENT))
        offset += len(buffers[-1])
    header["arrays"] = arrays
    return header, buffers


def encoded(answer: Answer) -> bytes:
    """Return an answer as bytes.

    >>> from deltarule.play.answers import Failed
    >>> decoded(encoded(Failed(error="InputError", message="No.")))["message"]
    'No.'
    """
    header, buffers = parts_of(answer)
    text = json.dumps(header, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(4 + len(text)) % ALIGNMENT)
    return b"".join([struct.pack("<I", len(text)), text, *buffers])


def decoded(message: bytes) -> dict[str, Any]:
    """Return the header of an answer, with the arrays under their names."""
    (length,) = struct.unpack_from("<I", message)
    header: dict[str, Any] = json.loads(message[4 : 4 + length])
    for one in header.pop("arrays"):
        count = math.prod(one["shape"])
        values = np.frombuffer(message, DTYPES[one["dtype"]], count, 4 + length + one["offset"])
        header[one["name"]] = values.reshape(one["shape"])
    return header


def _plain(value: Any) -> Any:
    """Return a value as JSON takes it: a page of lines has some thousand, most of them texts and numbers."""
    kind: Any = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if (names := _names_of(kind)) is not None:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return _plain(value.item()) if isinstance(value, np.generic) else value


@functools.cache
def _names_of(kind: type) -> tuple[str, ...] | None:
    """Return the names of the fields of a dataclass; None for another type."""
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else None
