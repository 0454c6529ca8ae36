"""Weka's tables: attributes and rows of an ARFF file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deltarule.common.errors import ModelFileError

__all__ = ["Attribute", "read_arff"]

_ATTRIBUTE = re.compile(r"@attribute\s+('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s{]+)\s*(.*)", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Attribute:
    """A column: its name, and its values if it is nominal, else None."""

    name: str
    values: tuple[str, ...] | None


def read_arff(text: str) -> tuple[list[Attribute], list[list[str | None]]]:
    """Return attributes and rows, with None for what is missing.

    Raises
    ------
    ModelFileError
        If it is no ARFF, or has attributes other than numeric and nominal ones.
    """
    lines = iter(text.splitlines())
    attributes: list[Attribute] = []
    for line in lines:
        line = line.strip()
        if line.lower().startswith("@data"):
            break
        if found := _ATTRIBUTE.match(line):
            attributes.append(_attribute(_plain(found[1]), found[2].strip()))
    else:
        raise ModelFileError("The table is no ARFF file: it has no @data.")
    return attributes, [_row(line.strip(), attributes) for line in lines if line.strip() and line.strip()[0] != "%"]


def _attribute(name: str, kind: str) -> Attribute:
    if kind.startswith("{") and kind.endswith("}"):
        return Attribute(name, tuple(_cells(kind[1:-1])))
    if kind.lower().split(" ")[0].rstrip(",") in ("numeric", "real", "integer"):
        return Attribute(name, None)
    raise ModelFileError(f"Attribute {name!r} of the table is {kind[:30]!r}; numeric and nominal ones are read.")


def _row(line: str, attributes: list[Attribute]) -> list[str | None]:
    if line.startswith("{"):  # sparse: what is left out is 0, which is the first of nominal values
        row: list[str | None] = ["0" if one.values is None else one.values[0] for one in attributes]
        for pair in _split(line[1:].partition("}")[0]):
            place, _, value = pair.strip().partition(" ")
            row[int(place)] = None if value.strip() == "?" else _plain(value.strip())
        return row
    pairs = list(_split(line))
    if len(pairs) == len(attributes) + 1 and pairs[-1].strip().startswith("{"):
        pairs.pop()  # the weight of the row
    if len(pairs) != len(attributes):
        raise ModelFileError(
            f"A row of the table has {len(pairs)} values for {len(attributes)} attributes: {line[:60]!r}."
        )
    return [None if cell.strip() == "?" else _plain(cell.strip()) for cell in pairs]


def _cells(text: str) -> Iterator[str]:
    return (_plain(cell.strip()) for cell in _split(text))


def _split(text: str) -> Iterator[str]:
    """Split at commas outside of quotes, which stay."""
    if "'" not in text and '"' not in text:
        yield from text.split(",")
        return
    start, quote, at = 0, "", 0
    while at < len(text):
        letter = text[at]
        if letter == "\\" and quote:
            at += 1
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == ",":
            yield text[start:at]
            start = at + 1
        at += 1
    yield text[start:]


def _plain(word: str) -> str:
    if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
        return _ESCAPED.sub(r"\1", word[1:-1])
    return word
