"""Parts with parameters of their own: what they compute, how they are described, and what they refuse."""

import pickle
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import deltarule
from deltarule import Dense, Network
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Part, Unit
from first_floors import FLOOR, PARTS, WHOLE, rows_for


def out_of(part: Part, parameters: Array, x: Any) -> Array:
    return part.forward(parameters, np.asarray(x, dtype=np.float64))[0]


# What they are


@pytest.mark.parametrize("part", [*PARTS, Dense(3, 2, "tanh", first_from="data")], ids=repr)
def test_a_part_is_a_value_that_can_be_copied_compared_and_written_down(part: Part) -> None:
    assert isinstance(part, Part)
    for same in (eval(repr(part)), deepcopy(part), pickle.loads(pickle.dumps(part))):
        assert same == part
        assert hash(same) == hash(part)
    assert len({*PARTS, part}) in (len(PARTS), len(PARTS) + 1)


@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_the_segments_of_a_part_cover_its_parameters_exactly_once(part: Part) -> None:
    parameters = np.zeros(int(np.prod(part.shape)))
    for segment in part.segments:
        assert not segment.penalised
        assert segment.decay == 0
        segment.of(parameters)[...] += 1
    assert (parameters == 1).all()


def test_segments_are_named_after_their_part_and_its_number_among_its_kind() -> None:
    assert [(segment.name, segment.group) for segment in WHOLE.segments] == [
        ("beside1.embedding1.table", "embedding"),
        ("beside1.embedding2.table", "embedding"),
        ("beside1.piecewise1.table", "embedding"),
        ("beside1.periodic1.frequency", "embedding"),
        ("beside1.periodic1.phase", "embedding"),
        ("beside1.periodic1.weight", "embedding"),
        ("beside1.periodic1.bias", "embedding"),
        ("scale1.scale", "scale"),
        ("dense1.bias", "bias"),
        ("dense1.weight", "weight"),
        ("parametric1.alpha", "alpha"),
        ("dense2.bias", "bias"),
        ("dense2.weight", "weight"),
        ("scale2.scale", "scale"),
        ("dense3.bias", "bias"),
        ("dense3.weight", "weight"),
    ]
    theta = np.zeros(WHOLE.n_parameters)
    for segment in WHOLE.segments:
        segment.of(theta)[...] += 1
    assert (theta == 1).all()


def test_a_network_with_a_first_floor_is_a_value_with_hidden_layers_where_units_are() -> None:
    assert eval(repr(WHOLE)) == WHOLE
    assert pickle.loads(pickle.dumps(WHOLE)) == WHOLE
    assert WHOLE.sizes == (6, 12, 12, 5, 5, 4, 4, 3)
    assert WHOLE.hidden == ("selu", "tanh")
    assert Network([Dense(3, 2, "tanh", first_from="data"), Dense(2, 1)]) != Network((3, 2, 1), "tanh")


# What they compute


def test_a_scale_of_1_changes_no_bit() -> None:
    network = Network((3, 4, 2), "tanh", "softmax")
    scaled = Network([Scale(3), *network.parts], output="softmax")
    theta, X, Y = network.first_theta(np.random.default_rng(0)), rows_for(Scale(3), 8), np.eye(2)[[0, 1] * 4]
    J, D = deltarule.cost_and_gradient(network, theta, X, Y, lambda_=0.3)
    J_scaled, D_scaled = deltarule.cost_and_gradient(scaled, np.concatenate([np.ones(3), theta]), X, Y, lambda_=0.3)
    assert J == J_scaled
    np.testing.assert_array_equal(D, D_scaled[3:])


def test_a_parametric_unit_is_its_g_where_alpha_is_1_and_the_identity_where_it_is_0() -> None:
    z = rows_for(Keep(4), 9)
    for unit in (Unit("relu"), Unit("elu", 0.5)):
        part = Parametric(4, unit)
        np.testing.assert_array_equal(out_of(part, np.ones(4), z), unit.g(z))
        np.testing.assert_array_equal(out_of(part, np.zeros(4), z), z)


