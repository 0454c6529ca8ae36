"""How it is timed: all contenders in turn in one process, the least of many."""

import time
from collections.abc import Callable, Mapping

import numpy as np

from deltarule import _native
from deltarule.arrays import Array

__all__ = ["least_in_turn", "product_rate", "seconds"]


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def least_in_turn(works: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Call each work in turn, A B C A B C …; return the least of what each returned."""
    least = dict.fromkeys(works, np.inf)
    for _ in range(rounds):
        for name, work in works.items():
            least[name] = min(least[name], work())
    return least


def product_rate(n_threads: int, size: int = 1024) -> float:
    """Operations a second of this library's own product of two float32 matrices of 1024 × 1024."""
    A: Array = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    out = np.empty_like(A)
    return 2 * size**3 / seconds(lambda: _native.matmul(A, A, out, n_threads))
