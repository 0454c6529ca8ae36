"""What can be taken away from the page: a link, the scene, the model, numbers, programs, pictures, a recording."""

import csv
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.errors import InputError
from deltarule.estimators.classifier import MLPClassifier
from deltarule.estimators.regressor import MLPRegressor
from deltarule.network.described import content_of_network
from deltarule.play.answers import Answer, Exported
from deltarule.play.drawing import drawn
from deltarule.play.problem import estimator_of
from deltarule.play.programs import deltarule_program, numpy_program, sklearn_program
from deltarule.play.recording import recorded_page
from deltarule.play.requests import Export
from deltarule.play.scene import LONGEST_LINK, Scene, Table
from deltarule.play.session import Session
from deltarule.play.snapshot import Snapshot, measured
from deltarule.play.timeline import Timeline

__all__ = ["exported"]

MOST_ROWS, MOST_CELLS = 2000, 4_000_000
"""Most steps, and most numbers, in the table of a run."""

SHORT_TEXT = 20_000


@dataclass(frozen=True)
class _File:
    """The content of a file, with what is to be said about it."""

    content: bytes
    note: str = ""


@dataclass(frozen=True)
class _Kind:
    """A kind of file: the ending of its name, its type, and what makes it."""

    ending: str
    mime: str
    make: Callable[[Snapshot, Export], _File]


def exported(snapshot: Snapshot, request: Export, answer: Callable[[Session, Any], Answer]) -> Exported:
    """Return a file; `answer` answers the requests of a recording.

    Raises
    ------
    InputError
        If there is no such kind, or it cannot be made of this.
    """
    if request.kind == "html":
        page = recorded_page(snapshot.opening, snapshot.step, snapshot.opening.scene.at.example, answer)
        kind, file = _Kind(".html", "text/html", _link), _File(page.encode())
    elif request.kind in _KINDS:
        kind = _KINDS[request.kind]
        if request.kind in _OF_ONE_NETWORK and snapshot.opening.member:
            raise InputError(
                f"A member of networks that predict together cannot be taken away as {request.kind!r}: its model has "
                "the columns and the other members. Take 'json' for its numbers, or save the model in Python."
            )
        file = kind.make(snapshot, request)
    else:
        raise InputError(f"There is no export {request.kind[:20]!r}: there are {', '.join([*_KINDS, 'html'])}.")
    is_short_text = kind.mime.startswith(("text", "application/json")) and len(file.content) <= SHORT_TEXT
    return Exported(
        revision=snapshot.revision,
        generation=snapshot.generation,
        name=_stem(snapshot) + kind.ending,
        mime=kind.mime,
        note=file.note,
        text=file.content.decode() if is_short_text else "",
        bytes=np.frombuffer(file.content, dtype=np.uint8),
    )


def _scene(snapshot: Snapshot, request: Export) -> tuple[Scene, str]:
    """Return the scene that leads to a snapshot, and what is to be said about it."""
    scene = snapshot.opening.scene
    if request.weights:
        return replace(scene.with_theta(snapshot.theta), at=replace(scene.at, step=0)), ""
    note = ""
    if not snapshot.is_one_run:
        note = (
            "A weight was edited, or a setting changed on the way, so the seed alone does not lead here: take it with "
            "weights."
        )
    elif snapshot.opening.theta is not None:
        note = "The network began as a saved model, whose weights a link has only if it is taken with weights."
    return replace(scene, at=replace(scene.at, step=snapshot.step)), note


def _link(snapshot: Snapshot, request: Export) -> _File:
    scene, note = _scene(snapshot, request)
    link = scene.to_link()
    if len(link) > LONGEST_LINK:
        long = f"The link has {len(link)} characters, and programs cut those above {LONGEST_LINK}: take the scene file."
        note = f"{note} {long}".strip()
    if isinstance(scene.data, Table):
        note = f"{note} The link holds no row of {scene.data.name}: who opens it is asked for that file.".strip()
    return _File(link.encode(), note)


def _scene_file(snapshot: Snapshot, request: Export) -> _File:
    scene, note = _scene(snapshot, request)
    return _File(json.dumps(scene.to_content(), indent=1, ensure_ascii=False, sort_keys=True).encode(), note)


