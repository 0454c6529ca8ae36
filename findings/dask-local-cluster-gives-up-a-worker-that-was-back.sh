#!/bin/sh
# distributed 2026.8.0: LocalCluster looks lost-worker-timeout after a loss whether the worker is there, and does not
# ask whether it was there in between.
#
# Expected: with a timeout of 8 s, a worker that was killed and came back at once, and is killed again 7.5 s after the
#           first time, has 8 s to come back a second time, too; its nanny starts it, as the first time.
# Seen:     8 s after the first time the worker is found absent, half a second after the second: its nanny is closed,
#           and the cluster has no worker for good. With a timeout of a day it is back.
# Cure:     dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"}) where workers come and go.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q dask==2026.8.0 distributed==2026.8.0
cd "$folder"
cat > look.py <<'PYTHON'
import os
import signal
import time

import dask
from distributed import Client, LocalCluster

TIMEOUT, SECOND = 8.0, 7.5


def count(client):
    return len(client.sync(client.scheduler.identity, n_workers=-1)["workers"])


def leave(client):
    """End the worker's process, and wait until the scheduler knows."""
    ((address, pid),) = client.run(os.getpid).items()
    os.kill(pid, signal.SIGKILL)
    while address in client.sync(client.scheduler.identity, n_workers=-1)["workers"]:
        time.sleep(0.01)
    return time.monotonic()


def workers_left(timeout):
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": timeout}),
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
        Client(cluster) as client,
    ):
        first = leave(client)
        client.wait_for_workers(1, timeout=SECOND - 1)
        time.sleep(max(0.0, first + SECOND - time.monotonic()))
        leave(client)
        time.sleep(30)
        return count(client)


if __name__ == "__main__":
    found = {timeout: workers_left(timeout) for timeout in (f"{TIMEOUT}s", "1 day")}
    print(f"workers 30 s after the second time, by timeout: {found}")
    assert list(found.values()) == [0, 1]
PYTHON
"$folder/env/bin/python" look.py
