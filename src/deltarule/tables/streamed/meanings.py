"""The first pass over a raw table: what the cells of its columns of texts mean, by how often each text occurs.

Up to MOST different texts of a column are counted exactly; the meaning of a column with more is found in a sample of
rows, chosen by a hash of their numbers. Where a file says that a column holds numbers, dates or booleans, it is not
read.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from deltarule.common.errors import TableError
from deltarule.tables.cells import Form, numbers_of, texts_of
from deltarule.tables.meaning import Complaints, Meaning, meaning_of_kind, meaning_of_texts, settle_by
from deltarule.tables.options import TableOptions
from deltarule.tables.streamed.frames import Frames, chosen
from deltarule.tables.streamed.tally import MOST

__all__ = ["SAMPLE_KEY", "SAMPLE_ROWS", "meanings_of"]

SAMPLE_ROWS = 1 << 16
"""Rows of a sample: shares of rows in it are right to 0.2 %, and the ranks of its quantiles too."""

SAMPLE_KEY = 0x5A3713
"""Key of the sample, apart from the keys of held-out rows, which are small numbers."""


def meanings_of(frames: Frames, options: TableOptions, used: Sequence[str]) -> dict[str, Meaning]:
    """Return what the cells of some columns mean; the other columns of texts tell, too, how numbers are written.

    Raises
    ------
    TableError
        As `meaning_of` does.
    """
    texts = {name: _Texts(name) for name, kind in frames.kinds.items() if kind == "text"}
    share = SAMPLE_ROWS / max(1, len(frames))
    for start, frame in frames.read(list(texts)) if texts else ():
        in_sample = chosen(SAMPLE_KEY, start, len(frame), share)
        for name, column in texts.items():
            column.add(frame[name], start, in_sample)
    meanings, others = {}, []
    for name, kind in frames.kinds.items():
        is_used = name in used
        with suppress(*([] if is_used else [TableError])):  # what cannot be read tells nothing
            if kind == "text":
                meaning = texts[name].meaning(options, frames.place)
            else:
                meaning = meaning_of_kind(name, kind, options)
            if is_used:
                meanings[name] = meaning
            else:
                others.append(meaning)
    if any(meaning.open for meaning in meanings.values()):
        settle_by(meanings, [*meanings.values(), *others], _any_fractions(frames))
    return meanings


class _Texts:
    """The texts of a column, each with its number of rows and the first of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._all: dict[str, int] = {}
        self._sample: Counter[str] = Counter()
        self._first: dict[str, int] = {}
        self._is_exact = True

    def add(self, column: pd.Series, start: int, in_sample: np.ndarray) -> None:
        codes, texts = texts_of(column)
        if self._is_exact:
            _, firsts = np.unique(codes, return_index=True)
            first = dict(zip(codes[firsts].tolist(), firsts.tolist(), strict=True))
            for code, n in enumerate(np.bincount(codes[codes >= 0], minlength=len(texts)).tolist()):
                if n:
                    self._all[texts[code]] = self._all.get(texts[code], 0) + n
                    self._first.setdefault(texts[code], start + first[code])
            if len(self._all) > MOST:
                self._is_exact = False
                self._all.clear()
                self._first.clear()
        rows = np.flatnonzero(in_sample & (codes >= 0))
        for row in rows.tolist():
            text = texts[codes[row]]
            self._sample[text] += 1
            self._first.setdefault(text, start + row)

    def meaning(self, options: TableOptions, place: Callable[[int], str]) -> Meaning:
        counts = self._all if self._is_exact else dict(self._sample)
        if not counts:
            return Meaning("empty", Form(gaps=options.gaps))
        complaints = Complaints(
            lambda kind, form, rows: self._strays(kind, form, rows, counts, place),
            lambda: self._day_or_month(list(counts), place),
        )
        return meaning_of_texts(self._name, counts, options, complaints)

    def _strays(
        self, kind: str, form: Form, filled: int, counts: dict[str, int], place: Callable[[int], str]
    ) -> TableError:
        texts = list(counts)
        _, strange = numbers_of(pd.Series(texts, dtype=object), kind, form)
        cells = {text: counts[text] for text, is_strange in zip(texts, strange.tolist(), strict=True) if is_strange}
        named = ", ".join(f"{text[:40]!r} in {place(self._first[text])}" for text in list(cells)[:3])
        more = f" and {len(cells) - 3} more" if len(cells) > 3 else ""
        some = "" if self._is_exact else " of a sample"
        gaps = " ".join(f'--gaps "{text[:40]}"' for text in list(cells)[:3])
        return TableError(
            f"Column {self._name!r} holds {kind}s in {filled - sum(cells.values())} of {filled} rows{some}, but "
            f"something else in {sum(cells.values())}: {named}{more}. Correct them, read them as gaps ({gaps}), or use "
            f"the column as words (--categories {self._name})."
        )

    def _day_or_month(self, texts: list[str], place: Callable[[int], str]) -> TableError:
        shown = " and ".join(f"{text!r} in {place(self._first[text])}" for text in texts[:2])
        return TableError(
            f"Column {self._name!r} holds dates such as {shown}, and no row tells whether day or month comes first. "
            "Say it: --dates day-first or --dates month-first."
        )


def _any_fractions(frames: Frames) -> bool:
    """Whether a column of numbers holds fractions, which then have dots."""
    numbers = [name for name, kind in frames.kinds.items() if kind == "number"]
    for _, frame in frames.read(numbers) if numbers else ():
        for name in numbers:
            values = frame[name].dropna().to_numpy(dtype=np.float64)
            if not (values == np.rint(values)).all():
                return True
    return False
