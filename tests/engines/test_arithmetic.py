"""The core computes with its own arithmetic where another library has changed that of the calling thread."""

import ctypes
import platform
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from deltarule import Network
from deltarule.engines import MiniBatches, Plan, TrainingState, native
from deltarule.engines.native import NativeEngine
from deltarule.training.solvers import Adam
from oracles import training_set

pytestmark = [
    pytest.mark.skipif(not native.available(), reason="the compiled core was not built"),
    pytest.mark.skipif(
        sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64") or platform.libc_ver()[0] != "glibc",
        reason="changes the arithmetic of a thread by glibc",
    ),
]
Change = Callable[[ctypes.CDLL], None]
UPWARD = 0x800 if platform.machine() == "x86_64" else 0x400000


@pytest.fixture
def libm() -> Iterator[ctypes.CDLL]:
    library = ctypes.CDLL("libm.so.6")
    yield library
    library.fesetenv(ctypes.c_void_p(-1))


def round_upwards(libm: ctypes.CDLL) -> None:
    assert libm.fesetround(UPWARD) == 0
    assert np.divide(np.ones(1), 3)[0] == 0.33333333333333337


def flush_subnormal_numbers(libm: ctypes.CDLL) -> None:
    if platform.machine() != "x86_64":
        pytest.skip("writes into the environment of x86")
    environment = (ctypes.c_uint32 * 8)()
    libm.fegetenv(environment)
    environment[7] |= 0x8040  # MXCSR: results and operands
    assert libm.fesetenv(environment) == 0
    assert (np.full(1, 1e-310) * np.ones(1))[0] == 0


@pytest.mark.parametrize("change", [round_upwards, flush_subnormal_numbers])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_the_arithmetic_of_the_calling_thread_changes_no_bit(change: Change, n_threads: int, libm: ctypes.CDLL) -> None:
    network = Network((5, 40, 3), "tanh", "softmax")
    theta, data = training_set(network, 9000, np.float32)
    theta[240:] *= 400  # so that some probabilities are subnormal
    plan = Plan.of(network, Adam(), MiniBatches(3000), np.full(4, 1e-3), 0.1)
    engine = NativeEngine(network, n_threads)
    state = TrainingState(theta=theta, vectors=Adam().init(theta), key=1)
    h, sums, taken = (engine.hypothesis(theta, data.X), engine.sums(theta, data), engine.steps(state, data, plan))
    assert ((h > 0) & (h < np.finfo(np.float32).tiny)).any()
    change(libm)
    with_another = engine.hypothesis(theta, data.X), engine.sums(theta, data), engine.steps(state, data, plan)
    still = libm.fegetround() == UPWARD or (np.full(1, 1e-310) * np.ones(1))[0] == 0
    libm.fesetenv(ctypes.c_void_p(-1))
    assert still  # the caller has its own arithmetic again
    np.testing.assert_array_equal(with_another[0].view(np.uint32), h.view(np.uint32))
    np.testing.assert_array_equal(with_another[1], sums)
    np.testing.assert_array_equal(with_another[2].state.theta, taken.state.theta)


@pytest.mark.parametrize("change", [round_upwards, flush_subnormal_numbers])
def test_threads_that_begin_under_another_arithmetic_compute_as_ever(change: Change, libm: ctypes.CDLL) -> None:
    network = Network((5, 40, 3), "tanh", "softmax")
    theta, data = training_set(network, 20_000)
    theta[240:] *= 900
    h = NativeEngine(network, 1).hypothesis(theta, data.X)
    change(libm)
    again = NativeEngine(network, 4).hypothesis(theta, data.X)
    libm.fesetenv(ctypes.c_void_p(-1))
    np.testing.assert_array_equal(again, h)
