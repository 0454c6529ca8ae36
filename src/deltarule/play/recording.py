"""One file of HTML that plays a run without an engine: the page's own modules, and answers at some of its steps.

A recording is made by another session of the same scene, so what is recorded is what anybody gets who opens the scene
and goes there.
"""

import base64
import html
import json
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from deltarule.common.errors import InputError
from deltarule.play.answers import Answer, Failed
from deltarule.play.codec import encoded
from deltarule.play.link import linked
from deltarule.play.opening import Opening
from deltarule.play.page_files import read_module, style
from deltarule.play.session import Session

__all__ = ["recorded_page"]

Answerer = Callable[[Session, Any], Answer]
"""From a session and a request to an answer: `answer_to` of `answering.py`."""

MOST_STEPS = 40
"""Most steps of a run that are recorded: the first, the last, and others, closer together at the beginning."""

MOST_LINES = 400
"""Most lines of the algorithm that are recorded for a step; a network with more is recorded in pictures only."""

PATIENCE = 12
"""A step is given up after so many waits of five seconds without a new snapshot."""

SIZE, EDGE, UNITS = 60, 16, 64
"""Pixels of a map and of a unit's picture, and the most units that have one."""


def recorded_page(opening: Opening, last_step: int, example: int, answer: Answerer) -> str:
    """Return the page of a run from step 0 to `last_step`, as one file that needs nothing else.

    Raises
    ------
    InputError
        If there is nothing to record.
    """
    if last_step < 1:
        raise InputError("There is no run to record yet: train some steps first.")
    session = Session(opening)
    try:
        recording = _recorded(session, last_step, example, answer)
    finally:
        session.close()
    module = linked("recorded.js", read_module)
    title = html.escape(f"{opening.dataset.name}, a run of {last_step} steps")
    packed = base64.b64encode(_deflated(json.dumps(recording, allow_nan=False).encode())).decode()
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>\n{style()}\n</style>\n</head>\n'
        f'<body>\n<div id="page"></div>\n<script type="application/octet-stream" id="recording">{packed}</script>\n'
        f'<script type="module">\n{module}\n'
        'play(document.getElementById("page"), document.getElementById("recording").textContent);\n</script>\n'
        "</body>\n</html>\n"
    )


def _recorded(session: Session, last_step: int, example: int, answer: Answerer) -> dict[str, Any]:
    steps = [int(step) for step in np.unique(np.round(last_step * np.linspace(0, 1, MOST_STEPS) ** 2))]
    opened = _answer(answer, session, {"ask": "open"})
    sizes = opened.network["sizes"]
    pictures = {"thumbnails": EDGE} if sum(sizes[1:]) <= UNITS else {}
    wanted = {"ask": "frame", "wait": 0, "size": SIZE, "strongest": 400, "theta": opened.network["parameters"] <= 2000}
    recording: dict[str, Any] = {
        "opened": _text(opened),
        "generation": opened.generation,
        "example": example,
        "steps": steps,
    }
    recording |= {"frames": [], "classes": [], "lines": [], "predictions": [], "warps": []}
    for step in steps:
        _go(answer, session, step)
        recording["frames"].append(_text(_answer(answer, session, {**wanted, **pictures, "map": "decision"})))
        recording["classes"].append(
            _text(_answer(answer, session, {**wanted, "map": "classes", "strongest": 0, "theta": False}))
        )
        recording["predictions"].append(_text(_answer(answer, session, {"ask": "predict", "most": 200})))
        recording["warps"].append(_text(_answer(answer, session, _first_warp(sizes))))
        lines = {}
        for level in ("layer", "unit"):
            found = _answer(answer, session, {"ask": "trace", "example": example, "level": level, "count": MOST_LINES})
            if found.total <= MOST_LINES:
                lines[f"{example}|{level}"] = _text(found)
        recording["lines"].append(lines)
    return recording


def _first_warp(sizes: Sequence[int]) -> dict[str, Any]:
    """Return the request for the units with which the screen Classes begins."""
    layer = max(2, len(sizes) - 1)
    units, features = [1, min(2, sizes[layer - 1])], [1, min(2, sizes[0])]
    return {"ask": "warp", "layer": layer, "units": units, "features": features}


def _go(answer: Answerer, session: Session, step: int) -> None:
    """Go to a step and wait until the session is there; a far one is gone to in the background."""
    _answer(answer, session, {"ask": "seek", "step": step})
    snapshot, still = session.snapshot, 0
    while snapshot.step != step:
        later = session.newest(snapshot.revision, 5.0)
        still = still + 1 if later.revision == snapshot.revision else 0
        if still == PATIENCE:
            raise InputError(f"The run cannot be recorded: it stands at step {later.step} on the way to step {step}.")
        snapshot = later


def _answer(answer: Answerer, session: Session, request: dict[str, Any]) -> Any:
    found = answer(session, request)
    if isinstance(found, Failed):
        raise InputError(found.message)
    return found


def _text(answer: Any) -> str:
    return base64.b64encode(encoded(answer)).decode()


def _deflated(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(data) + squeezer.flush()
