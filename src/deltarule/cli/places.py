"""Files that a command names: found out before the work that no output takes the place of an input or of another."""

import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from deltarule.common.errors import OutputError

__all__ = ["check_apart"]

Read = tuple[str, Path]
Written = tuple[str, Path | None]
"""An argument as the help writes it, DATA or --output, and the file that it names; None if it was not given."""


def check_apart(reads: Sequence[Read], writes: Sequence[Written]) -> None:
    """Raise OutputError if a file that a command writes is one that it reads, or is named by two of its options.

    A file is one file by whatever names, relative or through links, and may not be there yet.
    """
    given = [(what, path) for what, path in writes if path is not None]
    for what, path in given:
        for source, read in reads:
            if _are_one(path, read):
                raise OutputError(
                    f"{what} and {source} name the same file, {read}, which would be overwritten. Give {what} another "
                    "name."
                )
    for (what, path), (other, also) in combinations(given, 2):
        if _are_one(path, also):
            raise OutputError(
                f"{what} and {other} name the same file, {also}, where only one can be. Give one of them another name."
            )


def _are_one(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there yet
        return os.path.normcase(os.path.realpath(path)) == os.path.normcase(os.path.realpath(other))
