"""The journal of a fit by a full-batch solver: the sums of every pass, on the disk as soon as they are known.

SciPy's solvers cannot be asked for their state. But they are functions of what they are told, so a fit whose process
died is run again from its first parameters, and is told from the journal what it was told before, bit for bit, until it
comes to a point where it has not been. The file is a header and records, each with a checksum; a record that was being
written when the process died is cut off.
"""

import hashlib
import json
import os
import struct
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import CheckpointError, OutputError
from deltarule.files.whole import check_writable, lock_beside

__all__ = ["Journal"]

_MAGIC = b"deltarule journal 1\n"
_RECORD = struct.Struct("<16sII")  # key, numbers, checksum of key and numbers


class Journal:
    """The sums of the passes of one run, from its first parameters on.

    Parameters
    ----------
    path : path
    resume : bool
        Whether a run that the file holds is to be taken up.

    Raises
    ------
    CheckpointError
        If the file holds a run and `resume` is False, is no journal, or another process writes to it.
    OutputError
        If the file cannot be written.
    """

    def __init__(self, path: str | Path, resume: bool) -> None:
        self.path, self.recalled, self.run = Path(path), 0, ""
        self.seed: int | None = None
        self._places: dict[bytes, tuple[int, int]] = {}
        self._header: dict[str, Any] | None = None
        self._has_begun = False
        check_writable(path)
        self._held = ExitStack()
        if not self._held.enter_context(lock_beside(path)):
            self._held.close()
            raise CheckpointError(
                f"{path} is being written by another run. Wait for its end, or give this run a checkpoint of its own."
            )
        try:
            self._file: BinaryIO = self._held.enter_context(self.path.open("r+b" if self.path.exists() else "x+b"))
            self._header = self._read()
            if self._header is not None and not resume:
                raise CheckpointError(
                    f"{path} holds a run of {len(self._places)} passes, which would be lost. Go on with it by "
                    "resume=True, or give another checkpoint, or delete it."
                )
        except BaseException:
            self._held.close()
            raise
        if self._header is not None:
            self.seed = self._header["seed"]

    def describe(self, run: str, seed: int | None) -> None:
        """Say what the run is: its network, settings and rows, and the seed that was drawn for it, if any."""
        self.run, self.seed = run, seed

    def _begin(self, theta: Array) -> None:
        """Write the header; refuse a file of another run, which begins elsewhere or is of other rows or settings."""
        if self._has_begun:
            return
        run = hashlib.blake2b(self.run.encode() + np.ascontiguousarray(theta).tobytes(), digest_size=16).hexdigest()
        if self._header is None:
            self._write(_MAGIC + json.dumps({"run": run, "seed": self.seed}).encode() + b"\n")
        elif self._header["run"] != run:
            raise CheckpointError(
                f"{self.path} holds another run: its rows, network, settings or first parameters are others. Go on "
                "with the same, or train anew with another checkpoint."
            )
        self._has_begun = True

    def recall(self, what: str, rows: str, theta: Array) -> Array | None:
        """Return the sums of a pass at θ over some rows; None if it was not made."""
        self._begin(theta)
        place = self._places.get(_key(what, rows, theta))
        if place is None:
            return None
        self._file.seek(place[0])
        self.recalled += 1
        return np.frombuffer(self._file.read(8 * place[1]), "<f8").astype(np.float64)

    def append(self, what: str, rows: str, theta: Array, sums: Array) -> None:
        """Write the sums of a pass.

        Raises
        ------
        OutputError
            If the disk refuses it.
        """
        key, numbers = _key(what, rows, theta), np.ascontiguousarray(sums, "<f8").tobytes()
        end = self._write(_RECORD.pack(key, len(sums), zlib.crc32(key + numbers)) + numbers)
        self._places[key] = end + _RECORD.size, len(sums)

    def close(self) -> None:
        """Close the file and its lock."""
        self._held.close()

    def _write(self, data: bytes) -> int:
        """Append to the file, and return where."""
        try:
            end = self._file.seek(0, os.SEEK_END)
            self._file.write(data)
            self._file.flush()  # into the system, which outlives this process
        except OSError as error:
            raise OutputError(
                f"{self.path} cannot be written ({error.strerror}). Give another place, or make room there."
            ) from error
        return end

    def _read(self) -> dict[str, Any] | None:
        """Return the header, None without one; find the records, and cut off what follows the last whole one."""
        magic, line = self._file.read(len(_MAGIC)), self._file.readline()
        if not _MAGIC.startswith(magic) or (len(magic) < len(_MAGIC) and line):
            raise CheckpointError(f"{self.path} is no journal of a fit on a cluster. Give another checkpoint.")
        at = self._file.tell() if line.endswith(b"\n") else 0
        while at:
            head = self._file.read(_RECORD.size)
            if len(head) < _RECORD.size:
                break
            key, count, checksum = _RECORD.unpack(head)
            numbers = self._file.read(8 * count)
            if len(numbers) < 8 * count or zlib.crc32(key + numbers) != checksum:
                break
            self._places[key] = at + _RECORD.size, count
            at = self._file.tell()
        self._file.truncate(at)
        return dict(json.loads(line)) if at else None


def _key(what: str, rows: str, theta: Array) -> bytes:
    digest = hashlib.blake2b(f"{what} {rows} {theta.dtype}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(theta).data)
    return digest.digest()
