"""Lines of the algorithm, as Follow asks for them."""

from collections.abc import Iterator
from typing import Any

from deltarule.play.answers import TraceLine
from deltarule.play.lines import lines_of
from deltarule.play.opening import open_scene
from deltarule.play.requests import Seek, Trace
from deltarule.play.scene import Scene
from deltarule.play.session import Session
from deltarule.play.snapshot import Snapshot

__all__ = ["at_step", "every_line", "learnt_example"]


def at_step(scene: Scene, step: int) -> Snapshot:
    """Return the snapshot of a step."""
    session = Session(open_scene(scene))
    try:
        return session.do(Seek(step=step))
    finally:
        session.close()


def every_line(snapshot: Snapshot, **more: Any) -> Iterator[TraceLine]:
    """Return all lines of an example."""
    start, found = 0, lines_of(snapshot, Trace(**more))
    while start < found.total:
        found = lines_of(snapshot, Trace(start=start, count=400, **more))
        yield from found.lines
        start += len(found.lines)


def learnt_example(snapshot: Snapshot) -> int:
    """Return an example of the batch of the next step."""
    return lines_of(snapshot, Trace()).examples[0]
