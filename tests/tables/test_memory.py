"""How much memory and time it takes to read a text file."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

READ = """
import resource, sys
from deltarule.tables import read_table
read_table(sys.argv[1])  # what pandas and Arrow load for the first file does not count
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read_table(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def rows(m: int) -> str:
    generator = np.random.default_rng(0)
    numbers = generator.standard_normal((m, 3)).round(4)
    words = np.array(["private", "self-employed", "a b c"])[generator.integers(0, 3, (m, 2))]
    whole = generator.integers(0, 50, (m, 3))
    return "".join(
        f"{a},{b},{c},{v},{w},name {n},{i},{j},{k}\n"
        for n, ((a, b, c), (v, w), (i, j, k)) in enumerate(zip(numbers, words, whole, strict=True))
    )


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
def test_reading_a_file_takes_at_most_three_times_its_size(tmp_path: Path) -> None:
    header = "a,b,c,v,w,name,i,j,k\n"
    (tmp_path / "small.csv").write_text(header + rows(200))
    (tmp_path / "large.csv").write_text(header + rows(400_000))
    size = (tmp_path / "large.csv").stat().st_size
    assert size > 24e6
    paths = [str(tmp_path / name) for name in ("small.csv", "large.csv")]
    printed = subprocess.run([sys.executable, "-c", READ, *paths], check=True, capture_output=True, text=True).stdout
    assert int(printed) * 1024 <= 3 * size
