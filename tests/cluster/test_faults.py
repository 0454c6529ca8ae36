"""Workers that die, memory that is counted, a poison block: the same bits, or a clear error, and never a hang."""

import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

from deltarule import MLPClassifier  # noqa: E402
from deltarule.cluster import DaskMLPClassifier  # noqa: E402
from deltarule.common.arrays import Array  # noqa: E402
from deltarule.common.errors import ClusterError  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a process is killed by SIGKILL"),
    pytest.mark.skipif("DELTARULE_FAULTS" not in os.environ, reason="workers are killed by `make torture`"),
]

M = 5 * 8192
LBFGS: dict[str, Any] = {"hidden_layer_sizes": (4,), "solver": "lbfgs", "max_iter": 12, "random_state": 1}
MINI_BATCH: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 1, "span_rows": 8000}


def rows_of(block: Array) -> Array:
    """Return rows that any worker can make again: a function of their numbers."""
    n = block[:, 0]
    return np.stack([np.sin(n), np.cos(3 * n), np.sin(7 * n)], axis=1)


def numbers() -> Any:
    return da.arange(M, chunks=6000, dtype=float)[:, np.newaxis]


def on_cluster() -> tuple[Any, Any]:
    X = numbers().map_blocks(rows_of, chunks=((*numbers().chunks[0],), 3), dtype=float)
    return X, X[:, 0] * X[:, 1] > 0


def in_memory() -> tuple[Array, Array]:
    X = rows_of(np.arange(M, dtype=float)[:, np.newaxis])
    return X, X[:, 0] * X[:, 1] > 0


@pytest.fixture(scope="module")
def processes() -> Iterator[Any]:
    """Two processes, which their nannies start again when they are killed."""
    # A LocalCluster gives a worker up for good that is not there 15 seconds after a loss, an earlier one as well.
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def pids(client: Any) -> list[int]:
    return list(client.run(os.getpid).values())


class Killer:
    """Kills workers after some epochs of a fit; `all_of_them` at once, or one."""

    def __init__(self, client: Any, *epochs: int, all_of_them: bool = False) -> None:
        self.client, self.epochs, self.all_of_them = client, epochs, all_of_them

    def __call__(self, progress: Any) -> None:
        if progress.epoch in self.epochs:
            # In a moment, so that it meets the middle of a pass.
            found = pids(self.client)
            for pid in found if self.all_of_them else found[:1]:
                threading.Timer(0.05, os.kill, (pid, signal.SIGKILL)).start()


@pytest.mark.parametrize("settings", [LBFGS, MINI_BATCH], ids=["full", "chain"])
@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_fit_whose_workers_are_killed_has_the_same_bits(
    processes: Any, settings: dict[str, Any], all_of_them: bool
) -> None:
    processes.wait_for_workers(2, timeout=60)
    clf = DaskMLPClassifier(**settings, client=processes)
    clf.fit(*on_cluster(), callbacks=[Killer(processes, 1, all_of_them=all_of_them)])
    if settings is LBFGS:
        expected = MLPClassifier(**settings).fit(*in_memory()).theta_
    else:
        expected = DaskMLPClassifier(**settings, client=processes).fit(*on_cluster()).theta_
    np.testing.assert_array_equal(clf.theta_, expected)
    assert clf.lost_workers_ >= 1


def killing(block: Array) -> Array:
    if block[0, 0] == 12_000:
        os.kill(os.getpid(), signal.SIGKILL)
    return rows_of(block)


def test_a_poison_block_is_named(processes: Any) -> None:
    processes.wait_for_workers(2, timeout=60)
    X = numbers().map_blocks(killing, chunks=((*numbers().chunks[0],), 3), dtype=float, meta=np.empty((0, 3)))
    began = time.monotonic()
    with pytest.raises(ClusterError, match=r"4 workers died one after the other while they had partition \d to"):
        DaskMLPClassifier(**LBFGS, client=processes).fit(X, on_cluster()[1])
    assert time.monotonic() - began < 60


def test_rows_that_were_scattered_are_told_of_when_their_worker_dies(processes: Any) -> None:
    from dask.delayed import delayed

    processes.wait_for_workers(2, timeout=60)
    X, y = in_memory()
    blocks = [processes.scatter(X[n : n + 8192], direct=False) for n in range(0, M, 8192)]
    parts = [da.from_delayed(delayed(one), (8192, 3), float) for one in blocks]
    clf = DaskMLPClassifier(**LBFGS, client=processes)
    given = da.concatenate(parts), da.from_array(y, chunks=8192)
    with pytest.raises(ClusterError, match=r"client\.scatter cannot be made again"):
        clf.fit(*given, callbacks=[Killer(processes, 1, all_of_them=True)])


CLIENT = """
    import os, signal, sys
    from distributed import Client
    sys.path.insert(0, sys.argv[1])
    import test_faults
    from test_faults import LBFGS, on_cluster
    test_faults.rows_of.__module__ = "__main__"  # is sent itself: the workers have no module of this name
    from deltarule.cluster import DaskMLPClassifier

    def die(progress):
        if progress.epoch == 6:
            os.kill(os.getpid(), signal.SIGKILL)

    with Client(sys.argv[2]) as client:
        DaskMLPClassifier(**LBFGS).fit(*on_cluster(), checkpoint=sys.argv[3], callbacks=[die])
"""


def test_a_fit_whose_client_was_killed_goes_on_from_its_journal(processes: Any, tmp_path: Path) -> None:
    processes.wait_for_workers(2, timeout=60)
    journal = tmp_path / "fit.journal"
    here = [str(Path(__file__).parent), processes.scheduler.address, str(journal)]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(CLIENT), *here], timeout=120, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    clf = DaskMLPClassifier(**LBFGS, client=processes).fit(*on_cluster(), checkpoint=journal, resume=True)
    alone = MLPClassifier(**LBFGS).fit(*in_memory())
    np.testing.assert_array_equal(clf.theta_, alone.theta_)
    assert clf.n_passes_ < clf.n_iter_


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("resident", [True, False])
def test_a_worker_needs_memory_for_its_spans_and_a_constant(tmp_path: Path, resident: bool) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, columns = 400_000, 10
    table = pa.table({f"x{n}": np.random.default_rng(n).normal(size=rows) for n in range(columns)})
    pq.write_table(table.append_column("y", table["x0"]), tmp_path / "a.parquet", row_group_size=50_000)
    whole = rows * (columns + 1) * 8
    from deltarule.cluster import DaskMLPRegressor

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        # A fit on few rows first: what is loaded and kept for ever is not counted.
        few = table.append_column("y", table["x0"]).slice(0, 60_000)
        pq.write_table(few, tmp_path / "few.parquet", row_group_size=50_000)
        settings: dict[str, Any] = {"hidden_layer_sizes": (4,), "solver": "gd", "max_iter": 2, "resident": resident}
        DaskMLPRegressor(**settings, client=client).fit(str(tmp_path / "few.parquet"), "y")
        before = client.run(peak_memory)
        reg = DaskMLPRegressor(**settings, client=client).fit(str(tmp_path / "a.parquet"), "y")
        after = client.run(peak_memory)
    assert sum(one["rows"] for one in reg.placement_.values()) == rows
    of_spans = max(one["bytes"] for one in reg.placement_.values())
    assert of_spans <= 0.7 * whole
    constant = 24 << 20  # two row groups in flight, as files and as rows, and a span
    for worker, peak in after.items():
        assert peak - before[worker] < of_spans + constant
