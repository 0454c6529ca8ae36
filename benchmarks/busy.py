"""A machine whose every core is kept busy by others: what two threads cost there, against one."""

import subprocess
import sys
from functools import partial

from contenders import CORES, Deltarule
from timing import seconds
from workloads import TRAINING

__all__ = ["two_threads_on_a_busy_machine"]


def two_threads_on_a_busy_machine(names: tuple[str, ...], rounds: int) -> dict[str, float]:
    """Return, by workload, the time of a step on all cores over that on one, with every core busy elsewhere.

    The median of pairs counts here and not the least: the least is a moment in which nobody else ran.
    """
    ratios = {}
    for workload in TRAINING:
        if workload.name not in names:
            continue
        X, y = workload.data(20_000)
        one, all_ = (Deltarule(workload, X, y, shuffle=True, n_threads=n) for n in (1, CORES))
        steps = max(1, int(0.15 / seconds(partial(one.steps, 10)) * 10))
        neighbours = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(CORES)]
        pairs = []
        for _ in range(rounds):
            alone = seconds(partial(one.steps, steps))
            pairs.append(seconds(partial(all_.steps, steps)) / alone)
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()
        ratios[workload.name] = sorted(pairs)[len(pairs) // 2]
    return ratios
