"""How many cores this process may use, by the system's scheduler and the CPU quotas of its control groups.

A container with 2 of 64 cores sees all 64. Its limit is a quota, the CPU time that it may take in each period. Threads
on more cores use the quota up early, and then wait for the next period.
"""

import os
from collections.abc import Iterator
from functools import cache
from math import ceil, inf
from pathlib import Path

__all__ = ["usable_cores"]


def usable_cores(root: Path = Path("/")) -> int:
    """Return the number of cores that this process may use: 1 or more.

    Parameters
    ----------
    root : Path
        Where `proc` and `sys` are.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _smallest_quota(root)
    return affinity if quota == inf else max(1, min(affinity, ceil(quota)))


@cache  # reads some twenty files once, as quotas are set before a process starts
def _smallest_quota(root: Path) -> float:
    """Return the smallest quota, in cores, of the control groups of this process; infinite if none has a quota."""
    return min((_quota(group) for group in _groups(root)), default=inf)


def _groups(root: Path) -> Iterator[Path]:
    """Yield the folders of the control groups that limit CPU time, version 1 or 2, with all groups above them."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):  # not Linux, or hidden
        return
    mounts = root / "sys/fs/cgroup"
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            places = [mounts, mounts / "unified"]
        elif "cpu" in controllers.split(","):
            places = [mounts / controllers, mounts / "cpu"]
        else:
            continue
        # Inside a container the path may be the host's, of which only the end or nothing is mounted. A missing folder
        # sets no limit, and ".." leads out of what the container sees.
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for place in places:
            for depth in range(len(parts) + 1):
                yield place.joinpath(*parts[:depth])


def _quota(group: Path) -> float:
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            words = " ".join((group / name).read_text(encoding="utf-8") for name in names).split()
            quota, period = (float(word) for word in words)  # "max" is no number: no limit
        except (OSError, ValueError):
            continue
        if quota > 0 and period > 0:  # -1: no limit
            return quota / period
    return inf
