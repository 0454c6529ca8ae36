"""Functions that write files whole or not at all, and find out before the work whether a path can be written."""

import errno
import glob
import io
import os
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from deltarule.common.errors import OutputError
from deltarule.common.messages import Message

try:
    import fcntl
except ImportError:  # Windows has no fcntl
    fcntl = None  # type: ignore[assignment]

__all__ = ["check_writable", "check_writable_folder", "lock_beside", "remove_leftovers", "write_whole", "writing_whole"]

_HELD = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES)
"""Error numbers of the system when another process holds the lock."""


def check_writable(path: str | Path) -> None:
    """Raise OutputError if a file cannot be written at a path; to find out, it writes an empty file beside it.

    An existing file at the path is not touched.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written, or the path is a folder or a device.
    """
    target = Path(path).resolve()
    if target.is_dir():
        raise OutputError(f"{path} is a folder. Give the name of a file in it, for example {Path(path) / 'out'}.")
    if target.exists() and not target.is_file():
        raise OutputError(f"{path} is neither a file nor a new name (a device or a pipe). Give the name of a file.")
    if not target.parent.exists():
        raise OutputError(f"{path} cannot be written: there is no folder {target.parent}. Make it first.")
    probe = _beside(target)
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise _cannot_write(path, error) from None


def check_writable_folder(path: str | Path) -> None:
    """Make a folder unless it exists, in an existing one; raise OutputError if files cannot be written into it."""
    try:
        Path(path).mkdir(exist_ok=True)
    except FileNotFoundError:
        parent = Path(path).resolve().parent
        raise OutputError(f"The folder {path} cannot be made: there is no folder {parent}. Make it first.") from None
    except OSError as error:
        raise OutputError(f"The folder {path} cannot be made ({error.strerror}). Give another one.") from None
    check_writable(_beside(Path(path) / "file"))


def write_whole(path: str | Path, data: bytes) -> None:
    """Write a file so that its name always refers to a whole file, the old or the new one, whatever happens.

    The bytes are written to a temporary file in the same folder, synced to the disk, and then renamed.

    Raises
    ------
    OutputError
        If the file cannot be written; an existing file is then unchanged.
    """
    with writing_whole(path) as file:
        file.write(data)


@contextmanager
def writing_whole(path: str | Path) -> Iterator[BinaryIO]:
    """Yield a file to write piece by piece; it gets its name when it is whole and on the disk, and only then.

    Raises
    ------
    OutputError
        If the file cannot be written. Whatever error ends the writing, an existing file is then unchanged.
    """
    target = Path(path).resolve()
    temporary = _beside(target)
    try:
        with _refusals_told(path):
            file = io.BufferedWriter(_Told(temporary, path))
        with file:
            yield file
            with _refusals_told(path):
                file.flush()
                os.fsync(file.fileno())
        with _refusals_told(path):
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
            temporary.replace(target)
    except BaseException:  # also Ctrl-C: leave nothing behind
        temporary.unlink(missing_ok=True)
        raise


def remove_leftovers(path: str | Path) -> None:
    """Remove the temporary files of processes that were killed while they wrote a file."""
    target = Path(path).resolve()
    for leftover in target.parent.glob(f".{glob.escape(target.name[:80])}.????????.tmp"):
        leftover.unlink(missing_ok=True)


@contextmanager
def lock_beside(path: str | Path) -> Iterator[bool]:
    """Hold a lock file beside a path; the system releases the lock when the process ends, however it ends.

    Yields whether the lock was free. Without locks (Windows, some network disks) it always seems free; a disk without
    locks gives a warning.

    Raises
    ------
    OutputError
        If the lock file cannot be made.
    """
    target = Path(path).resolve()
    try:
        file = target.with_name(f".{target.name[:80]}.lock").open("a")
    except OSError as error:
        raise _cannot_write(path, error) from None
    with file:
        yield _locked(file, path)


def _locked(file: TextIO, path: str | Path) -> bool:
    """Lock an open file, and return False if another process has locked it."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        warnings.warn(
            Message(
                "The disk of {path} has no locks ({why}), so nothing keeps a second run from writing to the same file: "
                "start one run at a time.",
                path=path,
                why=error.strerror,
            ),
            stacklevel=2,
        )
    return True


class _Told(io.FileIO):
    """A new file whose errors name the path at which it will stand."""

    def __init__(self, file: Path, path: str | Path) -> None:
        super().__init__(file, "xb")
        self._path = path

    def write(self, data: Any) -> int:
        with _refusals_told(self._path):
            return super().write(data)


@contextmanager
def _refusals_told(path: str | Path) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise _cannot_write(path, error) from None


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.tmp")


def _cannot_write(path: str | Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written ({error.strerror}). Give another place, or make room or rights there."
    )
