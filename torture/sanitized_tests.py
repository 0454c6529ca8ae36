"""The Python tests, with a compiled core built under the address and undefined-behaviour sanitizers.

python torture/start.py sanitized_tests [tests ...]
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from deltarule import _native
from report import Report

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "sanitize-python"
# The sanitizer reserves terabytes, so no test that limits address space; and of the instruction sets, the best.
LEFT_OUT = ["threads_one_does_the_work", "wrong_arguments", "memory", *_native.available_isas()[1:]]

# Where the editable installation would find the core, this one takes its place, in every process that a test starts.
CUSTOMIZE = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "ScikitBuild" not in type(finder).__name__]
"""


def library(name: str) -> str:
    """Return the path of one of the compiler's libraries."""
    return subprocess.check_output(["g++", f"-print-file-name={name}"], text=True).strip()


def build() -> None:
    """Build the package with its core into a folder of its own."""
    options = ["--quiet", "--no-deps", "--upgrade", "--target", str(BUILD / "site")]
    options += ["-C", "cmake.define.DELTARULE_SANITIZE=address,undefined", "-C", f"build-dir={BUILD / 'cmake'}"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(ROOT)], check=True, capture_output=True)
    (BUILD / "site" / "sitecustomize.py").write_text(CUSTOMIZE)


def main(tests: list[str]) -> None:
    """Run the tests; a sanitizer that finds something ends the process."""
    report = Report("the Python tests under the sanitizers")
    build()
    environment = os.environ | {
        "PYTHONPATH": str(BUILD / "site"),
        "LD_PRELOAD": f"{library('libasan.so')} {library('libubsan.so')} {library('libstdc++.so')}",
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "PYTHONMALLOC": "malloc",
    }
    code = "import deltarule._native as core; print(core.__file__)"
    core = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if str(BUILD) not in core.stdout:
        report.faults.append(f"the core of this build was not loaded: {core.stdout}{core.stderr}")
        report.end()
    tests = [test for test in tests if (ROOT / test.split("::")[0]).exists()]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", f"not ({' or '.join(LEFT_OUT)})", *tests]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    text = done.stdout + done.stderr
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?)", text)}
    report.tries = sum(counts.values())
    report.faults += re.findall(r".*(?:ERROR: AddressSanitizer|runtime error).*", text)
    if done.returncode and not report.faults:
        report.faults.append(text[-3000:])
    report.end()


if __name__ == "__main__":
    main(sys.argv[1:] or ["tests"])
