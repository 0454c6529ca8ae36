"""Patterns that stand for files, such as `train/*.csv`."""

import glob
from pathlib import Path

from deltarule.common.errors import InputError

__all__ = ["files_below", "files_matching", "is_pattern", "matches_of"]


def is_pattern(path: Path) -> bool:
    """Whether a path stands for what matches it: nothing has its name, and it has one of `*`, `?` and `[`."""
    return not path.exists() and glob.has_magic(str(path))


def files_below(folder: Path) -> list[Path]:
    """Return the files of a folder and of the folders in it, in the order of their names.

    What begins with a dot or an underscore is passed over: Spark keeps unfinished files in `_temporary`, and systems
    keep notes of their own in such files.
    """
    found = (file for file in folder.rglob("*") if not _is_hidden(file.relative_to(folder)))
    return sorted(file for file in found if file.is_file())


def _is_hidden(path: Path) -> bool:
    # A folder such as _year=2024 says a column.
    return any(part.startswith(".") or (part.startswith("_") and "=" not in part) for part in path.parts)


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
