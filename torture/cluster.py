"""SIGKILL of a worker, or of all, at random moments of fits on a cluster of two processes: the bits of one machine."""

import os
import random
import signal
import sys
import threading
import time
import warnings
from contextlib import suppress
from typing import Any

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

from deltarule import MLPClassifier
from deltarule.cluster import DaskMLPClassifier
from deltarule.common.arrays import Array
from report import Report

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
ROWS, CHUNK = 10 * 8192, 9000
FULL: dict[str, Any] = {"hidden_layer_sizes": (16,), "solver": "lbfgs", "max_iter": 25, "tol": 0.0, "random_state": 1}
CHAIN: dict[str, Any] = {"hidden_layer_sizes": (16,), "max_iter": 8, "tol": 0.0, "random_state": 1, "span_rows": 9000}

NEVER = "1 day"
"""A local cluster looks so long after each loss whether a worker of that name is there. If a later kill has just taken
it again, its nanny is closed for good: with 300s, none of the two workers was left after 14 kills."""


def rows_of(block: Array) -> Array:
    """Return rows as a function of their numbers, so that any worker can make them again."""
    n = block[:, 0]
    return np.stack([np.sin(n), np.cos(3 * n), np.sin(7 * n), np.cos(11 * n)], axis=1)


def on_cluster() -> tuple[Any, Any]:
    """Return X and y in partitions."""
    numbers = da.arange(ROWS, chunks=CHUNK, dtype=float)[:, np.newaxis]
    X = numbers.map_blocks(rows_of, chunks=(numbers.chunks[0], 4), dtype=float, meta=np.empty((0, 4)))
    return X, X[:, 0] * X[:, 1] > 0


def kill_later(client: Client, generator: random.Random, longest: float) -> threading.Thread:
    """Kill one worker, or in a third of the cases all, within a time."""
    found: list[int] = []
    while not found:
        with suppress(OSError):  # a worker that the last try killed is on its way out
            found = list(client.run(os.getpid).values())
    chosen = found if generator.random() < 0.33 else [generator.choice(found)]
    wait = generator.uniform(0, longest)

    def kill() -> None:
        time.sleep(wait)
        for pid in chosen:
            os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def main() -> None:
    """Kill workers in fits, and compare the end with that of fits in which nobody died."""
    warnings.simplefilter("ignore")
    report = Report("SIGKILL of workers at random moments of a fit on a cluster")
    generator = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    lost = 0
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": NEVER}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0, silence_logs=50
        ) as nannies,
        Client(nannies) as client,
    ):
        X = rows_of(np.arange(ROWS, dtype=float)[:, np.newaxis])
        began = time.monotonic()
        whole = [MLPClassifier(**FULL).fit(X, X[:, 0] * X[:, 1] > 0).theta_]
        whole.append(DaskMLPClassifier(**CHAIN, client=client).fit(*on_cluster()).theta_)
        longest = 1.5 * (time.monotonic() - began)
        for n in range(KILLS):
            settings, expected = ((FULL, whole[0]), (CHAIN, whole[1]))[n % 2]
            client.wait_for_workers(2, timeout=120)
            with report.one(f"kill {n}"):
                killer = kill_later(client, generator, longest)
                began = time.monotonic()
                clf = DaskMLPClassifier(**settings, client=client).fit(*on_cluster())
                took = time.monotonic() - began
                killer.join()
                lost += clf.lost_workers_
                if not np.array_equal(clf.theta_, expected):
                    raise AssertionError("other bits than those of the fit in which nobody died")
                if took > 120:
                    raise AssertionError(f"it took {took:.0f} s")
            killer.join()
    report.end(f"{lost} workers lost in mid-fit")


if __name__ == "__main__":
    main()
