#!/bin/sh
# polars 2.1.0: once it is imported, Ctrl-C no longer ends a wait for a lock, a future or a thread in the main thread of Python.
#
# Guess:    a library of tables leaves signals alone, or sets its handler while a query runs and puts Python's back; a
#           KeyboardInterrupt comes in the middle of `future.result()` as ever.
# Seen:     the import sets a handler of SIGINT for good. It calls the one of Python, which notes the signal, but the system begins
#           interrupted calls again (SA_RESTART), so the main thread goes on waiting; the KeyboardInterrupt comes when the wait has
#           ended by itself, here after three seconds instead of one. `signal.getsignal` still names Python's handler. Waits with a
#           limit are not concerned.
# Cure:     `signal.siginterrupt(signal.SIGINT, True)` after the import; in a library, waits with a limit, again and again.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check polars==2.1.0
cd "$folder"
cat > waits.py <<'PYTHON'
import os
import signal
import sys
import threading
import time

signal.signal(signal.SIGINT, signal.default_int_handler)
if "import" in sys.argv:
    import polars  # noqa: F401
if "cure" in sys.argv:
    signal.siginterrupt(signal.SIGINT, True)
is_pythons = signal.getsignal(signal.SIGINT) is signal.default_int_handler
lock = threading.Lock()
lock.acquire()
threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
threading.Timer(3, lock.release).start()
began = time.monotonic()
try:
    lock.acquire()
    time.sleep(0.1)
except KeyboardInterrupt:
    pass
seconds = round(time.monotonic() - began)
print(sys.argv[1:], "Python's handler", is_pythons, "interrupted after", seconds, "s")
sys.exit(not (is_pythons and seconds == (3 if sys.argv[1:] == ["import"] else 1)))
PYTHON
"$folder/env/bin/python" waits.py
"$folder/env/bin/python" waits.py import
"$folder/env/bin/python" waits.py import cure
