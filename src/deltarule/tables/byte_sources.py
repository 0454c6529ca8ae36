"""The sources of a table: a file, a compressed file, or standard input; opened at the start, and seekable."""

import gzip
import io
import shutil
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile, gettempdir
from threading import Lock
from typing import Any, BinaryIO, cast

from deltarule.blocks.sources import Reopened
from deltarule.common.errors import TableError

__all__ = ["PARQUET", "SEPARATORS", "STDIN", "Piped", "name_of", "opened", "piped", "streamed", "text_kind"]

STDIN = Path("-")
"""Standard input, as a path on the command line."""

_NAME = Path("standard input")
_GZIP = b"\x1f\x8b"

SEPARATORS = {".csv": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")
COMPRESSED = ".gz"

IN_MEMORY = 2**26
"""How many bytes of a stream are kept in memory; a longer one goes to a temporary file."""


@dataclass(frozen=True)
class ByteSource:
    """An open table.

    Attributes
    ----------
    name : path
        For messages.
    kind : str
        `".csv"`, `".tsv"`, `".parquet"` or `".pq"`.
    file : binary file
        At its start; it can be read again from there.
    """

    name: Path
    kind: str
    file: BinaryIO


class Piped(Reopened):
    """Standard input as a file that can be read again and again: what came is kept in a temporary file without a name.

    The system removes that file however the process ends.

    Attributes
    ----------
    kind : str
        `".csv"` or `".parquet"`.
    is_compressed : bool
    size : int
        Bytes that came.
    """

    def __init__(self, kept: BinaryIO) -> None:
        self._kept, self._lock = kept, Lock()
        self.size = kept.seek(0, io.SEEK_END)
        kept.seek(0)
        start = kept.read(4)
        self.kind = ".parquet" if start == b"PAR1" else ".csv"
        self.is_compressed = start.startswith(_GZIP)

    def __str__(self) -> str:
        return str(_NAME)

    def open(self) -> BinaryIO:
        """Return what came as a file of its own, at its beginning."""
        return io.BufferedReader(_View(self._kept, self._lock))


class _View(io.RawIOBase):
    """A file that others read, too, each at its own place."""

    def __init__(self, file: BinaryIO, lock: Lock) -> None:
        self._file, self._lock, self._place = file, lock, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._lock:
            self._file.seek(self._place)
            came = self._file.read(len(buffer))
        buffer[: len(came)] = came
        self._place += len(came)
        return len(came)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with self._lock:
            base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place}.get(whence)
            self._place = offset + (self._file.seek(0, io.SEEK_END) if base is None else base)
        return self._place


@contextmanager
def piped() -> Iterator[Piped]:
    """Keep standard input for as long as it is needed.

    Raises
    ------
    TableError
        If it cannot be read, or there is no room for it.
    """
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        try:
            shutil.copyfileobj(sys.stdin.buffer, file)
        except OSError as error:
            raise TableError(
                f"{_NAME} cannot be read, or kept in {gettempdir()} ({error.strerror}). Give a file, or name another "
                "folder for temporary files in TMPDIR."
            ) from None
        yield Piped(cast(BinaryIO, file))


@contextmanager
def opened(given: Path | Piped) -> Iterator[ByteSource]:
    """Open a table by its name: `.csv`, `.tsv`, each of them also `.gz`, `.parquet`, `.pq`, or `-` for standard input.

    Raises
    ------
    TableError
        If the file is missing, of another kind, cannot be read or cannot be decompressed.
    """
    if given == STDIN:
        with piped() as came, opened(came) as source:
            yield source
        return
    if isinstance(given, Piped):
        name, kind, file = _NAME, given.kind, given.open()
    else:
        name, kind = given, _kind_of(given)
        with _telling(name):
            file = given.open("rb")
    with file:
        if not _is_compressed(given):
            yield ByteSource(name, kind, file)
            return
        with _decompressed(name, file) as inner:
            yield ByteSource(name, kind, inner)


def _is_compressed(given: Path | Piped) -> bool:
    return given.is_compressed if isinstance(given, Piped) else given.suffix.lower() == COMPRESSED


def name_of(given: Path | Piped) -> Path:
    """Return the name of a table, for messages."""
    return _NAME if isinstance(given, Piped) else given


def _endings(path: Path) -> tuple[str, str]:
    """Return how the name of a table ends, and how it ends before it was compressed."""
    suffix = path.suffix.lower()
    return suffix, path.with_suffix("").suffix.lower() if suffix == COMPRESSED else suffix


def _kind_of(path: Path) -> str:
    suffix, kind = _endings(path)
    if kind in SEPARATORS or (kind in PARQUET and suffix != COMPRESSED):
        return kind
    known = [*SEPARATORS, *PARQUET, *(f"{name}{COMPRESSED}" for name in SEPARATORS)]
    ending = suffix if kind == suffix else kind + suffix
    raise TableError(
        f"{path} ends in {ending!r}, which is no kind of table that is known here. Take a file that ends "
        f"in {', '.join(known)}, or - for standard input."
    )


def text_kind(given: Path | Piped) -> str | None:
    """Return `".csv"` or `".tsv"` for the name of such a file, compressed or not; None for any other."""
    kind = given.kind if isinstance(given, Piped) else _endings(given)[1]
    return kind if kind in SEPARATORS else None


@contextmanager
def streamed(given: Path | Piped) -> Iterator[BinaryIO]:
    """Open a text file at its start, compressed or not, without copying it.

    Raises
    ------
    TableError
        If it is missing, cannot be read or cannot be decompressed, also while it is read.
    """
    with _telling(name_of(given)), given.open() if isinstance(given, Piped) else given.open("rb") as file:
        if not _is_compressed(given):
            yield file
            return
        with gzip.GzipFile(fileobj=file, mode="rb") as inner:
            yield cast(BinaryIO, inner)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Put into words what the system and gzip say of a file."""
    try:
        yield
    except FileNotFoundError:
        raise TableError(f"{path} does not exist. Give the path of a table (CSV or Parquet).") from None
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise TableError(
            f"{path} cannot be decompressed ({error}). It may be cut short, or no gzip file: compress it again."
        ) from None
    except OSError as error:
        raise TableError(
            f"{path} cannot be read ({error.strerror}). Give the path of a table (CSV or Parquet)."
        ) from None


@contextmanager
def _decompressed(name: Path, file: BinaryIO) -> Iterator[BinaryIO]:
    with SpooledTemporaryFile(max_size=IN_MEMORY) as inner:
        with _telling(name), gzip.GzipFile(fileobj=file, mode="rb") as stream:
            shutil.copyfileobj(stream, inner)
        inner.seek(0)
        yield cast(BinaryIO, inner)
