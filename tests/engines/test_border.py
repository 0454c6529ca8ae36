"""The compiled core refuses every kind of wrong argument with a clear error."""

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
    given = {
        "sizes": [3, 4, 2], "hidden": ["tanh"], "hidden_numbers": [[]], "output": "softmax", "dtype": dtype,
        "n_threads": 1, **changes,
    }  # fmt: skip
    return native._core.Engine(**given)


def plan_with(**changes: Any) -> Any:
    assert native._core is not None
    given: dict[str, Any] = {
        "rule": "adam", "numbers": [0.9, 0.999, 1e-8], "batch_size": 2, "shuffle": True, "lambda_": 0.0,
        "max_norm": np.inf, **changes,
    }  # fmt: skip
    return native._core.Plan(**given)


def position_with(**changes: int) -> Any:
    assert native._core is not None
    return native._core.Position(**{"key": 0, "epoch": 0, "row": 0, "step": 0, **changes})


def arguments_with(**changes: Any) -> dict[str, Any]:
    return {
        "theta": np.zeros(26), "vectors": [np.zeros(26), np.zeros(26)], "X": np.zeros((4, 3)), "Y": np.zeros((4, 2)),
        "weights": None, "plan": plan_with(), "position": position_with(), "rates": np.zeros((3, 3)),
        "costs": np.zeros(3), "rows": 4, "weight": 4.0, "offset": 0, **changes,
    }  # fmt: skip


def run_with(**changes: Any) -> Any:
    return core().run(**arguments_with(**changes))


