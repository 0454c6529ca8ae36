"""Tasks on threads of Python: fits of full-batch solvers, each of which is a sequence of short calls of an engine.

Solvers of SciPy cannot be asked for the next iteration, so their runs share no calls of an engine, as those of
`members.py` do. An engine of one thread for each of them leaves nothing to wait for but SciPy itself.
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
"""Whether a task should end, because of Ctrl-C or of an error in one before it."""


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
        What the first of the tasks that raise has raised, as if they ran one after the other: an error ends the tasks
        behind it, and Ctrl-C all of them.
    """
    lock, end_from = threading.Lock(), len(tasks)

    def stop_from(number: int) -> None:
        nonlocal end_from
        with lock:
            end_from = min(end_from, number)

    def work(number: int) -> T:
        def is_stopped() -> bool:
            return number >= end_from

        if is_stopped():
            raise EndedError
        try:
            return tasks[number](is_stopped)
        except BaseException:
            stop_from(number + 1)
            raise

    futures: list[Future[T]] = []
    with ThreadPoolExecutor(threads) as pool:
        try:
            futures += [pool.submit(copy_context().run, partial(work, number)) for number in range(len(tasks))]
            return [_value(future) for future in futures]
        except BaseException:
            stop_from(0)
            raise


def _value(future: Future[T]) -> T:
    """Return the value of a task, or raise what it raised; Ctrl-C ends the wait.

    Where another library has set a handler of Ctrl-C that lets system calls go on (an import of polars does), a wait
    without a limit would not end.
    """
    while not wait([future], LOOK_SECONDS).done:
        pass
    return future.result()


def ending(chain: Chain[T], is_stopped: Stop) -> Chain[T]:
    """Return a chain whose full-batch runs end between two iterations when told to; it then raises `EndedError`."""
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
