"""The screen Start: scenes to begin with, each with a small picture of its run, computed when it is asked for.

A picture is the map of the network at some steps from the first weights on. It is trained here, not kept, so it shows
what anybody gets who opens the scene and presses run.
"""

from functools import lru_cache
from time import perf_counter

import numpy as np

from deltarule.common.errors import InputError
from deltarule.play.answers import Card, Miniature, Started
from deltarule.play.maps import grid_of, map_of
from deltarule.play.opening import open_scene, parse_scene
from deltarule.play.player import Player
from deltarule.play.requests import MiniatureOf, Seek
from deltarule.play.scene import Points, Scene, Table, Toy
from deltarule.play.tours import tours

__all__ = ["miniature", "started"]

FRAMES = 12
"""Maps of a picture: two and a half seconds at five a second."""

MOST_POINTS = 120
"""Examples that are drawn on a picture."""

MOST_STEPS, MOST_PARAMETERS, MOST_SIZE = 2000, 5000, 48
"""Most steps, parameters and points of an edge of a picture: it then takes a fraction of a second, and 20 kB."""

CARDS: tuple[tuple[str, str, Scene, int], ...] = (
    ("Spiral", "Three classes that wind around each other, two hidden layers.", Scene(), 1500),
    (
        "Six heaps",
        "No hidden layer: softmax draws straight borders.",
        Scene(data=Toy(name="blobs", classes=6), hidden=(), training={"learning_rate_init": 0.1}),
        200,
    ),
    (
        "Crosswise",
        "No line parts these classes; four hidden units do.",
        Scene(data=Toy(name="xor"), hidden=(4,), training={"learning_rate_init": 0.05}),
        400,
    ),
    (
        "Ring",
        "Units that are 0 up to an edge fence a disc in.",
        Scene(data=Toy(name="ring"), hidden=(6,), unit="relu", training={"learning_rate_init": 0.05}),
        600,
    ),
    (
        "Few points by heart",
        "Too many units for forty points, and no penalty.",
        Scene(data=Toy(name="moons", n=40, noise=0.25), hidden=(16, 16), training={"alpha": 0.0}),
        600,
    ),
    (
        "A wave",
        "A quantity instead of classes: y against one input.",
        Scene(data=Toy(name="wave", n=120), hidden=(8,), training={"learning_rate_init": 0.05}),
        400,
    ),
)
"""Title, what is to be seen, the scene, and the steps of its picture."""

TOUR_STEPS = 300
"""Steps of the picture of a tour."""

DRAWN = Scene(
    data=Points(x=((-1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (1.0, -1.0)), y=(0.0, 0.0, 1.0, 1.0)), hidden=(4,), split=0.0
)
"""What one's own points begin with: two of each class."""


def started() -> Started:
    """Return what the screen Start offers."""
    cards = tuple(Card(title, about, scene.to_link(), steps) for title, about, scene, steps in CARDS)
    of_tours = tuple(Card(tour.title, tour.about, tour.steps[0].scene, TOUR_STEPS) for tour in tours())
    return Started(cards=cards, tours=of_tours, drawn=DRAWN.to_link())


def miniature(request: MiniatureOf) -> Miniature:
    """Return the picture of a scene.

    Raises
    ------
    InputError, SettingsError
        If the scene is none, is of a table, or is too large for a small picture.
    """
    for name, value, low, high in (("steps", request.steps, 1, MOST_STEPS), ("size", request.size, 2, MOST_SIZE)):
        if not low <= value <= high:
            raise InputError(f"miniature.{name} is {value}, but must be {low} to {high}.")
    return _miniature(request.scene, request.steps, request.size)


@lru_cache(maxsize=32)
def _miniature(link: str, last: int, size: int) -> Miniature:
    scene = parse_scene(link)
    if isinstance(scene.data, Table):
        raise InputError("A scene of a table has no picture before the table is opened.")
    opening = open_scene(scene)
    player = Player(opening, perf_counter)
    try:
        snapshot = player.snapshot()
        network, dataset = snapshot.problem.network, opening.dataset
        if network.n_parameters > MOST_PARAMETERS:
            raise InputError(f"The network {network} is too large for a small picture; open the scene to see it.")
        n = dataset.X.shape[1]
        grid = grid_of(dataset, (1, min(2, n)), 0, size)
        maps, steps, costs = [], [], []
        for step in np.unique(np.round(last * np.linspace(0, 1, FRAMES) ** 2)).astype(int).tolist():
            player.carry_out(Seek(step=step))
            while player.is_busy:
                player.work()
            snapshot = player.snapshot()
            assert snapshot.costs is not None
            found, _ = map_of(snapshot, "decision", (2, 1), grid)
            maps.append(found)
            steps.append(snapshot.step)
            costs.append(snapshot.costs.train)
    finally:
        player.close()
    places = np.unique(np.linspace(0, len(dataset.X) - 1, MOST_POINTS).round().astype(np.int64))
    return Miniature(
        says=str(network),
        classes=dataset.class_names if dataset.is_classes else None,
        steps=tuple(steps),
        costs=tuple(costs),
        ranges=tuple((one.low, one.high) for one in maps),
        extent=grid.extent,
        maps=np.stack([one.bytes for one in maps]),
        X=dataset.in_units(dataset.X[places])[:, :2],
        Y=dataset.numbers[places],
        rows=(places + 1).astype(np.int32),
        held_out=dataset.is_held_out[places].astype(np.uint8),
    )
