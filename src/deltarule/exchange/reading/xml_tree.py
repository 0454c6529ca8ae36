"""XML as plain elements: no document type, no entities of its own, nothing fetched, and no deep recursion."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from deltarule.common.errors import ModelFileError

__all__ = ["Element", "read_xml"]

DEEPEST = 100

ENCODINGS = (b"utf-8", b"utf-16", b"us-ascii", b"iso-8859-1")
"""The encodings that expat itself knows; for any other, Python would look for a codec."""

_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([^"']*)""")


@dataclass(eq=False, slots=True)
class Element:
    """An element, by its name without namespace."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def __iter__(self) -> Iterator["Element"]:
        return iter(self.children)

    def all(self, name: str) -> list["Element"]:
        """Return the children of a name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> "Element | None":
        """Return the first child of a name."""
        return next((child for child in self.children if child.name == name), None)

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute."""
        return self.attributes.get(name, default)


def read_xml(data: bytes) -> Element:
    """Return the outermost element.

    Raises
    ------
    ModelFileError
        If it is no XML, is cut short, or has a document type.
    """
    stack = [Element("", {})]
    texts: list[list[str]] = [[]]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > DEEPEST:
            raise ModelFileError(f"its elements stand more than {DEEPEST} deep in each other.")
        element = Element(name.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in attributes.items()})
        stack[-1].children.append(element)
        stack.append(element)
        texts.append([])

    def end(_: str) -> None:
        stack.pop().text = "".join(texts.pop())

    def refuse(*_: object) -> None:
        raise ModelFileError("it has a document type (<!DOCTYPE …>), which is not read. Remove that part.")

    said = _ENCODING.search(data[:200])
    if said and said[1].lower() not in ENCODINGS:
        raise ModelFileError(
            f"it is XML in {said[1][:20].decode('latin-1')!r}; UTF-8, UTF-16, ASCII and Latin-1 are read."
        )
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: texts[-1].append(text)
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ModelFileError(f"it is damaged XML ({error}).") from None
    return stack[0].children[0]
