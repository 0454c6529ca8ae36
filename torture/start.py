"""`make torture`: every script of this folder, two at a time; or one of them.

python torture/start.py                       all of them, with the time that they took
python torture/start.py model_files 1000 7    one, with its arguments
"""

import os
import runpy
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
NOT_SCRIPTS = ("start", "report")
LONGEST = ("sanitized_tests", "tables", "model_files", "long_runs")
"""They begin first, so that no core waits for them at the end."""


def one(name: str) -> bool:
    """Run a script in a process of its own and print its line; return whether it found no fault."""
    began = perf_counter()
    done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, cwd=HERE.parent)
    crash = f"{name}: ended with {done.returncode}\n" if done.returncode not in (0, 1) or not done.stdout else ""
    print(f"{crash}{done.stdout}{done.stderr}    {perf_counter() - began:.0f} s", flush=True)
    return done.returncode == 0


def main() -> None:
    """Run what the command line names."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, tests press it
    if len(sys.argv) > 1:
        sys.argv = sys.argv[1:]
        sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
        runpy.run_path(str(HERE / f"{sys.argv[0]}.py"), run_name="__main__")
        return
    began = perf_counter()
    others = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in (*NOT_SCRIPTS, *LONGEST))
    names = [*LONGEST, *others]
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        clean = sum(pool.map(one, names))
    print(f"{clean} of {len(names)} without a fault, in {(perf_counter() - began) / 60:.1f} minutes")
    sys.exit(clean < len(names))


if __name__ == "__main__":
    main()
