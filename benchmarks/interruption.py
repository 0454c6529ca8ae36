"""Ctrl-C in the middle of a long epoch: how long until `fit` returns with what was learnt."""

import signal
import time
import warnings
from collections.abc import Callable
from threading import Timer

import numpy as np

from deltarule import MLPClassifier
from workloads import TRAINING

__all__ = ["longest_wait_after_ctrl_c"]


def longest_wait_after_ctrl_c(presses: int) -> float:
    """Return the most seconds that a fit of T, whose epoch takes a quarter of a second, went on after Ctrl-C."""
    workload = next(each for each in TRAINING if each.name == "T")
    X, y = workload.data()
    longest = 0.0
    for delay in np.random.default_rng(0).uniform(0.1, 0.6, presses):
        pressed: list[float] = []
        timer = Timer(delay, press_into(pressed))
        timer.start()
        model = MLPClassifier(workload.sizes[1:-1], batch_size=workload.batch, max_iter=10**6, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that it was interrupted
            model.fit(X, y)
        longest = max(longest, time.perf_counter() - pressed[0])
        assert model.history_.stopped == "interrupted", "the fit ended by itself"
    return longest


def press_into(pressed: list[float]) -> Callable[[], None]:
    """Return what presses Ctrl-C and notes when."""

    def press() -> None:
        pressed.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    return press
