"""Units as values, and networks that are made of parts."""

import pickle
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule import Dense, Network, Unit
from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError, ShapeError
from deltarule.network.backpropagation import penalty, penalty_gradient
from deltarule.network.parts import Part, Segment, Terms
from deltarule.network.units import HIDDEN_UNITS
from oracles import problem

UNITS = [*map(Unit, HIDDEN_UNITS), Unit("leaky_relu", 0.2), Unit("elu", 0.5)]


# Units


def test_a_unit_without_numbers_has_those_of_the_table_and_is_equal_to_the_one_that_says_them() -> None:
    assert Unit("leaky_relu").numbers == (0.01,)
    assert Unit("elu").numbers == (1.0,)
    assert Unit("tanh").numbers == ()
    assert len({Unit("elu"), Unit("elu", 1), Unit("elu", np.float64(1))}) == 1
    assert len({Unit("elu", 0.5), Unit("elu"), Unit("leaky_relu", 0.5)}) == 3


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_the_repr_of_a_unit_can_be_evaluated_and_copies_are_equal(unit: Unit) -> None:
    assert eval(repr(unit)) == unit
    assert deepcopy(unit) == unit
    assert pickle.loads(pickle.dumps(unit)) == unit


def test_a_unit_is_written_as_its_name_and_with_the_numbers_that_are_not_the_defaults() -> None:
    assert [str(unit) for unit in (Unit("relu"), Unit("leaky_relu", 0.01))] == ["relu", "leaky_relu"]
    assert [str(unit) for unit in UNITS[-2:]] == ["leaky_relu(0.2)", "elu(0.5)"]
    assert repr(Unit("leaky_relu", 0.2)) == "Unit('leaky_relu', 0.2)"


@pytest.mark.parametrize("name", ["swish", "leaky_relu(0.2)", "", None, 3, ["relu"]])
def test_a_unit_that_is_not_in_the_table_is_refused_with_the_names_that_are(name: Any) -> None:
    with pytest.raises(SettingsError, match=r"is not a unit that is known here\. Take one of logistic, tanh, relu"):
        Unit(name)


