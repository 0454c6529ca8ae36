"""Among other processes, threads, signals and with too little memory: the same bits, or one clear error."""

import multiprocessing
import os
import signal
import subprocess
import sys
from typing import Any

import joblib
import numpy as np
import pytest

from company import (
    X,
    bits_of,
    fitted,
    learn_and_predict,
    predict_in_threads_while_training,
    predictions,
    ring,
    short_of_memory,
)
from deltarule.common.arrays import Array
from deltarule.engines import native
from deltarule.engines.native import NativeEngine
from deltarule.network.network import Network

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
needs_statm = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no limit on address space here")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_children_of_every_kind_predict_and_learn_the_same_bits(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    model = fitted()
    context: Any = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=learn_and_predict, args=(model, queue))
    child.start()
    assert queue.get(timeout=120) == (predictions(model), bits_of(model))
    child.join()
    assert child.exitcode == 0
    assert predictions(model) == learn_and_predict(model)[0]


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib_predicts_and_learns_the_same_bits(backend: str) -> None:
    model = fitted()
    with joblib.Parallel(n_jobs=2, backend=backend) as parallel:
        found = parallel(joblib.delayed(learn_and_predict)(model) for _ in range(4))
    assert found == [(predictions(model), bits_of(model))] * 4


def test_sixteen_threads_predict_while_models_learn() -> None:
    assert predict_in_threads_while_training(rounds=3) == []


@pytest.mark.skipif(not native.available(), reason="the compiled core was not built")
def test_a_row_is_predicted_while_a_long_call_runs_on_the_same_engine() -> None:
    # The row's call holds the GIL, for which the long one asks. In a process of its own, since a deadlock has no end.
    code = """
import threading
import numpy as np
from deltarule import Network
from deltarule.engines.native import NativeEngine
network = Network((64, 256, 256, 10), "tanh", "softmax")
engine, theta = NativeEngine(network), network.first_theta(np.random.default_rng(0))
rows = np.random.default_rng(1).standard_normal((20_000, 64))
alone = engine.hypothesis(theta, rows[:1])
for _ in range(5):
    thread = threading.Thread(target=engine.hypothesis, args=(theta, rows))
    thread.start()
    while thread.is_alive():
        assert engine.hypothesis(theta, rows[:1]).tobytes() == alone.tobytes()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("number", ["SIGALRM", "SIGINT"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_signal_at_any_moment_leaves_the_model_before_or_one_that_is_whole(number: str, solver: str) -> None:
    truth = bits_of(fitted(solver))
    for seconds in np.random.default_rng(0).uniform(0, 0.03, 6):
        ring(float(seconds), getattr(signal, number), solver, "auto", truth)


@needs_fork
@needs_statm
@pytest.mark.skipif(not native.available(), reason="the compiled core was not built")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_too_little_memory_is_a_memory_error_and_the_process_goes_on() -> None:
    network = Network((2000, 2000, 2), "relu", "softmax")
    theta, rows = np.full(network.n_parameters, 0.01), np.ones((50, 2000))

    def predict() -> Array:  # takes 96 MB for copies of theta
        return NativeEngine(network, 2).hypothesis(theta, rows)

    predict()
    found = [short_of_memory(megabytes << 20, predict) for megabytes in (0, 20, 40, 60, 400)]
    assert set(found) == {"MemoryError", "done"}
    assert (found[0], found[-1]) == ("MemoryError", "done")


@needs_fork
@needs_statm
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fit_with_too_little_memory_can_be_made_again() -> None:
    def fit() -> Array:
        return fitted(epochs=1, copies=50).theta_  # X takes 3 MB

    fit()
    found = {short_of_memory(megabytes << 20, fit) for megabytes in (0, 1, 2, 4, 300)}
    assert found == {"MemoryError", "done"}


def test_the_data_of_these_tests_tell_a_fit_from_no_fit() -> None:
    assert len(set(fitted().predict(X))) == 2
    assert bits_of(fitted()) != bits_of(fitted(epochs=19))
