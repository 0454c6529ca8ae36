"""What the engine asks of a cluster: four calls, none of which knows networks or costs.

    placed = cluster.place(calls)                   # spans on workers; a lost one is made again by its call
    total  = cluster.sum(task, theta, placed)       # one pass over all spans, added in the fixed tree
    state  = cluster.chain(task, state, placed, legs)   # a state that walks from span to span
    found  = cluster.map(calls)                     # small results, in order

Everything that runs on a worker is a pure function, so a cluster may compute it again, elsewhere, or twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from deltarule.common.arrays import Array

__all__ = ["Call", "Cluster", "Placed"]


@dataclass(frozen=True, eq=False)
class Call:
    """A pure function, and arguments that are calls themselves or handles of what lies on the cluster.

    Attributes
    ----------
    name : str
        What it does, for messages and the dashboard of the cluster.
    number : int
        Its number among the calls of that name: that of a partition or of a span.
    function : callable
        It can be pickled; what is known beforehand is bound to it by `functools.partial`.
    arguments : tuple
    owner : str, optional
        The worker that had best make it; another may.
    """

    name: str
    number: int
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    owner: str | None = None


@dataclass(frozen=True, eq=False)
class Placed:
    """Spans on the workers of a cluster.

    Attributes
    ----------
    nodes : tuple
        A handle of each span.
    owners : tuple of str
        The worker on which each span is made, and computed, unless it is lost or busy.
    places : tuple of str
        Of each span, in words: which partitions its rows are of.
    """

    nodes: tuple[Any, ...]
    owners: tuple[str, ...]
    places: tuple[str, ...]


class Cluster(Protocol):
    """Workers that compute pure functions. Errors of a function are raised as they are."""

    @property
    def workers(self) -> dict[str, dict[str, Any]]:
        """Of each worker its `nthreads` and its `memory_limit` (bytes; 0: none)."""

    def place(self, calls: Sequence[Call], places: Sequence[str], *, resident: bool) -> Placed:
        """Make spans on the workers, neighbours on one worker.

        Parameters
        ----------
        calls : sequence of Call
            How each span is made.
        places : sequence of str
            What each span holds, for messages.
        resident : bool
            Whether spans stay in the memory of the workers, or are made anew in every pass.
        """

    def sum(self, task: Callable[[Array, Any], Array], theta: Array, placed: Placed) -> Array:
        """Return the sum of task(theta, span) over all spans, as a `TreeSum` adds them."""

    def chain(self, task: Callable[[Any, Any, Any], Any], state: Any, placed: Placed, legs: Sequence[Any]) -> Any:
        """Return task(…task(task(state, span, leg₀), span, leg₁)…), with the span whose number is `leg.span`."""

    def map(self, calls: Sequence[Call]) -> list[Any]:
        """Return the results of calls, in order."""
