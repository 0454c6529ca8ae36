"""A Dask cluster behind the four calls of `protocol.py`, and Dask's collections: the only file that imports Dask.

Every call is one graph of pure tasks. The parameters are in it as one task, because scattered data are lost for good
with their worker; tasks are pinned to the workers of their spans loosely, because a strict pin to a worker that died
waits for ever. What a dead worker held and computed is made again elsewhere by the scheduler, from the same graph.
"""

from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import count
from secrets import token_hex
from time import monotonic, sleep
from typing import Any

import dask
from dask.delayed import Delayed, delayed
from distributed import Client, Future, KilledWorker, get_client, get_worker, wait, worker_client

from deltarule.cluster.protocol import Call, Placed
from deltarule.cluster.tasks import merge
from deltarule.common.arrays import Array
from deltarule.common.errors import ClusterError, InputError

__all__ = ["DaskCluster", "connected", "held"]

PATIENCE = 45.0
"""A call ends with an error after so many seconds without any worker, or with a worker that Dask has paused."""

GLANCE = 1.0
"""Seconds between two looks at the workers while a call waits."""

TRIES = 5
"""How often all workers are asked for what they are, where one of them dies meanwhile."""

FAN_IN = 8
"""Spans whose sums one task adds: three levels of the binary tree."""

FEW_BYTES = 8 << 20
"""Sums of all spans that one task adds, without levels between."""


@contextmanager
def connected(client: Any) -> Iterator[Client]:
    """Yield the client to use: the given one, the present one, or, inside a task, one that gives up its thread.

    Raises
    ------
    InputError
        If there is no client, or it is asynchronous.
    """
    if client is None and _is_in_a_task():
        with worker_client(separate_thread=True) as of_worker:
            yield of_worker
        return
    if client is None:
        try:
            client = get_client()
        except ValueError as error:
            raise InputError(
                "There is no client of a Dask cluster. Make one first: distributed.Client() starts a cluster on this "
                "machine, distributed.Client('tcp://…:8786') connects to another; or pass client=…"
            ) from error
    if not isinstance(client, Client):
        raise InputError(f"client is a {type(client).__name__}. Pass a distributed.Client.")
    if client.asynchronous:
        raise InputError(
            "The client is asynchronous, and fit waits for its results. Make one without asynchronous=True."
        )
    yield client


def _is_in_a_task() -> bool:
    try:
        get_worker()
    except ValueError:
        return False
    return True


def held(value: Any) -> Delayed:
    """Return a value as a task, which stands in a graph once."""
    return delayed(value, pure=False, traverse=False)


