"""Tasks on threads, and fits of few rows as such tasks."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from deltarule import MLPClassifier, lambda_path
from deltarule.common.errors import DivergedError
from deltarule.training import on_threads as threads_module
from deltarule.training.on_threads import EndedError, Pauses, Stop, on_threads


def task(value: int, error: Exception | None = None, after: float = 0.0) -> Callable[[Stop], Pauses[int]]:
    def work(is_stopped: Stop) -> Pauses[int]:
        end = time.monotonic() + after
        while time.monotonic() < end:
            if is_stopped():
                raise EndedError
            time.sleep(0.001)
            yield
        if error is not None:
            raise error
        return value

    return work


def waits(is_stopped: Stop) -> Pauses[None]:
    yield
    while not is_stopped():
        time.sleep(0.001)
    raise EndedError


def test_values_come_in_the_order_of_the_tasks() -> None:
    assert on_threads([task(0, after=0.02), task(1), task(2)], 2) == [0, 1, 2]


def test_the_first_error_ends_the_tasks_in_front_of_it_and_behind_it() -> None:
    with pytest.raises(DivergedError, match="soon"):
        on_threads([task(0, after=60.0), task(1, DivergedError("soon")), task(2, after=60.0)], 2)


def test_an_error_that_comes_while_the_tasks_end_does_not_hide_the_first() -> None:
    def fails_when_told_to_end(is_stopped: Stop) -> Pauses[int]:
        yield
        while not is_stopped():
            time.sleep(0.001)
        raise OSError("later")

    with pytest.raises(DivergedError, match="soon"):
        on_threads([fails_when_told_to_end, task(1, DivergedError("soon"), after=0.02)], 2)


def test_a_task_that_pauses_goes_on_where_another_thread_is_free() -> None:
    threads: list[set[int]] = [set(), set(), set()]

    def work(number: int, is_stopped: Stop) -> Pauses[int]:
        for _ in range(20):
            threads[number].add(threading.get_ident())
            time.sleep(0.005)
            yield
        return number

    assert on_threads([partial(work, number) for number in range(3)], 2) == [0, 1, 2]
    assert max(map(len, threads)) == 2


@pytest.mark.parametrize(("threads", "tasks"), [(2, 5), (2, 9), (3, 8), (1, 3)])
def test_fewer_than_twice_as_many_tasks_as_threads_are_between_their_beginning_and_their_end(
    threads: int, tasks: int
) -> None:
    going: set[int] = set()
    most: list[int] = []

    def work(number: int, is_stopped: Stop) -> Pauses[None]:
        going.add(number)
        for _ in range(4):
            most.append(len(going))
            time.sleep(0.008)
            yield
        going.remove(number)

    on_threads([partial(work, number) for number in range(tasks)], threads)
    assert threads <= max(most) < 2 * threads


def test_an_error_of_a_task_that_is_closed_does_not_hide_the_first_and_all_are_closed() -> None:
    closed: list[int] = []

    def pauses(number: int, _: Stop) -> Pauses[int]:
        try:
            while True:
                time.sleep(0.001)
                yield
        finally:
            closed.append(number)
            raise OSError("while closing")

    fails = task(1, DivergedError("soon"), after=0.1)
    tasks: list[Callable[[Stop], Pauses[int]]] = [partial(pauses, 0), fails, partial(pauses, 2)]
    with pytest.raises(DivergedError, match="soon"):
        on_threads(tasks, 2)
    assert sorted(closed) == [0, 2]


def test_a_task_that_pauses_when_another_fails_is_closed() -> None:
    closed = threading.Event()

    def pauses(_: Stop) -> Pauses[None]:
        try:
            while True:
                time.sleep(0.001)
                yield
        finally:
            closed.set()

    with pytest.raises(DivergedError):
        on_threads([pauses, task(1, DivergedError("soon"), after=0.02)], 2)
    assert closed.is_set()


def test_ctrl_c_ends_all_tasks() -> None:
    begun: list[int] = []
    ended: list[int] = []

    def waits_as(number: int, is_stopped: Stop) -> Pauses[None]:
        begun.append(number)
        try:
            yield from waits(is_stopped)
        finally:
            ended.append(number)

    def interrupts(_: Stop) -> Pauses[None]:
        yield
        raise KeyboardInterrupt  # as a fold whose run Ctrl-C has ended

    tasks: list[Callable[[Stop], Pauses[None]]] = [interrupts, partial(waits_as, 1), partial(waits_as, 2)]
    with pytest.raises(KeyboardInterrupt):
        on_threads(tasks, 2)
    assert sorted(ended) == sorted(begun)


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to itself")
def test_ctrl_c_ends_all_tasks_where_it_ends_no_system_call() -> None:
    signal.siginterrupt(signal.SIGINT, False)  # as the handler that an import of polars sets
    try:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            on_threads([waits, waits], 2)
    finally:
        signal.siginterrupt(signal.SIGINT, True)


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to itself")
def test_a_second_ctrl_c_leaves_tasks_behind_that_do_not_look_whether_they_should_end() -> None:
    code = (
        "import os, signal, threading, time\n"
        "from deltarule.training.on_threads import on_threads\n"
        "left = threading.Event()\n"
        "def works_on(_):\n"
        "    left.wait(20)\n"
        "    yield\n"
        "for after in (0.5, 1.0):\n"
        "    threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "began = time.monotonic()\n"
        "try:\n"
        "    on_threads([works_on, works_on], 2)\n"
        "except KeyboardInterrupt:\n"
        "    left.set()\n"
        "    assert time.monotonic() - began < 15\n"
        "assert left.is_set()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_tasks_see_the_settings_of_numpy_of_their_caller_in_each_turn() -> None:
    def handling(_: Stop) -> Pauses[list[str]]:
        first = np.geterr()["over"]
        yield
        return [first, np.geterr()["over"]]

    with np.errstate(over="raise"):
        found = on_threads([handling] * 2, 2)
    assert found == [["raise", "raise"]] * 2


@pytest.mark.filterwarnings("ignore:.*still making progress")
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_a_lambda_path_has_the_same_bits_on_one_thread_and_on_two(
    two_classes: tuple[np.ndarray, np.ndarray], solver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads_module, "TURN_SECONDS", 0.0)  # a fold changes its thread wherever it can
    X, y = two_classes
    paths = [
        lambda_path(
            MLPClassifier((3,), solver=solver, max_iter=8, random_state=0, n_threads=n), X, y, lambdas=[0.1, 1.0], cv=5
        )
        for n in (1, 2)
    ]
    for name in ("training_cost", "validation_cost", "penalty", "validation_score", "epochs"):
        np.testing.assert_array_equal(*(getattr(path, name) for path in paths))


@pytest.mark.parametrize("solver", ["gd", "sgd"])
def test_an_error_of_a_fold_ends_the_path(two_classes: tuple[np.ndarray, np.ndarray], solver: str) -> None:
    X, y = two_classes
    clf = MLPClassifier((3,), solver=solver, learning_rate_init=1e30, max_iter=8, random_state=0, n_threads=2)
    with pytest.raises(DivergedError, match=r"non-finite|in iteration"):
        lambda_path(clf, X * 1e3, y, lambdas=[0.0], cv=2)


@pytest.fixture
def two_classes() -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((24, 2))
    return X, (X[:, 0] > X[:, 1]).astype(int)
