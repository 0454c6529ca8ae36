"""The demo, as `make demo` runs it."""

import re
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parent.parent / "examples" / "demo.py"


def test_the_demo_reaches_its_goal_checks_the_gradient_and_leaves_two_pictures(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(DEMO), str(tmp_path)], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert "$ deltarule train" in done.stdout
    assert "Gradient check: passed" in done.stdout
    accuracy = re.search(r"Done: (\d+\.\d)% of the 1797 digits are right", done.stdout)
    assert accuracy is not None
    assert float(accuracy[1]) >= 98
    trace = done.stdout[done.stdout.index("$ deltarule explain") : done.stdout.index("Done:")]
    assert len(trace.strip().splitlines()) <= 81
    for name in ("members.png", "importance.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
