"""Every step can be gone to, with the bits that it had when it was trained."""

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deltarule.play.dataset import drawn_dataset
from deltarule.play.places import FullBatchWay
from deltarule.play.problem import Problem, estimator_of, problem_of
from deltarule.play.scene import Scene
from deltarule.play.timeline import Timeline
from played import SOLVERS, small_problem


@contextmanager
def timeline_of(problem: Problem, **more: Any) -> Iterator[Timeline]:
    with problem.new_engine() as engine:
        timeline = Timeline(problem, engine, **more)
        try:
            yield timeline
        finally:
            timeline.close()


def bits(timeline: Timeline) -> tuple[int, bytes, int, int]:
    return timeline.at.step, timeline.at.theta.tobytes(), timeline.at.epoch, timeline.at.batch


def walked(problem: Problem, steps: int) -> list[tuple[int, bytes, int, int]]:
    """Return the bits at each step, one step at a time; shorter where the run ends."""
    with timeline_of(problem) as timeline:
        seen = [bits(timeline)]
        for n in range(steps):
            timeline.seek(n + 1)
            if timeline.at.step != n + 1:
                break
            seen.append(bits(timeline))
    return seen


@pytest.mark.parametrize("solver", SOLVERS)
def test_any_step_has_the_bits_of_running_there_forwards_and_back(solver: str) -> None:
    problem = small_problem(SOLVERS[solver])
    seen = walked(problem, 40)
    assert len(seen) > 20
    assert len({one[1] for one in seen}) > 20
    with timeline_of(problem, most_frames=6) as timeline:
        for step in random.Random(solver).choices(range(len(seen)), k=60):
            timeline.seek(step)
            assert bits(timeline) == seen[step]


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_page_learns_with_the_bits_of_fit(solver: str) -> None:
    settings = {**SOLVERS[solver], "max_iter": SOLVERS[solver].get("max_iter", 12)}
    problem = small_problem(settings)
    dataset = problem.dataset
    estimator = estimator_of(problem.scene, dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(dataset.X[dataset.training], dataset.y[dataset.training])
    with timeline_of(problem) as timeline:
        timeline.seek(estimator.n_iter_ * timeline.steps_of_an_epoch)
        assert timeline.at.theta.tobytes() == estimator.theta_.tobytes()


def test_chunks_of_any_length_give_the_same_bits() -> None:
    problem = small_problem(SOLVERS["adaptive"])
    with timeline_of(problem) as whole, timeline_of(problem) as cut:
        whole.seek(300)
        draw = random.Random(0)
        while cut.at.step < 300:
            cut.forward(min(draw.choice([1, 2, 3, 7, 50]), 300 - cut.at.step))
        assert bits(whole) == bits(cut)
        assert whole.at.run is not None
        assert whole.at.run.loop_state.divisor > 1  # the rule was at work


def test_an_edit_changes_one_weight_and_begins_a_stretch() -> None:
    problem = small_problem()
    with timeline_of(problem) as timeline:
        timeline.seek(20)
        before = np.array(timeline.at.theta)
        timeline.seek(10)
        timeline.edit(2, 1, 0, 0.75)
        assert timeline.last == 10
        Theta = problem.network.roll(timeline.at.theta)[1]
        assert Theta[0, 0] == 0.75
        timeline.seek(20)
        assert timeline.at.theta.tobytes() != before.tobytes()
        edited = bits(timeline)
        timeline.seek(4)
        assert bits(timeline) == walked(problem, 4)[4]
        timeline.seek(20)  # over the edit again
        assert bits(timeline) == edited
        timeline.seek(10)
        assert problem.network.roll(timeline.at.theta)[1][0, 0] == 0.75


def test_a_changed_step_size_keeps_theta_and_the_way_back() -> None:
    problem = small_problem({"solver": "sgd"})
    scene = replace(problem.scene, training={**problem.scene.training, "learning_rate_init": 0.5})
    faster = problem_of(scene, problem.dataset)
    with timeline_of(problem) as timeline:
        timeline.seek(7)
        theta, run = timeline.at.theta, timeline.at.run
        timeline.change(faster)
        assert timeline.at.theta.tobytes() == theta.tobytes()
        assert timeline.at.run is not None
        assert run is not None
        assert timeline.at.run.state.vectors[0].tobytes() == run.state.vectors[0].tobytes()
        timeline.seek(30)
        assert timeline.problem is faster
        timeline.seek(3)
        assert timeline.problem is problem


@pytest.mark.parametrize("to", ["lbfgs", "adam", "gd"])
def test_another_solver_goes_on_from_the_same_theta(to: str) -> None:
    problem = small_problem({"solver": "sgd"})
    scene = replace(problem.scene, training={"solver": to, "batch_size": 8})
    with timeline_of(problem) as timeline:
        timeline.seek(6)
        theta = timeline.at.theta.tobytes()
        timeline.change(problem_of(scene, problem.dataset))
        assert timeline.at.theta.tobytes() == theta
        timeline.seek(15)
        there = bits(timeline)
        timeline.seek(2)
        timeline.seek(15)
        assert bits(timeline) == there


@pytest.mark.parametrize("solver", ["sgd", "gd"])
def test_a_run_that_diverges_goes_back_to_its_last_finite_step_and_says_which_it_did_not_survive(solver: str) -> None:
    problem = small_problem(
        {"solver": solver, "learning_rate_init": 1e8, "alpha": 10.0}, unit="relu", data=Scene().data
    )
    with timeline_of(problem) as timeline:
        assert timeline.forward(10_000) == "diverged"
        assert timeline.diverged_at is not None
        assert 0 < timeline.diverged_at - timeline.at.step < 4
        assert np.isfinite(timeline.at.theta).all()
        step, theta = timeline.at.step, timeline.at.theta.tobytes()
        timeline.seek(0)
        assert timeline.seek(step) == ""
        assert timeline.at.theta.tobytes() == theta
        assert timeline.forward(5) == "diverged"  # and again
        assert timeline.at.step == step


def test_a_full_batch_solver_ends_where_it_has_converged_and_can_be_left_backwards() -> None:
    problem = small_problem({"solver": "lbfgs", "alpha": 1.0})
    with timeline_of(problem) as timeline:
        assert timeline.seek(100_000) == "converged"
        end = bits(timeline)
        assert timeline.forward(5) == "converged"
        assert bits(timeline) == end
        timeline.seek(end[0] // 2)
        assert timeline.at.step == end[0] // 2
        timeline.seek(end[0])
        assert bits(timeline) == end


def test_a_way_with_little_room_replays_what_it_dropped() -> None:
    problem = small_problem({"solver": "lbfgs", "tol": 1e-9})
    seen = walked(problem, 30)
    with problem.new_engine() as engine:
        way = FullBatchWay(problem, engine, problem.start, room=4 * problem.start.state.theta.nbytes)
        for step in random.Random(3).choices(range(len(seen)), k=20):
            place, _ = way.onward(way.start, step)
            assert place.theta.tobytes() == seen[step][1]
        way.close()


def test_key_frames_stay_few_and_memory_bounded() -> None:
    problem = small_problem()
    with timeline_of(problem, most_frames=16) as timeline:
        for _ in range(400):
            timeline.forward(5)
        assert timeline.frames <= 16
        there = bits(timeline)
        timeline.seek(1234)
        timeline.seek(2000)
        assert bits(timeline) == there


def test_rows_of_every_toy_make_a_problem() -> None:
    for name in ("blobs", "ring", "moons", "xor", "bars", "line", "wave"):
        scene = Scene(data=replace(Scene().data, name=name, n=40), hidden=(3,))
        problem = problem_of(scene, drawn_dataset(scene))
        with timeline_of(problem) as timeline:
            timeline.forward(20)
            assert timeline.at.step == 20
