"""What a pass costs the scheduler: few keys, the parameters once, and every span in one place."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

from deltarule.cluster import DaskMLPClassifier  # noqa: E402
from deltarule.cluster.dask import DaskCluster  # noqa: E402
from deltarule.common.errors import ClusterError  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SPANS = 16
M = SPANS * 8192
SETTINGS: dict[str, Any] = {"hidden_layer_sizes": (), "solver": "lbfgs", "tol": 0.0, "random_state": 0}


def on_cluster() -> tuple[Any, Any]:
    X = np.random.default_rng(0).normal(size=(M, 2))
    return da.from_array(X, chunks=(10_000, 2)), da.from_array(X[:, 0] + 0.1 * X[:, 1] > 0, chunks=10_000)


def name_of(key: Any) -> str:
    """Return what the tasks of a key do: `leaf`, `merge0`, `span`."""
    return str(key[0] if isinstance(key, tuple) else key).removeprefix("deltarule-").partition("-")[0]


def test_a_pass_is_one_leaf_a_span_a_seventh_of_that_in_merges_and_the_parameters_once(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs: list[Counter[str]] = []

    def compute(self: Any, nodes: Any, **options: Any) -> Any:
        if not isinstance(nodes, list):
            graphs.append(Counter(map(name_of, nodes.__dask_graph__())))
        return whole(self, nodes, **options)

    whole = distributed.Client.compute
    monkeypatch.setattr(distributed.Client, "compute", compute)
    monkeypatch.setattr("deltarule.cluster.dask.FEW_BYTES", 0)
    clf = DaskMLPClassifier(**SETTINGS, max_iter=3, spans_per_worker=SPANS, client=client).fit(*on_cluster())
    passes = [graph for graph in graphs if "leaf" in graph]
    assert len(passes) == clf.n_passes_
    for graph in passes:
        assert graph["leaf"] == SPANS
        assert graph["theta"] == 1
        assert graph["merge0"] + graph["merge1"] == -(-SPANS // 7)
        assert sum(graph.values()) - graph["span"] == SPANS + -(-SPANS // 7) + 1


def test_spans_stay_where_they_are_over_many_passes(client: Any) -> None:
    held: list[int] = []

    def look(progress: Any) -> None:
        if progress.epoch == 20:
            tasks = client.cluster.scheduler.tasks.items()
            held.extend(len(task.who_has or ()) for key, task in tasks if name_of(key) == "span")

    DaskMLPClassifier(**SETTINGS, max_iter=20, spans_per_worker=4, client=client).fit(*on_cluster(), callbacks=[look])
    assert len(held) == 8
    assert sum(held) <= len(held) + 1  # a worker without work may have fetched one


def test_a_task_that_kills_its_workers_is_told_with_its_rows(client: Any) -> None:
    cluster = DaskCluster(client)
    cluster._places = ["rows 0 to 8191 (partition 0)", "rows 8192 to 9000 (partitions 0 to 2)"]
    worker = next(iter(client.cluster.scheduler.workers.values()))
    killed = distributed.KilledWorker(("deltarule-leaf-0a-1", 1), worker, 3)
    told = cluster._killed(killed)
    assert isinstance(told, ClusterError)
    assert "4 workers died one after the other while they had rows 8192 to 9000 (partitions 0 to 2) to comp" in str(
        told
    )
    assert worker.address in str(told)
    other = ValueError("of a task")
    assert cluster._killed(other) is other


def test_a_worker_that_dies_while_all_are_asked_is_asked_for_again(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltarule.cluster.dask.GLANCE", 0.01)
    calls: list[int] = []

    def run(self: Any, ask: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("Connection reset by peer")
        if len(calls) == 2:  # the scheduler knew of its death before the client did
            return {"tcp://one": ask(), "tcp://two": OSError("Stream is closed")}
        return {"tcp://one": ask()}

    monkeypatch.setattr(distributed.Client, "run", run)
    assert DaskCluster(client).environments(lambda: {"python": "3"}) == {"tcp://one": {"python": "3"}}
    for tries, told in ((1, "the connection to the scheduler, are gone"), (2, "The worker tcp://two does not answer")):
        monkeypatch.setattr("deltarule.cluster.dask.TRIES", tries)
        calls.clear()
        with pytest.raises(ClusterError, match=told):
            DaskCluster(client).environments(dict)
