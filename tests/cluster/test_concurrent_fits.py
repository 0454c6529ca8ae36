"""Fits at the same time, inside a task, and on a cluster whose workers leave or join: all come to an end."""

import threading
import time
from typing import Any

import numpy as np
import pytest

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

from deltarule.cluster import DaskMLPClassifier  # noqa: E402
from deltarule.cluster.dask import DaskCluster  # noqa: E402
from deltarule.cluster.protocol import Call  # noqa: E402
from deltarule.common.arrays import Array  # noqa: E402
from deltarule.common.errors import ClusterError  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

M = 3 * 8192
LBFGS: dict[str, Any] = {"hidden_layer_sizes": (4,), "solver": "lbfgs", "max_iter": 3, "random_state": 1}


def on_cluster() -> tuple[Any, Any]:
    X = np.random.default_rng(0).normal(size=(M, 3))
    return da.from_array(X, chunks=(6000, 3)), da.from_array(X[:, 0] * X[:, 1] > 0, chunks=6000)


def test_fits_of_two_threads_and_of_a_task_all_come_to_an_end(client: Any) -> None:
    found: dict[int, Array] = {}

    def fit(n: int) -> None:
        found[n] = DaskMLPClassifier(**LBFGS, client=client).fit(*on_cluster()).theta_

    threads = [threading.Thread(target=fit, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    inside = client.submit(_fit_in_a_task, LBFGS, pure=False).result(timeout=240)
    for theta in (found[0], found[1], inside):
        np.testing.assert_array_equal(theta, inside)


def test_a_fit_waits_with_its_own_client(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()

    def waited(futures: Any, timeout: float) -> Any:
        seen.add(distributed.Client.current())
        return distributed.wait(futures, timeout=timeout)

    monkeypatch.setattr("deltarule.cluster.dask.wait", waited)
    with distributed.Client(client.scheduler.address) as newest:
        assert newest is distributed.Client.current()
        DaskMLPClassifier(**LBFGS, client=client).fit(*on_cluster())
    assert seen == {client}


def _fit_in_a_task(settings: dict[str, Any]) -> Array:
    theta: Array = DaskMLPClassifier(**settings).fit(*on_cluster()).theta_
    return theta


def test_a_cluster_without_workers_is_told_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltarule.cluster.dask.PATIENCE", 1.0)
    with distributed.Client(processes=False, n_workers=1, dashboard_address=":0") as client:
        clf = DaskMLPClassifier(**{**LBFGS, "max_iter": 12}, client=client)

        def retire(progress: Any) -> None:
            if progress.epoch == 1:
                client.cluster.scale(0)
                while client.cluster.scheduler.workers:
                    time.sleep(0.05)

        with pytest.raises(ClusterError, match="The cluster has had no worker for 1 seconds"):
            clf.fit(*on_cluster(), callbacks=[retire])
        with pytest.raises(ClusterError, match="The cluster has no worker"):
            clf.fit(*on_cluster())


def test_a_worker_that_joins_in_the_middle_of_a_fit_changes_no_bit(client: Any) -> None:
    expected = DaskMLPClassifier(**LBFGS, client=client).fit(*on_cluster()).theta_
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as growing:

        def grow(progress: Any) -> None:
            if progress.epoch == 1:
                growing.cluster.scale(2)
                growing.wait_for_workers(2, timeout=60)

        clf = DaskMLPClassifier(**LBFGS, client=growing).fit(*on_cluster(), callbacks=[grow])
    np.testing.assert_array_equal(clf.theta_, expected)
    assert clf.lost_workers_ == 0


def test_rows_wait_to_be_placed_for_workers_that_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltarule.cluster.dask.GLANCE", 0.05)
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as client:
        cluster = DaskCluster(client)
        client.cluster.scale(0)
        while client.cluster.scheduler.workers:
            time.sleep(0.02)
        cluster.look()  # sees that none is left
        back = threading.Timer(0.3, client.cluster.scale, (1,))
        back.start()
        placed = cluster.place([Call("span", n, _number, (n,)) for n in range(3)], ["rows"] * 3, resident=True)
        back.join()
        assert [future.result() for future in placed.nodes] == [0, 1, 2]
        assert len(cluster.lost) == 1
        cluster.close()


def _number(n: int) -> int:
    return n
