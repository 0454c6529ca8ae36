"""From a request to its answer: one function for both hosts, the local server and the notebook."""

import logging
from typing import Any

import numpy as np

from deltarule.common.errors import DeltaruleError, InputError
from deltarule.play.answers import Answer, Done, Failed, Frame, Told
from deltarule.play.describing import opened
from deltarule.play.dropped import open_model_file
from deltarule.play.export import exported
from deltarule.play.judging import checked, predictions, probed, score
from deltarule.play.lines import lines_of, search_of
from deltarule.play.maps import grid_of, map_of, saturation, strongest_edges, thumbnails
from deltarule.play.miniatures import miniature, started
from deltarule.play.opening import Opening, open_scene, open_text, parse_scene
from deltarule.play.requests import (
    Check,
    Edit,
    Export,
    FrameOf,
    MiniatureOf,
    Open,
    Pause,
    Predict,
    Probe,
    Request,
    Run,
    SearchOf,
    Seek,
    Set,
    Start,
    Step,
    Tours,
    Trace,
    Warp,
    request_of,
)
from deltarule.play.session import Session
from deltarule.play.snapshot import Snapshot
from deltarule.play.tours import tours
from deltarule.play.warping import warped

__all__ = ["answer_to", "answer_whatever_happens"]

MOST_PIXELS, MOST_EDGE, MOST_THETA, MOST_EDGES = 200, 48, 20_000, 4000


def answer_to(session: Session, content: Any) -> Answer:
    """Return the answer to a request of plain data; whatever is wrong with it is an answer too."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is null in the answer, and "–" on the page
            return _answer(session, request_of(content))
    except (DeltaruleError, ValueError, MemoryError, ImportError, OSError) as error:
        id_ = content.get("id", "") if isinstance(content, dict) else ""
        kind = type(error).__name__ if isinstance(error, DeltaruleError) else "InputError"
        message = str(error) or "There is not enough memory for that."
        return Failed(error=kind, message=message, id=id_ if isinstance(id_, str) else "")


def answer_whatever_happens(session: Session, content: Any) -> Answer:
    """Return the answer to a request as `answer_to`; a fault of this library is an answer too, and is logged.

    A host that lets a fault end its connection leaves a page that waits, and says nothing.
    """
    try:
        return answer_to(session, content)
    except Exception as error:
        logging.getLogger(__name__).exception("a request of the page could not be answered")
        said = f"{type(error).__name__}: {str(error)[:300]}"
        return Failed(error="Fault", message=f"This is a fault of deltarule ({said}). What was open is still open.")


def _answer(session: Session, request: Request) -> Answer:
    match request:
        case FrameOf():
            return _frame(session.newest(request.after, request.wait), request)
        case Run() | Pause() | Step() | Seek() | Edit() | Set():
            return _done(session.do(request), request.id)
        case Open():
            return _open(session, request)
        case Trace():
            return lines_of(session.snapshot, request)
        case SearchOf():
            return search_of(session.snapshot)
        case Probe():
            return probed(session.snapshot, request)
        case Check():
            return checked(session.snapshot, request)
        case Predict():
            return predictions(session.snapshot, request)
        case Warp():
            return warped(session.snapshot, request)
        case Tours():
            return Told(tours=tours())
        case Start():
            return started()
        case MiniatureOf():
            return miniature(request)
        case Export():
            return exported(session.snapshot, request, answer_to)


def _done(snapshot: Snapshot, id_: str) -> Done:
    return Done(
        revision=snapshot.revision,
        generation=snapshot.generation,
        step=snapshot.step,
        running=snapshot.running,
        id=id_,
    )


def _open(session: Session, request: Open) -> Answer:
    if request.scene is request.table_text is request.model is None:
        return opened(session.snapshot)
    now = session.snapshot.opening

    def make() -> Opening:
        if request.model is not None:
            return open_model_file(request)
        scene = None if request.scene is None else parse_scene(request.scene)
        if request.table_text is not None:
            return open_text(request.table_name or "table.csv", request.table_text, request.target, scene)
        assert scene is not None
        is_of_this_table = scene.data.kind == "table" and now.table is not None and scene.data.name == now.dataset.name
        if is_of_this_table and scene.data.sha256 in ("", getattr(now.scene.data, "sha256", "")):
            return open_scene(scene, now.table)
        return open_scene(scene)

    return opened(session.open(make, request.id))


def _frame(snapshot: Snapshot, request: FrameOf) -> Frame:
    costs = snapshot.costs
    parts: dict[str, Any] = {}
    if request.map:
        size = _within("size", request.size, 2, MOST_PIXELS)
        grid = grid_of(snapshot.opening.dataset, request.features, request.held_at, size)
        found, said = map_of(snapshot, request.map, request.unit, grid)
        parts |= {"map": found.bytes, "map_of": said, "map_range": (found.low, found.high), "map_extent": grid.extent}
    if request.thumbnails:
        pictures, ranges = thumbnails(snapshot, _within("thumbnails", request.thumbnails, 2, MOST_EDGE))
        parts |= {"thumbnails": pictures, "thumbnail_ranges": ranges, "saturation": saturation(snapshot)}
    if request.theta and snapshot.problem.network.n_parameters <= MOST_THETA:
        parts["theta"] = snapshot.theta
    if request.strongest:
        most = _within("strongest", request.strongest, 1, MOST_EDGES)
        parts["edges"], parts["edge_values"], parts["edges_left_out"] = strongest_edges(snapshot, most)
    curve = snapshot.curve
    return Frame(
        revision=snapshot.revision,
        generation=snapshot.generation,
        branch=snapshot.branch,
        step=snapshot.step,
        epoch=snapshot.place.epoch,
        batch=snapshot.place.batch,
        steps_per_epoch=snapshot.steps_per_epoch,
        last_step=snapshot.last_step,
        running=snapshot.running,
        speed=snapshot.speed,
        rate=snapshot.rate,
        paused_because=snapshot.paused_because,
        message=snapshot.message,
        diverged_at=snapshot.diverged_at,
        cost={}
        if costs is None
        else {"train": costs.train, "data": costs.data, "penalty": costs.penalty, "validation": costs.held_out},
        score=score(snapshot),
        curve=curve[np.searchsorted(curve[:, 0], request.curve_after, side="right") :],
        **parts,
    )


def _within(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise InputError(f"frame.{name} is {value}, but must be {low} to {high}.")
    return value
