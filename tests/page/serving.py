"""A session and its server for a test."""

from collections.abc import Callable

from deltarule.play.opening import open_scene
from deltarule.play.scene import Scene, scene_of_link
from deltarule.play.server import Server
from deltarule.play.session import Session

__all__ = ["served"]


def served(scene: Scene | str | None) -> tuple[str, Session, Callable[[], None]]:
    """Serve a scene, given as it is or as a link; return the address with its token, the session, and what ends it."""
    chosen = scene_of_link(scene) if isinstance(scene, str) else scene or Scene()
    session = Session(open_scene(chosen))
    server = Server(session)
    server.start()

    def end() -> None:
        server.close()
        session.close()

    return server.url, session, end