@pytest.mark.parametrize(
    ("name", "numbers", "message"),
    [
        ("relu", (0.2,), r"Unit\('relu', 0.2\) cannot be: relu takes no numbers\."),
        ("elu", (1, 2), r"Unit\('elu', 1, 2\) cannot be: elu takes alpha alone\."),
        ("leaky_relu", (-0.1,), r"slope=-0.1 cannot be\. Give a number from 0 to 1\."),
        ("leaky_relu", (1.5,), "slope=1.5 cannot be"),
        ("leaky_relu", (float("nan"),), "slope=nan cannot be"),
        ("elu", (float("inf"),), r"alpha=inf cannot be\. Give a number from 0 to 1000\."),
        ("elu", ("1",), "alpha='1' cannot be"),
        ("elu", (True,), "alpha=True cannot be"),
        ("elu", (None,), "alpha=None cannot be"),
    ],
)
def test_numbers_that_a_unit_does_not_take_are_refused(name: str, numbers: tuple[Any, ...], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Unit(name, *numbers)


# Networks of parts


def pairs() -> list[tuple[Network, Network]]:
    """Pairs of a network in the short form and the same network made of parts."""
    return [
        (
            Network((4, 5, 3, 2), (unit, "tanh"), "softmax"),
            Network([Dense(4, 5, unit), Dense(5, 3, "tanh"), Dense(3, 2)], output="softmax"),
        )
        for unit in UNITS
    ] + [(Network((3, 2)), Network((Dense(3, 2),)))]


@pytest.mark.parametrize(("short", "parts"), pairs(), ids=str)
def test_a_network_of_parts_is_the_one_of_the_short_form(short: Network, parts: Network) -> None:
    assert short == parts
    assert hash(short) == hash(parts)
    assert repr(short) == repr(parts)
    for name in ("sizes", "hidden", "hidden_numbers", "hidden_units", "output", "shapes", "n_parameters", "L", "K"):
        assert getattr(short, name) == getattr(parts, name)
    assert eval(repr(short)) == short
    assert pickle.loads(pickle.dumps(short)) == parts


@pytest.mark.parametrize(("short", "parts"), pairs(), ids=str)
def test_a_network_of_parts_has_the_bits_of_the_short_form(short: Network, parts: Network) -> None:
    _, X, Y, weights = problem(short, 7, weighted=True)
    theta, same = (network.first_theta(np.random.default_rng(3)) for network in (short, parts))
    np.testing.assert_array_equal(theta, same)
    for dtype in (np.float32, np.float64):
        values = [
            (
                *deltarule.cost_and_gradient(
                    network, theta.astype(dtype), X.astype(dtype), Y, lambda_=0.3, sample_weight=weights
                ),
                deltarule.hypothesis(network, theta.astype(dtype), X.astype(dtype)),
            )
            for network in (short, parts)
        ]
        assert values[0][0] == values[1][0]
        np.testing.assert_array_equal(values[0][1], values[1][1])
        np.testing.assert_array_equal(values[0][2], values[1][2])


def test_first_weights_of_the_short_form_are_those_of_its_first_release() -> None:
    # Network((2, 2, 1), hidden).first_theta(default_rng(0)) of 0.1.0, computed by hand from the generator's numbers.
    for hidden, gain in (("logistic", 4.0), ("relu", 1.0), ("elu", 1.2452)):
        generator = np.random.default_rng(0)
        bound = gain * np.sqrt(6 / 4)
        first = generator.uniform(-bound, bound, (2, 3)).ravel()
        last = [0.0, *generator.uniform(-np.sqrt(6 / 3), np.sqrt(6 / 3), 2)]
        np.testing.assert_array_equal(Network((2, 2, 1), hidden).first_theta(np.random.default_rng(0)), [*first, *last])


def test_hidden_gives_names_and_the_numbers_stand_beside_them() -> None:
    network = Network((3, 4, 4, 4, 1), ("relu", Unit("leaky_relu", 0.2), "elu"))
    assert network.hidden == ("relu", "leaky_relu", "elu")
    assert network.hidden_numbers == ((), (0.2,), (1.0,))
    assert network != Network((3, 4, 4, 4, 1), ("relu", "leaky_relu", "elu"))
    assert repr(network) == (
        "Network(sizes=(3, 4, 4, 4, 1), hidden=('relu', Unit('leaky_relu', 0.2), 'elu'), output='sigmoid')"
    )
    assert Network((3, 4, 4, 1), Unit("elu", 0.5)).hidden_units == (Unit("elu", 0.5),) * 2


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([Dense(3, 4, "tanh"), Dense(5, 1)], r"Part 1 .* gives 4 columns, but part 2, .* takes 5\."),
        ([Dense(3, 4), Dense(4, 1)], r"Part 1 .* has no unit\. Only the last part goes without"),
        ([Dense(3, 4, "tanh")], "The last part of the network is Dense.* the output units follow a Dense part without"),
        ([Dense(3, 4, "tanh"), 1], r"sizes=\[Dense.*, 1\] is not a network"),
        ([], r"sizes=\[\] is not a network"),
    ],
)
def test_parts_that_make_no_network_are_refused(parts: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Network(parts)


def test_parts_have_their_own_units_and_an_output_of_the_table() -> None:
    with pytest.raises(SettingsError, match=r"hidden='tanh' is given beside parts, .* Leave it out\."):
        Network([Dense(3, 1)], "tanh")  # type: ignore[list-item]
    with pytest.raises(SettingsError, match="constant 1"):
        Network([Dense(3, 1)], output="softmax")
    with pytest.raises(SettingsError, match="output='hinge'"):
        Network([Dense(3, 1)], output="hinge")


@pytest.mark.parametrize("size", [0, -1, 2.0, "2", None, True])
def test_a_dense_part_has_a_whole_number_of_inputs_and_outputs(size: Any) -> None:
    with pytest.raises(SettingsError, match=r"Dense: inputs=.* cannot be\. Give a whole number, 1 or more"):
        Dense(size, 3)
    with pytest.raises(SettingsError, match=r"Dense: outputs=.* cannot be"):
        Dense(3, size)


# Segments


def test_segments_are_named_and_say_what_the_penalty_and_the_decay_count() -> None:
    segments = Network((3, 5, 2), "tanh").segments
    assert [segment.name for segment in segments] == ["dense1.bias", "dense1.weight", "dense2.bias", "dense2.weight"]
    assert [segment.part for segment in segments] == [0, 0, 1, 1]
    assert [segment.shape for segment in segments] == [(5,), (5, 3), (2,), (2, 5)]
    assert [segment.group for segment in segments] == ["bias", "weight"] * 2
    assert [segment.penalised for segment in segments] == [False, True] * 2
    assert [segment.decay for segment in segments] == [0.0, 1.0] * 2


@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (3, 5, 2), (2, 1, 4, 3)])
def test_segments_cover_theta_exactly_once(sizes: tuple[int, ...]) -> None:
    network = Network(sizes)
    theta = np.zeros(network.n_parameters)
    for segment in network.segments:
        segment.of(theta)[...] += 1
    assert (theta == 1).all()


@pytest.mark.parametrize("step", [1, 2])
def test_segments_are_views_that_write_into_theta_where_roll_finds_them(step: int) -> None:
    network = Network((3, 5, 2), "tanh")
    theta: Array = np.zeros(step * network.n_parameters)[::step]
    for n, segment in enumerate(network.segments, 1):
        segment.of(theta)[...] = n
    Theta_1, Theta_2 = network.roll(theta)
    assert (Theta_1[:, 0] == 1).all()
    assert (Theta_1[:, 1:] == 2).all()
    assert (Theta_2[:, 0] == 3).all()
    assert (Theta_2[:, 1:] == 4).all()


