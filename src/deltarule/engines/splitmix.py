"""Random numbers that are functions of counters, so that each can be computed without those before it.

    base(key, epoch) = mix(key + (epoch + 1) γ)          (modulo 2⁶⁴)

mix is the finaliser of SplitMix64 and γ its odd constant.

Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["base_of_epoch", "counted"]

_GAMMA = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def base_of_epoch(key: int, epoch: int) -> int:
    """Return the number from which every random number of an epoch is derived."""
    return int(_mix(np.array([(key + (epoch + 1) * _GAMMA) & _MASK], dtype=np.uint64))[0])


def counted(base: int, counts: NDArray[Any]) -> NDArray[np.uint64]:
    """Return mix(base + n γ) for each n of `counts`."""
    return _mix(np.uint64(base) + counts.astype(np.uint64) * np.uint64(_GAMMA))


def _mix(x: NDArray[Any]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))
