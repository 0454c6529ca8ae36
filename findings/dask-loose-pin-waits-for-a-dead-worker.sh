#!/bin/sh
# dask and distributed 2026.8.0: a task with allow_other_workers=True waits for ever for a worker that is gone, and a
# delayed value that was made before dask.annotate is pinned by it.
#
# Expected: workers=[…] with allow_other_workers=True is a preference, so when the only worker is replaced by another, the
#           other computes the task. And a value that was made outside of `with dask.annotate(…)` has no annotation.
# Seen:     the value takes on the annotation of the first task that uses it, because its layer is made then. After all
#           workers were lost, it is in the state "no-worker", and the new worker does not get it: when a worker joins, the
#           scheduler asks which workers are valid without regard to the looseness of the pin, and finds none.
# Cure:     make the value by a call outside of the annotation, and pin only what has dependencies.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q dask==2026.8.0 distributed==2026.8.0
cd "$folder"
cat > look.py <<'PYTHON'
import time

import dask
from dask.delayed import delayed
from distributed import Client, TimeoutError


def itself(value):
    return value


def twice(value):
    time.sleep(3)
    return 2 * value


def fate(value):
    """Return the result of a task whose worker is replaced while it runs, or "waits"."""
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as client:
        cluster = client.cluster
        first = next(iter(cluster.scheduler.workers))
        with dask.annotate(workers=[first], allow_other_workers=True):
            task = delayed(twice, pure=False)(value)
        future = client.compute(task, optimize_graph=False)
        time.sleep(1)
        cluster.scale(0)
        while cluster.scheduler.workers:
            time.sleep(0.05)
        cluster.scale(1)
        client.wait_for_workers(1)
        try:
            return future.result(timeout=20)
        except TimeoutError:
            return "waits"


if __name__ == "__main__":
    seen = fate(delayed(21, pure=False))
    cured = fate(delayed(itself, pure=False)(21))
    print("a value:", seen, " a call:", cured)
    assert seen == "waits"
    assert cured == 42
PYTHON
"$folder/env/bin/python" look.py
