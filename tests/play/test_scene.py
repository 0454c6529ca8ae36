"""A scene and its link: the same value on both sides, and a sentence for whatever is no scene."""

import base64
import json
import random
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltarule.common.errors import DeltaruleError, InputError, SettingsError
from deltarule.play.scene import LONGEST_LINK, Cursor, Points, Scene, Table, Toy, View, scene_of_link
from deltarule.play.toys import TOYS

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
DATA = st.one_of(
    st.builds(
        Toy,
        name=st.sampled_from(sorted(TOYS)),
        n=st.integers(4, 10_000),
        classes=st.integers(2, 10),
        noise=st.floats(0, 2),
        seed=st.integers(0, 2**32 - 1),
    ),
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=9).map(
        lambda rows: Points(x=tuple(rows), y=tuple(float(n % 2) for n in range(len(rows))))
    ),
    st.builds(Table, name=st.text(max_size=20), target=st.text(max_size=9), columns=st.tuples(st.text(max_size=9))),
)
SCENES = st.builds(
    Scene,
    data=DATA,
    split=st.floats(0, 0.9),
    hidden=st.lists(st.integers(1, 2048), max_size=20).map(tuple),
    unit=st.sampled_from(["tanh", "relu", "logistic", "gelu"]),
    output=st.sampled_from(["auto", "sigmoid", "softmax"]),
    training=st.fixed_dictionaries(
        {},
        optional={
            "solver": st.sampled_from(["sgd", "adam", "gd", "lbfgs"]),
            "alpha": st.floats(0, 10),
            "n_iter_no_change": st.one_of(st.integers(1, 99), st.just(float("inf"))),
        },
    ),
    seed=st.integers(0, 2**32 - 1),
    at=st.builds(Cursor, step=st.integers(0, 10**6), example=st.integers(1, 300)),
    view=st.builds(View, screen=st.sampled_from(["watch", "follow"]), hide=st.tuples(st.text(max_size=5))),
)


@given(SCENES)
@settings(max_examples=200, deadline=None)
def test_a_scene_is_the_same_after_the_way_through_its_link(scene: Scene) -> None:
    assert scene_of_link(scene.to_link()) == scene
    assert scene_of_link(f"http://127.0.0.1:8000/#{scene.to_link()}") == scene


def test_the_link_of_the_first_scene_holds_its_version_and_nothing_else() -> None:
    assert Scene().to_content() == {"v": 1}
    assert len(Scene().to_link()) < 30


def test_weights_come_back_bit_by_bit() -> None:
    theta = np.random.default_rng(0).normal(size=123)
    scene = scene_of_link(Scene().with_theta(theta).to_link())
    found = scene.theta_of(123)
    assert found is not None
    assert found.tobytes() == theta.tobytes()
    assert len(scene.to_link()) < LONGEST_LINK


def test_weights_of_another_network_are_refused_with_both_numbers() -> None:
    with pytest.raises(InputError, match="holds 5 weights, but its network has 123"):
        Scene().with_theta(np.zeros(5)).theta_of(123)


def packed(content: Any) -> str:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return "s=" + base64.urlsafe_b64encode(squeezer.compress(text) + squeezer.flush()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "no version"),
        ([1], "no version"),
        ({"v": 2}, "version 2, and this deltarule reads version 1"),
        ({"v": 1, "colour": "red"}, "has a field 'colour', which this version does not know"),
        ({"v": 1, "data": {"kind": "images"}}, "kind 'images'. Known are toy, points, table"),
        ({"v": 1, "data": {"kind": "toy", "n": 3}}, "n=3 rows are not 4 to 10000"),
        ({"v": 1, "data": {"kind": "toy", "n": 1e300}}, "scene.data.n is 1e"),
        ({"v": 1, "hidden": [100_000]}, "a hidden layer of 100000 units"),
        ({"v": 1, "hidden": "8"}, "scene.hidden is '8', but must be a list"),
        ({"v": 1, "training": {"alpha": -1}}, "must be a float in the range"),
        ({"v": 1, "training": {"engine": "native"}}, "'engine' is not a setting of a scene"),
        ({"v": 1, "training": {"n_iter_no_change": "often"}}, "n_iter_no_change"),
        ({"v": 1, "data": {"kind": "points", "x": [[0, 1]], "y": []}}, "1 points have 0 values"),
        ({"v": 1, "data": {"kind": "points", "x": [[0], [1]], "y": [1, 1]}}, "all points are of one class"),
        (b'{"v": 1, "split": NaN}', "scene.split is nan"),
        (b"[" * 100_000, "not whole"),
        (b" " * 300_000, "inflates to more than 262144 bytes"),
    ],
)
def test_what_is_no_scene_is_said_in_a_sentence(content: Any, says: str) -> None:
    with pytest.raises((InputError, SettingsError), match=says):
        scene_of_link(packed(content))


def test_a_link_that_would_inflate_to_a_gigabyte_costs_no_more_than_a_scene() -> None:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(squeezer.compress(b"\0" * 2**20) for _ in range(200)) + squeezer.flush()
    with pytest.raises(InputError, match="inflates"):
        scene_of_link("s=" + base64.urlsafe_b64encode(bomb).decode())


def test_ten_thousand_mutated_links_give_a_scene_or_a_sentence() -> None:
    draw = random.Random(0)
    link = Scene(hidden=(4, 3), training={"solver": "sgd", "alpha": 0.25}, seed=7).to_link()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=&#é%"
    refused = 0
    for _ in range(10_000):
        mutated = list(link)
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(2, len(mutated))
            mutated[place : place + draw.randint(0, 2)] = draw.choices(letters, k=draw.randint(0, 2))
        try:
            scene_of_link("".join(mutated))
        except DeltaruleError:
            refused += 1
    assert refused > 5000


def test_mutated_content_gives_a_scene_or_a_sentence() -> None:
    draw = random.Random(1)
    text = json.dumps(
        {
            "v": 1,
            "data": {"kind": "points", "x": [[0.5, 1], [1, 0]], "y": [0, 1]},
            "hidden": [3],
            "training": {"dropout": [0.1], "solver": "sgd"},
            "view": {"features": [1, 2], "guess": True},
        }
    )
    for _ in range(3000):
        mutated = list(text)
        for _ in range(draw.randint(1, 3)):
            place = draw.randrange(len(mutated))
            mutated[place : place + draw.randint(0, 2)] = draw.choices('{}[]",:0123456789-e.tfn ', k=draw.randint(0, 2))
        try:
            scene_of_link(packed("".join(mutated).encode()))
        except DeltaruleError:
            continue
