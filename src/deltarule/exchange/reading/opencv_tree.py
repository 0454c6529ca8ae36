"""What OpenCV's FileStorage writes, as mappings and lists: XML, JSON, and the part of YAML that it uses.

Its YAML begins with `%YAML:1.0`, which readers of YAML refuse, and has nothing but block mappings, block sequences,
and flow sequences and mappings that may go over several lines.
"""

import json
import re
from typing import Any

from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.xml_tree import Element, read_xml

__all__ = ["read_storage"]

DEEPEST = 30

_KEY = re.compile(r"(\"(?:[^\"\\]|\\.)*\"|[^\s:\[\]{},\"][^:\[\]{}\"]*?)\s*:(?:\s+|$)")
_TAG = re.compile(r"!!?[^\s\[{]+\s*|![^\s\[{]*<[^>]*>\s*")


def read_storage(data: bytes, text: str) -> Any:
    """Return the tree of a file.

    Raises
    ------
    ModelFileError
        If it is damaged, or holds packed numbers (base64).
    """
    if "$base64$" in text or "!!binary" in text or 'type_id="binary"' in text:
        raise ModelFileError("it holds packed numbers (base64). Save the network without FileStorage::BASE64.")
    if text.lstrip().startswith("<"):
        return _of_element(read_xml(data))
    if text.lstrip().startswith("{"):
        return json.loads(text)
    lines = [line.rstrip() for line in text.splitlines()]
    body = [line for line in lines if line.strip() and not line.startswith(("%", "---", "...", "#"))]
    reader = _Yaml(body)
    tree = reader.block(_indent(body[0]) if body else 0, 0)
    if reader.at < len(body):
        raise ModelFileError(f"it is damaged YAML, at {body[reader.at].strip()[:40]!r}.")
    return tree


def _of_element(element: Element) -> Any:
    if any(child.name == "_" for child in element):
        return [_of_element(child) for child in element]
    if element.children:
        return {child.name: _of_element(child) for child in element}
    return element.text.strip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


class _Yaml:
    """A place in the lines of a file."""

    def __init__(self, lines: list[str]) -> None:
        self.lines, self.at = lines, 0

    def block(self, indent: int, depth: int) -> Any:
        """Return the mapping or sequence whose lines begin at an indent."""
        if depth > DEEPEST:
            raise ModelFileError(f"its parts stand more than {DEEPEST} deep in each other.")
        entries: dict[str, Any] = {}
        items: list[Any] = []
        while self.at < len(self.lines) and _indent(self.lines[self.at]) == indent:
            line = self.lines[self.at].strip()
            if line == "-" or line.startswith("- "):
                items.append(self._value(line[1:].strip(), indent, depth))
            elif found := _KEY.match(line):
                entries[found[1].strip().strip('"')] = self._value(line[found.end() :], indent, depth)
            else:
                raise ModelFileError(f"it is damaged YAML, at {line[:40]!r}.")
        return items if items else entries

    def _value(self, rest: str, indent: int, depth: int) -> Any:
        """Return what stands behind a key or a dash, and go on behind it."""
        rest = _TAG.sub("", rest, count=1) if rest.startswith("!") else rest
        self.at += 1
        if not rest:
            deeper = _indent(self.lines[self.at]) if self.at < len(self.lines) else -1
            return self.block(deeper, depth + 1) if deeper > indent else ""
        if rest[0] not in "[{":
            return rest.strip('"')
        pieces = [rest]
        is_open = rest.count("[") + rest.count("{") - rest.count("]") - rest.count("}")
        while is_open > 0:
            if self.at >= len(self.lines):
                raise ModelFileError("it ends within a list.")
            line = self.lines[self.at].strip()
            pieces.append(line)
            is_open += line.count("[") + line.count("{") - line.count("]") - line.count("}")
            self.at += 1
        return _flow(" ".join(pieces), depth)


def _flow(text: str, depth: int) -> Any:
    """Return a flow sequence of plain values, or a flow mapping of them."""
    text = text.strip()
    inner = text[1:-1].strip()
    if "[" in inner or "{" in inner or depth > DEEPEST:
        raise ModelFileError(f"it has lists within lists where none belong: {text[:40]!r}.")
    cells = [cell.strip() for cell in inner.split(",")] if inner else []
    if text[0] == "[":
        return [cell.strip('"') for cell in cells]
    return {
        key.strip().strip('"'): value.strip().strip('"') for key, _, value in (cell.partition(":") for cell in cells)
    }
