"""Several runs of one network shape, trained side by side by one engine.

A round prepares a call of each run, gives all calls to `Engine.steps_of_members`, and takes each result in. A run whose
stopping rule ends it leaves the group. The runs share nothing but the engine, so each has the θ, the run state and the
history of `train` alone, bit for bit, except for the seconds.

A chain is a generator that yields a `Run`, is sent its `Result`, and may then yield another run, which may depend on
that result: the fit for the next λ begins at the θ of the last. Chains of a group need not be equally long.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np

from deltarule.common.errors import DivergedError
from deltarule.engines import Engine
from deltarule.engines.cores import usable_cores
from deltarule.network.data import TrainingSet
from deltarule.training.history import History
from deltarule.training.loop import Result, result_of, train
from deltarule.training.mini_batch_run import MiniBatchRun
from deltarule.training.record import Callback, Recorder, RunState, Validation
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["Chain", "GroupProgress", "Run", "filling_threads", "rounds_of_chain", "train_chains", "train_members"]

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, eq=False)
class Run:
    """The arguments of `train` for one run, besides the engine."""

    data: TrainingSet
    settings: Settings
    start: RunState
    epochs: int | None = None
    validation: Validation | None = None
    callbacks: Sequence[Callback] = ()


Chain = Generator[Run, Result, T]
"""Yields runs, is sent the result of each, and returns what it makes of them. DivergedError is thrown into it."""


@dataclass(frozen=True)
class GroupProgress:
    """A group after a round.

    Attributes
    ----------
    members, ended : int
        Number of members of the group, and how many of them have ended.
    epochs : int
        Epochs so far, of all members together.
    most_epochs : int
        Largest number of epochs that the members which have begun can come to: those that ended early count with the
        epochs that they took.
    seconds : float
        Since the group began.
    """

    members: int
    ended: int
    epochs: int
    most_epochs: int
    seconds: float

    @property
    def seconds_left(self) -> float:
        """The seconds until the end if no run ends early and epochs stay as long as they were; NaN before the first."""
        return self.seconds * (self.most_epochs - self.epochs) / self.epochs if self.epochs else np.nan


GroupCallback = Callable[[GroupProgress], object]


def train_members(
    engine: Engine, runs: Sequence[Run], *, progress: GroupCallback | None = None
) -> list[Result | DivergedError]:
    """Take several runs to their ends side by side.

    Parameters
    ----------
    engine : Engine
        Of the network that all runs train.
    runs : sequence of Run
        Each has its own training set, settings, validation set and callbacks. Runs of full-batch solvers are taken one
        after the other before the others.
    progress : callable, optional
        Gets the `GroupProgress` after each round; True stops all runs, with `history.stopped == "callback"`.

    Returns
    -------
    list of Result or DivergedError
        In the order of the runs. The result of a run is bit-identical to that of `train`, except that
        `history.seconds` counts the seconds of the group. An error that `train` would raise stands in the place of the
        result, and the other runs go on. After Ctrl-C every run that has not ended has a result with the parameters so
        far and `history.stopped == "interrupted"`.

    Raises
    ------
    Exception
        Whatever a callback or a score raises. It ends the group.
    """
    return train_chains(engine, [_chain_of(run) for run in runs], progress=progress)


def train_chains(
    engine: Engine, chains: Iterable[Chain[T]], *, at_once: int | None = None, progress: GroupCallback | None = None
) -> list[T]:
    """Take several chains of runs to their ends side by side.

    Parameters
    ----------
    engine : Engine
        Of the network that all runs train.
    chains : iterable of Chain
        After Ctrl-C, or when `progress` stops the group, each run that a chain still yields ends where it begins.
    at_once : int, optional
        How many chains may be between their beginning and their end; by default all. A chain takes no memory before it
        begins, so that it can make its training set when its turn comes.
    progress : callable, optional
        As in `train_members`.

    Returns
    -------
    list
        The values that the chains return, in their order.

    Raises
    ------
    Exception
        Whatever a chain raises: also DivergedError, unless the chain catches it where it yields. It ends the group.
    """
    group = _Group(engine, list(chains), progress)
    while group.fill(len(group.epochs) if at_once is None else at_once):
        group.take_round()
    return [group.values[number] for number in range(len(group.epochs))]


def rounds_of_chain(engine: Engine, chain: Chain[T]) -> Generator[None, None, T]:
    """Take one chain to its end as `train_chains` does, and yield after each call and each run of a full-batch solver.

    Another thread may go on from there.
    """
    group = _Group(engine, [chain], None)
    while group.fill(1):
        group.take_round()
        yield
    return group.values[0]


def filling_threads(members: Sequence[U], epochs_of: Callable[[U], int], threads: int) -> list[U]:
    """Return the members of the next call: as many as keep all threads busy, those with the fewest epochs first.

    Five equal members on two threads take three turns in one call, in which a thread idles. Four take two.

    >>> filling_threads(["a", "b", "c"], {"a": 4, "b": 3, "c": 4}.__getitem__, 2)
    ['b', 'a']
    """
    if len(members) <= threads or len(members) % threads == 0:
        return list(members)
    return sorted(members, key=epochs_of)[: len(members) - len(members) % threads]


def _chain_of(run: Run) -> Chain[Result | DivergedError]:
    """Return the chain of one run, whose value is its result or its error."""
    try:
        return (yield run)
    except DivergedError as error:
        return error


@dataclass(eq=False)
class _Member(Generic[T]):
    """A chain that has begun and not ended, with the mini-batch run that it is in, and the error that ends this run."""

    number: int
    chain: Chain[T]
    run: MiniBatchRun
    error: DivergedError | None = None


class _Group(Generic[T]):
    """The chains: those that wait, those that are going, and what those that ended have returned."""

    def __init__(self, engine: Engine, chains: Sequence[Chain[T]], progress: GroupCallback | None) -> None:
        self.engine, self.progress = engine, progress
        self.waiting = deque(enumerate(chains))
        self.going: list[_Member[T]] = []
        self.full_batch = deque[tuple[int, Chain[T], Run]]()  # runs that are taken alone, before the others go on
        self.values: dict[int, T] = {}
        self.epochs = [0] * len(chains)  # of the runs of each chain that have ended
        self.stopped = ""  # "interrupted" or "callback", once every run must end
        self.began = perf_counter()

    def fill(self, most: int) -> bool:
        """Begin chains until so many are going; return whether any is."""
        while self.waiting and not self.full_batch and len(self.going) < most:
            self._go_on(*self.waiting.popleft(), None)
        return bool(self.going or self.full_batch)

    def take_round(self) -> None:
        """Take a run of a full-batch solver; or make a call of the engine for the others, and let the ended ones go."""
        if self.full_batch:
            number, chain, run = self.full_batch.popleft()
            self._go_on(number, chain, self._full_batch(run))
        else:
            self._take_calls()
        if self.progress is not None and not self.stopped:
            try:
                self.stopped = "callback" if self._stops(self.progress) else ""
            except KeyboardInterrupt:
                self.stopped = "interrupted"

    def _take_calls(self) -> None:
        if not self.stopped:
            try:
                threads = self.going[0].run.settings.n_threads or usable_cores()
                self._call(filling_threads(self.going, self._epochs_of, threads))
            except KeyboardInterrupt:
                self.stopped = "interrupted"
        members, self.going = self.going, []
        for member in members:
            if not (self.stopped or member.error is not None or not member.run.is_running):
                self.going.append(member)
                continue
            outcome = self._even_if_interrupted(partial(self._outcome_of, member))
            self.epochs[member.number] += member.run.recorder.taken
            self._go_on(member.number, member.chain, outcome)

    def _epochs_of(self, member: "_Member[T]") -> int:
        return self.epochs[member.number] + member.run.recorder.taken

    def _call(self, members: "list[_Member[T]]") -> None:
        calls = [member.run.next_call() for member in members]
        work = [len(call.plan) * min(call.plan.batches.size, call.data.rows) for call in calls]  # rows through the net
        # A thread that is free takes the next member, so the longest go first.
        order = sorted(range(len(calls)), key=work.__getitem__, reverse=True)
        began = perf_counter()
        taken = self.engine.steps_of_members([calls[n] for n in order])
        took = perf_counter() - began
        for n, its in zip(order, taken, strict=True):
            try:
                members[n].run.take_in(its, began, took, took * work[n] / sum(work))
            except DivergedError as error:
                members[n].error = error
        if any(its.interrupted for its in taken):
            self.stopped = "interrupted"

    def _go_on(self, number: int, chain: Chain[T], outcome: Result | DivergedError | None) -> None:
        """Send a chain the outcome of its last run, and take it to its next run or to its end."""
        while True:
            try:
                if outcome is None:
                    run = next(chain)
                else:
                    run = chain.throw(outcome) if isinstance(outcome, DivergedError) else chain.send(outcome)
            except StopIteration as end:
                self.values[number] = end.value
                return
            if run.settings.solver not in MINI_BATCH_SOLVERS:
                self.full_batch.append((number, chain, run))
                return
            member = _Member(number, chain, self._even_if_interrupted(partial(self._begun, run)))
            if member.run.is_running and not self.stopped:
                self.going.append(member)
                return
            outcome = self._even_if_interrupted(partial(self._outcome_of, member))

    def _begun(self, run: Run) -> MiniBatchRun:
        epochs = run.settings.max_iter if run.epochs is None else run.epochs
        recorder = Recorder(
            self.engine, run.settings, run.data.m, run.start.loop_state, run.validation, run.callbacks, epochs
        )
        return MiniBatchRun(self.engine, run.data, run.settings, run.start.state, recorder)

    def _outcome_of(self, member: _Member[T]) -> Result | DivergedError:
        """Return the result of a run that has ended or must end."""
        run = member.run
        try:
            if member.error is not None:
                return member.error
            if run.is_running and self.stopped == "interrupted":
                return result_of(run, run.interrupted())
            return result_of(run, run.end(self.stopped))
        except DivergedError as error:  # in the last step
            return error

    def _full_batch(self, run: Run) -> Result | DivergedError:
        if self.stopped:
            return Result(run.start.state.theta, History.empty(self.stopped), None)
        try:
            result = train(
                self.engine,
                run.data,
                run.settings,
                run.start,
                epochs=run.epochs,
                validation=run.validation,
                callbacks=run.callbacks,
            )
        except DivergedError as error:
            return error
        if result.history.stopped == "interrupted":
            self.stopped = "interrupted"
        return result

    def _even_if_interrupted(self, do: Callable[[], U]) -> U:
        """Return the value of a short function that can be called again; Ctrl-C in it stops the group afterwards."""
        try:
            return do()
        except KeyboardInterrupt:
            self.stopped = "interrupted"
            return do()

    def _stops(self, progress: GroupCallback) -> bool:
        """Call the callback of the group; return whether it wants to stop."""
        runs = [(member.run.recorder.taken, member.run.recorder.epochs) for member in self.going]
        ended = sum(self.epochs)
        answer = progress(
            GroupProgress(
                members=len(self.epochs),
                ended=len(self.values),
                epochs=ended + sum(taken for taken, _ in runs),
                most_epochs=ended + sum(most for _, most in runs),
                seconds=perf_counter() - self.began,
            )
        )
        return isinstance(answer, bool | np.bool_) and bool(answer)
