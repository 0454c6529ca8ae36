"""An engine frees its memory and threads when it is dropped, released or closed."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from deltarule import Network
from deltarule.engines import Member, MiniBatches, Plan, TrainingState, native
from deltarule.engines.native import NativeEngine
from deltarule.training.solvers import SGD
from oracles import training_set

pytestmark = [
    pytest.mark.skipif(not native.available(), reason="the compiled core was not built"),
    pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="this system does not tell threads and memory"),
]

# `held()` is (threads, MB of memory) of the process. Each test has a process of its own, free of other tests' memory.
START = """
import gc, os, pickle, time, warnings
from pathlib import Path
import numpy as np
from deltarule import MLPClassifier, Network
from deltarule.engines.native import NativeEngine

warnings.simplefilter("ignore")  # two epochs do not converge

def held():
    gc.collect()
    time.sleep(0.05)  # a joined thread stays listed for a moment
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(os.listdir("/proc/self/task")), pages * os.sysconf("SC_PAGESIZE") / 1e6

generator = np.random.default_rng(0)
"""
ENGINES = """
network = Network((1000, 1000, 1))
theta, X = np.zeros(network.n_parameters, np.float32), np.zeros((512, 1000), np.float32)
def once():
    NativeEngine(network, 4).hypothesis(theta, X)
"""
ESTIMATORS = """
X, y = generator.standard_normal((3000, 20)), generator.integers(0, 2, 3000)
def once():
    MLPClassifier((200,), n_threads=4, max_iter=2, tol=0, random_state=0).fit(X, y)
"""
MODELS = """
X, y = generator.standard_normal((3000, 20)), generator.integers(0, 2, 3000)
model = pickle.dumps(MLPClassifier((200,), n_threads=4, max_iter=2, tol=0, random_state=0).fit(X, y))
def once():
    pickle.loads(model).predict(X)
"""


def succeed(code: str) -> None:
    """Run code in a process with one arena of memory, so that freed memory cannot stay in another arena."""
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "0"}
    done = subprocess.run([sys.executable, "-c", START + code], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("code", [ENGINES, ESTIMATORS, MODELS], ids=["engines", "estimators", "unpickled models"])
def test_fifty_that_were_dropped_hold_no_thread_and_no_memory(code: str) -> None:
    ending = (
        "for _ in range(5): once()\n"
        "before = held()\n"
        "for _ in range(50): once()\n"
        "after = held()\n"
        "assert after[0] <= before[0], (before, after)\n"
        "assert after[1] < before[1] + 10, (before, after)\n"
    )
    succeed(code + ending)


def calls(engine: NativeEngine) -> list[bytes]:
    """Return the bits of the results of each kind of call."""
    network = engine.network
    theta, data = training_set(network, 300, np.float32)
    state = TrainingState(theta=theta, vectors=(np.zeros_like(theta),), key=1)
    taken = engine.steps(state, data, Plan.of(network, SGD(), MiniBatches(50), [0.01] * 9, 0.1))
    J, D = engine.cost_and_gradient(theta, data, 0.1)
    return [a.tobytes() for a in (taken.state.theta, taken.costs, np.array(J), D, engine.hypothesis(theta, data.X))]


def test_after_a_release_every_call_gives_the_bits_that_it_gave() -> None:
    engine = NativeEngine(Network((20, 30, 3), "tanh", "softmax"), 2)
    engine.release()
    before = calls(engine)
    engine.release()
    assert calls(engine) == before


def test_a_release_gives_back_the_memory_of_training_and_of_sums() -> None:
    code = (
        "from deltarule.engines import MiniBatches, Plan, TrainingState\n"
        "from deltarule.network.data import TrainingSet\n"
        "from deltarule.training.solvers import Adam\n"
        "network = Network((1500, 1500, 1), output='identity')\n"
        "theta, rule = np.zeros(network.n_parameters), Adam()\n"
        "data = TrainingSet(np.ones((100, 1500)), np.ones((100, 1)))\n"
        "state = TrainingState(theta=theta, vectors=rule.init(theta), key=1)\n"
        "engine, before = NativeEngine(network), held()[1]\n"
        "engine.steps(state, data, Plan.of(network, rule, MiniBatches(50), [0.01]))\n"
        "engine.cost_and_gradient(theta, data, 0.0)\n"
        "full, _ = held()[1], engine.release()\n"
        "assert full > before + 5 * theta.nbytes / 1e6 - 10, (before, full)\n"
        "assert held()[1] < before + 10, (before, full, held())\n"
    )
    succeed(code)


def test_a_fitted_estimator_holds_its_parameters_and_its_run_and_no_workspace() -> None:
    code = (
        "X, y = generator.standard_normal((200, 1000)), generator.integers(0, 2, 200)\n"
        "def fitted():\n"
        "    return MLPClassifier((1000,), max_iter=2, tol=0, random_state=0, dtype='float64').fit(X, y)\n"
        "fitted()\n"
        "before = held()[1]\n"
        "kept = [fitted() for _ in range(5)]\n"
        "each = (held()[1] - before) / 5 / (kept[0].theta_.nbytes / 1e6)\n"
        "assert each < 4, each  # θ and two vectors of Adam; with the workspace of training 8\n"
    )
    succeed(code)


def test_a_closed_engine_refuses_every_call_and_holds_no_thread() -> None:
    network = Network((300, 300, 3), "tanh", "softmax")
    threads = len(os.listdir("/proc/self/task"))
    with NativeEngine(network, 5) as engine:
        calls(engine)
        assert len(os.listdir("/proc/self/task")) == threads + 4
    time.sleep(0.05)  # a joined thread stays listed for a moment
    assert len(os.listdir("/proc/self/task")) == threads
    engine.close()
    theta, data = training_set(network, 5)
    state = TrainingState(theta=theta, vectors=(np.zeros_like(theta),), key=1)
    plan = Plan.of(network, SGD(), MiniBatches(5), [0.1])
    for call in (
        lambda: engine.steps(state, data, plan),
        lambda: engine.steps_of_members([Member(state, data, plan)]),
        lambda: engine.cost(theta, data, 0.0),
        lambda: engine.cost_and_gradient(theta, data, 0.0),
        lambda: engine.sums(theta, data),
        lambda: engine.hypothesis(theta, data.X),
    ):
        with pytest.raises(ValueError, match="This engine is closed"):
            call()