def test_dense_and_parametric_units_of_alpha_1_have_the_bits_of_dense_with_the_unit() -> None:
    plain = Network([Dense(3, 4, "selu"), Dense(4, 1)])
    learnt = Network([Dense(3, 4), Parametric(4, "selu"), Dense(4, 1)])
    theta = plain.first_theta(np.random.default_rng(0))
    X, Y = rows_for(Keep(3), 8), np.ones((8, 1))
    J, D = deltarule.cost_and_gradient(plain, theta, X, Y)
    J_learnt, D_learnt = deltarule.cost_and_gradient(learnt, np.insert(theta, 16, np.ones(4)), X, Y)
    assert J == J_learnt
    np.testing.assert_array_equal(D, np.delete(D_learnt, range(16, 20)))


@pytest.mark.parametrize("unknown", [-1.0, 4.0, 0.5, 1e300])
def test_an_embedding_is_dense_of_one_hot_columns_and_zeros_for_what_it_does_not_know(unknown: float) -> None:
    part, table = Embedding(4, width=3), np.random.default_rng(0).standard_normal((4, 3))
    x = np.array([[0.0], [3.0], [unknown], [1.0], [3.0]])
    one_hot = (x == np.arange(4.0)).astype(float)
    np.testing.assert_array_equal(out_of(part, table, x), one_hot @ table)
    assert not out_of(part, table, x)[2].any()
    delta, D = rows_for(Keep(3), 5), np.full((4, 3), np.nan)
    part.gradient(part.forward(table, x)[1], x, delta, D)
    np.testing.assert_allclose(D, one_hot.T @ delta, rtol=1e-15)


def test_a_curve_with_two_knots_is_linear_between_them_and_constant_outside() -> None:
    part, T = PiecewiseLinear([[-1.0, 3.0]], width=2), np.array([[1.0, 0.0], [5.0, -8.0]])
    x = np.linspace(-1, 3, 17)[:, np.newaxis]
    np.testing.assert_allclose(out_of(part, T, x), np.hstack([2 + x, -2 - 2 * x]), rtol=1e-15, atol=1e-15)
    np.testing.assert_array_equal(out_of(part, T, [[-1e9], [-1.0], [3.0], [1e9]]), T[[0, 0, 1, 1]])


def test_a_curve_goes_through_the_rows_of_its_table_at_the_knots() -> None:
    part = PiecewiseLinear([[-1.0, 0.5, 2.0], [0.0, 1.0]], width=2)
    T = np.random.default_rng(0).standard_normal(part.shape)
    np.testing.assert_array_equal(out_of(part, T, [[0.5, 1.0]]), T[[1, 4]].reshape(1, -1))


def test_knots_that_float32_cannot_tell_apart_make_no_number_that_is_not_finite() -> None:
    part = PiecewiseLinear([[1.0, 1.0 + 1e-12]], width=1)
    T = np.array([[0.0], [1.0]], dtype=np.float32)
    out, kept = part.forward(T, np.array([[1.0], [2.0], [0.5]], dtype=np.float32))
    np.testing.assert_array_equal(out, [[0.0], [1.0], [0.0]])
    assert np.isfinite(part.error(T, kept, np.ones((3, 1), dtype=np.float32))).all()


def test_a_periodic_part_without_frequencies_is_the_number_beside_a_constant() -> None:
    part = Periodic(2, frequencies=3, width=3)
    parameters = part.first(np.random.default_rng(0), None)
    parameters[:, :3] = 0
    out = out_of(part, parameters, rows_for(Keep(2), 6)).reshape(6, 2, 3)
    np.testing.assert_array_equal(out[:, :, 0], rows_for(Keep(2), 6))
    assert (out[:, :, 1:] == out[:1, :, 1:]).all()


