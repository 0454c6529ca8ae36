"""Maps, pictures of units and predictions are what the network answers, within the step of a byte."""

from typing import Any

import numpy as np
import pytest

from deltarule import hypothesis
from deltarule.play.answering import answer_to
from deltarule.play.answers import Frame
from deltarule.play.codec import decoded, encoded
from deltarule.play.opening import open_scene
from deltarule.play.scene import Scene, Toy
from deltarule.play.session import Session
from played import small_scene


def asked(scene: Scene, step: int, *requests: dict[str, Any]) -> tuple[Session, list[Any]]:
    session = Session(open_scene(scene))
    try:
        answer_to(session, {"ask": "seek", "step": step})
        return session, [answer_to(session, request) for request in requests]
    finally:
        session.close()


def value_of(bytes_: Any, low: float, high: float) -> Any:
    return low + bytes_ / 255 * (high - low)


def grid(frame: Frame, size: int) -> Any:
    assert frame.map_extent is not None
    x0, x1, y0, y1 = frame.map_extent
    x, y = np.linspace(x0, x1, size), np.linspace(y0, y1, size)
    return np.column_stack([np.tile(x, size), np.repeat(y, size)])


def test_the_decision_map_is_the_class_and_the_confidence_at_each_point() -> None:
    session, (frame,) = asked(small_scene(), 200, {"ask": "frame", "map": "decision", "size": 30})
    snapshot = session.snapshot
    h = hypothesis(snapshot.problem.network, snapshot.theta, grid(frame, 30))
    assert (frame.map[0].ravel() == h.argmax(axis=1)).all()
    np.testing.assert_allclose(value_of(frame.map[1].ravel(), *frame.map_range), h.max(axis=1), atol=1 / 255)


def test_k_maps_are_the_outputs_and_a_units_map_is_its_a() -> None:
    session, frames = asked(
        small_scene(),
        50,
        {"ask": "frame", "map": "classes", "size": 12},
        {"ask": "frame", "map": "unit", "unit": [3, 2], "size": 12, "thumbnails": 12},
    )
    snapshot = session.snapshot
    network, theta = snapshot.problem.network, snapshot.theta
    h = hypothesis(network, theta, grid(frames[0], 12))
    np.testing.assert_allclose(value_of(frames[0].map.reshape(3, -1), 0, 1), h.T, atol=1 / 255)
    Theta1, Theta2, _ = network.roll(theta)
    a2 = np.tanh(Theta1[:, 0] + grid(frames[1], 12) @ Theta1[:, 1:].T)
    a3 = np.tanh(Theta2[:, 0] + a2 @ Theta2[:, 1:].T)
    low, high = frames[1].map_range
    np.testing.assert_allclose(value_of(frames[1].map.ravel(), low, high), a3[:, 1], atol=(high - low) / 250)
    assert (frames[1].thumbnails[5] == frames[1].map[0]).all()  # layer 2 has four units
    assert frames[1].map_of == "unit 3,2"


def test_two_classes_with_one_output_have_two_maps() -> None:
    session, (frame,) = asked(
        small_scene(data=Toy(name="moons", n=60)), 20, {"ask": "frame", "map": "classes", "size": 9}
    )
    assert frame.map.shape == (2, 9, 9)
    assert (abs(frame.map[0].astype(int) + frame.map[1] - 255) <= 1).all()
    assert session.snapshot.problem.network.K == 1


def test_one_feature_has_maps_of_one_row_and_many_features_have_spreads() -> None:
    _, (line,) = asked(
        small_scene(data=Toy(name="wave", n=40)), 5, {"ask": "frame", "map": "decision", "size": 25, "thumbnails": 10}
    )
    assert line.map.shape == (1, 1, 25)
    assert line.thumbnails.shape == (8, 1, 10)
    _, (bars,) = asked(
        small_scene(data=Toy(name="bars", n=80)),
        5,
        {"ask": "frame", "map": "decision", "size": 8, "features": [3, 16], "held_at": 7, "thumbnails": 10},
    )
    assert bars.map.shape == (2, 8, 8)
    assert bars.thumbnails.shape == (15, 1, 10)
    assert (bars.thumbnails.max(axis=2) == 255).all()


