"""Numbers in a formula, and long sums and lists shortened to their largest terms."""

from collections.abc import Callable

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["count", "factor", "fitting", "largest", "listed", "number", "product", "shortened_sum", "vector"]

SHORTEST = 3
"""Least characters of a term with its sign."""


def number(value: float, digits: int = 4) -> str:
    """Write a number with four digits, or as many as are asked for.

    >>> number(-0.123456), number(-0.0), number(0.123456, 2)
    ('−0.1235', '0', '0.12')
    """
    text = f"{float(value) + 0.0:.{digits}g}"  # + 0.0 turns −0 into 0
    return text.replace("-", "−", 1) if text.startswith("-") else text


def count(value: float) -> str:
    """Write a number of examples, which as a sum of weights need not be whole."""
    return f"{value:.0f}" if value == round(value) else number(value)


def factor(value: float) -> str:
    """Write a number as the second factor of a product, in brackets if it is negative.

    >>> factor(-2.0)
    '(−2)'
    """
    return f"({number(value)})" if value < 0 else number(value)


def product(*factors: float) -> str:
    """Write a product as a term of a sum, with its sign in front.

    >>> product(-0.5, -2.0)
    ' − 0.5·(−2)'
    """
    first, *rest = factors
    body = "·".join([number(abs(first)), *map(factor, rest)])
    return f" {'−' if first < 0 else '+'} {body}"


def shortened_sum(values: Array, write: Callable[[int], str], room: int, first: str = "") -> str:
    """Write a sum, if possible in `room` characters: the largest terms, then the sum of the rest.

    Parameters
    ----------
    values : array of shape (n,)
        Values of the terms.
    write : callable
        Index of a term ↦ the term with its sign, as `product` writes it.
    room : int
        Most characters.
    first : str, optional
        A first term that is always shown.
    """
    kept = fitting(values, write, room - len(first), reserve=28)
    text = first + "".join(kept.values())
    if not first:
        text = text.removeprefix(" + ")
        text = f"−{text[3:]}" if text.startswith(" − ") else text
    if (left_out := len(values) - len(kept)) > 0:
        rest = number(float(np.delete(values, list(kept)).sum()))
        text += f"{' + ' if text else ''}… ({left_out} more: {rest})"
    return text


def listed(sizes: Array, write: Callable[[int], str], mark: str, room: int) -> str:
    """Join the largest terms that fit, at least one, in their order, and say how many more there are."""
    kept = fitting(sizes, lambda k: mark + write(k), room, reserve=14)
    texts = kept or {(k := int(np.argmax(np.abs(sizes)))): mark + write(k)}
    more = f"{mark}… ({len(sizes) - len(texts)} more)" if len(texts) < len(sizes) else ""
    return "".join(texts.values()).removeprefix(mark) + more


def vector(values: Array, room: int) -> str:
    """Write a vector, or the first entries of a vector that is too long."""
    return f"[{listed(np.arange(len(values), 0.0, -1), lambda k: number(values[k]), ', ', room)}]"


def fitting(sizes: Array, write: Callable[[int], str], room: int, reserve: int) -> dict[int, str]:
    """Return the terms to keep, in order: all if they fit, otherwise the largest that leave `reserve` characters."""
    if len(sizes) * SHORTEST <= room:
        texts = {k: write(k) for k in range(len(sizes))}
        if sum(map(len, texts.values())) <= room:
            return texts
    kept: dict[int, str] = {}
    for k in np.argsort(-np.abs(sizes), kind="stable").tolist():
        text = write(k)
        room -= len(text)
        if room < reserve:
            break
        kept[k] = text
    return dict(sorted(kept.items()))


def largest(values: Array, most: int) -> list[int]:
    """Return the indices of the `most` largest magnitudes, in ascending order."""
    places: list[int] = sorted(np.argsort(-np.abs(values), kind="stable")[:most].tolist())
    return places
