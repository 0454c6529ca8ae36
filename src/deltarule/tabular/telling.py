"""What a fit of several members tells while it runs: lines, or a bar."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from deltarule.tabular.side_by_side import RoundProgress
from deltarule.training.progress_bar import bar_of_epochs

__all__ = ["measured", "teller"]

MOST_LINES = 10


@contextmanager
def teller(verbose: Any, epochs: int) -> Iterator[Callable[[RoundProgress], None] | None]:
    """Yield what is called after each round, None if nothing is to be told.

    Parameters
    ----------
    verbose : bool or "bar"
    epochs : int
        Largest number of epochs of all members together.

    Raises
    ------
    ImportError
        If a bar is to be shown and Rich is not installed.
    """
    if not verbose:
        yield None
        return
    if isinstance(verbose, str):
        with bar_of_epochs(epochs) as show:
            yield lambda progress: show(progress.epoch, progress.epochs, measured(progress))
        return

    told = 0.0

    def line(progress: RoundProgress) -> None:
        nonlocal told
        if progress.epoch >= told or progress.epoch == progress.epochs:
            told = progress.epoch + progress.epochs / MOST_LINES
            sys.stdout.write(f"epoch {progress.epoch}/{progress.epochs}  {measured(progress)}\n")

    yield line


def measured(progress: RoundProgress, watched: str = "best") -> str:
    """Return what is told of a round; no value until each member has one."""
    value = f"{watched} {progress.value:.4f}  " if np.isfinite(progress.value) else ""
    return f"{value}{progress.left:.0f} s left for all members"
