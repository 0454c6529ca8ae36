"""A relay of TCP connections that is slow, stands still for a time, or is cut: a bad network in plain Python."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Relay", "relay"]


class Relay:
    """Passes bytes between whoever connects and a port of this machine.

    Attributes
    ----------
    port : int
        Where it listens.
    delay : float
        Seconds for which it holds back every piece of bytes, in both directions.
    rate : float
        Bytes a second that it lets pass.
    stands_still : bool
        Whether it lets nothing pass.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self.port = 0
        self.delay, self.rate, self.stands_still = 0.0, float("inf"), False
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_open = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="relay", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        assert self._is_open.wait(10)

    def cut(self) -> None:
        """Break all connections that there are; new ones may be made."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def stop(self) -> None:
        """Break all connections and end."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ends.set)
            self._thread.join(10)

    async def _run(self) -> None:
        self._loop, self._ends = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._is_open.set()
        await self._ends.wait()
        server.close()
        await self._cut()
        served = asyncio.all_tasks() - {asyncio.current_task()}
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, back}
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        self._writers -= {writer, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                await asyncio.sleep(self.delay + len(data) / self.rate)
                while self.stands_still:
                    await asyncio.sleep(0.02)
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.close()

    async def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()


@contextmanager
def relay(to: int) -> Iterator[Relay]:
    """Yield a relay to a port, and stop it."""
    made = Relay(to)
    made.start()
    try:
        yield made
    finally:
        made.stop()
