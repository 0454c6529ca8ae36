"""Tasks that take turns on threads of Python: fits of few rows, each a sequence of short calls of an engine.

Runs of `members.py` share calls of one engine, whose threads wait for each other at the end of each call. If calls are
short, an engine of one thread for each run leaves nothing to wait for. Besides, solvers of SciPy cannot be asked for
the next iteration, so they can share no call.

A task is a generator that yields where it can wait. There another task may take over its thread, so that all threads
have work until the end: five equal folds take two threads two and a half times as long as a fold takes one, not three.
Only the last tasks do so, and no more hold their rows in memory than are needed for it.
"""

import inspect
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import Context, copy_context
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Generic, TypeVar

from deltarule.common.errors import DivergedError
from deltarule.training.loop import Result
from deltarule.training.members import Chain
from deltarule.training.settings import MINI_BATCH_SOLVERS

__all__ = ["EndedError", "Pauses", "Stop", "ending", "on_threads"]

T = TypeVar("T")

LOOK_SECONDS = 0.1
"""How often the waiting thread looks for Ctrl-C."""

TURN_SECONDS = 0.02
"""How long a task keeps its thread while others wait. Its engine's memory is then in the caches of that core."""

Stop = Callable[[], bool]
"""Whether a task should end, because of Ctrl-C or of an error in another."""

Pauses = Generator[None, None, T]
"""A task: it yields where it can wait, and returns its value."""


class EndedError(Exception):
    """Raised in a task that was told to end."""


def on_threads(tasks: Sequence[Callable[[Stop], Pauses[T]]], threads: int) -> list[T]:
    """Return the values of tasks: as many at a time as there are threads, those in front first, and the last in turns.

    Fewer than twice as many tasks as threads are between their beginning and their end.

    Parameters
    ----------
    tasks : sequence of callable
        Each gets a function that says whether the task should end, which then may raise `EndedError`.
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
    turns = _Turns([_Task(number, task(stop.is_set), copy_context()) for number, task in enumerate(tasks)], threads)

    def work() -> None:
        try:
            while not stop.is_set() and (task := turns.next()) is not None:
                turns.take(task, stop.is_set)
        except BaseException as error:
            errors.append(error)
            stop.set()

    try:
        with ThreadPoolExecutor(threads) as pool:
            try:
                for future in [pool.submit(work) for _ in range(threads)]:
                    _wait_for(future)
            finally:
                stop.set()
    finally:
        errors += turns.close()
    if errors:
        raise errors[0]
    return [turns.values[number] for number in range(len(tasks))]


@dataclass(frozen=True, eq=False)
class _Task(Generic[T]):
    """A task with its number, and the context variables of the caller, as NumPy's settings are."""

    number: int
    pauses: Pauses[T]
    context: Context


class _Turns(Generic[T]):
    """The tasks: those that wait for their beginning, those that pause, and the values of those that have ended."""

    def __init__(self, tasks: Sequence[_Task[T]], threads: int) -> None:
        self.tasks, self.threads = tasks, threads
        self.waiting, self.pausing = deque(tasks), deque[_Task[T]]()
        self.values: dict[int, T] = {}
        self.going = 0  # tasks that have begun and not ended
        self.lock = threading.Lock()

    def next(self) -> _Task[T] | None:
        """Return a task that no thread has; None if there is none, and then each that is left has a thread."""
        with self.lock:
            are_last = len(self.waiting) + self.going < 2 * self.threads
            if self.waiting and (self.going < self.threads or are_last):
                self.going += 1
                return self.waiting.popleft()
            return self.pausing.popleft() if self.pausing else None

    def take(self, task: _Task[T], is_stopped: Stop) -> None:
        """Advance a task until it ends or its turn is over."""
        end = perf_counter() + TURN_SECONDS
        try:
            while not is_stopped():
                task.context.run(next, task.pauses)
                if perf_counter() > end:
                    break
        except StopIteration as ended:
            with self.lock:
                self.going -= 1
                self.values[task.number] = ended.value
        else:
            with self.lock:
                self.pausing.append(task)

    def close(self) -> list[BaseException]:
        """Let the tasks go that have not ended, and return what they raise.

        One still runs only if another Ctrl-C ended the wait for its thread.
        """
        errors: list[BaseException] = []
        for task in self.tasks:
            try:
                if inspect.getgeneratorstate(task.pauses) != inspect.GEN_RUNNING:
                    task.context.run(task.pauses.close)
            except BaseException as error:
                errors.append(error)
        return errors


def _wait_for(future: "Future[None]") -> None:
    """Wait for the end of a thread; Ctrl-C ends the wait.

    Where another library has set a handler of Ctrl-C that lets system calls go on (an import of polars does), a wait
    without a limit would not end.
    """
    while not wait([future], LOOK_SECONDS).done:
        pass


def ending(chain: Chain[T], is_stopped: Stop) -> Chain[T]:
    """Return a chain whose runs of full-batch solvers end after an iteration when told to; it raises `EndedError`."""
    outcome: Result | DivergedError | None = None
    while True:
        try:
            run = chain.throw(outcome) if isinstance(outcome, DivergedError) else chain.send(outcome)  # type: ignore[arg-type]
        except StopIteration as end:
            value: T = end.value
            return value
        if run.settings.solver not in MINI_BATCH_SOLVERS:  # those pause after each call, and longer calls save time
            run = replace(run, callbacks=(*run.callbacks, lambda _: is_stopped()))
        try:
            outcome = yield run
        except DivergedError as error:
            outcome = error
        if is_stopped():
            raise EndedError
