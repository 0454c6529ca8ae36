#!/bin/sh
# distributed 2026.8.0: an array of float64 that comes over the network does not begin at a multiple of 8 bytes.
#
# Expected: arrays as NumPy makes them everywhere: flags.aligned is True.
# Seen:     nearly every array that a task gets from the client or from another process is False: it is a view into the
#           middle of the message. NumPy copes; compiled code that takes a pointer to doubles may refuse it, or fault.
# Cure:     np.require(x, requirements=["C", "ALIGNED"]) in the task, which copies only where it must.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q dask==2026.8.0 distributed==2026.8.0 numpy==2.4.6
cd "$folder"
cat > look.py <<'PYTHON'
import numpy as np
from distributed import Client


def is_aligned(x):
    return x.flags.aligned


def is_aligned_after_the_cure(x):
    return np.require(x, requirements=["C", "ALIGNED"]).flags.aligned


if __name__ == "__main__":
    with Client(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0") as client:
        arrays = [np.arange(float(n)) for n in (1, 10, 1000, 100_000)]
        seen = [client.submit(is_aligned, one, pure=False).result() for one in arrays]
        seen += [client.submit(is_aligned, client.scatter(one), pure=False).result() for one in arrays]
        cured = [client.submit(is_aligned_after_the_cure, one, pure=False).result() for one in arrays]
    print("aligned:", seen, " cured:", cured)
    assert not all(seen)
    assert all(cured)
PYTHON
"$folder/env/bin/python" look.py
