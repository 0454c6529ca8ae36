"""The file of a checkpoint: while one run holds it, and how it is put together again.

It is written whole or not at all, so the file is always either the previous checkpoint or the new one. A lock beside it
keeps two runs from writing to it; the operating system releases the lock when the process ends.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from deltarule.common.errors import CheckpointError, InputError, ModelFileError, OutputError, SettingsError
from deltarule.common.messages import Message
from deltarule.files.whole import check_writable, lock_beside, remove_leftovers, write_whole

__all__ = ["Checkpoint", "KeptFile", "count_of", "held", "put_together"]


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often a run is saved.

    Parameters
    ----------
    path : path
    seconds : float, default 60
        A checkpoint is written after the first epoch that ends this long after the previous checkpoint.
    epochs : int, optional
        A checkpoint is also written after this many epochs.
    """

    path: str | Path
    seconds: float = 60.0
    epochs: int | None = None

    def __post_init__(self) -> None:
        if not (self.seconds >= 0 and (self.epochs is None or self.epochs >= 1)):
            raise InputError(
                f"{self}: seconds must be 0 or more, and epochs a whole number from 1 on or None. The defaults are 60 "
                "and None."
            )


class KeptFile:
    """The file of a checkpoint: when it is due, and how it is written."""

    def __init__(self, checkpoint: Checkpoint, epochs: int) -> None:
        self._checkpoint, self._last, self._epochs = checkpoint, perf_counter(), epochs

    def is_due(self, epochs: int) -> bool:
        """Return whether it is time to write, after so many epochs of the run."""
        done, checkpoint = epochs - self._epochs, self._checkpoint
        in_time = done > 0 and perf_counter() - self._last >= checkpoint.seconds
        return in_time or (checkpoint.epochs is not None and done >= checkpoint.epochs)

    def write(self, data: bytes, epochs: int) -> None:
        """Write the run after so many epochs; warn if that fails, because training is worth more than its file."""
        try:
            write_whole(self._checkpoint.path, data)
        except OutputError as error:
            told = Message("{error} Training goes on; the previous checkpoint stays.", error=error)
            warnings.warn(told, stacklevel=2)
        self._last, self._epochs = perf_counter(), epochs


@contextmanager
def held(checkpoint: Checkpoint, engine: Any, epochs: int) -> Iterator[KeptFile]:
    """Lock a checkpoint for a run, and yield its file.

    Parameters
    ----------
    checkpoint : Checkpoint
    engine : str or other
        The `engine` of the run's settings.
    epochs : int
        Epochs of the run so far.

    Raises
    ------
    OutputError
        If the file cannot be written; this is checked before the run begins.
    CheckpointError
        If another run holds the lock.
    SettingsError
        If the engine has no name, by which the run could find it again.
    """
    if not isinstance(engine, str):
        raise SettingsError(
            f"A checkpoint names the engine of its run, but engine={engine!r} has no name. Give it one by "
            "deltarule.engines.register_engine, and pass that name."
        )
    check_writable(checkpoint.path)
    with lock_beside(checkpoint.path) as is_free:
        if not is_free:
            raise CheckpointError(
                Message(
                    "{path} is being written by another run. Wait for its end, or give this run a checkpoint of its "
                    "own.",
                    path=checkpoint.path,
                )
            )
        remove_leftovers(checkpoint.path)
        yield KeptFile(checkpoint, epochs)


@contextmanager
def put_together(path: str | Path) -> Iterator[None]:
    """Say of a file whose parts do not fit each other that it is damaged.

    Raises
    ------
    ModelFileError
        Instead of any error of the body, because parts of a wrong kind or shape may raise anything in Python, NumPy or
        this library.
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        raise ModelFileError(
            f"{path} cannot be put together ({type(error).__name__}: {str(error)[:300]}). Delete it and train again."
        ) from error


def count_of(value: Any) -> int:
    """Return a whole number from 0 on out of a file, or raise ValueError."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{str(value)[:40]!r} where a count belongs")
    return value
