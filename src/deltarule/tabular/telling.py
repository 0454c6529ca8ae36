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
    """Yield what is called after each round, None if nothing is to be told."""
    if not verbose:
        yield None
        return

    told = 0.0

    def line(progress: Progress) -> None:
        nonlocal told
        if progress.epoch >= told or progress.epoch == progress.epochs:
            told = progress.epoch + progress.epochs / MOST_LINES
            sys.stdout.write(
                f"epoch {progress.epoch}/{progress.epochs}  best {progress.value:.4f}  {progress.left:.0f} s left\n"
            )

    yield line