@pytest.mark.parametrize("theta", [np.zeros(31), np.zeros((32, 1))])
def test_a_segment_of_what_is_not_the_whole_theta_is_refused(theta: Array) -> None:
    network = Network((3, 5, 2), "tanh")
    with pytest.raises(ShapeError, match=r"dense2.weight reaches to the place 31: give the whole vector"):
        network.segments[-1].of(theta)


def test_the_penalty_counts_the_segments_that_are_penalised() -> None:
    network = Network((3, 5, 2), "tanh")
    theta = np.random.default_rng(0).standard_normal(network.n_parameters)
    weights = [Theta[:, 1:] for Theta in network.roll(theta)]
    squares = sum(float((Theta**2).sum()) for Theta in weights)
    assert penalty(network, theta, 3.0, 2.0) == pytest.approx(3.0 / 4.0 * squares, rel=1e-15)
    for gradient, Theta in zip(network.roll(penalty_gradient(network, theta, 3.0, 2.0)), weights, strict=True):
        assert not gradient[:, 0].any()
        np.testing.assert_allclose(gradient[:, 1:], 1.5 * Theta, rtol=1e-15)


# A part of another kind


@dataclass(frozen=True)
class Stretch:
    """Multiplies each column by a number, which at first makes the column's largest |x| 1."""

    inputs: int
    kind = "stretch"
    unit = None
    sees_data = True

    @property
    def outputs(self) -> int:
        return self.inputs

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.inputs,)

    @property
    def segments(self) -> tuple[Segment, ...]:
        return (Segment("factor", 0, 0, self.shape, (1,), "factor", penalised=False, decay=0.0),)

    def first(self, generator: np.random.Generator, a: Array | None, /) -> Array:
        return np.ones(self.inputs) if a is None else 1 / np.abs(a).max(axis=0)

    def forward(self, s: Array, a: Array, factor: Array | None = None, /) -> tuple[Array, None]:
        return a * s, None

    def delta(self, s: Array, kept: None, error: Array, factor: Array | None = None, /) -> Array:
        return error

    def gradient(self, kept: None, a: Array, delta: Array, out: Array, /) -> None:
        out[:] = (a * delta).sum(axis=0)

    def error(self, s: Array, kept: None, delta: Array, /) -> Array:
        return delta * s

    def terms(self, s: Array, a: Array, i: int, /) -> Terms:
        return Terms(0.0, s[i : i + 1], a[i : i + 1])


STRETCHED = Network([Stretch(3), Dense(3, 4, "tanh"), Stretch(4), Dense(4, 2)], output="softmax")


def test_a_part_of_another_kind_needs_no_more_than_its_own_class() -> None:
    assert isinstance(Stretch(3), Part)
    assert STRETCHED.sizes == (3, 3, 4, 4, 2)
    assert [segment.name for segment in STRETCHED.segments][:4] == [
        "stretch1.factor",
        "dense1.bias",
        "dense1.weight",
        "stretch2.factor",
    ]
    assert eval(repr(STRETCHED)) == STRETCHED
    theta, X, Y, weights = problem(STRETCHED, 6, weighted=True)
    check = deltarule.check_gradient(STRETCHED, theta, X, Y, lambda_=0.5, sample_weight=weights)
    assert check.passed
    assert check.compared == STRETCHED.n_parameters


def test_first_parameters_that_depend_on_data_see_the_rows_that_reach_their_part() -> None:
    X = np.random.default_rng(0).normal(size=(50, 3)) * [1, 10, 100]
    theta = STRETCHED.first_theta(np.random.default_rng(1), X)
    first, Theta, second, _ = STRETCHED.roll(theta)
    np.testing.assert_array_equal(first, 1 / np.abs(X).max(axis=0))
    a = np.tanh((X * first) @ Theta[:, 1:].T + Theta[:, 0])
    np.testing.assert_allclose(second, 1 / np.abs(a).max(axis=0), rtol=1e-14)
    without = STRETCHED.roll(STRETCHED.first_theta(np.random.default_rng(1)))
    assert (without[0] == 1).all()
    np.testing.assert_array_equal(without[1], Theta)


def test_first_weights_of_dense_parts_are_the_same_whatever_the_data() -> None:
    network = Network((3, 4, 2))
    one, other = (network.first_theta(np.random.default_rng(0), X) for X in (None, np.ones((5, 3))))
    np.testing.assert_array_equal(one, other)
    with pytest.raises(ShapeError, match=r"X has the shape \(5, 2\), but the network 3-4-2 takes 3 columns"):
        network.first_theta(np.random.default_rng(0), np.ones((5, 2)))
