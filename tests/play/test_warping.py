"""The plane of the inputs as two units see it: places of its grid and examples, held to the textbook."""

from typing import Any

import numpy as np
import pytest

from deltarule import trace_example
from deltarule.play.answering import answer_to
from deltarule.play.answers import Failed, Warped
from deltarule.play.opening import open_scene
from deltarule.play.requests import Seek
from deltarule.play.scene import Scene, Toy
from deltarule.play.session import Session
from played import small_scene

SCENES = {
    "spiral": small_scene(),
    "bars": small_scene(data=Toy(name="bars", n=40)),
    "wave": small_scene(data=Toy(name="wave", n=40), hidden=(3,)),
}


def seen(session: Session, x: np.ndarray[Any, Any], layer: int, units: list[int]) -> list[float]:
    """Return a of two units for one input, by the textbook."""
    snapshot = session.snapshot
    example = trace_example(snapshot.problem.network, snapshot.theta, x, snapshot.problem.Y[0])
    return [float(example.a[layer - 1][unit - 1]) for unit in units]


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize(("layer", "units"), [(2, [1, 3]), (-1, [1, 1])])
def test_every_place_of_the_grid_is_what_the_network_makes_of_it(name: str, layer: int, units: list[int]) -> None:
    session = Session(open_scene(SCENES[name]))
    try:
        session.do(Seek(step=12))
        network, dataset = session.snapshot.problem.network, session.snapshot.opening.dataset
        layer = network.L if layer < 0 else layer
        n = dataset.X.shape[1]
        features, held_at = ((1, 1), 3) if n == 1 else ((2, 1), 3)
        asked = {"layer": layer, "units": units, "features": features, "held_at": held_at, "lines": 4, "points": 5}
        found = answer_to(session, {"ask": "warp", **asked})
        assert isinstance(found, Warped), found
        base = dataset.X[held_at - 1]
        across, up = features[0] - 1, features[1] - 1
        sides = []
        for feature in (across, up):
            low, high = dataset.X[:, feature].min(), dataset.X[:, feature].max()
            sides.append((low - 0.1 * (high - low), high + 0.1 * (high - low)))

        def place(right: float, upwards: float) -> np.ndarray[Any, Any]:
            x: np.ndarray[Any, Any] = base.copy()
            if n > 1:
                x[up] = sides[1][0] + upwards * (sides[1][1] - sides[1][0])
            x[across] = sides[0][0] + right * (sides[0][1] - sides[0][0])
            return x

        lines, points = np.linspace(0, 1, 4), np.linspace(0, 1, 5)
        for line, held in enumerate(lines[: found.across.shape[0]]):
            for index, along in enumerate(points):
                expected = seen(session, place(along, held), layer, units)
                np.testing.assert_allclose(found.across[line, index], expected, rtol=1e-6, atol=1e-7)
        for line, held in enumerate(lines[: found.up.shape[0]]):
            for index, along in enumerate(points):
                expected = seen(session, place(held, along), layer, units)
                np.testing.assert_allclose(found.up[line, index], expected, rtol=1e-6, atol=1e-7)
        assert (found.across.shape, found.up.shape) == (((1, 5, 2), (0, 5, 2)) if n == 1 else ((4, 5, 2), (4, 5, 2)))
        for row, at in zip(found.rows, found.at, strict=True):
            np.testing.assert_allclose(at, seen(session, dataset.X[row - 1], layer, units), rtol=1e-12, atol=1e-15)
        x0, x1, y0, y1 = found.extent
        assert x0 < found.at[:, 0].min() <= found.at[:, 0].max() < x1
        assert y0 < found.at[:, 1].min() <= found.at[:, 1].max() < y1
    finally:
        session.close()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"layer": 1}, "There are no units 1 and 2 in layer 1"),
        ({"layer": 9}, "layers of units are 2 to 4"),
        ({"layer": 2, "units": [1, 5]}, "There are no units 1 and 5"),
        ({"features": [1, 3]}, "There is no feature 3"),
        ({"held_at": 999}, "There is no example 999"),
        ({"lines": 1}, "must be 2 to 33"),
        ({"points": 1000}, "must be 2 to 129"),
    ],
)
def test_units_and_lines_that_there_are_not_are_refused(asked: dict[str, Any], says: str) -> None:
    session = Session(open_scene(Scene(data=Toy(n=40), hidden=(4, 3))))
    try:
        found = answer_to(session, {"ask": "warp", **asked})
        assert isinstance(found, Failed)
        assert says in found.message
    finally:
        session.close()