class DaskCluster:
    """The workers of a Dask cluster, for one fit or one score; see `Cluster`.

    Parameters
    ----------
    client : Client
    """

    def __init__(self, client: Client) -> None:
        self._client, self._fit, self._graphs = client, token_hex(4), count()
        self._kept: list[Future] = []
        self._places: Sequence[str] = ()
        self.lost: set[str] = set()
        self._there: dict[str, Any] = {}
        self._since: dict[str, float] = {}
        self._waits = False
        self.look()
        if not self._there:
            raise ClusterError("The cluster has no worker. Start one, or wait for it: client.wait_for_workers(1).")
        self.workers = {
            address: {"nthreads": one["nthreads"], "memory_limit": one["memory_limit"] or 0}
            for address, one in self._there.items()
        }

    def environments(self, ask: Callable[[], dict[str, str]]) -> dict[str, dict[str, str]]:
        """Return what a function returns on each worker.

        Raises
        ------
        ClusterError
            If a worker lacks this package.
        """
        for left in reversed(range(TRIES)):
            try:
                found = self._client.run(ask, on_error="return")
            except OSError as error:  # a worker died while it was asked; its nanny may start another
                if not left:
                    raise _cancelled(error) from error
            else:
                if not left or not any(isinstance(one, OSError) for one in found.values()):  # as above, seen later
                    break
            sleep(GLANCE)
        for address, one in found.items():
            if isinstance(one, ImportError):
                raise ClusterError(
                    f"The worker {address} lacks a package ({one}). Install on all workers what is here: pip install "
                    "'deltarule[dask]'."
                ) from one
            if isinstance(one, Exception):
                raise ClusterError(f"The worker {address} does not answer ({type(one).__name__}: {one}).") from one
        return dict(found)

    def place(self, calls: Sequence[Call], places: Sequence[str], *, resident: bool) -> Placed:
        """Make spans on the workers; see `Cluster`."""
        self.look()
        while not self._there:  # all have died since they were seen; their nannies may start others
            sleep(GLANCE)
            self.look()
        there = sorted(self._there)
        owners = tuple(there[n * len(there) // len(calls)] for n in range(len(calls)))
        pinned = [
            Call(one.name, one.number, one.function, one.arguments, at) for one, at in zip(calls, owners, strict=True)
        ]
        if not resident:
            return Placed(tuple(pinned), owners, tuple(places))
        self._places = places
        graph = self._graph()
        futures = self._client.compute([graph.node(one) for one in pinned], optimize_graph=False)
        self._kept += futures
        self._settle(futures)
        return Placed(tuple(futures), owners, tuple(places))

    def sum(self, task: Callable[[Array, Any], Array], theta: Array, placed: Placed) -> Array:
        """Return the sum of a task over all spans; see `Cluster`."""
        graph = self._graph()
        at = graph.constant("theta", theta)
        sums = [
            Call("leaf", n, task, (at, node), owner)
            for n, (node, owner) in enumerate(zip(placed.nodes, placed.owners, strict=True))
        ]
        level = 0
        while len(sums) > 1:
            width = len(sums) if len(sums) * theta.nbytes < FEW_BYTES else FAN_IN
            groups = [sums[n : n + width] for n in range(0, len(sums), width)]
            sums = [Call(f"merge{level}", n, merge, tuple(group), group[0].owner) for n, group in enumerate(groups)]
            level += 1
        total: Array = self._result(graph.node(sums[0]), placed.places)
        return total

    def chain(self, task: Callable[[Any, Any, Any], Any], state: Any, placed: Placed, legs: Sequence[Any]) -> Any:
        """Let a state walk through spans; see `Cluster`."""
        graph = self._graph()
        now: Any = graph.constant("state", state)
        for n, leg in enumerate(legs):
            now = Call("walk", n, _with_leg(task, leg), (now, placed.nodes[leg.span]), placed.owners[leg.span])
        return self._result(graph.node(now), [placed.places[leg.span] for leg in legs])

    def map(self, calls: Sequence[Call]) -> list[Any]:
        """Return the results of calls, in order; see `Cluster`."""
        graph = self._graph()
        found: list[Any] = self._result(graph.node(Call("results", 0, _listed, tuple(calls))), ())
        return found

    def placement(self, placed: Placed) -> dict[str, list[int]]:
        """Return the numbers of the spans that each worker holds now."""
        futures = [node for node in placed.nodes if isinstance(node, Future)]
        held = self._client.who_has(futures) if futures else {}
        found: dict[str, list[int]] = {}
        for n, (node, owner) in enumerate(zip(placed.nodes, placed.owners, strict=True)):
            for address in (held.get(node.key) or ()) if isinstance(node, Future) else (owner,):
                found.setdefault(address, []).append(n)
        return found

    def close(self) -> None:
        """Release the spans, so that nothing is left on the cluster."""
        for future in self._kept:
            future.release()
        self._kept.clear()

    def look(self) -> None:
        """Look which workers there are.

        Raises
        ------
        ClusterError
            If there have been none for too long, or one has been paused for too long.
        """
        now = self._workers()
        self.lost |= self._there.keys() - now.keys()
        self._there = dict(now)
        paused = [address for address, one in now.items() if one["status"] == "paused"]
        is_idle = bool(now) and self._waits and not any(self._client.processing().values())
        told = {
            "empty": "The cluster has had no worker for {0:g} seconds: all have died or were stopped.",
            "paused": "Dask has paused a worker for {0:g} seconds, because its memory is nearly full: {1}.",
            "idle": "Dask has given its work to no worker for {0:g} seconds.",
        }
        cures = {
            "empty": "Start some, and fit again",
            "paused": "Give workers more memory, take more of them, or fit with resident=False, which reads the rows "
            "anew in every pass",
            "idle": "Fit again",
        }
        for what, is_so in (("empty", not now), ("paused", bool(paused)), ("idle", is_idle)):
            if not is_so:
                self._since.pop(what, None)
            elif monotonic() - self._since.setdefault(what, monotonic()) > PATIENCE:
                raise ClusterError(
                    f"{told[what].format(PATIENCE, ', '.join(paused))} {cures[what]}; with checkpoint=… and "
                    "resume=True a fit goes on where it was."
                )

    def _graph(self) -> "_Graph":
        return _Graph(f"{self._fit}-{next(self._graphs)}", self._there)

    def _workers(self) -> dict[str, Any]:
        """Return what the scheduler says of each worker.

        `client.scheduler_info()` would now and then return no workers: it hands out what its own timer, which asks for
        none, has just overwritten.
        """
        try:
            identity = self._client.sync(self._client.scheduler.identity, n_workers=-1, callback_timeout=PATIENCE)
        except (OSError, TimeoutError, AttributeError) as error:
            raise _cancelled("the scheduler does not answer") from error
        return dict(identity["workers"])

    def _result(self, node: Delayed, places: Sequence[str]) -> Any:
        """Compute the last task of a graph, and return its result."""
        self._places = places
        future = self._client.compute(node, optimize_graph=False)
        try:
            while True:
                self._settle([future])
                try:
                    return future.result(timeout=5)
                except TimeoutError:  # its worker died after it was computed: it is computed again
                    continue
                except CancelledError as error:  # its worker died with rows that nobody can make again
                    raise _cancelled(error) from error
        finally:
            future.release()

    def _settle(self, futures: Sequence[Future]) -> None:
        """Wait until futures are computed; raise the error of one that is not."""
        self._waits = True
        try:
            while True:
                try:
                    with self._client.as_current():  # by itself, wait takes the newest client of this process
                        wait(futures, timeout=GLANCE)
                except TimeoutError:
                    self.look()
                    continue
                if not any(future.status == "lost" for future in futures):  # with its worker: it is computed again
                    break
        except CancelledError as error:
            raise _cancelled(error) from error
        finally:
            self._waits = False
        for future in futures:
            if future.status == "error":
                raise self._killed(future.exception()) from None
            if future.status == "cancelled":
                raise _cancelled(future.status)

    def _killed(self, error: BaseException) -> BaseException:
        """Return an error in our words if it is of a task that killed its workers, else itself."""
        if not isinstance(error, KilledWorker):
            return error
        key = error.task
        number = key[1] if isinstance(key, tuple) else 0
        name = str(key[0] if isinstance(key, tuple) else key).removeprefix("deltarule-").partition("-")[0]
        of_spans = name in ("leaf", "span", "walk") and number < len(self._places)
        where = self._places[number] if of_spans else f"partition {number}"
        return ClusterError(
            f"{error.allowed_failures + 1} workers died one after the other while they had {where} to compute, so it "
            "or the rows beside it need more memory than a worker has, or end its process. Look into the log of the "
            f"worker {error.last_worker.address}, and make partitions smaller or workers larger."
        )


class _Graph:
    """A graph of Dask as it grows; the same call becomes the same task."""

    def __init__(self, tag: str, there: Container[str]) -> None:
        self._there = there
        self._tag, self._nodes = tag, {}  # type: str, dict[int, tuple[Call, Delayed]]

    def constant(self, name: str, value: Any) -> Delayed:
        """Return a task that holds a value.

        It is a call, because a delayed value would take on the pin of the first task that uses it, and only tasks with
        dependencies are pinned here.
        """
        return delayed(partial(_itself, value), pure=False)(dask_key_name=f"deltarule-{name}-{self._tag}")

    def node(self, call: Any) -> Any:
        """Return the task of a call; anything else is the handle of a task already, and is returned as it is."""
        if not isinstance(call, Call):
            return call
        if id(call) not in self._nodes:
            arguments = [self.node(one) for one in call.arguments]
            is_there = call.owner is not None and call.owner in self._there
            at = dask.annotate(workers=[call.owner], allow_other_workers=True) if is_there else nullcontext()
            with at:
                made = delayed(call.function, pure=False)(
                    *arguments, dask_key_name=(f"deltarule-{call.name}-{self._tag}", call.number)
                )
            self._nodes[id(call)] = call, made
        return self._nodes[id(call)][1]


def _itself(value: Any) -> Any:
    return value


def _listed(*results: Any) -> list[Any]:
    return list(results)


def _led(task: Callable[[Any, Any, Any], Any], leg: Any, state: Any, span: Any) -> Any:
    return task(state, span, leg)


def _with_leg(task: Callable[[Any, Any, Any], Any], leg: Any) -> Callable[[Any, Any], Any]:
    return partial(_led, task, leg)


def _cancelled(why: object) -> ClusterError:
    return ClusterError(
        f"The rows, or the connection to the scheduler, are gone ({why}). Rows that were given to the cluster by "
        "client.scatter cannot be made again when their worker dies: read them on the workers instead, for instance "
        "by dask.dataframe.read_parquet. With checkpoint=… and resume=True a fit goes on where it was."
    )