SAME = np.zeros(26)
RATES = np.zeros((26, 3))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"theta": None}, TypeError, "incompatible function arguments"),
        ({"X": None}, TypeError, "incompatible function arguments"),
        ({"costs": None}, TypeError, "incompatible function arguments"),
        ({"plan": None}, TypeError, "incompatible function arguments"),
        ({"position": None}, TypeError, "incompatible function arguments"),
        ({"vectors": [np.zeros(26), None]}, TypeError, r"vectors\[1\] must be a C-contiguous, writable float64 array"),
        ({"vectors": [np.zeros(26)]}, ValueError, "adam takes two vectors"),
        ({"vectors": [SAME, SAME]}, ValueError, r"vectors\[0\] and vectors\[1\] share memory"),
        ({"vectors": [SAME, np.zeros(26)], "theta": SAME}, ValueError, r"theta and vectors\[0\] share memory"),
        ({"rates": RATES, "costs": RATES.reshape(-1)[:26]}, ValueError, "costs and rates share memory"),
        ({"rates": np.zeros((3, 4))}, ValueError, r"rates has shape \(3, 4\), but \(any, 3\) fits here"),
        ({"theta": np.frombuffer(bytearray(209), offset=1)}, ValueError, "theta does not begin at a multiple"),
        ({"rows": 3}, ValueError, "offset is 0 and X has 4 rows, but rows, of the whole training set, is 3"),
        ({"offset": 1}, ValueError, "offset is 1 and X has 4 rows, but rows, of the whole training set, is 4"),
        ({"offset": -1}, ValueError, "offset is -1"),
        ({"weight": -1.0}, ValueError, r"weight is -1\.0+, but must be finite, and 0 or more"),
        ({"weight": float("nan")}, ValueError, "weight is nan"),
    ],
)
def test_a_run_refuses_what_does_not_fit(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run_with(**changes)


def test_a_run_refuses_a_position_beyond_its_rows_and_factors_of_another_network() -> None:
    with pytest.raises(ValueError, match=r"position\.row is 4, but X has 4 rows"):
        run_with(position=position_with(row=4))
    with pytest.raises(ValueError, match="factors has 2 pairs, but the parameters of the network have 4 segments"):
        run_with(plan=plan_with(factors=[(1.0, 1.0), (1.0, 0.0)]))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"rule": "adamw"}, ValueError, "rule is 'adamw', but the compiled core offers sgd, adam"),
        ({"numbers": [0.9]}, ValueError, "numbers has 1 numbers, but 'adam' takes 3"),
        ({"lambda_": float("nan")}, ValueError, "lambda_ is nan"),
        ({"max_norm": 0.0}, ValueError, r"max_norm is 0\.0+, but must be above 0"),
        ({"max_norm": float("nan")}, ValueError, "max_norm is nan"),
        ({"factors": [(1.0, -1.0), (1.0, 0.0)]}, ValueError, r"factors has the factor -1\.0+"),
        ({"factors": [(float("inf"), 1.0), (1.0, 0.0)]}, ValueError, "factors has the factor inf"),
        ({"factors": [((1.0, 1.0), (1.0, 0.0))]}, TypeError, "incompatible function arguments"),
    ],
)
def test_a_plan_refuses_what_does_not_fit(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        plan_with(**changes)


def test_a_position_takes_counts_only() -> None:
    with pytest.raises(TypeError, match="incompatible function arguments"):
        position_with(key=-1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": ["swish"]}, "hidden is 'swish', but the compiled core offers logistic, tanh, "),
        ({"output": "probit"}, "output is 'probit', but the compiled core offers sigmoid, softmax, identity, exp"),
        ({"dtype": "float16"}, "dtype is 'float16', but the compiled core offers float32, float64"),
        ({"hidden_numbers": []}, "hidden_numbers has 0 lists, but there are 1 hidden layers"),
        ({"hidden_numbers": [[0.1]]}, "hidden_numbers has 1 numbers, but 'tanh' takes 0"),
        ({"hidden": ["elu"]}, "hidden_numbers has 0 numbers, but 'elu' takes 1"),
        (
            {"hidden": ["leaky_relu"], "hidden_numbers": [[1.5]]},
            r"of 'leaky_relu' is 1\.5\d*, but must be from 0",
        ),
        ({"hidden": ["leaky_relu"], "hidden_numbers": [[float("nan")]]}, "number of 'leaky_relu' is nan"),
        ({"hidden": ["elu"], "hidden_numbers": [[-1.0]]}, r"number of 'elu' is -1\.0+, but must be from 0"),
    ],
)
def test_an_engine_refuses_units_that_there_are_not(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        core(**changes)


def member(**changes: Any) -> tuple[Any, ...]:
    return tuple(arguments_with(**changes).values())


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ([1], TypeError, "A member must be a tuple of the 12 arguments"),
        ([member()[:-1]], TypeError, "A member must be a tuple of the 12 arguments"),
        ([member(plan=3)], TypeError, "A member holds an argument of another type"),
        ([member(), member(position=None)], TypeError, "Plan and a Position, and neither may be None"),
        ([member(), member(vectors=[])], ValueError, "adam takes two vectors"),
        ([member(theta=SAME), member(theta=SAME)], ValueError, "theta and theta share memory"),
        ([member(X=RATES[:4]), member(costs=RATES.reshape(-1)[:3])], ValueError, "costs and X share memory"),
    ],
)
def test_members_that_do_not_fit_are_refused(members: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        core().run_members(members)


def test_members_with_one_position_are_refused() -> None:
    position = position_with()
    with pytest.raises(ValueError, match="Two members have the same Position"):
        core().run_members([member(position=position), member(position=position)])


def test_members_may_share_what_they_only_read() -> None:
    X = np.zeros((4, 3))
    assert core().run_members([member(X=X), member(X=X)]) == [(3, False)] * 2
    assert core().run_members([]) == []


def test_a_prediction_into_its_own_input_is_refused() -> None:
    X = np.zeros((2, 3))
    with pytest.raises(ValueError, match="out and X share memory"):
        core(sizes=[3, 3], hidden=[], hidden_numbers=[], output="identity").hypothesis_into(np.zeros(12), X, X)


@pytest.mark.parametrize(
    "sizes", [[2**31 - 1] * 2, [2**31 - 1] * 5, [2**31, 1], [0, 1], [-1, 1], [3], [], [4294967295, 4294967297]]
)
def test_a_network_whose_parameters_could_not_be_counted_is_refused(sizes: list[int]) -> None:
    depth = max(0, len(sizes) - 2)
    with pytest.raises(ValueError, match=r"sizes must be two or more positive numbers|parameters, but may have 1e12"):
        core(sizes=sizes, hidden=["relu"] * depth, hidden_numbers=[[]] * depth, output="identity")


def test_more_threads_than_any_machine_has_are_as_many_as_there_may_be() -> None:
    out = np.zeros((4, 2))
    core(n_threads=10**9).hypothesis_into(np.zeros(26), np.ones((4, 3)), out)  # 10⁹ threads would take terabytes
    np.testing.assert_array_equal(out, 0.5)


def test_where_the_system_gives_no_threads_one_does_the_work() -> None:
    code = (
        "import resource, numpy as np\n"
        "from deltarule import _native\n"
        "from pathlib import Path\n"
        "def mean_square(n_threads):\n"
        "    engine = _native.Engine([600, 600], [], [], 'identity', 'float32', n_threads)\n"
        "    engine.sums(np.zeros(360_600, np.float32), X, X, None, sums)\n"
        "    return sums[0] / 512\n"
        "X, sums = np.ones((512, 600), np.float32), np.zeros(360_601)\n"
        "assert mean_square(1) == 300\n"
        "now = int(Path('/proc/self/statm').read_text().split()[0]) * 4096\n"
        # The limit leaves room for the working memory and for the stack of one thread, or of none.
        "resource.setrlimit(resource.RLIMIT_AS, (now + (20 << 20), -1))\n"
        "assert mean_square(1000) == 300 and (sums[1:] == -512).all()\n"
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
