"""Fits among threads, signals at random moments, and limits on memory that make allocations fail.

python torture/start.py together [signals] [limits] [rounds]
"""

import signal
import sys
from collections import Counter
from itertools import cycle

import numpy as np

from company import bits_of, fitted, predict_in_threads_while_training, ring, short_of_memory
from report import Report

KINDS = [(solver, engine) for solver in ("adam", "sgd", "lbfgs", "cg", "gd") for engine in ("native", "reference")]


def main(signals: int, limits: int, rounds: int) -> None:
    """Try so many of each."""
    report = Report("signals, memory limits and threads")
    found: Counter[str] = Counter()
    generator = np.random.default_rng(0)
    truths = {kind: bits_of(fitted(*kind)) for kind in KINDS}
    numbers = cycle([signal.SIGALRM, signal.SIGINT, signal.SIGTERM])
    for kind, number, _ in zip(cycle(KINDS), numbers, range(signals), strict=False):
        seconds = float(generator.exponential(0.02))
        with report.one(f"signal {number} after {1000 * seconds:.2f} ms, {kind}"):
            found[ring(seconds, number, *kind, truths[kind])] += 1
    # Not the reference engine: where memory ends in the BLAS below NumPy's products, it ends the process.
    for kind, _ in zip(cycle(KINDS[::2]), range(limits), strict=False):
        more = int(generator.integers(0, 24 << 20))
        report.tries += 1
        answer = short_of_memory(more, lambda kind=kind: fitted(*kind, epochs=1, copies=50).theta_)  # type: ignore[misc]
        found[answer] += 1
        if answer not in ("MemoryError", "done"):
            report.faults.append(f"{more} bytes more, {kind}: {answer}")
    report.tries += 16 * rounds
    report.faults += predict_in_threads_while_training(rounds)
    report.end(", ".join(f"{count} {kind}" for kind, count in found.most_common(6)))


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] or ["1000", "300", "100"])))
