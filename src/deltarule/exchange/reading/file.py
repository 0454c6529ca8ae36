"""The bytes of a foreign file, and how much memory they may ask for."""

import bz2
import lzma
import zlib
from dataclasses import dataclass
from pathlib import Path

from deltarule.common.errors import ModelFileError

__all__ = ["ForeignFile", "unpacked"]

FACTOR, FREE = 64, 1 << 21
"""A network may take `FACTOR` bytes for each byte of its file, and `FREE` bytes besides."""


@dataclass(frozen=True, eq=False)
class ForeignFile:
    """A file as it was read.

    Attributes
    ----------
    path : Path
    data : bytes
    """

    path: Path
    data: bytes

    @classmethod
    def open(cls, path: str | Path) -> "ForeignFile":
        """Read a file.

        Raises
        ------
        ModelFileError
            If it cannot be read.
        """
        try:
            return cls(Path(path), Path(path).read_bytes())
        except IsADirectoryError as error:
            raise ModelFileError(f"{path} is a folder. Give a file; Keras writes one with zipped=True.") from error
        except OSError as error:
            raise ModelFileError(f"{path} cannot be read ({error.strerror}).") from error

    @property
    def text(self) -> str:
        """The file as text; UTF-8, else Latin-1, in which every byte is a letter."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.data.decode("latin-1")

    @property
    def room(self) -> int:
        """How many bytes may be allocated for what the file says."""
        return FACTOR * len(self.data) + FREE

    def check_room(self, numbers: int) -> None:
        """Refuse so many parameters if a file of this size cannot hold them, before memory is taken for them.

        Raises
        ------
        ModelFileError
            If they are more than the file has room for.
        """
        if 8 * numbers > self.room:
            raise ModelFileError(
                f"it speaks of {numbers} parameters, but has only {len(self.data)} bytes. It is damaged, or describes "
                "a network with far fewer weights than pairs of units, which dense layers do not suit."
            )


def unpacked(data: bytes) -> bytes:
    """Return data as they were before gzip, bzip2 or xz; other data as they are.

    Raises
    ------
    ModelFileError
        If they are cut short or damaged, or become far larger than they are.
    """
    limit = FACTOR * len(data) + FREE
    if data.startswith(b"\x1f\x8b"):
        step = zlib.decompressobj(wbits=31)
        whole = step.decompress(data, limit)
        rest, ended = step.unconsumed_tail, step.eof
    elif data.startswith((b"BZh", b"\xfd7zXZ")):
        other = bz2.BZ2Decompressor() if data.startswith(b"BZh") else lzma.LZMADecompressor(memlimit=1 << 28)
        whole = other.decompress(data, limit)
        rest, ended = b"", other.eof
    else:
        return data
    if len(whole) >= limit or rest:
        raise ModelFileError(f"it unpacks to more than {limit} bytes, {FACTOR} times what it takes packed.")
    if not ended:
        raise ModelFileError("it is packed and ends too early.")
    return whole