def test_parts_beside_each_other_give_what_each_gives_alone() -> None:
    parts: list[Part] = [Scale(2), Embedding(3, width=2), Keep(1)]
    floor, x = Beside(parts), np.array([[1.0, 2.0, 2.0, 7.0], [3.0, 4.0, -1.0, 8.0]])
    s, T = np.array([10.0, 0.5]), np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(
        out_of(floor, np.concatenate([s, T.ravel()]), x), [[10, 1, 4, 5, 7], [30, 2, 0, 0, 8]]
    )
    assert Beside([floor, Beside([Keep(2)])]) == Beside([*parts, Keep(2)])


@pytest.mark.parametrize("part", [part for part in PARTS if not isinstance(part, Beside)], ids=repr)
def test_rows_that_are_sparse_give_the_bits_of_those_that_are_not(part: Part) -> None:
    network = Network([part, Dense(part.outputs, 2)])
    theta = network.first_theta(np.random.default_rng(0))
    X, Y = rows_for(part, 5), np.zeros((5, 2))
    J, D = deltarule.cost_and_gradient(network, theta, X, Y)
    J_sparse, D_sparse = deltarule.cost_and_gradient(network, theta, csr_matrix(X), Y)
    assert J == J_sparse
    np.testing.assert_array_equal(D, D_sparse)


# First parameters


def test_first_parameters_have_the_distributions_that_their_classes_say() -> None:
    generator = np.random.default_rng(0)
    assert (Scale(3).first(generator, None) == 1).all()
    assert (Parametric(3, "relu").first(generator, None) == 1).all()
    assert Embedding(100, 100).first(generator, None).std() == pytest.approx(1, rel=0.03)
    part = Periodic(2000, frequencies=4, width=3, sigma=0.25)
    w, b, V, v = (segment.of(part.first(generator, None).ravel()) for segment in part.segments)
    assert w.std() == pytest.approx(0.25, rel=0.05)
    for values, bound in ((b, np.pi), (V, 0.5), (v, 0.5)):
        assert np.abs(values).max() <= bound
        assert values.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)
    T = PiecewiseLinear([np.arange(5.0)] * 2000, width=1).first(generator, None).reshape(2000, 5)
    np.testing.assert_allclose(np.diff(T, 2), 0, atol=1e-12)  # lines
    assert T[:, 2].std() == pytest.approx(1, rel=0.05)
    assert (T[:, 4] - T[:, 2]).std() == pytest.approx(1, rel=0.05)


def test_first_weights_from_data_give_each_unit_the_deviation_1_and_a_kink_among_the_examples() -> None:
    X = np.random.default_rng(0).normal(size=(200, 3)) * [1, 10, 0.1] + [0, 50, 0]
    network = Network([Dense(3, 40, "relu", first_from="data"), Dense(40, 2, first_from="data")])
    Theta, last = network.roll(network.first_theta(np.random.default_rng(1), X))
    z = X @ Theta[:, 1:].T + Theta[:, 0]
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-12)
    assert (z.min(axis=0) < 0).all()
    assert (z.max(axis=0) > 0).all()
    z_last = np.maximum(z, 0) @ last[:, 1:].T
    np.testing.assert_allclose(z_last.std(axis=0), 1, rtol=1e-12)


def test_first_weights_from_data_are_convex_combinations_of_five_examples_as_computed_by_hand() -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    part = Dense(2, 3, "relu", first_from="data")
    Theta = part.first(np.random.default_rng(7), X)
    generator = np.random.default_rng(7)
    W = generator.standard_normal((3, 2))
    for i in range(3):
        W[i] /= np.std([W[i] @ x for x in X])
    rows, shares = generator.integers(30, size=(3, 5)), generator.exponential(size=(3, 5))
    for i in range(3):
        expected = -sum(shares[i, n] / shares[i].sum() * (W[i] @ X[rows[i, n]]) for n in range(5))
        assert Theta[i, 0] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(Theta[:, 1:], W, rtol=1e-12)


