"""SciPy's own BLAS on one thread while one of its solvers runs.

L-BFGS solves triangular systems of 20 × 20 numbers. The OpenBLAS that comes with SciPy's wheels shares them between
all cores, and its threads spin between two calls, on the cores that J and D need: a λ path of 64-25-10 over 5 folds
took 6.1 s of processor time with them and 0.55 s without on a busy machine of two cores (SciPy 1.17, Zen 5).

NumPy's wheels bring another copy, which is left alone: the reference engine multiplies by it. So is a BLAS that both
share, as in conda.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["one_blas_thread"]

_is_limited = threading.Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep the BLAS of SciPy's wheels on one thread within a `with` block.

    Of blocks that overlap on several threads the first one counts: threadpoolctl lets only the thread that has changed
    the number of threads change it again.
    """
    if not _is_limited.acquire(blocking=False):
        yield
        return
    try:
        with _libraries().limit(limits=1):
            yield
    finally:
        _is_limited.release()


@cache
def _libraries() -> Any:
    """Return the controller of SciPy's own libraries; looking for them takes 15 ms, once SciPy has loaded them."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    loaded = ThreadpoolController()
    paths = [Path(library.filepath) for library in loaded.lib_controllers]
    own = [str(path) for path in paths if path.parent.name == "scipy.libs" or path.parent.parent.name == "scipy"]
    return loaded.select(filepath=own)
