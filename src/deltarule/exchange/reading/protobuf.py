"""The wire format of protocol buffers: fields by their numbers, without the schema and without copies."""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError

__all__ = ["Message"]


class Message:
    """The fields of a message; those that are messages themselves are read when they are asked for."""

    def __init__(self, data: memoryview) -> None:
        self._fields: dict[int, list[int | memoryview]] = {}
        at = 0
        while at < len(data):
            key, at = _varint(data, at)
            kind = key & 7
            if kind == 0:
                value, at = _varint(data, at)
                self._fields.setdefault(key >> 3, []).append(value)
                continue
            if kind not in (1, 2, 5):
                raise ModelFileError("it is damaged: a field has no known type.")
            length, at = _varint(data, at) if kind == 2 else (8 if kind == 1 else 4, at)
            if length > len(data) - at:
                raise ModelFileError("it ends too early.")
            self._fields.setdefault(key >> 3, []).append(data[at : at + length])
            at += length

    def integer(self, number: int, default: int = 0) -> int:
        """Return a whole number, with its sign."""
        values = [value for value in self._fields.get(number, ()) if isinstance(value, int)]
        value = values[-1] if values else default
        return value - (1 << 64) if value >= 1 << 63 else value

    def data(self, number: int) -> memoryview | None:
        """Return the bytes of a field; None if it is not there."""
        values = [value for value in self._fields.get(number, ()) if isinstance(value, memoryview)]
        return values[-1] if values else None

    def text(self, number: int) -> str:
        """Return a text, empty if it is not there."""
        found = self.data(number)
        return "" if found is None else bytes(found).decode("utf-8", "replace")

    def texts(self, number: int) -> list[str]:
        """Return repeated texts."""
        return [bytes(one).decode("utf-8", "replace") for one in self._all(number)]

    def messages(self, number: int) -> list["Message"]:
        """Return repeated messages."""
        return [Message(one) for one in self._all(number)]

    def number(self, number: int) -> float:
        """Return a float of four bytes."""
        found = self.data(number)
        return float(struct.unpack("<f", found)[0]) if found is not None and len(found) == 4 else 0.0

    def integers(self, number: int) -> list[int]:
        """Return repeated whole numbers, packed or not."""
        found: list[int] = []
        for value in self._fields.get(number, ()):
            if isinstance(value, int):
                found.append(value)
                continue
            at = 0
            while at < len(value):
                one, at = _varint(value, at)
                found.append(one)
        return [one - (1 << 64) if one >= 1 << 63 else one for one in found]

    def numbers(self, number: int, dtype: str) -> Array:
        """Return repeated floats, packed or not."""
        whole: Any = b"".join(bytes(one) for one in self._all(number))
        return np.frombuffer(whole, dtype=dtype)

    def _all(self, number: int) -> Sequence[memoryview]:
        return [one for one in self._fields.get(number, ()) if isinstance(one, memoryview)]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ModelFileError("it ends too early, or is damaged.")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & ((1 << 64) - 1), at
        shift += 7
