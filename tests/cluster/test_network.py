"""A bad network between client, scheduler and workers: a fit is slower and never wrong, or ends with a clear error."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import pytest

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

from deltarule import MLPClassifier  # noqa: E402
from deltarule.cluster import DaskMLPClassifier  # noqa: E402
from deltarule.common.errors import ClusterError  # noqa: E402
from relay import Relay, relay  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

M = 4 * 8192
RNG = np.random.default_rng(0)
X = RNG.normal(size=(M, 3))
Y = X[:, 0] * X[:, 1] > 0
LBFGS: dict[str, Any] = {"hidden_layer_sizes": (4,), "solver": "lbfgs", "max_iter": 6, "random_state": 1}


def on_cluster() -> tuple[Any, Any]:
    return da.from_array(X, chunks=(9000, 3)), da.from_array(Y, chunks=9000)


@contextmanager
def behind_relays() -> Iterator[tuple[Any, list[Relay], Relay]]:
    """Yield a client, the relays through which two workers reach the scheduler and each other, and the client's own.

    Workers are threads of this process, which speak TCP.
    """
    with ExitStack() as held:
        cluster = held.enter_context(
            distributed.LocalCluster(
                n_workers=0, processes=False, protocol="tcp://", host="127.0.0.1", dashboard_address=":0"
            )
        )
        port = int(cluster.scheduler_address.rpartition(":")[2])
        relays = [held.enter_context(relay(port)) for _ in range(2)]
        of_client = held.enter_context(relay(port))

        async def start() -> list[Any]:
            return [
                await distributed.Worker(f"tcp://127.0.0.1:{one.port}", nthreads=1, memory_limit=0) for one in relays
            ]

        async def stop(workers: list[Any]) -> None:
            for worker in workers:
                await worker.close(timeout=2)

        workers = cluster.sync(start)
        held.callback(cluster.sync, stop, workers)
        with distributed.Client(f"tcp://127.0.0.1:{of_client.port}") as client:
            yield client, relays, of_client


def later(seconds: float, do: Any) -> None:
    threading.Timer(seconds, do).start()


def test_a_slow_network_and_a_slower_worker_change_no_bit() -> None:
    alone = MLPClassifier(**LBFGS).fit(X, Y)
    with behind_relays() as (client, relays, of_client):
        for one, delay in zip(relays, (0.05, 0.01), strict=True):  # one worker answers later than the other
            one.delay, one.rate = delay, 2e6
        of_client.delay = 0.01
        clf = DaskMLPClassifier(**LBFGS, client=client).fit(*on_cluster())
    np.testing.assert_array_equal(clf.theta_, alone.theta_)


def test_a_network_that_stands_still_for_a_time_is_waited_for() -> None:
    alone = MLPClassifier(**LBFGS).fit(X, Y)

    with behind_relays() as (client, relays, _):

        def stand_still(progress: Any) -> None:
            if progress.epoch == 2:
                relays[0].stands_still = True
                later(2.0, lambda: setattr(relays[0], "stands_still", False))

        began = time.monotonic()
        clf = DaskMLPClassifier(**LBFGS, client=client).fit(*on_cluster(), callbacks=[stand_still])
        assert time.monotonic() - began > 1
    np.testing.assert_array_equal(clf.theta_, alone.theta_)
    assert clf.lost_workers_ == 0


def test_a_worker_that_is_cut_off_is_lost_and_its_work_done_by_another() -> None:
    alone = MLPClassifier(**LBFGS).fit(X, Y)

    with behind_relays() as (client, relays, _):

        def cut(progress: Any) -> None:
            if progress.epoch == 2:
                relays[0].cut()

        clf = DaskMLPClassifier(**LBFGS, client=client).fit(*on_cluster(), callbacks=[cut])
    np.testing.assert_array_equal(clf.theta_, alone.theta_)


def test_a_client_that_is_cut_off_ends_with_an_error_and_not_with_silence() -> None:
    with dask.config.set({"distributed.comm.timeouts.connect": "2s"}), behind_relays() as (client, _, of_client):

        def cut(progress: Any) -> None:
            if progress.epoch == 2:
                of_client.stop()

        began = time.monotonic()
        with pytest.raises(ClusterError, match="the connection to the scheduler, are gone"):
            DaskMLPClassifier(**LBFGS, client=client).fit(*on_cluster(), callbacks=[cut])
        assert time.monotonic() - began < 60
