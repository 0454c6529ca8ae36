"""R's files of objects, `.rds` and `.RData`: the values that they hold, without R.

What `saveRDS` and `save` write is a stream of items, each with its type. Vectors, lists and calls become plain values;
functions, environments and code are walked past. Lengths are compared with what is left of the file before anything
is made.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deltarule.common.errors import ModelFileError

__all__ = ["RValue", "read_r"]

DEEPEST = 120

NIL = 254
NOTHING = {254, 253, 252, 251, 250, 242, 241}
"""NULL, the global environment, and other values that are said by their type alone."""

SYMBOL, LIST, CLOSURE, ENVIRONMENT, PROMISE, CALL, SPECIAL, BUILTIN, CHARS = 1, 2, 3, 4, 5, 6, 7, 8, 9
LOGICALS, INTEGERS, REALS, COMPLEX, STRINGS, DOTS, VECTOR, EXPRESSIONS, CODE = 10, 13, 14, 15, 16, 17, 19, 20, 21
POINTER, WEAK, RAW, S4, ALTERNATIVE, ATTRIBUTED_LIST, ATTRIBUTED_CALL = 22, 23, 24, 25, 238, 239, 240
REFERENCE, NAMESPACE, PACKAGE, PERSISTENT, CODE_DEFINED, CODE_REFERENCE = 255, 249, 248, 247, 244, 243

PAIRS = (LIST, CLOSURE, PROMISE, CALL, DOTS)


@dataclass(eq=False, slots=True)
class RValue:
    """A value: an array of numbers, a list of texts, a list of values, a symbol's name, or pairs of (name, value)."""

    kind: int
    value: Any = None
    attributes: dict[str, "RValue"] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """What `names(x)` gives."""
        found = self.attributes.get("names")
        return list(found.value) if found is not None and found.kind == STRINGS else []

    @property
    def classes(self) -> list[str]:
        """What `class(x)` gives, if it is set."""
        found = self.attributes.get("class")
        return list(found.value) if found is not None and found.kind == STRINGS else []

    def entries(self) -> dict[str, "RValue"]:
        """Return a list with names, or pairs, as a mapping."""
        if self.kind in PAIRS:
            return {name: value for name, value in self.value if name}
        if self.kind != VECTOR or len(self.names) != len(self.value):
            return {}
        return dict(zip(self.names, self.value, strict=True))


