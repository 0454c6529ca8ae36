"""Fits among other processes, threads, signals and with too little memory: work that children can import."""

import os
import resource
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from deltarule import MLPClassifier
from deltarule.common.arrays import Array
from deltarule.training.settings import MINI_BATCH_SOLVERS

__all__ = [
    "Alarm",
    "alarm_after",
    "bits_of",
    "fitted",
    "learn_and_predict",
    "predict_in_threads_while_training",
    "predictions",
    "ring",
    "short_of_memory",
]

X = np.random.default_rng(0).standard_normal((400, 20))
Y = (X[:, 0] + X[:, 1] ** 2 > 1).astype(int)


class Alarm(Exception):  # noqa: N818
    """What the handler of a signal raises."""


def fitted(
    solver: str = "adam", engine: str = "auto", seed: int = 0, epochs: int = 20, copies: int = 1
) -> MLPClassifier:
    """Return a model, trained on two threads, whose run ends without a warning, which threads cannot catch."""
    few: dict[str, Any] = {"tol": 1e9, "n_iter_no_change": epochs} if solver in MINI_BATCH_SOLVERS else {"tol": 1e-2}
    if solver == "gd":
        few |= {"learning_rate": "adaptive", "tol": 0.05}
    settings = {"solver": solver, "engine": engine, "random_state": seed, "max_iter": 1000, "n_threads": 2, **few}
    model = MLPClassifier((30,), **settings)
    model.fit(np.tile(X, (copies, 1)), np.tile(Y, copies))
    return model


def predictions(model: MLPClassifier) -> bytes:
    """Return the bits of the probabilities of every row."""
    return model.predict_proba(X).tobytes()


def bits_of(model: MLPClassifier) -> bytes:
    """Return the bits of parameters and probabilities."""
    return model.theta_.tobytes() + predictions(model)


def learn_and_predict(model: MLPClassifier, queue: Any = None) -> tuple[bytes, bytes]:
    """Predict with a model of another process, and fit one here."""
    found = predictions(model), bits_of(fitted())
    if queue is not None:
        queue.put(found)
    return found


def predict_in_threads_while_training(rounds: int, threads: int = 16) -> list[str]:
    """Let threads predict with one model while another learns, and with one that learns; return what went wrong."""
    model, learning = fitted(), fitted(epochs=3)
    truth = predictions(model)
    allowed = {predictions(learning)}
    wrong: list[str] = []
    found: list[bytes] = []
    ended = threading.Event()

    def predict() -> None:
        while not ended.is_set():
            if predictions(model) != truth:
                wrong.append("a model predicts something else while another learns")
            found.append(predictions(learning))

    workers = [threading.Thread(target=predict) for _ in range(threads)]
    for worker in workers:
        worker.start()
    first = bits_of(fitted())
    for _ in range(rounds):
        if bits_of(fitted()) != first:
            wrong.append("a fit gives other bits while threads predict")
        learning.partial_fit(X, Y)
        allowed.add(predictions(learning))
    ended.set()
    for worker in workers:
        worker.join()
    if not found or not set(found) <= allowed:
        wrong.append("a model that learns predicts what none of its epochs would")
    return wrong


@contextmanager
def alarm_after(seconds: float, number: int = signal.SIGALRM) -> Iterator[None]:
    """Raise Alarm, or KeyboardInterrupt for SIGINT, in the main thread after a time, wherever it is then."""

    def handler(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise Alarm

    before = signal.signal(number, handler)
    timer = threading.Timer(seconds, os.kill, (os.getpid(), number))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        signal.signal(number, before)


def ring(seconds: float, number: int, solver: str, engine: str, truth: bytes) -> str:
    """Let a signal strike during a second fit of a model; return "raised", "interrupted" or "ended".

    Raises AssertionError where the model is neither what it was nor what a fit leaves, or the next fit differs.
    """
    model = fitted(solver, engine, seed=1)
    before = bits_of(model)
    model.set_params(random_state=0)
    outcome = "raised"
    try:
        with warnings.catch_warnings(), alarm_after(seconds, number):
            warnings.simplefilter("ignore")  # of the interruption
            model.fit(X, Y)
            outcome = "ended"
    except (Alarm, KeyboardInterrupt):
        pass
    after = bits_of(model)
    if model.history_.stopped == "interrupted":
        assert np.isfinite(model.theta_).all(), "an interrupted fit left what is no number"
        outcome = "interrupted"
    else:
        assert after in (before, truth), f"a fit that was struck left another model: {model.history_}"
    assert bits_of(model.fit(X, Y)) == truth, "the fit after one that was struck gives other bits"
    return outcome


def _take_all(taken: list[bytearray]) -> None:
    with suppress(MemoryError):
        while True:
            taken.append(bytearray(1 << 16))


def short_of_memory(more_bytes: int, work: Callable[[], Array]) -> str:
    """Do work with so much memory and no more, in a forked child, and then again without a limit.

    Returns "MemoryError" or "done", or what went wrong.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        answer = "died"
        try:
            now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE")
            hard = resource.getrlimit(resource.RLIMIT_AS)[1]
            resource.setrlimit(resource.RLIMIT_AS, (now + more_bytes, hard))
            taken: list[bytearray] = []
            _take_all(taken)  # what was freed before is there to be had again
            for _ in range(4 + (more_bytes >> 16)):  # with less than 4 Python itself cannot go on
                taken.pop()  # `del` of many would need memory itself
            first: Array | None = None
            try:
                first = work()
                answer = "done"
            except MemoryError:
                answer = "MemoryError"
            except BaseException as error:
                answer = f"{type(error).__name__}: {error}"
            del taken
            resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
            second = work()
            if first is not None and second.tobytes() != first.tobytes():
                answer = "other bits after the limit"
        except BaseException as error:
            answer = f"after the limit {type(error).__name__}: {error}"
        finally:
            os.write(write, answer.encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return answer if code == 0 else f"the process ended with {code}"
