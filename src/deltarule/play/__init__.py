"""The page: any network learns before one's eyes, forwards and backwards, with every number true.

This package can be called like a function: `deltarule.play(data, model, target=…)` opens a page; see
`deltarule.play.playing.play` for its arguments.
"""

import sys
from types import ModuleType
from typing import Any

__all__: list[str] = []


class _Playing(ModuleType):
    """A package that is also the function whose name it has."""

    def __call__(
        self,
        data: Any = None,
        model: Any = None,
        *,
        target: str | None = None,
        scene: Any = None,
        member: int | None = None,
        port: int = 0,
        browser: bool = True,
    ) -> Any:
        """Open a page; see `deltarule.play.playing.play`."""
        from deltarule.play.playing import play

        return play(data, model, target=target, scene=scene, member=member, port=port, browser=browser)


sys.modules[__name__].__class__ = _Playing
