"""Fits on a Dask cluster of processes: its overhead, and its peers on one machine.

python benchmarks/scale_dask.py             10⁵ and 10⁶ rows: some minutes on two quiet cores
python benchmarks/scale_dask.py 0.1         a tenth of the rows

Each fit has the bits of the fit in memory, which is checked. dask-ml's LogisticRegression joins in where dask-ml can be
imported.
"""

import sys
import warnings
from time import perf_counter
from typing import Any

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster
from sklearn.linear_model import SGDClassifier

from deltarule import MLPClassifier
from deltarule.cluster import DaskMLPClassifier
from deltarule.cluster.dask import DaskCluster
from deltarule.cluster.protocol import Call
from deltarule.common.arrays import Array

FEATURES, CHUNK = 54, 50_000
EMPTY = (16, 64, 256)
"""Numbers of tasks that do nothing."""


def rows_of(numbers: Array) -> Array:
    """Return seeded rows of a block; the first column holds the signal."""
    return np.random.default_rng(int(numbers[0, 0])).normal(size=(len(numbers), FEATURES)).astype(np.float32)


def made(rows: int) -> tuple[Any, Any]:
    """Return X and y on the cluster."""
    numbers = da.arange(rows, chunks=min(CHUNK, rows), dtype=np.int64)[:, np.newaxis]
    X = numbers.map_blocks(
        rows_of, chunks=(numbers.chunks[0], FEATURES), dtype=np.float32, meta=np.empty((0, FEATURES), np.float32)
    )
    return X, (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(np.int64)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def nothing() -> None:
    """Do nothing."""


def seconds(call: Any) -> tuple[float, Any]:
    """Return the time of a call, and its result."""
    began = perf_counter()
    result = call()
    return perf_counter() - began, result


def tasks(client: Client) -> None:
    """Print what a task costs: from submitting it to its result, and each further one of a graph."""
    cluster = DaskCluster(client)
    times = {}
    for count in (1, *EMPTY):
        calls = [Call("nothing", n, nothing) for n in range(count)]
        times[count] = min(seconds(lambda calls=calls: cluster.map(calls))[0] for _ in range(5))
    slope = (times[EMPTY[-1]] - times[EMPTY[0]]) / (EMPTY[-1] - EMPTY[0])
    say(f"one task {1e3 * times[1]:.1f} ms; each further task of a graph {1e3 * slope:.2f} ms")


def fits(client: Client, rows: int) -> None:
    """Print full-batch fits, their overhead, and those of one process, for two networks."""
    X, y = (array.persist() for array in made(rows))
    in_memory = X.compute(), y.compute()
    for hidden in ((), (32,)):
        settings: dict[str, Any] = {
            "hidden_layer_sizes": hidden,
            "solver": "lbfgs",
            "max_iter": 20,
            "tol": 0.0,
            "random_state": 0,
        }
        took, there = seconds(lambda settings=settings: DaskMLPClassifier(**settings, client=client).fit(X, y))
        took_here, here = seconds(lambda settings=settings: MLPClassifier(**settings).fit(*in_memory))
        assert np.array_equal(there.theta_, here.theta_), "other bits than in memory"
        a_pass = there.history_.seconds[-1] / there.n_passes_
        say(
            f"{rows:>9,} rows, {FEATURES}-{'-'.join(map(str, (*hidden, 1)))}, lbfgs: {took:.2f} s on the cluster "
            f"({there.n_passes_} passes of {1e3 * a_pass:.0f} ms, overhead {there.overhead_:.0%}), {took_here:.2f} s "
            "in one process"
        )
    settings = {"hidden_layer_sizes": (32,), "max_iter": 2, "tol": 0.0, "random_state": 0}
    for parallel in ("chain", "average"):
        clf = DaskMLPClassifier(**settings, client=client, parallel=parallel)
        took, _ = seconds(lambda clf=clf: clf.fit(X, y))
        say(f"{rows:>9,} rows, {FEATURES}-32-1, adam, {parallel}: {took / 2:.2f} s an epoch, J {clf.loss_:.4f}")
    peers(client, X, y)


def peers(client: Client, X: Any, y: Any) -> None:
    """Print what peers take for a logistic regression: a loop of partial_fit, and dask-ml."""

    def loop() -> Any:
        clf = SGDClassifier(loss="log_loss", random_state=0)
        for block, labels in zip(X.to_delayed().ravel(), y.to_delayed().ravel(), strict=True):
            clf.partial_fit(block.compute(), labels.compute(), classes=[0, 1])
        return clf

    took, _ = seconds(loop)
    say(f"{len(X):>9,} rows, scikit-learn's SGDClassifier.partial_fit over partitions: {took:.2f} s an epoch")
    try:
        from dask_ml.linear_model import LogisticRegression
    except ImportError as error:
        say(f"dask-ml is not there: {error}")
        return
    took, clf = seconds(lambda: LogisticRegression(solver="lbfgs", max_iter=20, C=1e4, fit_intercept=True).fit(X, y))
    del client, clf
    say(f"{len(X):>9,} rows, dask-ml's LogisticRegression, lbfgs, 20 iterations: {took:.2f} s")


def main() -> None:
    """Run all of it."""
    warnings.simplefilter("ignore")
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0, silence_logs=50
        ) as workers,
        Client(workers) as client,
    ):
        tasks(client)
        for rows in (100_000, 1_000_000):
            fits(client, int(rows * share))


if __name__ == "__main__":
    main()
