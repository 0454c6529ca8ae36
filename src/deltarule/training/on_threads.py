"""Tasks on threads of Python: fits of few rows, each of which is a sequence of short calls of an engine.

Runs of `members.py` share calls of one engine, whose threads wait for each other at the end of each call. If calls are
short, an engine of one thread for each run leaves nothing to wait for. Besides, solvers of SciPy cannot be asked for
the next iteration, so they can share no call.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TypeVar

from deltarule.common.errors import DivergedError
from deltarule.training.loop import Result
from deltarule.training.members import Chain

__all__ = ["EndedError", "Stop", "ending", "on_threads"]

T = TypeVar("T")

LOOK_SECONDS = 0.1
"""How often the waiting thread looks for Ctrl-C."""

Stop = Callable[[], bool]
"""Whether a task should end, because of Ctrl-C or of an error in another."""


class EndedError(Exception):
    """Raised in a task that was told to end."""


def on_threads(tasks: Sequence[Callable[[Stop], T]], threads: int) -> list[T]:
    """Return the values of tasks, of which as many run at a time as there are threads, those in front first.

    Parameters
    ----------
    tasks : sequence of callable
        Each gets a function that says whether it should end, and then may raise `EndedError`.
    threads : int

    Returns
    -------
    list
        The values, in the order of the tasks.

    Raises
    ------
    Exception
        What the first task to raise has raised; it ends all others, as Ctrl-C does.
    """
    stop = threading.Event()
    errors: list[BaseException] = []  # the first one ends the others, so it stands in front of theirs

    def work(task: Callable[[Stop], T]) -> T:
        if stop.is_set():
            raise EndedError
        try:
            return task(stop.is_set)
        except BaseException as error:
            errors.append(error)
            stop.set()
            raise

    with ThreadPoolExecutor(threads) as pool:
        try:
            futures = [pool.submit(copy_context().run, partial(work, task)) for task in tasks]
            return [_value(future) for future in futures]
        except BaseException as error:
            stop.set()
            raise (errors[0] if errors else error) from None


def _value(future: Future[T]) -> T:
    """Return the value of a task, or raise what it raised; Ctrl-C ends the wait.

    Where another library has set a handler of Ctrl-C that lets system calls go on (an import of polars does), a wait
    without a limit would not end.
    """
    while not wait([future], LOOK_SECONDS).done:
        pass
    return future.result()


def ending(chain: Chain[T], is_stopped: Stop) -> Chain[T]:
    """Return a chain whose runs end after an iteration or an epoch when told to; it then raises `EndedError`."""
    outcome: Result | DivergedError | None = None
    while True:
        try:
            run = chain.throw(outcome) if isinstance(outcome, DivergedError) else chain.send(outcome)  # type: ignore[arg-type]
        except StopIteration as end:
            value: T = end.value
            return value
        try:
            outcome = yield replace(run, callbacks=(*run.callbacks, lambda _: is_stopped()))
        except DivergedError as error:
            outcome = error
        if is_stopped():
            raise EndedError
