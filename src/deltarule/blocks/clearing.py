"""The folder of converted rows made smaller: what is old, what is too much, what killed processes left behind."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deltarule.blocks.cache import ENDING, cache_folder
from deltarule.common.errors import SettingsError
from deltarule.files.whole import lock_beside, remove_leftovers

__all__ = ["clear_cache", "kept_rows"]

_DAY = 86_400


@dataclass(frozen=True)
class KeptRows:
    """A file of converted rows.

    Attributes
    ----------
    path : Path
    bytes : int
    days : float
        Days since a fit last used it.
    """

    path: Path
    bytes: int
    days: float


def kept_rows() -> list[KeptRows]:
    """Return the files of converted rows in the cache folder, the one that was used last first."""
    now, found = time.time(), []
    for path in cache_folder().glob(f"*{ENDING}"):
        try:
            stat = path.stat()
        except FileNotFoundError:  # another process has just removed it
            continue
        found.append(KeptRows(path, stat.st_size, max(0.0, now - max(stat.st_atime, stat.st_mtime)) / _DAY))
    return sorted(found, key=lambda rows: rows.days)


def clear_cache(*, max_bytes: float | None = None, max_days: float | None = None) -> list[KeptRows]:
    """Remove converted rows from the cache folder: all of them, or what is beyond a size or an age.

    Rows that are removed are converted again when they are needed. A fit that is using them goes on, and rows that are
    being converted stay.

    Parameters
    ----------
    max_bytes : float, optional
        The files that were used last are kept, as many as have no more bytes together.
    max_days : float, optional
        Files that no fit used for more days are removed, whatever their size. Without both limits, all are removed.

    Returns
    -------
    removed : list of KeptRows
        The files that were removed.

    Raises
    ------
    SettingsError
        If a limit is negative.

    Examples
    --------
    >>> removed = clear_cache(max_days=30)
    >>> removed = clear_cache(max_bytes=10e9)
    """
    for name, value in (("max_bytes", max_bytes), ("max_days", max_days)):
        if value is not None and not value >= 0:
            raise SettingsError(f"{name}={value!r} is no limit. Give a number from 0 on.")
    limit = float("inf") if max_bytes is None and max_days is not None else max_bytes or 0
    removed, total = [], 0
    for rows in kept_rows():
        if total + rows.bytes <= limit and (max_days is None or rows.days <= max_days):
            total += rows.bytes
        elif _removed(rows.path):
            removed.append(rows)
    for path in _interrupted():
        _removed(path)
    return removed


def _removed(path: Path) -> bool:
    """Remove a file and what belongs to it, unless another process is converting to it at this moment."""
    with lock_beside(path) as is_free:
        if not is_free:
            return False
        remove_leftovers(path)
        try:
            path.unlink(missing_ok=True)
        except PermissionError:  # Windows: a fit reads it
            return False
    return True  # its lock, a file without bytes, stays: another process may wait for it


def _interrupted() -> Iterator[Path]:
    """Return the files that conversions would have made, had they not been killed."""
    folder = cache_folder()
    for temporary in folder.glob(f".*{ENDING}.????????.tmp"):
        path = folder / temporary.name[1:].rpartition(ENDING)[0]
        path = path.with_name(path.name + ENDING)
        if not path.exists():
            yield path
