#!/bin/sh
# threadpoolctl 3.8.0: the number of threads of OpenBLAS can be changed by one thread of Python only, and the others are not told.
#
# Guess:    the number is one for the process, so a thread that ends a limit sets it back for all, whichever thread began it; two
#           solvers that overlap on two threads share a limit, which the last of them lifts.
# Seen:     the first thread that sets the number owns it as long as it lives. In another thread `limit(limits=1)` limits nothing,
#           and `restore_original_limits()` restores nothing; neither raises nor warns. A limit that is begun in the main thread and
#           ended in a worker stays for the rest of the process. OpenMP has a number for each thread, and is not concerned.
# Cure:     begin and end a limit in the same thread, and read the number back where it matters.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check threadpoolctl==3.8.0 numpy==2.4.6
cd "$folder"
OPENBLAS_NUM_THREADS=2 "$folder/env/bin/python" - <<'PYTHON'
import sys
import threading

import numpy as np
from threadpoolctl import ThreadpoolController

assert np.linalg.norm(np.ones(2)) > 1
blas = ThreadpoolController().select(user_api="blas")


def now():
    return [library.num_threads for library in blas.lib_controllers]


def in_a_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


before, limit = now(), blas.limit(limits=1)
limited = now()
in_a_thread(limit.restore_original_limits)
still = now()
limit.restore_original_limits()
after, inside = now(), []


def limits():
    with blas.limit(limits=1):
        inside.extend(now())


in_a_thread(limits)
print("before", before, "limited", limited, "restored by a worker", still, "by the main thread", after, "in a worker's limit", inside)
sys.exit(not (before == after == inside == [2] and limited == still == [1]))
PYTHON
