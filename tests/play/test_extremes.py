"""Numbers at the ends of the range: every request is answered, and lengths are right where their squares overflow."""

import json
import math
from typing import Any

import numpy as np
import pytest

from deltarule.common.arrays import length
from deltarule.play.answering import answer_to
from deltarule.play.codec import parts_of
from deltarule.play.opening import open_scene
from deltarule.play.scene import Scene, Toy
from deltarule.play.session import Session

REQUESTS: list[dict[str, Any]] = [
    *({"ask": "trace", "level": level, "count": 400} for level in ("unit", "layer", "network")),
    {"ask": "search"},
    {"ask": "check", "parameters": 5},
    {"ask": "frame", "map": "decision", "size": 9, "thumbnails": 8, "strongest": 9, "theta": True},
    {"ask": "predict"},
    {"ask": "warp"},
    {"ask": "probe", "x": [1, -1]},
    {"ask": "step"},
    {"ask": "export", "kind": "svg"},
]


@pytest.mark.parametrize(("solver", "rate"), [("sgd", "constant"), ("gd", "adaptive"), ("lbfgs", "constant")])
@pytest.mark.parametrize("size", [1e-200, 1e120, 1e200, 1e307])
def test_every_request_is_answered_wherever_the_weights_are(size: float, solver: str, rate: str) -> None:
    theta = size * np.random.default_rng(0).uniform(-1, 1, 39)
    training = {"solver": solver, "learning_rate": rate}
    scene = Scene(data=Toy(n=20), hidden=(4, 3), unit="relu", training=training).with_theta(theta)
    session = Session(open_scene(scene))
    for request in REQUESTS:
        header, _ = parts_of(answer_to(session, request))
        json.dumps(header, allow_nan=False)
        assert header["kind"] != "failed", header.get("message")
    session.close()


def test_the_length_of_a_layer_is_right_where_its_squares_overflow_or_vanish() -> None:
    for size in (1e-200, 1e200):
        theta = size * np.random.default_rng(0).uniform(-1, 1, 39)
        scene = Scene(data=Toy(n=20), hidden=(4, 3), unit="relu").with_theta(theta)
        session = Session(open_scene(scene))
        lines: Any = answer_to(session, {"ask": "trace", "level": "layer", "count": 400})
        first = next(line for line in lines.lines if line.phase == "forward")
        entries = [one.value for one in first.numbers if one.kind == "number" and one.ref and one.ref.symbol == "a"]
        assert first.value == pytest.approx(math.hypot(*entries), rel=1e-12)
        assert 0 < first.value < math.inf
        session.close()


def test_a_length_is_that_of_hypot_from_the_smallest_to_the_largest_numbers() -> None:
    draw = np.random.default_rng(1)
    for power in (-320, -200, -150, -140, -1, 0, 139, 150, 200, 307):
        entries = draw.uniform(-1, 1, 30) * 10.0**power
        assert length(entries[:10], entries[10:].reshape(4, 5)) == pytest.approx(math.hypot(*entries), rel=1e-13)
    assert length(np.zeros(3)) == length(np.zeros((0, 2))) == length() == 0
    assert length(np.array([1.0, np.inf])) == math.inf
    assert math.isnan(length(np.array([np.nan])))
