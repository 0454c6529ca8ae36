"""One network in training that many threads may ask: a thread of its own, the newest snapshot, and commands.

The thread takes chunks of steps and carries out commands between two of them. What it publishes is a frozen snapshot,
by one assignment, so whoever reads it waits for nothing.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from time import perf_counter

from deltarule.common.errors import InputError
from deltarule.play.opening import Opening
from deltarule.play.player import Command, Player
from deltarule.play.snapshot import Snapshot

__all__ = ["Command", "Session"]

WAITS = 1.0
"""Seconds that a command to go to a step waits for the arrival; after that the walk goes on in the background."""

LONGEST_WAIT = 60.0

REMEMBERED = 512
"""How many of the last commands are kept, so that one that comes again with the same `id` is not carried out twice."""


@dataclass(eq=False)
class _Asked:
    """A piece of work for the thread, and where it says that it is done."""

    do: Callable[[], None]
    done: "Future[None]"


class Session:
    """One network in training. All methods may be called from any thread.

    Parameters
    ----------
    opening : Opening
    clock : callable, optional
        () ↦ seconds.

    Attributes
    ----------
    snapshot : Snapshot
        The newest.
    """

    def __init__(self, opening: Opening, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._wakes, self._published = threading.Condition(), threading.Condition()
        self._asked: deque[_Asked] = deque()
        self._known: OrderedDict[str, Future[None]] = OrderedDict()
        self._on_the_way: list[tuple[Future[None], float]] = []
        self._is_closed = False
        self._player = Player(opening, clock)
        self.snapshot: Snapshot = self._player.snapshot()
        self._thread = threading.Thread(target=self._work, name="deltarule session", daemon=True)
        self._thread.start()

    def do(self, command: Command) -> Snapshot:
        """Carry a command out, once for each `id`, and return the snapshot after it.

        Raises
        ------
        DeltaruleError
            If the command does not fit; nothing is changed then.
        """
        return self._ask(command.id, lambda: self._player.carry_out(command))

    def open(self, make: Callable[[], Opening], id_: str = "") -> Snapshot:
        """Open something else, paused at the step of its scene."""
        return self._ask(id_, lambda: self._player.open(make()))

    def newest(self, after: int, wait: float) -> Snapshot:
        """Return the newest snapshot; wait a while for one whose revision is above `after`."""
        self._player.looked = self._clock()
        if self.snapshot.revision <= after and wait > 0:
            with self._published:
                self._published.wait_for(lambda: self.snapshot.revision > after, timeout=min(wait, 5.0))
        return self.snapshot

    @property
    def thread_id(self) -> int | None:
        """The system's number of the thread that trains."""
        return self._thread.native_id

    def close(self) -> None:
        """End the thread and free the engine; the last snapshot stays."""
        with self._wakes:
            self._is_closed = True
            self._wakes.notify()
        self._thread.join(LONGEST_WAIT)

    def _ask(self, id_: str, do: Callable[[], None]) -> Snapshot:
        self._player.looked = self._player.touched = self._clock()
        with self._wakes:
            if self._is_closed:
                raise InputError("The session is closed. Start deltarule play again.")
            done = self._known.get(id_) if id_ else None
            if done is None:
                done = Future()
                self._asked.append(_Asked(do, done))
                if id_:
                    self._known[id_] = done
                    while len(self._known) > REMEMBERED:
                        self._known.popitem(last=False)
                self._wakes.notify()
        try:
            done.result(timeout=LONGEST_WAIT)
        except TimeoutError as error:
            raise InputError("The session is still at work on an earlier command. Ask again later.") from error
        return self.snapshot

    def _work(self) -> None:
        player = self._player
        while True:
            with self._wakes:
                if not self._asked and not self._is_closed:
                    pause = player.seconds_to_next()
                    if pause is None or pause > 0:
                        self._wakes.wait(pause)
                asked = list(self._asked)
                self._asked.clear()
                if self._is_closed:
                    break
            for one in asked:
                self._answer(one)
            try:
                if player.is_busy and player.work():
                    self._publish()
            except Exception as error:  # the page shows it, and the session goes on
                player.fail(error)
                self._publish()
            self._tell_who_waits()
        for one in asked:
            one.done.set_exception(InputError("The session was closed."))
        self._tell_who_waits(all_of_them=True)
        player.close()

    def _answer(self, one: _Asked) -> None:
        try:
            one.do()
            if self._player.goal is not None:
                self._on_the_way.append((one.done, self._clock() + WAITS))
                return
            self._publish()
        except BaseException as error:  # any error is raised where the command came from
            one.done.set_exception(error)
            return
        one.done.set_result(None)

    def _publish(self) -> None:
        self.snapshot = self._player.snapshot()
        with self._published:
            self._published.notify_all()

    def _tell_who_waits(self, all_of_them: bool = False) -> None:
        """Tell the commands that go somewhere that they are there, or that it takes longer."""
        now, is_there = self._clock(), self._player.goal is None
        waiting = []
        for done, until in self._on_the_way:
            if is_there or all_of_them or now > until:
                done.set_result(None)
            else:
                waiting.append((done, until))
        self._on_the_way = waiting
