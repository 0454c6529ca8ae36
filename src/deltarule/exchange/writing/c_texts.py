"""Texts and names as C takes them.

Texts are written in ASCII, every other byte as an octal number: a hexadecimal one would go on with the next letter, and
two question marks could begin a trigraph.
"""

import json
import re
from collections.abc import Iterable

from deltarule.common.errors import InputError
from deltarule.exchange.writing.exported import Column, unlike

__all__ = ["c_string", "comment", "identifier", "identifiers"]

_KEYWORDS = frozenset(
    [
        "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum",
        "extern", "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return",
        "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void",
        "volatile", "while", "asm", "class", "bool", "true", "false", "new", "delete", "this", "operator",
        "template", "private", "public", "protected", "try", "catch", "throw",
    ]
)  # fmt: skip
"""Keywords of C, and those of C++ that may well be the name of a column."""

LONGEST = 4095
"""Bytes of a text that every compiler of C99 takes."""


def identifiers(columns: Iterable[Column]) -> tuple[str, ...]:
    """Return a name of C for each column, each another one.

    >>> identifiers([Column("size (m²)", "number"), Column("size_m", "number"), Column("int", "number")])
    ('size_m', 'size_m_', 'int_')
    """
    taken: dict[str, None] = {}
    for column in columns:
        taken[unlike(identifier(column.name), {*taken, *_KEYWORDS})] = None
    return tuple(taken)


def identifier(name: str) -> str:
    """Return a name of C that is like a text.

    >>> identifier("2nd größe")
    'x_2nd_gr_e'
    """
    found = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return found if found[:1].isalpha() else f"x_{found}".rstrip("_")


def c_string(text: str) -> str:
    """Return a text of C."""
    if "\0" in text or len(text.encode()) > LONGEST:
        raise InputError(f"The text {text[:40]!r} holds a NUL or has more than {LONGEST} bytes, which C does not take.")
    plain = (chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def comment(text: str) -> str:
    """Return a text as it can stand in a comment.

    >>> comment("a */ b")
    '"a * / b"'
    """
    return json.dumps(text).replace("*/", "* /").replace("/*", "/ *")
