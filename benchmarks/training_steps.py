"""XS to L, B and H: microseconds a step against every peer, and the share of the machine's own product rate."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import deltarule
from contenders import CONTENDERS, CORES, Contender, Deltarule
from timing import least_in_turn, product_rate, seconds
from workloads import Workload

__all__ = ["StepResult", "check_that_all_learn_the_same", "measure"]

TOLERANCE = 2e-3
"""How far costs after the same unshuffled steps in float32 may differ, relatively: contenders add in other orders, and
PyTorch puts Adam's ε elsewhere."""


@dataclass(frozen=True)
class StepResult:
    """Seconds a step of each contender, and rates in operations a second."""

    workload: Workload
    least: dict[str, float]
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


def check_that_all_learn_the_same(workload: Workload) -> dict[str, float]:
    """Train every contender for the same unshuffled steps; return the costs, which must agree."""
    rows = workload.batch * 8
    X, y = workload.data(rows)
    Y = workload.targets(y)
    costs = {}
    for kind in CONTENDERS:
        contender = kind(workload, X, y, shuffle=False)
        contender.steps(24)
        costs[kind.name] = deltarule.cost(workload.network, contender.theta().astype(np.float64), X, Y)
    before = deltarule.cost(workload.network, workload.first_theta().astype(np.float64), X, Y)
    ours = costs[Deltarule.name]
    assert ours < before, f"{workload.name}: nothing was learnt"
    for name, cost in costs.items():
        assert abs(cost - ours) <= TOLERANCE * ours, f"{workload.name}: {name} is at {cost}, deltarule at {ours}"
    return costs


def measure(workload: Workload, rounds: int) -> StepResult:
    """Time all contenders in turn; for the last three, the product beside them."""
    X, y = workload.data()
    per_epoch = -(-workload.rows // workload.batch)
    contenders: dict[str, Contender] = {kind.name: kind(workload, X, y, shuffle=True) for kind in CONTENDERS}
    contenders["one thread"] = Deltarule(workload, X, y, shuffle=True, n_threads=1)

    def a_step(contender: Contender, n: int) -> float:
        taken = 0

        def work() -> None:
            nonlocal taken
            taken = contender.steps(n)

        took = seconds(work)
        return took / taken

    works: dict[str, Callable[[], float]] = {}
    for name, contender in contenders.items():
        n = per_epoch if name == "scikit-learn" else min(per_epoch, 200)
        once = a_step(contender, n)  # warms up, compiles
        once = min(once, a_step(contender, n))
        if once * n < 0.2:  # long enough that what surrounds the steps does not count
            n = int(0.2 / once / per_epoch + 1) * per_epoch
            a_step(contender, n)
        works[name] = partial(a_step, contender, n)
    works["product"] = lambda: 1 / product_rate(CORES)
    least = least_in_turn(works, rounds)
    product, one_thread = 1 / least.pop("product"), least.pop("one thread")
    rate = workload.operations * workload.batch / least[Deltarule.name]
    return StepResult(workload, least, one_thread, rate, product)