def _model(snapshot: Snapshot, _: Export) -> _File:
    opening, problem = snapshot.opening, snapshot.problem
    dataset = opening.dataset
    parameters = estimator_of(opening.scene, dataset).get_params()
    for name in ("hidden_layer_sizes", "activation", "output", "loss"):
        parameters.pop(name, None)
    theta, network = snapshot.place.theta, problem.network
    estimator: MLPClassifier | MLPRegressor
    if dataset.classes is not None:
        estimator = MLPClassifier.from_parts(network, theta, classes=dataset.classes, **parameters)
    else:
        estimator = MLPRegressor.from_parts(network, theta, **parameters)
    with tempfile.TemporaryDirectory(prefix="deltarule-") as folder:
        path = Path(folder) / "model"
        if dataset.model is None:
            estimator.save(path)
            note = "It was learnt from arrays: read it by deltarule.load in Python."
        else:
            dataset.model(estimator).save(path)
            note = "deltarule predict takes it, and new rows of the same table."
        return _File(path.read_bytes(), note)


def _json(snapshot: Snapshot, _: Export) -> _File:
    network, dataset = snapshot.problem.network, snapshot.opening.dataset
    content = {
        "network": content_of_network(network),
        "step": snapshot.step,
        "epoch": snapshot.place.epoch,
        "Theta": [Theta.tolist() for Theta in network.roll(snapshot.theta)],
        "features": dataset.features,
        "classes": dataset.class_names,
        "target": dataset.target,
        "inputs": {"centre": dataset.centre.tolist(), "width": dataset.width.tolist()},
        "quantity": {"mean": dataset.mean, "deviation": dataset.deviation},
        "scene": snapshot.opening.scene.to_content(),
    }
    note = "Column 0 of each Theta holds the biases. The network takes (value − centre)/width of each feature."
    return _File(json.dumps(content, ensure_ascii=False, allow_nan=False).encode(), note)


def _csv(snapshot: Snapshot, _: Export) -> _File:
    """Return the run from its first step on, walked again: costs and all weights, a row for each step."""
    problem = snapshot.opening.problem()
    network, text = problem.network, io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    with_weights = network.n_parameters * min(snapshot.step + 1, MOST_ROWS) <= MOST_CELLS and snapshot.is_one_run
    names = [
        f"Theta{n}_{i + 1}" + "".join(f"_{one}" for one in j)
        for n, shape in enumerate(network.shapes, 1)
        for i, *j in np.ndindex(shape)
    ]
    writer.writerow(
        ["step", "epoch", "batch", "J", "cost", "penalty", "held_out_cost", *(names if with_weights else [])]
    )
    if not snapshot.is_one_run:
        for step, data, penalty, held_out in snapshot.curve.tolist():
            writer.writerow(
                [int(step), "", "", data + penalty, data, penalty, "" if held_out != held_out else held_out]
            )
        return _File(text.getvalue().encode(), "The run has branches: the costs that were measured, without weights.")
    spacing = max(1, -(-snapshot.step // MOST_ROWS))
    with problem.new_engine() as engine:
        timeline = Timeline(problem, engine)
        try:
            for step in [*range(0, snapshot.step, spacing), snapshot.step]:
                timeline.seek(step)
                at, costs = timeline.at, measured(problem, engine, timeline.at.theta)
                held_out = "" if costs.held_out is None else costs.held_out
                row = [at.step, at.epoch, at.batch, costs.train, costs.data, costs.penalty, held_out]
                writer.writerow(row + (at.theta.astype(np.float64).tolist() if with_weights else []))
        finally:
            timeline.close()
    note = "" if spacing == 1 else f"Every {spacing}th step of {snapshot.step}."
    return _File(text.getvalue().encode(), note)


def _svg(snapshot: Snapshot, _: Export) -> _File:
    return _File(drawn(snapshot).encode())


def _stem(snapshot: Snapshot) -> str:
    """Return a name for files: of the data, the network and the step."""
    name = Path(snapshot.opening.dataset.name).stem
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)[:40] or "network"
    return f"{safe}-{snapshot.problem.network}-step-{snapshot.step}"[:120]


_KINDS: dict[str, _Kind] = {
    "link": _Kind(".txt", "text/plain", _link),
    "scene": _Kind(".json", "application/json", _scene_file),
    "model": _Kind(".deltarule", "application/octet-stream", _model),
    "json": _Kind("-weights.json", "application/json", _json),
    "csv": _Kind(".csv", "text/csv", _csv),
    "python": _Kind(".py", "text/x-python", lambda one, _: _File(deltarule_program(one).encode())),
    "python_sklearn": _Kind("-sklearn.py", "text/x-python", lambda one, _: _File(sklearn_program(one).encode())),
    "python_numpy": _Kind("-numpy.py", "text/x-python", lambda one, _: _File(numpy_program(one).encode())),
    "svg": _Kind(".svg", "image/svg+xml", _svg),
}
"""The kinds of files by the word with which they are asked for."""

_OF_ONE_NETWORK = ("link", "scene", "model", "python", "python_sklearn", "python_numpy")
"""Kinds that say how a network by itself comes about."""
