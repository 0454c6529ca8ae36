"""What an explanation says, before anyone writes it down as text, Markdown or HTML.

Formulas and numbers are strings in the notation of the documentation, Θ⁽¹⁾_ij, e^−0.5, 2.06e-09; `notation.py` says
what may stand in them. Words and formulas are kept apart, since only formulas are set as mathematics.
"""

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Account", "Equality", "Group", "Line", "Part", "Section", "Sentence"]


@dataclass(frozen=True)
class Equality:
    """A value by its name, the same with numbers, and what comes out: `name = numbers = value`.

    Attributes
    ----------
    name, numbers, value : str
        `numbers` is empty where there is nothing to compute.
    """

    name: str
    numbers: str
    value: str

    @property
    def right(self) -> str:
        """Everything right of the first equals sign."""
        return f"{self.numbers} = {self.value}" if self.numbers else self.value


Line: TypeAlias = tuple[Equality, ...]
"""One or two equalities that belong together: of one unit, z and a."""


@dataclass(frozen=True)
class Sentence:
    """Words, and a formula at their end where there is one."""

    words: str
    formula: str = ""


@dataclass(frozen=True)
class Part:
    """An equation and the same with the numbers in, line by line.

    Attributes
    ----------
    label : str
        What it is about, in words: "Layer 2".
    formula : str
    number : int or None
        Of the equation, 1 to 11; None where it only names something.
    lines : tuple of Line
    left_out : Sentence or None
        What is not shown, and how large that is.
    """

    label: str
    formula: str
    number: int | None = None
    lines: tuple[Line, ...] = ()
    left_out: Sentence | None = None


Group: TypeAlias = tuple[Part | Sentence, ...]
"""Parts that stand together; a sentence among them says which were left out between two."""


@dataclass(frozen=True)
class Section:
    """Groups under a title: one of several examples, or the sums over all of them.

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
        The caller's own first line, any text; may be empty.
    opening : Sentence
    sections : tuple of Section
    left_out : Sentence or None
        The examples that are not shown.
    """

    heading: str
    opening: Sentence
    sections: tuple[Section, ...]
    left_out: Sentence | None = None
