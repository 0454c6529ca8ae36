"""What the columns of a table become before a foreign network sees them, in the order of a `TableEncoder`."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Column", "Numbers", "Words", "encoded_names", "plain_columns"]


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    Attributes
    ----------
    name : str
    gap : float
        What an empty cell counts as.
    has_mark : bool
        Whether the network has an input that says where cells are empty.
    """

    name: str
    gap: float = 0.0
    has_mark: bool = False


@dataclass(frozen=True)
class Words:
    """A column of words, with an input for each word, which is 1 where a row has it and 0 elsewhere.

    Attributes
    ----------
    name : str
    words : tuple of str
    has_mark : bool
        Whether empty cells have an input too.
    """

    name: str
    words: tuple[str, ...]
    has_mark: bool = False


Column = Numbers | Words


def encoded_names(columns: Sequence[Column]) -> list[tuple[str, str | None]]:
    """Return (column, word) of each input: numbers, then marks of their gaps, then words.

    The word is "" for a number and None for a gap.

    >>> encoded_names([Words("g", ("m", "f"), has_mark=True), Numbers("a", has_mark=True), Numbers("b")])
    [('a', ''), ('b', ''), ('a', None), ('g', 'm'), ('g', 'f'), ('g', None)]
    """
    numbers = [column for column in columns if isinstance(column, Numbers)]
    names: list[tuple[str, str | None]] = [(column.name, "") for column in numbers]
    names += [(column.name, None) for column in numbers if column.has_mark]
    for column in columns:
        if isinstance(column, Words):
            names += [(column.name, word) for word in column.words]
            names += [(column.name, None)] * column.has_mark
    return names


def plain_columns(names: Sequence[str]) -> tuple[Column, ...]:
    """Return columns of numbers."""
    return tuple(Numbers(name) for name in names)
