"""What the screen Start offers: scenes that open, each with a picture that is the run that one gets."""

from typing import Any

import numpy as np
import pytest

from deltarule.play.answering import answer_to
from deltarule.play.answers import Failed, Miniature
from deltarule.play.codec import encoded
from deltarule.play.maps import grid_of, map_of
from deltarule.play.miniatures import started
from deltarule.play.opening import open_scene
from deltarule.play.playing import opening_of
from deltarule.play.requests import Seek
from deltarule.play.scene import Points, Scene, Table, scene_of_link
from deltarule.play.session import Session

OFFERED = [*started().cards, *started().tours]


@pytest.fixture
def session() -> Any:
    made = Session(open_scene(Scene()))
    yield made
    made.close()


def test_nothing_to_open_begins_with_a_spiral_that_one_key_sets_going() -> None:
    scene = opening_of().scene
    assert scene.view.screen == "watch"
    assert scene.hidden == (8, 8)
    assert scene.data.name == "spiral"


@pytest.mark.parametrize("card", OFFERED, ids=lambda card: card.title)
def test_a_picture_is_the_run_of_its_scene(session: Session, card: Any) -> None:
    found = answer_to(session, {"ask": "miniature", "scene": card.scene, "steps": card.steps})
    assert isinstance(found, Miniature), found
    scene = scene_of_link(card.scene)
    there = Session(open_scene(scene))
    try:
        for index in (0, len(found.steps) // 2, len(found.steps) - 1):
            snapshot = there.do(Seek(step=found.steps[index]))
            while snapshot.step < found.steps[index]:
                snapshot = there.newest(snapshot.revision, 5)
            assert snapshot.costs is not None
            assert found.costs[index] == snapshot.costs.train
            n = snapshot.opening.dataset.X.shape[1]
            painted, _ = map_of(snapshot, "decision", (2, 1), grid_of(snapshot.opening.dataset, (1, min(2, n)), 0, 26))
            assert np.array_equal(found.maps[index], painted.bytes)
            assert found.ranges[index] == (painted.low, painted.high)
    finally:
        there.close()
    assert found.says == str(snapshot.problem.network)
    assert found.steps[0] == 0
    assert found.steps[-1] == card.steps
    assert found.costs[-1] < found.costs[0]
    dataset = snapshot.opening.dataset
    assert np.array_equal(found.X, dataset.in_units(dataset.X)[found.rows - 1][:, :2])
    assert np.array_equal(found.Y, dataset.numbers[found.rows - 1])
    assert len(encoded(found)) <= 21_000


def test_there_are_six_scenes_and_every_tour() -> None:
    assert len(started().cards) == 6
    assert len(started().tours) == 5
    assert isinstance(scene_of_link(started().drawn).data, Points)


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"scene": "s=nothing"}, "not whole"),
        ({"scene": Scene(data=Table(name="own.csv")).to_link()}, "no picture before the table is opened"),
        ({"scene": Scene(hidden=(512, 512)).to_link()}, "too large for a small picture"),
        ({"scene": Scene().to_link(), "steps": 10**6}, "must be 1 to 2000"),
        ({"scene": Scene().to_link(), "size": 1}, "must be 2 to 48"),
    ],
)
def test_what_has_no_picture_says_why(session: Session, request_: dict[str, Any], says: str) -> None:
    found = answer_to(session, {"ask": "miniature", **request_})
    assert isinstance(found, Failed)
    assert says in found.message
