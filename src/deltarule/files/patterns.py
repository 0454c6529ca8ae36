"""Patterns that stand for files, such as `train/*.csv`."""

import glob
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from deltarule.common.errors import InputError, OutputError

__all__ = ["check_not_read", "files_below", "files_matching", "is_pattern", "matches_of"]


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


def check_not_read(path: str | Path, given: Any) -> None:
    """Raise OutputError if a file that is to be written is one of those that given paths stand for."""
    for file in _files_of(given):
        is_read = False
        with suppress(OSError):  # one of them is not there
            is_read = file.samefile(path)
        if is_read:
            raise OutputError(f"{path} is one of the files that are read, and would be lost. Give another name.")


def _files_of(given: Any) -> Iterator[Path]:
    several: Sequence[Any] = given if isinstance(given, list | tuple) else [given]
    for one in several:
        if isinstance(one, str | Path):
            if Path(one).is_dir():
                yield from Path(one).rglob("*")
            else:
                yield from matches_of(one) if is_pattern(Path(one)) else [Path(one)]
        else:
            yield from map(Path, getattr(one, "files", ()))  # of a dataset of Arrow


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
