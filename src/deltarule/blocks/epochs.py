"""The order in which an epoch takes rows that lie on the disk: a function of the key and the number of the epoch.

The rows are cut into blocks of consecutive rows, and an epoch takes the blocks in a random order. As many blocks as fit
into a buffer are read together, and their rows shuffled:

    order of the blocks   row_order(key + 1, epoch, number of blocks)            (`shuffling.py`)
    order in buffer b     row_order(mix(base(key, epoch) + (b + 1) γ), epoch, rows of the buffer)

A block holds a multiple of the batch size, and what is left of the rows comes last. So every batch of an epoch but the
last is whole, as in memory. Rows that fit into one buffer are taken in the order that they have in memory, and so are
all rows without shuffling: the results are bit-identical to those in memory then.
"""

from dataclasses import dataclass

import numpy as np

from deltarule.blocks.stored_rows import Ranges
from deltarule.engines.plan import MiniBatches
from deltarule.engines.shuffling import row_order
from deltarule.engines.splitmix import base_of_epoch, counted

__all__ = ["BLOCK_BYTES", "BUFFER_BYTES", "Epochs", "fits_one_buffer"]

BLOCK_BYTES = 1 << 20
"""Bytes of a block: reads of this length from random places are as fast as one long read."""

BUFFER_BYTES = 32 << 20
"""Bytes of a buffer; there are two. 32 blocks of different places are a good sample of all rows."""


def fits_one_buffer(rows: int, row_bytes: int) -> bool:
    """Whether all rows fit into one buffer, whatever the batch size."""
    return rows * row_bytes <= BUFFER_BYTES


@dataclass(frozen=True)
class Epochs:
    """How epochs over `rows` rows are cut into buffers.

    Attributes
    ----------
    rows : int
    row_bytes : int
    batches : MiniBatches
    """

    rows: int
    row_bytes: int
    batches: MiniBatches

    @property
    def block_rows(self) -> int:
        """Rows of a block, a multiple of the batch size."""
        return max(1, BLOCK_BYTES // self.row_bytes // self.batches.size) * self.batches.size

    @property
    def buffer_rows(self) -> int:
        """Rows of a buffer, a multiple of those of a block; of the last buffer of an epoch perhaps fewer."""
        if fits_one_buffer(self.rows, self.row_bytes):
            return self.rows
        return max(1, BUFFER_BYTES // (self.block_rows * self.row_bytes)) * self.block_rows

    @property
    def buffers(self) -> int:
        """Number of buffers of an epoch."""
        return -(-self.rows // self.buffer_rows)

    @property
    def _is_in_order(self) -> bool:
        return self.buffers == 1 or not self.batches.shuffle

    def ranges(self, key: int, epoch: int, buffer: int) -> Ranges:
        """Return the rows of a buffer in an epoch."""
        first, last = buffer * self.buffer_rows, min(self.rows, (buffer + 1) * self.buffer_rows)
        if self._is_in_order:
            return ((first, last),)
        whole, size = self.rows // self.block_rows, self.block_rows
        order = row_order((key + 1) % 2**64, epoch, whole)[first // size : last // size].tolist()
        found = [(block * size, (block + 1) * size) for block in order]
        if last % size:  # the rows that fill no block
            found.append((whole * size, self.rows))
        return tuple(found)

    def key_of(self, key: int, epoch: int, buffer: int) -> int:
        """Return the key of the order of rows in a buffer."""
        if self._is_in_order:
            return key
        return int(counted(base_of_epoch(key, epoch), np.array([buffer + 1]))[0])

    def after(self, epoch: int, buffer: int) -> tuple[int, int]:
        """Return epoch and number of the buffer that follows."""
        return (epoch, buffer + 1) if buffer + 1 < self.buffers else (epoch + 1, 0)
