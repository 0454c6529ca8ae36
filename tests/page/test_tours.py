"""What the tours say is so."""

import numpy as np
import pytest

from deltarule.network.gradient_check import check_gradient
from deltarule.play.opening import open_scene
from deltarule.play.requests import Seek
from deltarule.play.scene import scene_of_link
from deltarule.play.session import Session
from deltarule.play.snapshot import Costs
from deltarule.play.tours import read_tour, tours


def costs_after(link: str, step: int) -> Costs:
    """The costs of a scene after some steps."""
    session = run(link, step)
    costs = session.snapshot.costs
    session.close()
    assert costs is not None
    return costs


def run(link: str, step: int) -> Session:
    session = Session(open_scene(scene_of_link(link)))
    session.do(Seek(step=step))
    snapshot = session.snapshot
    while snapshot.step < step:
        snapshot = session.newest(snapshot.revision, 5)
    return session


def scene_of(tour: int, step: int) -> str:
    return tours()[tour].steps[step].scene


def test_every_step_asks_or_tells_and_every_scene_opens() -> None:
    assert len(tours()) == 5
    for tour in tours():
        assert tour.title
        assert tour.about
        assert tour.steps[0].scene, "a tour begins with a scene of its own"
        for step in tour.steps:
            assert step.text
            assert bool(step.question) == bool(step.answer)
            if step.scene:
                open_scene(scene_of_link(step.scene))


def test_no_line_does_better_than_log_2_on_crosswise_classes() -> None:
    assert costs_after(scene_of(0, 2), 3000).data == pytest.approx(np.log(2), abs=0.02)


def test_eight_hidden_units_learn_crosswise_classes() -> None:
    assert costs_after(scene_of(1, 1), 3000).data < 0.1


def test_the_gradient_check_of_the_tour_passes_by_far() -> None:
    session = run(scene_of(3, 0), 0)
    problem = session.snapshot.problem
    check = check_gradient(problem.network, np.array(session.snapshot.theta), problem.training.X, problem.training.Y)
    assert check.passed
    session.close()


def test_the_penalty_of_the_tour_lowers_the_validation_cost() -> None:
    by_heart, held_back = (costs_after(scene_of(4, step), 2000) for step in (0, 1))
    assert by_heart.data < 0.1
    assert by_heart.held_out is not None
    assert held_back.held_out is not None
    assert by_heart.held_out > held_back.held_out


def test_a_text_without_a_step_is_refused() -> None:
    with pytest.raises(ValueError, match="no step"):
        read_tour("none", "# A title\n\nand nothing else\n")
