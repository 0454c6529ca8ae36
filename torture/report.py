"""What every script here does: count tries, collect faults, print one line, and limit what a try may take."""

import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

__all__ = ["Report", "at_most", "memory_in_use"]


@dataclass
class Report:
    """Tries and faults of one line of docs/reliability.md."""

    what: str
    tries: int = 0
    faults: list[str] = field(default_factory=list)

    def end(self, note: str = "") -> NoReturn:
        """Print the line, and the first faults below it; exit with 1 if there are any."""
        text = f"{self.what}: {self.tries:,} tries, {len(self.faults)} faults{f' ({note})' if note else ''}"
        print("\n    ".join([text, *self.faults[:10]]), flush=True)
        sys.exit(bool(self.faults))

    @contextmanager
    def one(self, name: str, *allowed: type[BaseException]) -> Iterator[None]:
        """Count a try; whatever it raises that is not allowed is a fault."""
        self.tries += 1
        try:
            yield
        except allowed:
            pass
        except Exception as error:
            self.faults.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")


def memory_in_use() -> int:
    """Return the bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE")


@contextmanager
def at_most(more_bytes: int, seconds: int) -> Iterator[None]:
    """Let a block take so much more memory (else MemoryError), and so long (else TimeoutError)."""

    def too_long(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no end within {seconds} s")

    before = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGALRM, too_long)
    resource.setrlimit(resource.RLIMIT_AS, (memory_in_use() + more_bytes, before[1]))
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, before)
        signal.signal(signal.SIGALRM, handler)