def test_the_strongest_edges_are_those_through_which_most_flows() -> None:
    session, (frame, whole) = asked(
        small_scene(), 20, {"ask": "frame", "strongest": 10}, {"ask": "frame", "strongest": 4000}
    )
    thetas = session.snapshot.problem.network.roll(session.snapshot.theta)
    assert len(frame.edges) == 10
    assert frame.edges_left_out == 39 - 10
    for (layer, i, j), (value, _) in zip(whole.edges, whole.edge_values, strict=True):
        assert value == thetas[layer - 1][i - 1, j]  # j = 0 is the bias
    weakest = frame.edge_values[:, 1].min()
    assert (np.sort(whole.edge_values[:, 1])[-10:] >= weakest).all()


def test_saturated_units_are_those_whose_slope_is_flat() -> None:
    session, (frame,) = asked(
        small_scene({"solver": "sgd", "learning_rate_init": 5.0}), 30, {"ask": "frame", "thumbnails": 4}
    )
    assert frame.saturation.shape == (10,)
    assert frame.saturation.max() > 0.5
    assert (frame.saturation[7:] == 0).all()  # outputs
    del session


def test_a_frame_of_the_first_scene_is_within_its_budget() -> None:
    request = {"ask": "frame", "map": "classes", "size": 100, "thumbnails": 24, "theta": True}
    _, (frame,) = asked(Scene(), 500, request)
    message = encoded(frame)
    assert len(message) <= 48_000 + 64_000  # three maps and nineteen pictures, and at most 2 000 points of the curve
    assert len(encoded(frame)) - frame.curve.nbytes <= 45_000
    found = decoded(message)
    assert found["theta"].tobytes() == frame.theta.tobytes()
    assert found["map"].shape == (3, 100, 100)


def test_predictions_come_worst_first_and_count_into_the_confusion() -> None:
    session, (found, held) = asked(
        small_scene(), 100, {"ask": "predict"}, {"ask": "predict", "rows": "validation", "most": 3}
    )
    assert found.total == 60
    assert (np.diff(found.costs) <= 0).all()
    assert found.confusion.sum() == 60
    assert found.measures["accuracy"] == pytest.approx(np.trace(found.confusion) / 60)
    assert found.measures["cost"] == pytest.approx(found.costs.mean())
    assert sum(one["rows"] for one in found.reliability) == 60
    np.testing.assert_allclose(found.h.sum(axis=1), 1, rtol=1e-12)
    truth = session.snapshot.opening.dataset.y[found.rows - 1]
    assert (truth == found.truth).all()
    assert len(held.rows) == 3
    assert held.total == int(session.snapshot.opening.dataset.is_held_out.sum())


def test_the_gradient_check_passes_and_says_by_layer() -> None:
    _, (found,) = asked(small_scene({"alpha": 0.3}), 12, {"ask": "check", "parameters": 1000})
    assert found.passed
    assert found.compared == 39
    assert [one["layer"] for one in found.layers] == [1, 2, 3]


def test_controls_are_those_of_the_settings() -> None:
    _, (found,) = asked(small_scene({"alpha": 0.25}), 0, {"ask": "open"})
    controls = {one["name"]: one for one in found.settings}
    assert controls["alpha"]["value"] == 0.25
    assert controls["alpha"]["symbol"] == "λ"
    assert controls["solver"]["choices"] == ("lbfgs", "sgd", "adam", "cg", "gd")
    assert controls["momentum"]["solvers"] == ("sgd",)
    assert controls["n_iter_no_change"]["value"] == "inf"
    assert "engine" not in controls
    assert decoded(encoded(found))["settings"][0]["name"] == "solver"
