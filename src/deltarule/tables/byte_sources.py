"""The sources of a table: a file, a compressed file, or standard input; opened at the start, and seekable."""

import gzip
import shutil
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from deltarule.common.errors import TableError

__all__ = ["PARQUET", "SEPARATORS", "opened", "streamed", "text_kind"]

STDIN = Path("-")
"""Standard input, as a path on the command line."""

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


@contextmanager
def opened(path: Path) -> Iterator[ByteSource]:
    """Open a table by its name: `.csv`, `.tsv`, each of them also `.gz`, `.parquet`, `.pq`, or `-` for standard input.

    Raises
    ------
    TableError
        If the file is missing, of another kind, cannot be read or cannot be decompressed.
    """
    if path == STDIN:
        with _kept(Path("standard input"), sys.stdin.buffer) as file:
            start = file.read(4)
            file.seek(0)
            if start[:2] != b"\x1f\x8b":
                yield ByteSource(Path("standard input"), ".parquet" if start == b"PAR1" else ".csv", file)
                return
            with _decompressed(Path("standard input"), file) as inner:
                yield ByteSource(Path("standard input"), ".csv", inner)
        return
    kind = _kind_of(path)
    with _telling(path):
        file = path.open("rb")
    with file:
        if path.suffix.lower() != COMPRESSED:
            yield ByteSource(path, kind, file)
            return
        with _decompressed(path, file) as inner:
            yield ByteSource(path, kind, inner)


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


def text_kind(path: Path) -> str | None:
    """Return `".csv"` or `".tsv"` for the name of such a file, compressed or not; None for any other."""
    _, kind = _endings(path)
    return kind if kind in SEPARATORS else None


@contextmanager
def streamed(path: Path) -> Iterator[BinaryIO]:
    """Open a text file at its start, compressed or not, without copying it.

    Raises
    ------
    TableError
        If it is missing, cannot be read or cannot be decompressed, also while it is read.
    """
    is_compressed = path.suffix.lower() == COMPRESSED
    with _telling(path), path.open("rb") as file:
        if not is_compressed:
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
def _kept(name: Path, stream: BinaryIO) -> Iterator[BinaryIO]:
    """Copy a stream that can be read only once."""
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        try:
            shutil.copyfileobj(stream, file)
        except OSError as error:
            raise TableError(f"{name} cannot be read ({error.strerror}).") from None
        file.seek(0)
        yield cast(BinaryIO, file)


@contextmanager
def _decompressed(name: Path, file: BinaryIO) -> Iterator[BinaryIO]:
    with SpooledTemporaryFile(max_size=IN_MEMORY) as inner:
        with _telling(name), gzip.GzipFile(fileobj=file, mode="rb") as stream:
            shutil.copyfileobj(stream, inner)
        inner.seek(0)
        yield cast(BinaryIO, inner)
