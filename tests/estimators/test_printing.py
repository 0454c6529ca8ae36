"""Where warnings point: at the line outside the library that called for the training."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """import sys
if {without}:
    import sklearn.neural_network
    sys.modules["sklearn.callback"] = None
    del sklearn.callback
from deltarule import MLPClassifier, MLPRegressor
X, y = [[0.0], [1.0], [2.0], [3.0]] * 10, [0, 1, 0, 1] * 10
assert hasattr(MLPClassifier(), "set_callbacks") is not {without}
MLPClassifier((2,), max_iter=3).fit(X, y)
MLPClassifier((2,), max_iter=3).fit(X, y)

def inside():
    MLPRegressor(hidden_layer_sizes=(2,), max_iter=3).fit(X, y)

inside()
MLPRegressor(hidden_layer_sizes=(2,), max_iter=3, batch_size=50).fit(X, y)
MLPClassifier((2,), batch_size=50).partial_fit(X, y, classes=[0, 1])
MLPRegressor(hidden_layer_sizes=(2,), batch_size=50).partial_fit(X, y)
"""


@pytest.mark.parametrize("without", [False, True], ids=["with scikit-learn's callbacks", "without them"])
def test_a_warning_names_the_line_of_fit_and_each_line_warns(without: bool, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(without=without))
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    told = [line for line in run.stderr.splitlines() if "Warning: " in line]
    converged, clipped = [
        [line for line in told if kind in line] for kind in ("ConvergenceWarning", "UserWarning: Got")
    ]
    lines = SCRIPT.splitlines()
    of_fits = [number for number, line in enumerate(lines, 1) if "max_iter=3" in line]
    of_batches = [number for number, line in enumerate(lines, 1) if "batch_size=50" in line]
    assert [line.split(": ")[0] for line in converged] == [f"{script}:{number}" for number in of_fits]
    assert [line.split(": ")[0] for line in clipped] == [f"{script}:{number}" for number in of_batches]
    assert len(told) == 7
