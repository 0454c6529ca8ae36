"""What a fit of several members tells while it runs: lines, or a bar."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from deltarule.tabular.training import Progress

__all__ = ["teller"]

MOST_LINES = 10


@contextmanager
def teller(verbose: Any) -> Iterator[Callable[[Progress], None] | None]:
    """Yield what is called after each epoch, None if nothing is to be told."""
    if not verbose:
        yield None
        return

    def line(progress: Progress) -> None:
        every = max(1, -(-progress.epochs // MOST_LINES))
        if progress.epoch % every == 0 or progress.epoch == progress.epochs:
            sys.stdout.write(
                f"epoch {progress.epoch}/{progress.epochs}  best {progress.value:.4f}  {progress.left:.0f} s left\n"
            )

    yield line