def test_first_weights_from_data_are_finite_where_the_data_do_not_vary() -> None:
    assert np.isfinite(Dense(3, 4, first_from="data").first(np.random.default_rng(0), np.ones((5, 3)))).all()


def test_first_weights_from_data_ask_for_the_data() -> None:
    with pytest.raises(InputError, match="come from the training set: give first_theta its X"):
        WHOLE.first_theta(np.random.default_rng(0))


# What they refuse


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Keep(0), r"Keep: inputs=0 cannot be\. Give a whole number, 1 or more\."),
        (lambda: Scale(2.0), "Scale: inputs=2.0 cannot be"),  # type: ignore[arg-type]
        (lambda: Embedding(True), "Embedding: categories=True cannot be"),
        (lambda: Embedding(3, width=0), "Embedding: width=0 cannot be"),
        (lambda: Periodic(2, width=1), r"Periodic: width=1 cannot be\. Give a whole number, 2 or more\."),
        (lambda: Periodic(2, frequencies=-1), "Periodic: frequencies=-1 cannot be"),
        (lambda: Periodic(2, sigma=0.0), r"Periodic: sigma=0.0 cannot be\. Give a finite number above 0\."),
        (lambda: PiecewiseLinear([]), r"knots=\(\) has no column"),
        (lambda: PiecewiseLinear([[1.0]]), r"the knots \(1.0,\) of column 0 cannot be\. Give two or more finite"),
        (lambda: PiecewiseLinear([[0, 1], [1, 1]]), r"the knots \(1.0, 1.0\) of column 1 cannot be"),
        (lambda: PiecewiseLinear([[0, np.inf]]), "cannot be"),
        (lambda: PiecewiseLinear(3), r"knots=3 cannot be\. Give a sequence of numbers for each column"),  # type: ignore[arg-type]
        (lambda: PiecewiseLinear([[0, 1]], width=0), "PiecewiseLinear: width=0 cannot be"),
        (lambda: Parametric(0, "relu"), "Parametric: inputs=0 cannot be"),
        (lambda: Parametric(3, "swish"), "is not a unit that is known here"),
        (lambda: Beside([]), r"parts=\(\) holds no part"),
        (lambda: Beside([Keep(1), Dense(2, 2)]), r"Dense\(.*\) cannot stand beside others\. Give parts of the first"),
        (lambda: Beside([Parametric(2, "relu")]), "cannot stand beside others"),
        (lambda: Beside([3]), "Beside: 3 cannot stand beside others"),  # type: ignore[list-item]
        (lambda: Dense(2, 2, first_from="he"), r"first_from='he' cannot be\. Take 'glorot' or 'data'"),
        (
            lambda: Network([Dense(2, 3), Scale(3), Dense(3, 1)]),
            "has no unit. Only the last part goes without, and one",
        ),
        (lambda: Network([Scale(3), Dense(2, 1)]), "gives 3 columns, but part 2, .* takes 2"),
        (lambda: Network([Dense(2, 3), Parametric(3, "relu")]), "The last part of the network is Parametric"),
    ],
)
def test_what_makes_no_part_is_refused(make: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make()


def test_the_penalty_counts_the_weights_of_dense_parts_alone() -> None:
    generator = np.random.default_rng(0)
    X = rows_for(FLOOR, 4)
    theta = WHOLE.first_theta(generator, X)
    Y = np.eye(3)[[0, 1, 2, 0]]
    weights = sum(
        float((Theta[:, 1:] ** 2).sum())
        for part, Theta in zip(WHOLE.parts, WHOLE.roll(theta), strict=True)
        if isinstance(part, Dense)
    )
    J = deltarule.cost(WHOLE, theta, X, Y, lambda_=0.8) - deltarule.cost(WHOLE, theta, X, Y)
    assert J == pytest.approx(0.8 / 8 * weights, rel=1e-12)
