#!/bin/sh
# distributed 2026.8.0: Client.scheduler_info() of a cluster with two workers now and then returns none.
#
# Expected: "workers" holds both, whenever it is asked for with n_workers=-1 (the default: all).
# Seen:     about once in two seconds it is {}. The method stores what it fetched in an attribute and returns the
#           attribute; the client's own timer, which fetches with n_workers=0, may have overwritten it in between.
# Cure:     client.sync(client.scheduler.identity, n_workers=-1)["workers"].
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q dask==2026.8.0 distributed==2026.8.0
cd "$folder"
cat > look.py <<'PYTHON'
import time

from distributed import Client

if __name__ == "__main__":
    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0") as client:
        seen, cured = [], []
        end = time.monotonic() + 60
        while time.monotonic() < end and 0 not in seen:
            seen.append(len(client.scheduler_info(n_workers=-1)["workers"]))
        for _ in range(500):
            cured.append(len(client.sync(client.scheduler.identity, n_workers=-1)["workers"]))
        print(f"{len(seen)} calls: {sorted(set(seen))} workers; cured: {sorted(set(cured))}")
        assert set(seen) == {0, 2}
        assert set(cured) == {2}
PYTHON
"$folder/env/bin/python" look.py
