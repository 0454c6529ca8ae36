"""Patterns that stand for files, such as `train/*.csv`."""

import glob
from pathlib import Path

from deltarule.common.errors import InputError

__all__ = ["files_matching", "is_pattern", "matches_of"]


def is_pattern(path: Path) -> bool:
    """Whether a path stands for what matches it: nothing has its name, and it has one of `*`, `?` and `[`."""
    return not path.exists() and glob.has_magic(str(path))


def matches_of(pattern: str | Path) -> list[Path]:
    """Return the files that match a pattern, in the order of their names; none is an answer too."""
    return sorted(one for one in map(Path, glob.glob(str(pattern), recursive=True)) if one.is_file())


def files_matching(pattern: str | Path, error: type[InputError]) -> list[Path]:
    """Return the files that match a pattern, in the order of their names.

    Raises
    ------
    error
        If there is none.
    """
    found = matches_of(pattern)
    if not found:
        raise error(
            f"The pattern {str(pattern)!r} matches no file. Patterns count from the folder {Path.cwd()}; give one that "
            "matches."
        )
    return found
