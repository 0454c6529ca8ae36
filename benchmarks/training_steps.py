"""XS to L, B and H: microseconds a step against every peer, and the share of the machine's own product rate."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

import deltarule
from contenders import CONTENDERS, CORES, Contender, Deltarule
from deltarule.common.arrays import Array
from in_processes import Process, written
from timing import least_in_turn, product_rate
from workloads import Workload

__all__ = ["StepResult", "check_that_all_learn_the_same", "measure"]

STEPS = 24
"""Steps of the check."""
TOLERANCE = 2e-3
"""How far costs after the same unshuffled steps in float32 may differ, relatively: contenders add in other orders, and
PyTorch puts Adam's ε elsewhere."""
TURN = 0.2
"""Seconds of a turn: long enough that what surrounds the steps does not count, such as asking another process."""


@dataclass(frozen=True)
class StepResult:
    """Seconds a step of each contender, peers in processes with their number of threads, and operations a second."""

    workload: Workload
    least: dict[str, float]
    threads: dict[str, int]
    one_thread: float
    rate: float
    product: float

    @property
    def best_peer(self) -> str:
        """Name of the fastest of the others."""
        peers = {name: took for name, took in self.least.items() if name != Deltarule.name}
        return min(peers, key=lambda name: peers[name])

    @property
    def ratio(self) -> float:
        """How many times faster than the best peer."""
        return self.least[self.best_peer] / self.least[Deltarule.name]

    @property
    def share(self) -> float:
        """Share of the rate at which the library's own product runs."""
        return self.rate / self.product


def check_that_all_learn_the_same(workload: Workload, processes: Sequence[Process]) -> dict[str, float]:
    """Train every contender for the same unshuffled steps; return the costs, which must agree.

    Processes keep what they compile for `measure`.
    """
    X, y = workload.data()
    batches = min(STEPS, workload.rows // workload.batch)
    n = -(-STEPS // batches) * batches  # whole epochs of these batches: 24 steps, or 27 of XS
    few, Y = X[: batches * workload.batch], workload.targets(y[: batches * workload.batch])

    def cost(theta: Array) -> float:
        return deltarule.cost(workload.network, theta.astype(np.float64), few, Y)

    costs = {}
    for kind in CONTENDERS:
        contender = kind(workload, few, y[: len(few)], shuffle=False)
        contender.steps(n)
        costs[kind.name] = cost(contender.theta())
    with written(workload, X, y) as task:
        _all(processes, "make", folder=task.folder)
        _all(processes, "steps", n=n)  # which compile side by side
        for process in processes:
            costs[f"{process.name}, threads: {process.n_threads}"] = cost(process.theta(task, workload))
    before, ours = cost(workload.first_theta()), costs[Deltarule.name]
    assert ours < before, f"{workload.name}: nothing was learnt"
    for name, found in costs.items():
        assert abs(found - ours) <= TOLERANCE * ours, f"{workload.name}: {name} is at {found}, deltarule at {ours}"
    return costs


def measure(workload: Workload, processes: Sequence[Process], rounds: int) -> StepResult:
    """Time all contenders in turn after their check, and the product beside them.

    A peer has the number of threads on which it is faster.
    """
    X, y = workload.data()
    per_epoch = -(-workload.rows // workload.batch)
    _all(processes, "shuffle")
    _all(processes, "steps", n=1)
    here: dict[str, Contender] = {kind.name: kind(workload, X, y, shuffle=True) for kind in CONTENDERS}
    here["one thread"] = Deltarule(workload, X, y, shuffle=True, n_threads=1)
    turns = {name: _warm(contender, per_epoch)[1] for name, contender in here.items()}
    # A thread of OpenBLAS spins for 80 ms after its last product. So one thread of this library comes after those who
    # use OpenBLAS: Numba, the last of the processes, and scikit-learn.
    works: dict[str, Callable[[], float]] = {Deltarule.name: turns.pop(Deltarule.name)}
    works["product"] = lambda: 1 / product_rate(CORES)
    threads: dict[str, int] = {}
    for name in dict.fromkeys(process.name for process in processes):
        ways = {process.n_threads: _warm(process, per_epoch) for process in processes if process.name == name}
        threads[name] = min(ways, key=lambda n_threads: ways[n_threads][0])
        works[name] = ways[threads[name]][1]
    works |= turns
    least = least_in_turn(works, rounds)
    product, one_thread = 1 / least.pop("product"), least.pop("one thread")
    rate = workload.operations * workload.batch / least[Deltarule.name]
    return StepResult(workload, least, threads, one_thread, rate, product)


def _all(processes: Sequence[Process], what: str, **more: str | int) -> None:
    """Ask all processes for the same, at the same time."""
    for process in processes:
        process.ask(what, **more)
    for process in processes:
        process.answer()


def _warm(contender: Contender, per_epoch: int) -> tuple[float, Callable[[], float]]:
    """Return seconds a step, the better of two turns, and what takes another turn of TURN seconds."""

    def turn(n: int) -> tuple[float, float]:
        began = time.perf_counter()
        taken = contender.steps(n)
        took = time.perf_counter() - began
        return took / taken, took

    n = 20
    for _ in range(3):
        once, took = turn(n)
        n = max(1, round(TURN / once))
        n = -(-n // per_epoch) * per_epoch if n > per_epoch else n
        if took > TURN:
            break
    return min(once, turn(n)[0]), lambda: turn(n)[0]
