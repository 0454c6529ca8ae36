"""Fields of a text file to columns: numbers where every field is one as computers write it, else texts as they stand.

A column is kept as numbers only if nothing is lost by it: not the zeros of 007, no mark, no word for a gap. Everything
else stays text, and what it means is found in cells.py.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.tables.records import EMPTY_WORD

__all__ = ["Column"]


_DIGITS = b"0123456789\n"
_ALIKE = bytes.maketrans(b"23456789+", b"11111111-")
"""Makes every digit but 0 a 1, so that few searches find the zeros in front."""

_DOT_BEFORE_THREE = re.compile(r"\s*(?:[+-]?(?:[1-9]\d{0,2}\.\d{3}|\d+))?\s*")
_COMMA = re.compile(r"\D{0,5}\d[\d.' ]*,\d+\D{0,5}")


class Column:
    """A column of a file that is read batch by batch.

    Parameters
    ----------
    as_text : bool
        Whether its fields are kept as they are written, whatever they are.

    Attributes
    ----------
    lost : bool
        Whether numbers were kept as such before a field came that is none: then it must be read again, as text.
    dots_may_group : bool
        Whether its numbers have dots, each before three digits and behind at most three: 1.234 may be 1234 then.
    has_commas : bool
        Whether it is text in which a comma stands before decimals.
    """

    def __init__(self, as_text: bool) -> None:
        self.lost = self.dots_may_group = self.has_commas = False
        self._is_text = as_text
        self._dots = 0
        self._numbers: list[NDArray[Any]] = []
        self._texts: list[Any] = []

    def add(self, fields: Sequence[str]) -> None:
        """Take the fields of the next rows."""
        if not self._is_text:
            numbers = _numbers(fields)
            if numbers is not None:
                self._numbers.append(numbers)
                if self._dots >= 0 and numbers.dtype.kind == "f":
                    dots = sum("." in one for one in fields)
                    self._dots = self._dots + dots if all(map(_DOT_BEFORE_THREE.fullmatch, fields)) else -1
                    self.dots_may_group = self._dots > 0
                return
            self._is_text = True
            self.lost = bool(self._numbers)
            self._numbers.clear()
        if not self._texts:
            self.has_commas = any(map(_COMMA.fullmatch, fields))
        if not self.lost:
            self._texts.append(_texts(fields))

    def finish(self) -> pd.Series:
        """Return the whole column, and let go of its parts."""
        numbers, self._numbers = self._numbers, []
        texts, self._texts = self._texts, []
        if self._is_text:
            return _joined(texts)
        return pd.Series(np.concatenate(numbers) if numbers else np.empty(0))


def _numbers(fields: Sequence[str]) -> NDArray[Any] | None:
    """Return fields as numbers, NaN for empty ones; None if one is no plain number, or is more than its value."""
    text = "\n".join(fields)
    if not text.isascii():
        return None
    codes = f"\n{text}\n".encode("ascii")
    others = codes.translate(None, _DIGITS)
    if others and not set(others) <= set(b"+-.eE"):
        stripped = [one.strip() for one in fields]
        return None if stripped == list(fields) else _numbers(stripped)
    alike = codes.translate(_ALIKE)
    if any(zero in alike for zero in (b"\n00", b"\n01", b"\n-00", b"\n-01")):  # 007
        return None
    try:
        if not others.strip(b"+-") and b"\n\n" not in codes:
            whole = np.array([*map(int, fields)], dtype=np.int64)
            small = np.iinfo(np.int32)  # half the memory, where it is enough
            return whole.astype(np.int32) if small.min <= whole.min() and whole.max() <= small.max else whole
        values = np.array([float(one) if one else np.nan for one in fields])
    except (OverflowError, ValueError):
        return None
    return None if np.isinf(values).any() else values


def _texts(fields: Sequence[str]) -> Any:
    """Return fields as texts, None for empty ones, in the form in which they are kept."""
    texts = [one.strip() or None for one in fields]
    if EMPTY_WORD in texts:
        texts = ["" if one == EMPTY_WORD else one for one in texts]
    if _arrow():
        import pyarrow

        return pyarrow.array(texts, type=pyarrow.large_string())
    same: dict[str | None, str | None] = {}  # each text once in memory, and not once for each row
    return np.array([same.setdefault(one, one) for one in texts], dtype=object)


def _joined(chunks: list[Any]) -> pd.Series:
    if chunks and _arrow():
        import pyarrow

        dtype: Any = pd.Series(["a"]).dtype
        return pd.Series(dtype.__from_arrow__(pyarrow.chunked_array(chunks)))
    return pd.Series(np.concatenate(chunks) if chunks else np.empty(0, dtype=object))


def _arrow() -> bool:
    """Whether pandas keeps texts as Arrow does, by default since pandas 3: in a fifth of the memory of objects."""
    return getattr(pd.Series(["a"]).dtype, "storage", "") == "pyarrow"
