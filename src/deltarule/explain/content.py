"""The content of an explanation, which text, Markdown and HTML have in common.

Formulas and numbers are strings in the notation of the documentation, Θ⁽¹⁾_ij, e^−0.5, 2.06e-09; `notation.py`
defines their syntax. Words and formulas are separate, because only formulas are typeset as mathematics.
"""

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Account", "Equality", "Group", "Line", "Part", "Section", "Sentence"]


@dataclass(frozen=True)
class Equality:
    """A name, its formula with numbers, and the result: `name = numbers = value`.

    Attributes
    ----------
    name, numbers, value : str
        `numbers` is empty if nothing is computed.
    """

    name: str
    numbers: str
    value: str

    @property
    def right(self) -> str:
        """Everything right of the first equals sign."""
        return f"{self.numbers} = {self.value}" if self.numbers else self.value


Line: TypeAlias = tuple[Equality, ...]
"""One or two equalities that belong together, such as z and a of one unit."""


@dataclass(frozen=True)
class Sentence:
    """Words, with or without a formula at the end."""

    words: str
    formula: str = ""


@dataclass(frozen=True)
class Part:
    """An equation, and its lines with numbers.

    Attributes
    ----------
    label : str
        Its subject in words: "Layer 2".
    formula : str
    number : int or None
        Of the equation, 1 to 11; None where it only names something.
    lines : tuple of Line
    left_out : Sentence or None
        What is not shown, and how large it is.
    """

    label: str
    formula: str
    number: int | None = None
    lines: tuple[Line, ...] = ()
    left_out: Sentence | None = None


Group: TypeAlias = tuple[Part | Sentence, ...]
"""Parts that belong together; a sentence between two parts says which layers were left out."""


@dataclass(frozen=True)
class Section:
    """Groups under a title: one of several examples, or the sums over all examples.

    Attributes
    ----------
    title : Sentence or None
        None if there is no other section.
    groups : tuple of Group
    """

    title: Sentence | None
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Account:
    """A whole explanation.

    Attributes
    ----------
    heading : str
        The first line, any text that the caller gives; may be empty.
    opening : Sentence
    sections : tuple of Section
    left_out : Sentence or None
        The examples that are not shown.
    """

    heading: str
    opening: Sentence
    sections: tuple[Section, ...]
    left_out: Sentence | None = None