def read_r(data: bytes) -> RValue:
    """Return the value of an unpacked file; of an `.RData` file, pairs of names and values.

    Raises
    ------
    ModelFileError
        If it is no such file, is cut short or damaged, or too deep.
    """
    if data.startswith((b"RDX2\n", b"RDX3\n")):
        data = data[5:]
    if not data.startswith(b"X\n"):
        raise ModelFileError("it is no binary file of R. Save the network with saveRDS(net, 'net.rds').")
    reader = _Reader(data)
    version, _, _ = reader.integer(), reader.integer(), reader.integer()
    if version not in (2, 3):
        raise ModelFileError(f"it is of version {version} of R's format; 2 and 3 are read.")
    if version == 3:
        reader.take(reader.length())  # the encoding of texts without a mark
    return reader.item(0)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 2
        self.seen: list[RValue] = []

    def take(self, n: int) -> bytes:
        if n < 0 or self.at + n > len(self.data):
            raise ModelFileError("it ends too early.")
        self.at += n
        return self.data[self.at - n : self.at]

    def integer(self) -> int:
        return int(struct.unpack(">i", self.take(4))[0])

    def length(self) -> int:
        n = self.integer()
        return (self.integer() << 32) + self.integer() if n == -1 else n

    def numbers(self, dtype: str) -> Any:
        n, size = self.length(), np.dtype(dtype).itemsize
        return np.frombuffer(self.take(n * size), dtype=dtype)

    def items(self, depth: int) -> list[RValue]:
        n = self.length()
        if n < 0 or 4 * n > len(self.data) - self.at:
            raise ModelFileError("it ends too early.")
        return [self.item(depth) for _ in range(n)]

    def keep(self, value: RValue) -> RValue:
        self.seen.append(value)
        return value

    def item(self, depth: int) -> RValue:
        """Return the next item."""
        if depth > DEEPEST:
            raise ModelFileError(f"its values stand more than {DEEPEST} deep in each other.")
        flags = self.integer()
        kind, has_attributes, has_tag = flags & 0xFF, bool(flags & 0x200), bool(flags & 0x400)
        if kind in NOTHING:
            return RValue(kind)
        if kind == REFERENCE:
            return self.seen[(flags >> 8 or self.integer()) - 1]
        if kind in (*PAIRS, ATTRIBUTED_LIST, ATTRIBUTED_CALL):
            return self._pairs(kind, has_attributes, has_tag, depth)
        if kind == ENVIRONMENT:
            value = self.keep(RValue(kind))
            self.integer()
            for _ in range(4):
                self.item(depth + 1)
            return value
        if kind == SYMBOL:
            return self.keep(RValue(kind, self.item(depth + 1).value))
        if kind in (NAMESPACE, PACKAGE, PERSISTENT):
            self.integer()
            self.items(depth + 1)
            return self.keep(RValue(kind))
        if kind == ALTERNATIVE:
            return self._alternative(depth)
        value = RValue(kind)
        if kind in (POINTER, WEAK):
            self.keep(value)
            for _ in range(2 if kind == POINTER else 0):
                self.item(depth + 1)
        else:
            value.value = self._content(kind, depth)
        if has_attributes:
            value.attributes = _named(self.item(depth + 1))
        return value

    def _content(self, kind: int, depth: int) -> Any:
        if kind == CHARS:
            n = self.integer()
            return None if n == -1 else self.take(n).decode("utf-8", "replace")
        if kind in (SPECIAL, BUILTIN, RAW):
            return self.take(self.length())
        if kind in (LOGICALS, INTEGERS):
            return self.numbers(">i4")
        if kind in (REALS, COMPLEX):
            return self.numbers(">f8" if kind == REALS else ">c16")
        if kind in (VECTOR, EXPRESSIONS):
            return self.items(depth + 1)
        if kind == STRINGS:
            return [item.value for item in self.items(depth + 1)]
        if kind == CODE:
            self.integer()
            return self._code(depth + 1)
        if kind == S4:
            return None
        raise ModelFileError(f"it holds an item of the type {kind}, which is not known.")

    def _pairs(self, kind: int, has_attributes: bool, has_tag: bool, depth: int) -> RValue:
        """Return pairs; those behind the first follow one another, however many there are."""
        whole = RValue(CALL if kind in (CALL, ATTRIBUTED_CALL) else kind, [])
        while True:
            attributes = _named(self.item(depth + 1)) if has_attributes else {}
            whole.attributes = whole.attributes or attributes
            tag = self.item(depth + 1).value if has_tag else None
            whole.value.append((tag, self.item(depth + 1)))
            flags = self.integer()
            if flags & 0xFF not in PAIRS:
                self.at -= 4
                rest = self.item(depth + 1)
                if rest.kind != NIL:
                    whole.value.append((None, rest))
                return whole
            has_attributes, has_tag = bool(flags & 0x200), bool(flags & 0x400)

    def _alternative(self, depth: int) -> RValue:
        """Return a vector that R stores in another way: a sequence, texts of numbers, or one that is wrapped."""
        about, state, attributes = (self.item(depth + 1) for _ in range(3))
        name = str(about.value[0][1].value)
        inner = state.value[0][1] if state.kind in PAIRS else state.value[0] if state.kind == VECTOR else state
        if name.startswith("compact_"):
            n, start, step = (int(number) for number in inner.value[:3])
            made = RValue(INTEGERS, range(start, start + n * (step or 1), step or 1))
        elif name == "deferred_string":
            made = RValue(STRINGS, [f"{number:g}" for number in inner.value[: len(self.data)]])
        elif name.startswith("wrap_"):
            made = RValue(inner.kind, inner.value)
        else:
            raise ModelFileError(f"it holds a vector of the class {name[:40]}, which is not known.")
        made.attributes = _named(attributes)
        return made

    def _code(self, depth: int) -> None:
        if depth > DEEPEST:
            raise ModelFileError(f"its values stand more than {DEEPEST} deep in each other.")
        self.item(depth)
        for _ in range(self.integer()):
            kind = self.integer()
            if kind == CODE:
                self._code(depth + 1)
            else:
                self._code_call(kind, depth)

    def _code_call(self, kind: int, depth: int) -> None:
        while True:
            if depth > DEEPEST:
                raise ModelFileError(f"its values stand more than {DEEPEST} deep in each other.")
            if kind == CODE_REFERENCE:
                self.integer()
                return
            if kind not in (CODE_DEFINED, LIST, CALL, ATTRIBUTED_CALL, ATTRIBUTED_LIST):
                self.item(depth)
                return
            if kind == CODE_DEFINED:
                self.integer()
                kind = self.integer()
            if kind in (ATTRIBUTED_CALL, ATTRIBUTED_LIST):
                self.item(depth)
            self.item(depth)
            self._code_call(self.integer(), depth + 1)
            kind = self.integer()


def _named(pairs: RValue) -> dict[str, RValue]:
    return pairs.entries() if pairs.kind in PAIRS else {}
