"""A cluster that is this process: the seam of `deltarule.cluster` without Dask, for tests."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from deltarule.cluster.protocol import Call, Placed
from deltarule.common.arrays import Array
from deltarule.network.summation import TreeSum


class OneProcess:
    """Calls every task here, one after the other; `again` calls each twice, as a cluster may.

    >>> def double(x):
    ...     return 2 * x
    >>> OneProcess().map([Call("double", 0, double, (Call("double", 1, double, (3,)),))])
    [12]
    """

    def __init__(self, workers: int = 1, again: bool = False) -> None:
        self.workers: dict[str, dict[str, Any]] = {
            f"worker-{n}": {"nthreads": 1, "memory_limit": 0} for n in range(workers)
        }
        self.again = again

    def place(self, calls: Sequence[Call], places: Sequence[str], *, resident: bool) -> Placed:
        """Make spans, or keep how they are made."""
        names = list(self.workers)
        owners = tuple(names[n * len(names) // len(calls)] for n in range(len(calls)))
        pinned = [replace(one, owner=owner) for one, owner in zip(calls, owners, strict=True)]
        return Placed(tuple(map(self._made, pinned)) if resident else tuple(pinned), owners, tuple(places))

    def sum(self, task: Callable[[Array, Any], Array], theta: Array, placed: Placed) -> Array:
        """Add what a task returns for each span."""
        total = TreeSum()
        for node in placed.nodes:
            if self.again:
                task(theta, self._made(node))
            total.add(task(theta, self._made(node)))
        return total.result()

    def chain(self, task: Callable[[Any, Any, Any], Any], state: Any, placed: Placed, legs: Sequence[Any]) -> Any:
        """Let a state walk."""
        for leg in legs:
            if self.again:
                task(state, self._made(placed.nodes[leg.span]), leg)
            state = task(state, self._made(placed.nodes[leg.span]), leg)
        return state

    def map(self, calls: Sequence[Call]) -> list[Any]:
        """Return results in order."""
        return [self._made(one) for one in calls]

    def _made(self, call: Any) -> Any:
        return call.function(*map(self._made, call.arguments)) if isinstance(call, Call) else call
