#!/bin/sh
# distributed 2026.8.0: LocalCluster(dashboard_address=None) listens on port 8787.
#
# Expected: no server of the dashboard: "Set to None to disable the dashboard" (docstring of LocalCluster).
# Seen:     an HTTP server on port 8787, the default, with the dashboard's address as dashboard_link. A second such cluster
#           on the same machine warns that the port is in use, and is an error where warnings are.
# Cure:     dashboard_address=":0", which takes a free port.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q dask==2026.8.0 distributed==2026.8.0
cd "$folder"
cat > look.py <<'PYTHON'
import warnings

from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(processes=False, n_workers=1, dashboard_address=None) as cluster:
        port = cluster.scheduler.http_server.port
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with LocalCluster(processes=False, n_workers=1, dashboard_address=None) as second:
                other = second.scheduler.http_server.port
    print("ports", port, other, [str(one.message).splitlines()[0] for one in said])
    assert port == 8787
    assert any("Port 8787 is already in use" in str(one.message) for one in said)
PYTHON
"$folder/env/bin/python" look.py
