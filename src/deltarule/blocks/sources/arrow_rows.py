"""What every source of Arrow's columns offers; the columns hold numbers or a raw table."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

__all__ = ["LINES", "ArrowRows", "batch_rows"]

BATCH_ROWS = 65_536
"""Most rows that are decoded at a time: 10 columns of float64 are 5 MB."""

BATCH_VALUES = 1 << 22
"""Most values that are decoded at a time, 32 MB of float64: batches of very wide tables have fewer rows."""

FEWEST_ROWS = 1024
"""Fewest rows of a batch, however many columns there are."""


LINES = "\0lines"
"""Name of one column more in the batches of a text file: the line on which each row begins."""


class ArrowRows(Protocol):
    """Rows in order, which can be read again and again, as batches of Arrow."""

    @property
    def unit(self) -> str:
        """What is counted in `position`: `row`, from 0, or `line`."""

    @property
    def where(self) -> str:
        """What the rows lie in, for messages: the name of a file, or `the dataset`."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def schemas(self) -> Sequence[tuple[str, Any]]:
        """The name and the schema of each file, or of the whole. The columns are those of the first."""

    @property
    def fingerprint(self) -> str | None:
        """A text that changes when the rows change; None if that cannot be known."""

    @property
    def identity(self) -> str | None:
        """A text that tells the rows from others, whatever their state; None for rows that have no name."""

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Return all rows in order, as record batches with these columns."""

    def position(self, row: int) -> tuple[str, int]:
        """Return the file that a row lies in, or the whole, and its number (or its line) there."""

    def place(self, row: int) -> str:
        """Return where a row is, in the user's words."""


def batch_rows(columns: int) -> int:
    """Return how many rows of so many columns are decoded at a time."""
    return min(BATCH_ROWS, max(FEWEST_ROWS, BATCH_VALUES // max(1, columns)))
