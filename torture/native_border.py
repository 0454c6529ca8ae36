"""Calls of the compiled core with wrong arguments: refused in words, or the bits of the clean call; never a crash.

python torture/start.py native_border [tries] [seed]
"""

import faulthandler
import os
import sys
import warnings
from collections.abc import Callable

import numpy as np

from border import REFUSED, a_call, results
from report import Report, at_most

BATCH = 200


def in_child(work: Callable[[], None]) -> int:
    """Run work in a forked child; return 0, 1 for an exception, or the signal that killed it, negative."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def attempt(seed: int, n: int) -> None:
    """Make one try; raises where it finds a fault."""
    clean, changed, only_form = a_call(np.random.default_rng([seed, n]))
    truth = results(clean)
    try:
        with at_most(1 << 30, 20), np.errstate(all="ignore"):
            found = results(changed)
    except REFUSED as error:
        if not str(error) and not isinstance(error, MemoryError):
            raise AssertionError(f"{type(error).__name__} without a word from {changed[0]}") from error
        return
    if only_form and found != truth:
        raise AssertionError(f"{changed[0]} took another form of its arguments and gave other bits")


def main(tries: int, seed: int) -> None:
    """Try calls drawn from a seed; of a batch that dies, each call by itself."""
    faulthandler.enable()
    warnings.simplefilter("ignore", np.exceptions.ComplexWarning)  # NumPy's own, of an argument that is complex
    report = Report("the native border", tries)
    for start in range(0, tries, BATCH):
        numbers = range(start, min(tries, start + BATCH))

        def batch(numbers: range = numbers) -> None:
            for n in numbers:
                attempt(seed, n)

        if in_child(batch) == 0:
            continue
        for n in numbers:
            if code := in_child(lambda n=n: attempt(seed, n)):  # type: ignore[misc]
                report.faults.append(f"try {n} of seed {seed}: ended with {code}")
        if len(report.faults) > 20:
            break
    report.end()


if __name__ == "__main__":
    main(*(int(argument) for argument in [*sys.argv[1:], "40000", "0"][:2]))
