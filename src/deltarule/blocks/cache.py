"""The folder in which converted rows are kept, and the file in it that belongs to a source.

Rows of files are converted once: the result stays in the folder until the files change, and is checked whenever it is
used again. What is converted of other sources has no name, and is gone when the fit ends, however it ends.
"""

import errno
import hashlib
import io
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.blocks.ahead import ahead
from deltarule.blocks.conversion import convert, facts_before
from deltarule.blocks.layout import Facts, LayoutFile
from deltarule.blocks.sources.source import Chunk, Source
from deltarule.common.errors import OutputError
from deltarule.files.whole import check_writable_folder, lock_beside, remove_leftovers

__all__ = ["ENDING", "cache_folder", "converted"]

ENDING = ".rows"
"""What the names of files of converted rows end in."""

_FOOTER_BYTES = 1 << 20

_log = logging.getLogger("deltarule")


def cache_folder() -> Path:
    """Return the folder for converted rows: DELTARULE_CACHE, or `deltarule` in the user's folder of caches."""
    named = os.environ.get("DELTARULE_CACHE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "deltarule"


def converted(source: Source, dtype: np.dtype[Any], mixes: bool) -> LayoutFile:
    """Return the rows of a source in this library's layout: converted now, or kept from an earlier fit.

    Parameters
    ----------
    source : Source
    dtype : dtype
        Of X.
    mixes : bool
        Whether rows are dealt out over the file; see `conversion.py`.

    Raises
    ------
    OutputError
        If the folder cannot be written or has no room; this is found before the conversion begins.
    InputError
        If the rows do not fit.
    """
    folder = cache_folder()
    _check_folder(folder)
    if source.fingerprint is None or source.identity is None:
        return _private(source, dtype, mixes, folder)
    identity = json.dumps([source.identity, dtype.name, mixes])
    path = folder / f"{hashlib.blake2b(identity.encode(), digest_size=12).hexdigest()}{ENDING}"
    kept = _kept(path, source)
    if kept is not None:
        return kept
    with lock_beside(path) as is_free:
        if not is_free:  # another process converts the same files at this moment
            return _private(source, dtype, mixes, folder)
        remove_leftovers(path)
        temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
        try:
            with _telling(folder), temporary.open("xb") as file:  # closing it writes its end
                facts = _written(source, dtype, mixes, file, folder)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    _log.info("%d rows were converted to %s (%s). It may be deleted at any time.", facts.rows, path, _size(facts))
    return LayoutFile(io.FileIO(path, "r"), path)


def _kept(path: Path, source: Source) -> LayoutFile | None:
    """Return the rows kept from an earlier fit; None if there are none, or they are damaged or of another state."""
    if not path.is_file():
        return None
    file = io.FileIO(path, "r")
    try:
        kept = LayoutFile(file, path)
        if kept.facts.fingerprint != source.fingerprint:
            _log.warning("The files have changed since they were converted to %s. They are converted again.", path)
            kept.close()
            return None
        kept.check()
        with suppress(OSError):  # `clear_cache` needs the time of the last use, which many disks do not note
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
    except (ValueError, KeyError, TypeError) as error:
        _log.warning("%s is not used: %s. The rows are converted again.", path, error)
        file.close()
        return None
    return kept


def _private(source: Source, dtype: np.dtype[Any], mixes: bool, folder: Path) -> LayoutFile:
    """Convert to a file without a name, which the system removes when it is closed."""
    with _telling(folder):
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # its copy stays open
        with file:
            _written(source, dtype, mixes, file, folder)
            return LayoutFile(io.FileIO(os.dup(file.fileno()), "r"), folder / "a file without a name")


def _written(source: Source, dtype: np.dtype[Any], mixes: bool, file: Any, folder: Path) -> Facts:
    chunks = source.chunks(dtype)
    if source.fingerprint is not None:  # files; functions and frames of others may be bound to their thread
        chunks = ahead(chunks)
    chunks = _apart(chunks)
    first = next(chunks)
    before = facts_before(source, dtype, first)
    needed, free = before.starts[-1] + _FOOTER_BYTES, shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f"{before.rows} rows take {needed / 1e9:.3g} GB in the cache folder {folder}, which has "
            f"{free / 1e9:.3g} GB left. Make room there, or name another folder by the environment variable "
            "DELTARULE_CACHE."
        )
    return convert(source, chain([first], chunks), file, before, mixes)


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_writable_folder(folder)
    except OSError as error:
        raise _no_folder(folder, error) from error


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Put into words what a disk refuses."""
    try:
        yield
    except OutputError:
        raise
    except _OfSourceError as error:
        raise error.refused from None
    except OSError as error:
        raise _no_folder(folder, error) from error


class _OfSourceError(Exception):
    """An OSError raised by the source of the rows, which may be a user's function, and not by the cache."""

    def __init__(self, refused: OSError) -> None:
        super().__init__(str(refused))
        self.refused = refused


def _apart(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Return chunks; mark what the system refuses to their source, so that it is not told of the cache."""
    try:
        yield from chunks
    except OSError as error:
        raise _OfSourceError(error) from error


def _no_folder(folder: Path, error: OSError) -> OutputError:
    why = "it is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error.strerror or error)
    return OutputError(
        f"The cache folder {folder}, to which rows are converted before training, cannot be written ({why}). Make room "
        "or rights there, or name another folder by the environment variable DELTARULE_CACHE."
    )


def _size(facts: Facts) -> str:
    return f"{facts.starts[-1] / 1e6:.0f} MB"
