"""The progress bar of training, with epoch and measures, in a terminal or a notebook; elsewhere, a few lines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from deltarule.training.history import Progress
from deltarule.training.record import Callback

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["bar_of_epochs", "progress_bar"]

Show = Callable[[int, int, str], None]
"""Takes epochs so far, their largest number, and what was measured."""

MOST_LINES = 10
"""How many lines are printed at most where no bar can be drawn."""


@contextmanager
def progress_bar(
    epochs: int, watched: str = "validation", console: "Console | None" = None, score: str = ""
) -> Iterator[Callback]:
    """Show a bar with epoch, cost and the watched cost or score; without a terminal, print ten lines at most.

    Yields the callback for `fit`.

    Parameters
    ----------
    epochs : int
        Largest number of epochs.
    watched : str
        Name of the held-out rows whose cost is measured too.
    console : rich.console.Console, optional
        Default: a new one on stderr.
    score : str, optional
        Name of the score that early stopping watches on these rows; if measured, it is shown instead of their cost.

    Raises
    ------
    ImportError
        If Rich is not installed.
    """
    with bar_of_epochs(epochs, console) as show:
        yield lambda progress: show(progress.epoch, progress.epochs, _measured(progress, watched, score))


@contextmanager
def bar_of_epochs(epochs: int, console: "Console | None" = None) -> Iterator[Show]:
    """Show a bar of epochs; without a terminal, print ten lines at most.

    Yields what is called with the number of epochs so far, their largest number, and what was measured. Epochs may be
    left out, where several networks take theirs together.

    Parameters
    ----------
    epochs : int
        Largest number of epochs.
    console : rich.console.Console, optional
        Default: a new one on stderr.

    Raises
    ------
    ImportError
        If Rich is not installed.
    """
    try:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar
        from rich.text import Text
    except ImportError:
        raise ImportError("A progress bar needs Rich, which is not installed: pip install 'deltarule[cli]'") from None
    screen = Console(highlight=False, stderr=True) if console is None else console
    if not (screen.is_terminal or screen.is_jupyter):
        every = max(1, -(-epochs // MOST_LINES))
        told = 0

        def line(epoch: int, most: int, measured: str) -> None:
            nonlocal told
            if epoch // every > told:
                told = epoch // every
                screen.print(Text(f"epoch {epoch}/{most}  {measured}"), soft_wrap=True)

        yield line
        return
    columns = TextColumn("epoch {task.completed}/{task.total}"), BarColumn(30), TextColumn("{task.description}")
    with Bar(*columns, TimeElapsedColumn(), console=screen) as bar:
        task = bar.add_task("", total=epochs)
        yield lambda epoch, most, measured: bar.update(task, completed=epoch, total=most, description=measured)


def _measured(progress: Progress, watched: str, score: str) -> str:
    name, value = watched, progress.validation_cost
    if score and not np.isnan(progress.validation_score):
        name, value = f"{watched} {score}", progress.validation_score
    return f"cost {progress.cost:.4f}" + ("" if np.isnan(value) else f"  {name} {value:.4f}")
