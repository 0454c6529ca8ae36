"""How a table differs from the training table of its encoder; of a table in parts, added up over them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deltarule.tables.notices import said_of_gap_words, unknown_words
from deltarule.tables.reading import name_some

__all__ = ["Oddities"]

_MOST_WORDS = 10_000
"""Most unknown words of a column that are told apart; others are counted together with the rarest."""


@dataclass
class Oddities:
    """What was met in a table that the training table did not have.

    Attributes
    ----------
    rows : int
    unknown : dict of str to Counter
        Words of each column that the encoder does not know, with their rows.
    gap_words : dict of str to Counter
        Words in each column of numbers that were read as gaps, with their rows.
    filled : set of str
        Columns that have a value in some row.
    """

    rows: int = 0
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    gap_words: dict[str, Counter[str]] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)

    def add(self, other: "Oddities") -> None:
        """Add those of the next part."""
        self.rows += other.rows
        self.filled |= other.filled
        for mine, theirs in ((self.unknown, other.unknown), (self.gap_words, other.gap_words)):
            for name, words in theirs.items():
                counts = mine.setdefault(name, Counter())
                counts.update(words)
                if len(counts) > _MOST_WORDS:
                    kept = Counter(dict(counts.most_common(_MOST_WORDS // 2)))
                    kept[min(kept)] += counts.total() - kept.total()
                    mine[name] = kept

    def notices(self, columns: Sequence[str], categories: Mapping[str, Sequence[str | None]]) -> tuple[str, ...]:
        """Return a sentence for each column with words that the model does not know, and one for all empty columns.

        Parameters
        ----------
        columns : sequence of str
            Those of the encoder.
        categories : mapping
            As of a TableEncoder.
        """
        notices = said_of_gap_words(self.gap_words)
        notices += [unknown_words(name, words, self.rows, categories[name]) for name, words in self.unknown.items()]
        # In a table of a single row, an empty column is an ordinary gap.
        if self.rows > 1 and (empty := [name for name in columns if name not in self.filled]):
            notices.insert(0, f"Empty in every row, but not in training: {name_some(empty, 8)}.")
        return tuple(notices)
