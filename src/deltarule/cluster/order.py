"""The order in which `chain` takes spans and their rows: a function of the key and the number of the epoch.

    order of the whole spans   row_order(key + 1, epoch, number of whole spans)          (`shuffling.py`)
    order in the span of turn t    row_order(mix(base(key, epoch) + (t + 1) γ), epoch, rows of the span)

A span holds whole batches, and what is left of the rows comes last, so every batch of an epoch but the last is whole.
Rows of one span, and rows without shuffling, are taken in the order that they have in memory on one machine: with the
same bits.
"""

from dataclasses import dataclass

import numpy as np

from deltarule.engines.plan import MiniBatches
from deltarule.engines.shuffling import row_order
from deltarule.engines.splitmix import base_of_epoch, counted

__all__ = ["SPAN_BYTES", "SpanOrder", "rows_of_batches"]

SPAN_BYTES = 32 << 20
"""Bytes of a span of `chain`: its rows are shuffled among each other, and a state walks on after about a second."""


def rows_of_batches(row_bytes: int, batch_size: int, wanted: int | None = None) -> int:
    """Return the rows of a span: a multiple of the batch size, near the rows that are wanted or `SPAN_BYTES`."""
    rows = SPAN_BYTES // row_bytes if wanted is None else wanted
    return max(1, rows // batch_size) * batch_size


@dataclass(frozen=True)
class SpanOrder:
    """How epochs over `rows` rows walk through spans of `span_rows`.

    Attributes
    ----------
    rows : int
    span_rows : int
        A multiple of the batch size; of the last span perhaps fewer rows.
    batches : MiniBatches
    """

    rows: int
    span_rows: int
    batches: MiniBatches

    @property
    def spans(self) -> int:
        """Number of spans."""
        return -(-self.rows // self.span_rows)

    @property
    def _is_in_order(self) -> bool:
        return self.spans == 1 or not self.batches.shuffle

    def spans_of(self, key: int, epoch: int) -> list[int]:
        """Return the numbers of the spans in the order of an epoch."""
        if self._is_in_order:
            return list(range(self.spans))
        whole = self.rows // self.span_rows
        return [*row_order((key + 1) % 2**64, epoch, whole).tolist(), *range(whole, self.spans)]

    def key_of(self, key: int, epoch: int, turn: int) -> int:
        """Return the key of the order of rows in the span of a turn."""
        if self._is_in_order:
            return key
        return int(counted(base_of_epoch(key, epoch), np.array([turn + 1]))[0])
