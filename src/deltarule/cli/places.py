"""The check, before any work, that no output of a command overwrites one of its inputs or another output."""

import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from deltarule.common.errors import OutputError
from deltarule.files.patterns import files_below, is_pattern, matches_of

__all__ = ["check_apart", "files_in"]

Read = tuple[str, Path]
Written = tuple[str, Path | None]
"""An argument as the help writes it, DATA or --output, and its file; None if the argument was not given."""


def files_in(data: Any) -> list[Read]:
    """Return the files that the argument DATA stands for: of paths, a folder or a pattern; none of standard input."""
    found = []
    for one in data if isinstance(data, Sequence) else [data]:
        if not isinstance(one, Path):
            continue
        if one.is_dir():
            from deltarule.tables.byte_sources import PARQUET, text_kind  # loads pandas, which training needs, too

            found += [file for file in files_below(one) if text_kind(file) or file.suffix.lower() in PARQUET]
        elif is_pattern(one):
            found += matches_of(one)
        else:
            found.append(one)
    return [("DATA", file) for file in found]


def check_apart(reads: Sequence[Read], writes: Sequence[Written]) -> None:
    """Raise OutputError if a command would write a file that it reads, or write one file by two options.

    Different names of one file, relative or through links, count as the same file. It need not exist yet.
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
            raise OutputError(f"{what} and {other} name the same file, {also}. Give one of them another name.")


def _are_one(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # one of the files does not exist yet
        return os.path.normcase(os.path.realpath(path)) == os.path.normcase(os.path.realpath(other))
