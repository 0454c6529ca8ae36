"""The number of rows of each word of a column, in bounded memory.

Up to MOST different words are counted exactly. Beyond that, the commonest are kept: whenever there are more words than
MOST, the count of the (MOST + 1)-th is taken from all, and those that have none left are dropped (Misra and Gries 1982,
"Finding repeated elements"; Agarwal et al. 2012, "Mergeable summaries"). A word is then counted too low by at most
rows/MOST. How many different words there are follows from the smallest of their hashes (Bar-Yossef et al. 2002,
"Counting distinct elements in a data stream"), to about 3 %.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from deltarule.common.arrays import Array

__all__ = ["MOST", "Tally"]

MOST = 1 << 15
"""Most words that are kept: with their counts they take about 5 MB."""

_SMALLEST = 1024


class Tally:
    """How many rows each word of a column has.

    Attributes
    ----------
    counts : dict of str to int
        Without gaps.
    gaps, rows : int
        Rows without a word, and all rows.
    is_exact : bool
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.gaps = self.rows = 0
        self.is_exact = True
        self._hashes = np.empty(0, np.uint64)

    def add(self, counts: Mapping[str | None, int]) -> None:
        """Add the words of some rows; None stands for gaps."""
        for word, n in counts.items():
            self.rows += n
            if word is None:
                self.gaps += n
            else:
                self.counts[word] = self.counts.get(word, 0) + n
        if not self.is_exact:
            self._note([word for word in counts if word is not None])
        if len(self.counts) > MOST:
            if self.is_exact:
                self._note(list(self.counts))
                self.is_exact = False
            cut = int(np.partition(np.fromiter(self.counts.values(), np.int64), -MOST - 1)[-MOST - 1])
            self.counts = {word: n - cut for word, n in self.counts.items() if n > cut}

    @property
    def different(self) -> int:
        """Number of different words, an estimate if they are not counted exactly."""
        if self.is_exact:
            return len(self.counts)
        return int((_SMALLEST - 1) / (float(self._hashes[-1]) / 2.0**64))

    def _note(self, words: list[str]) -> None:
        if words:
            hashes: Array = pd.util.hash_array(np.array(words, dtype=object), categorize=False)
            self._hashes = np.unique(np.concatenate([self._hashes, hashes]))[:_SMALLEST]
