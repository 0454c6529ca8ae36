"""How it is timed: all contenders in turn, the least of many."""

import platform
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from deltarule import _native
from deltarule.common.arrays import Array

__all__ = ["least_in_turn", "processor", "product_rate", "seconds", "seconds_each"]


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def seconds_each(call: Callable[[], object], repeats: int) -> float:
    """Time one of several calls, one after the other."""
    return seconds(lambda: [call() for _ in range(repeats)]) / repeats


def least_in_turn(works: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Call each work in turn, A B C A B C …; return the least of what each returned."""
    least = dict.fromkeys(works, np.inf)
    for _ in range(rounds):
        for name, work in works.items():
            least[name] = min(least[name], work())
    return least


def processor() -> str:
    """Name the processor."""
    table = Path("/proc/cpuinfo")
    lines = table.read_text(encoding="utf-8").splitlines() if table.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def product_rate(n_threads: int, size: int = 1024, dtype: str = "float32") -> float:
    """Operations a second of this library's own product of two square matrices.

    The product is h = X Θᵀ of a network of one layer without an output function.
    """
    generator = np.random.default_rng(0)
    X: Array = generator.standard_normal((size, size)).astype(dtype)
    theta: Array = generator.standard_normal(size * (size + 1)).astype(dtype)
    h = np.empty_like(X)
    engine = _engine(size, n_threads, dtype)
    return 2 * size**3 / seconds(lambda: engine.hypothesis_into(theta, X, h))


@cache
def _engine(size: int, n_threads: int, dtype: str) -> Any:
    return _native.Engine([size, size], [], [], "identity", dtype, n_threads)
