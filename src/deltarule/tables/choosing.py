"""Which columns of a training table are used, and which words of a column have a column of X."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.tables.notices import MOST_CATEGORIES

__all__ = ["MANY", "commonest", "counted_words", "why_no_category", "why_no_number"]

MANY = 20
"""A column of words names the rows if it has more different values than this, and than half of its filled rows."""


def why_no_number(values: Array) -> str:
    """Return why a column of numbers is dropped; empty if it is not."""
    gaps = np.isnan(values)
    if gaps.all():
        return "empty"
    return "constant" if not gaps.any() and values.min() == values.max() else ""


def why_no_category(counts: Mapping[str | None, int], many: float, different: int, filled: int) -> str:
    """Return why a column of words is dropped, empty if it is not; more than `many` that hardly recur are names.

    `different` words stand in `filled` rows; `counts` holds the commonest of them.
    """
    if not filled:
        return "empty"
    if len(counts) == 1:
        return "constant"
    return "names" if different > max(many, filled / 2) else ""


def counted_words(codes: Any, words: Sequence[str]) -> Counter[str | None]:
    """Return the number of rows of each word; None stands for gaps."""
    rows = np.bincount(codes + 1, minlength=len(words) + 1).tolist()
    return Counter({word: n for word, n in zip([None, *words], rows, strict=True) if n})


def commonest(counts: Mapping[str | None, int]) -> tuple[str | None, ...]:
    """Return the commonest words in their order, None for gaps last."""
    most = sorted(counts, key=lambda word: (-counts[word], word is None, word))[:MOST_CATEGORIES]
    return tuple(sorted(most, key=lambda word: (word is None, word)))
