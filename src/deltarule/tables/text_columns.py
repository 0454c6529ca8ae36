"""Columns of a text file: numbers if every field is one as computers write it, else texts as they are written.

A column is kept as numbers only if that loses nothing: not the zeros of 007, no mark, no word for a gap. Every other
column stays text; meaning.py finds out what it means.
"""

from array import array
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.compute as compute
from numpy.typing import NDArray

from deltarule.tables.records import EMPTY_WORD

__all__ = ["Column", "number_fields", "text_fields"]


_DOT_BEFORE_THREE = r"^\s*(?:[+-]?(?:[1-9]\d{0,2}\.\d{3}|\d+))?\s*$"
_COMMA = r"^\D{0,5}\d[\d.' ]*,\d+\D{0,5}$"


class Column:
    """A column of a file that is read batch by batch.

    Parameters
    ----------
    as_text : bool
        Whether to keep all fields as they are written.
    keeps : bool, default True
        Whether the fields are kept, or only what the column is.

    Attributes
    ----------
    dtype : dtype or None
        Of its numbers so far; None for texts, and before the first batch.
    lost : bool
        Whether a field that is not a number came after numbers were kept: the column must be read again, as text.
    dots_may_group : bool
        Whether its numbers have dots, each before three digits and after at most three: 1.234 may then mean 1234.
    has_commas : bool
        Whether it is text with a comma before decimals.
    """

    def __init__(self, as_text: bool, keeps: bool = True) -> None:
        self.lost = self.dots_may_group = self.has_commas = False
        self.dtype: np.dtype[Any] | None = None
        self._is_text, self._keeps, self._has_texts = as_text, keeps, False
        self._dots = 0
        self._numbers = _Growing()
        self._texts: list[Any] = []

    def add(self, fields: Any) -> None:
        """Add the fields of the next rows, given as an Arrow array."""
        if not self._is_text:
            numbers = number_fields(fields)
            if numbers is not None:
                self.dtype = numbers.dtype if self.dtype is None else np.result_type(self.dtype, numbers.dtype)
                if self._keeps:
                    self._numbers.add(numbers)
                if self._dots >= 0 and numbers.dtype.kind == "f":
                    dots = compute.sum(compute.match_substring(fields, ".")).as_py() or 0
                    some = compute.all(compute.match_substring_regex(fields, _DOT_BEFORE_THREE)).as_py()
                    self._dots = self._dots + dots if some else -1
                    self.dots_may_group = self._dots > 0
                return
            self._is_text = True
            self.lost = self.dtype is not None
            self.dtype = None
            self._numbers = _Growing()
        if not self._has_texts:
            self.has_commas = bool(compute.any(compute.match_substring_regex(fields, _COMMA)).as_py())
        if not self.lost:
            self._has_texts = True
            if self._keeps:
                self._texts.append(text_fields(fields))

    def finish(self) -> pd.Series:
        """Return the whole column, and free its parts."""
        numbers, self._numbers = self._numbers, _Growing()
        texts, self._texts = self._texts, []
        if self._is_text:
            return _joined(texts)
        return pd.Series(numbers.whole(), copy=False)


class _Growing:
    """Numbers to which more are added, in one piece of memory.

    Pieces put together at the end would take the memory of the column twice, because the allocator keeps what is freed
    between pieces of other columns: a file of 55 MB took 2.9 times its size at the peak instead of 2.1.
    """

    def __init__(self) -> None:
        self._dtype = np.dtype(np.float64)
        self._array = array("d")

    @property
    def has_any(self) -> bool:
        """Whether a number was added."""
        return len(self._array) > 0

    def add(self, numbers: NDArray[Any]) -> None:
        """Add numbers as int32, int64 or float64; a dtype that holds both replaces that of the numbers so far."""
        dtype = np.result_type(self._dtype, numbers.dtype) if self.has_any else numbers.dtype
        if dtype != self._dtype:
            self._array = array(_CODES[dtype.name], self.whole().astype(dtype).tobytes())
            self._dtype = dtype
        self._array.frombytes(numbers.astype(dtype, copy=False).tobytes())

    def whole(self) -> NDArray[Any]:
        """Return all numbers; nothing can be added while the returned array exists."""
        return np.frombuffer(self._array, self._dtype) if self.has_any else np.empty(0)


_CODES = {"int32": "i", "int64": "q", "float64": "d"}
"""The codes of the module array for the dtypes that `number_fields` returns."""


def number_fields(fields: Any) -> NDArray[Any] | None:
    """Return fields as numbers, NaN for empty ones; None if a field is not a plain number, or would lose digits."""
    ends = np.frombuffer(fields.buffers()[1], dtype=np.int64)[fields.offset : fields.offset + len(fields) + 1]
    data = fields.buffers()[2]
    codes = memoryview(data)[ends[0] : ends[-1]].tobytes() if data is not None else b""
    others = codes.translate(None, b"0123456789")
    if others and not set(others) <= set(b"+-.eE"):
        stripped = compute.utf8_trim_whitespace(fields)
        return None if stripped.equals(fields) else number_fields(stripped)
    lengths = np.diff(ends)
    if _zeros_in_front(np.frombuffer(codes + b"  ", dtype=np.uint8), ends[:-1] - ends[0], lengths):
        return None
    has_gaps = not lengths.all()
    if b"+" in others:
        fields = compute.replace_substring_regex(fields, r"^\+([.0-9])", r"\1")
    try:
        if not others.strip(b"+-") and not has_gaps:
            whole: NDArray[Any] = compute.cast(fields, pyarrow.int64()).to_numpy()
            small = np.iinfo(np.int32)  # takes half the memory, if all values fit
            return whole.astype(np.int32) if small.min <= whole.min() and whole.max() <= small.max else whole
        filled = compute.if_else(compute.equal(fields, ""), None, fields) if has_gaps else fields
        values: NDArray[Any] = compute.cast(filled, pyarrow.float64()).to_numpy(zero_copy_only=False)
    except pyarrow.ArrowInvalid:
        return None
    return None if np.isinf(values).any() else values


def _zeros_in_front(codes: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> bool:
    """Whether a field is like 007 or -01."""
    signs = (codes[starts] == ord("-")) | (codes[starts] == ord("+"))
    first = starts + signs
    return bool(((codes[first] == ord("0")) & (codes[first + 1] >= ord("0")) & (lengths - signs > 1)).any())


def text_fields(fields: Any) -> Any:
    """Return fields without surrounding blanks, null for empty ones."""
    texts = compute.utf8_trim_whitespace(fields)
    texts = compute.if_else(compute.equal(texts, ""), None, texts)
    return compute.if_else(compute.equal(texts, EMPTY_WORD), "", texts)


def _joined(chunks: list[Any]) -> pd.Series:
    texts = pyarrow.chunked_array(chunks, pyarrow.large_string())
    dtype: Any = pd.Series(["a"]).dtype
    # Arrow's strings, the default since pandas 3, take a fifth of the memory of objects.
    return pd.Series(dtype.__from_arrow__(texts) if hasattr(dtype, "__from_arrow__") else texts.to_pandas())
