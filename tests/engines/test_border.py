"""The border of the compiled core: wrong arguments are refused in words, whatever they are."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deltarule.engines import native
from deltarule.engines.native import NativeEngine
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

pytestmark = pytest.mark.skipif(not native.available(), reason="the compiled core was not built")

ROOT = Path(__file__).parents[2]


def core(dtype: str = "float64", **changes: Any) -> Any:
    assert native._core is not None
    given = {"sizes": [3, 4, 2], "hidden": ["tanh"], "output": "softmax", "dtype": dtype, "n_threads": 1, **changes}
    return native._core.Engine(**given)


def run_with(**changes: Any) -> Any:
    given: dict[str, Any] = {
        "theta": np.zeros(26), "vectors": [np.zeros(26), np.zeros(26)], "X": np.zeros((4, 3)), "Y": np.zeros((4, 2)),
        "weights": None, "lambda_": 0.0, "rule": "adam", "rule_parameters": [0.9, 0.999, 1e-8], "batch_size": 2,
        "shuffle": True, "key": 0, "epoch": 0, "position": 0, "t": 0, "step_sizes": np.zeros(3), "costs": np.zeros(3),
        "dropout": [], "weight_decay": 0.0, "max_norm": np.inf,
    }  # fmt: skip
    return core().run(**{**given, **changes})


SAME = np.zeros(26)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"theta": None}, TypeError, "incompatible function arguments"),
        ({"X": None}, TypeError, "incompatible function arguments"),
        ({"costs": None}, TypeError, "incompatible function arguments"),
        ({"vectors": [np.zeros(26), None]}, TypeError, r"vectors\[1\] must be a C-contiguous, writable float64 array"),
        ({"vectors": [np.zeros(26)]}, ValueError, "two vectors"),
        ({"vectors": [SAME, SAME]}, ValueError, r"vectors\[0\] and vectors\[1\] share memory"),
        ({"vectors": [SAME, np.zeros(26)], "theta": SAME}, ValueError, r"theta and vectors\[0\] share memory"),
        ({"step_sizes": SAME, "costs": SAME}, ValueError, "costs and step_sizes share memory"),
        ({"theta": np.frombuffer(bytearray(209), offset=1)}, ValueError, "theta does not begin at a multiple"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"position": 4}, ValueError, "position is 4, but X has 4 rows"),
        ({"key": -1}, TypeError, "incompatible function arguments"),
        ({"rule": "adamw"}, ValueError, "rule is 'adamw', but the compiled core offers sgd, adam"),
    ],
)
def test_a_run_refuses_what_does_not_fit(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run_with(**changes)


def test_a_prediction_into_its_own_input_is_refused() -> None:
    X = np.zeros((2, 3))
    with pytest.raises(ValueError, match="out and X share memory"):
        core(sizes=[3, 3], hidden=[], output="identity").hypothesis_into(np.zeros(12), X, X)


@pytest.mark.parametrize(
    "sizes", [[2**31 - 1] * 2, [2**31 - 1] * 5, [2**31, 1], [0, 1], [-1, 1], [3], [], [4294967295, 4294967297]]
)
def test_a_network_whose_parameters_could_not_be_counted_is_refused(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match=r"sizes must be two or more positive numbers|parameters, but may have 1e12"):
        core(sizes=sizes, hidden=["relu"] * max(0, len(sizes) - 2), output="identity")


def test_more_threads_than_any_machine_has_are_as_many_as_there_may_be() -> None:
    out = np.zeros((4, 2))
    core(n_threads=10**9).hypothesis_into(np.zeros(26), np.ones((4, 3)), out)  # room for 10⁹ threads would be terabytes
    np.testing.assert_array_equal(out, 0.5)


def test_where_the_system_gives_no_threads_one_does_the_work() -> None:
    code = (
        "import resource, numpy as np\n"
        "from deltarule import _native\n"
        "from pathlib import Path\n"
        "def mean_square(n_threads):\n"
        "    engine = _native.Engine([600, 600], [], 'identity', 'float32', n_threads)\n"
        "    return engine.cost(np.zeros(360_600, np.float32), X, X, None, 0.0, D)\n"
        "X, D = np.ones((512, 600), np.float32), np.zeros(360_600)\n"
        "assert mean_square(1) == 300\n"
        "now = int(Path('/proc/self/statm').read_text().split()[0]) * 4096\n"
        # Room for the working memory, and for the stack of one thread, or of none.
        "resource.setrlimit(resource.RLIMIT_AS, (now + (20 << 20), -1))\n"
        "assert mean_square(1000) == 300 and (D.reshape(600, 601) == -1).all()\n"
    )
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("this system has no limit on address space")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_arrays_that_do_not_begin_at_a_multiple_of_their_items_are_copied() -> None:
    network, X = Network((1, 1)), np.frombuffer(bytearray(41), np.float64, offset=1)[:, np.newaxis]
    assert not X.flags.aligned
    data = TrainingSet.of(network, X, np.zeros(5))
    assert NativeEngine(network).cost_and_gradient(np.zeros(2), data, 0.0)[0] == pytest.approx(np.log(2))


def test_three_hundred_calls_with_wrong_arguments_are_refused_or_give_the_bits_of_the_right_ones() -> None:
    script = ROOT / "torture" / "start.py"
    done = subprocess.run([sys.executable, str(script), "native_border", "300", "3"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("the native border: 300 tries, 0 faults")
