"""HDF5 files as Keras writes them: groups, attributes, and datasets in one piece.

A part of the format: superblocks 0 to 3, object headers of both versions, groups as tables of symbols or as links,
fixed and variable texts, whole and floating numbers, datasets that are contiguous or compact. Each address and length
is compared with the file before it is followed, and no more objects are opened than the file has room for.
"""

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from deltarule.common.errors import ModelFileError

__all__ = ["Node", "read_hdf5"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"
NOWHERE = (1 << 64) - 1
DEEPEST = 30

SPACE, LINK_INFO, DATATYPE, LINK, LAYOUT, FILTERS, ATTRIBUTE, CONTINUED, TABLE = 1, 2, 3, 6, 8, 11, 12, 16, 17


@dataclass(eq=False)
class Node:
    """A group with what is in it, or a dataset, with attributes.

    Attributes
    ----------
    attributes : dict
    children : dict of str to Node
    data : array or None
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    children: dict[str, "Node"] = field(default_factory=dict)
    data: Any = None

    def at(self, path: str) -> "Node | None":
        """Return what is at a path; None if there is nothing."""
        node: Node | None = self
        for name in path.split("/"):
            node = None if node is None else node.children.get(name) if name else node
        return node


@dataclass(frozen=True)
class _Type:
    kind: str  # a dtype of NumPy, "text", or "texts" of variable length
    size: int


def read_hdf5(data: bytes) -> Node:
    """Return the root group.

    Raises
    ------
    ModelFileError
        If the file is damaged, or has parts that are not read: chunks, compression, other versions.
    """
    if not data.startswith(SIGNATURE):
        raise ModelFileError("it is no HDF5 file.")
    reader = _Reader(data)
    version = data[8]
    if version in (0, 1):
        if data[13:15] != b"\x08\x08":
            raise ModelFileError("its addresses are not of 8 bytes, which are not read.")
        entry = 24 + (4 if version == 1 else 0) + 32
        return reader.node(reader.number(entry + 8, 8), 0)
    if version in (2, 3) and data[9:11] == b"\x08\x08":
        return reader.node(reader.number(36, 8), 0)
    raise ModelFileError(f"it is HDF5 with a superblock of version {version}, which is not read.")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = len(data) // 16 + 64  # objects and blocks that may still be opened
        self.open: set[int] = set()
        self.bytes_left = 2 * len(data)

    def part(self, at: int, n: int) -> bytes:
        if at < 0 or n < 0 or at + n > len(self.data):
            raise ModelFileError("it ends too early, or an address in it is wrong.")
        return self.data[at : at + n]

    def number(self, at: int, n: int) -> int:
        return int.from_bytes(self.part(at, n), "little")

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ModelFileError("its parts lead to each other in a circle.")

    def node(self, address: int, depth: int) -> Node:
        """Return the object whose header is at an address."""
        self.count()
        if depth > DEEPEST or address in self.open:
            raise ModelFileError("its groups stand in each other, or too deep.")
        self.open.add(address)
        node = Node()
        messages = self._messages(address)
        of = {kind: body for kind, body in messages if kind in (SPACE, DATATYPE, LAYOUT)}
        for kind, body in messages:
            if kind == ATTRIBUTE:
                name, value = self._attribute(body)
                node.attributes[name] = value
            elif kind == TABLE:
                tree, heap = self.number(body[0], 8), self.number(body[0] + 8, 8)
                for name, child in self._table(tree, self.number(heap + 24, 8), 0):
                    node.children[name] = self.node(child, depth + 1)
            elif kind == LINK:
                found = self._link(body)
                if found is not None:
                    node.children[found[0]] = self.node(found[1], depth + 1)
            elif kind == LINK_INFO and self._has_heap(body):
                raise ModelFileError("it has groups of very many links, which are not read.")
            elif kind == FILTERS:
                raise ModelFileError("its numbers are compressed. Save the model without compression.")
        if LAYOUT in of and SPACE in of and DATATYPE in of:
            dtype, _ = self._type(of[DATATYPE][0])
            shape = self._shape(of[SPACE][0])
            node.data = self._values(dtype, shape, *self._place(of[LAYOUT]))
        self.open.discard(address)
        return node

    def _messages(self, address: int) -> list[tuple[int, tuple[int, int]]]:
        """Return (type, (start, length)) of the messages of an object header."""
        found: list[tuple[int, tuple[int, int]]] = []
        if self.part(address, 4) == b"OHDR":
            flags = self.number(address + 5, 1)
            at = address + 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
            width = 1 << (flags & 3)
            blocks = [(at + width, self.number(at, width))]
            extra = 2 if flags & 4 else 0
            while blocks:
                self.count()
                at, length = blocks.pop(0)
                end = at + length
                while at + 4 + extra <= end:
                    kind, size = self.number(at, 1), self.number(at + 1, 2)
                    at += 4 + extra
                    self._message(found, blocks, kind, at, size, end, 4)
                    at += size
            return found
        if self.number(address, 1) != 1:
            raise ModelFileError("it has an object of an unknown version.")
        blocks = [(address + 16, self.number(address + 8, 4))]
        while blocks:
            self.count()
            at, length = blocks.pop(0)
            end = at + length
            while at + 8 <= end:
                kind, size = self.number(at, 2), self.number(at + 2, 2)
                at += 8
                self._message(found, blocks, kind, at, size, end, 0)
                at += size
        return found

    def _message(
        self,
        found: list[tuple[int, tuple[int, int]]],
        blocks: list[tuple[int, int]],
        kind: int,
        at: int,
        size: int,
        end: int,
        around: int,
    ) -> None:
        if at + size > end:
            raise ModelFileError("an object in it is cut short.")
        if kind == CONTINUED:
            blocks.append((self.number(at, 8) + around, self.number(at + 8, 8) - 2 * around))
        else:
            found.append((kind, (at, size)))

    def _table(self, tree: int, heap: int, depth: int) -> list[tuple[str, int]]:
        """Return names and addresses of a group, from a tree of symbol tables."""
        self.count()
        if depth > DEEPEST:
            raise ModelFileError("its groups stand too deep.")
        if self.part(tree, 4) == b"SNOD":
            entries = [tree + 8 + 40 * n for n in range(self.number(tree + 6, 2))]
            return [(self._name(heap + self.number(at, 8)), self.number(at + 8, 8)) for at in entries]
        if self.part(tree, 4) != b"TREE":
            raise ModelFileError("a group in it is damaged.")
        children = [self.number(tree + 32 + 16 * n, 8) for n in range(self.number(tree + 6, 2))]
        return [pair for child in children for pair in self._table(child, heap, depth + 1)]

    def _name(self, at: int) -> str:
        end = self.data.find(b"\0", at, at + 10_000)
        return self.part(at, max(end - at, 0)).decode("utf-8", "replace")

    def _link(self, body: tuple[int, int]) -> tuple[str, int] | None:
        at = body[0]
        flags = self.number(at + 1, 1)
        at += 2
        kind = self.number(at, 1) if flags & 8 else 0
        at += (1 if flags & 8 else 0) + (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
        width = 1 << (flags & 3)
        length = self.number(at, width)
        at += width
        name = self.part(at, length).decode("utf-8", "replace")
        return (name, self.number(at + length, 8)) if kind == 0 else None

    def _has_heap(self, body: tuple[int, int]) -> bool:
        at = body[0] + 2 + (8 if self.number(body[0] + 1, 1) & 1 else 0)
        return self.number(at, 8) != NOWHERE

    def _shape(self, at: int) -> tuple[int, ...]:
        version, rank = self.number(at, 1), self.number(at + 1, 1)
        at += 8 if version == 1 else 4
        return tuple(self.number(at + 8 * n, 8) for n in range(rank))

    def _type(self, at: int) -> tuple[_Type, int]:
        """Return a type, and how long it is."""
        kind, bits, size = self.number(at, 1) & 15, self.number(at + 1, 3), self.number(at + 4, 4)
        order = ">" if bits & 1 else "<"
        if kind == 0 and size in (1, 2, 4, 8):
            return _Type(f"{order}{'i' if bits & 8 else 'u'}{size}", size), 12
        if kind == 1 and size in (2, 4, 8):
            return _Type(f"{order}f{size}", size), 20
        if kind == 3:
            return _Type("text", size), 8
        if kind == 5 and size > 0:
            return _Type(f"V{size}", size), 8
        if kind == 9 and bits & 15 == 1:
            return _Type("texts", 16), 8 + self._type(at + 8)[1]
        return _Type("other", size), 8

    def _attribute(self, body: tuple[int, int]) -> tuple[str, Any]:
        at, _ = body
        version = self.number(at, 1)
        lengths = [self.number(at + 2 + 2 * n, 2) for n in range(3)]
        at += 9 if version == 3 else 8
        starts = []
        for length in lengths:
            starts.append(at)
            at += (length + 7) // 8 * 8 if version == 1 else length
        name = self._name(starts[0])
        dtype, _ = self._type(starts[1])
        shape = self._shape(starts[2])
        return name, self._values(dtype, shape, at, None)

    def _place(self, body: tuple[int, int]) -> tuple[int, int | None]:
        """Return where the values of a dataset are, and how many bytes."""
        at, version = body[0], self.number(body[0], 1)
        kind = self.number(at + 1, 1)
        if version not in (3, 4) or kind not in (0, 1):
            raise ModelFileError(
                "its numbers are in chunks, or in a layout that is not read. Save the model without them."
            )
        if kind == 0:
            return at + 4, self.number(at + 2, 2)
        return self.number(at + 2, 8), self.number(at + 10, 8)

    def _values(self, dtype: _Type, shape: tuple[int, ...], at: int, length: int | None) -> Any:
        n = prod(shape) * dtype.size
        self.bytes_left -= n
        if self.bytes_left < 0:
            raise ModelFileError("it has more numbers than its size allows.")
        if length is not None and length != n:
            raise ModelFileError(f"a dataset has {length} bytes where {n} belong.")
        if dtype.kind == "other":
            return None
        raw = b"" if at == NOWHERE and n == 0 else self.part(at, n)
        if dtype.kind not in ("text", "texts"):
            values = np.frombuffer(raw, dtype=dtype.kind).reshape(shape)
            return values if shape else values[()]
        pieces = [raw[start : start + dtype.size] for start in range(0, n, dtype.size)] if dtype.size else []
        if dtype.kind == "texts":
            pieces = [self._from_heap(piece) for piece in pieces]
        texts = [piece.rstrip(b"\0").decode("utf-8", "replace") for piece in pieces]
        return texts if shape else texts[0]

    def _from_heap(self, reference: bytes) -> bytes:
        """Return a text of variable length, which is in a collection of such."""
        length = int.from_bytes(reference[:4], "little")
        at, index = int.from_bytes(reference[4:12], "little"), int.from_bytes(reference[12:16], "little")
        if length == 0:
            return b""
        if self.part(at, 4) != b"GCOL":
            raise ModelFileError("a text in it is not where it says.")
        end = at + self.number(at + 8, 8)
        at += 16
        while at + 16 <= min(end, len(self.data)):
            self.count()
            found, size = self.number(at, 2), self.number(at + 8, 8)
            if found == index:
                self.bytes_left -= length
                if self.bytes_left < 0:
                    raise ModelFileError("it has more texts than its size allows.")
                return self.part(at + 16, min(length, size))
            if found == 0:
                break
            at += 16 + (size + 7) // 8 * 8
        raise ModelFileError("a text in it is not where it says.")
