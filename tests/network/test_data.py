"""The training set: bad input is refused with a message that helps, and parts know the size of the whole set."""

import numpy as np
import pytest

import deltarule
from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, ShapeError
from deltarule.network.backpropagation import sums, total_cost, total_cost_and_gradient
from deltarule.network.data import TrainingSet
from deltarule.network.summation import LEAF_ROWS, TreeSum

NETWORK = Network((2, 3, 1))
THETA = np.zeros(NETWORK.n_parameters)
X = np.ones((4, 2))
Y = np.array([[0.0], [1.0], [0.0], [1.0]])


def cost(network: Network = NETWORK, X: Array = X, Y: Array = Y, **more: object) -> float:
    return deltarule.cost(network, np.zeros(network.n_parameters), X, Y, **more)  # type: ignore[arg-type]


def test_wrong_number_of_columns_is_named_with_the_right_one() -> None:
    with pytest.raises(ShapeError, match="X has 3 columns, but the network 2-3-1 takes 2"):
        cost(X=np.ones((4, 3)))


def test_a_single_row_as_a_vector_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"X has the shape \(2,\)"):
        deltarule.hypothesis(NETWORK, THETA, np.ones(2))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_found(value: float) -> None:
    bad = X.copy()
    bad[2, 1] = value
    with pytest.raises(InputError, match=f"X holds {value} in row 2, column 1"):
        cost(X=bad)


def test_an_empty_training_set_is_refused() -> None:
    with pytest.raises(InputError, match="training set is empty: X has 0 rows"):
        cost(X=np.ones((0, 2)), Y=np.ones((0, 1)))


def test_targets_must_have_a_row_for_each_row() -> None:
    with pytest.raises(ShapeError, match=r"Y has the shape \(3, 1\), but X has 4 rows"):
        cost(Y=np.ones((3, 1)))


def test_labels_outside_0_and_1_are_refused_for_sigmoid_targets() -> None:
    with pytest.raises(
        InputError, match=r"Y holds \[2.0\] in row 3, but targets of sigmoid outputs are between 0 and 1"
    ):
        cost(Y=np.array([[0.0], [1.0], [0.0], [2.0]]))


def test_softmax_targets_must_sum_to_one() -> None:
    with pytest.raises(InputError, match="with the sum 1"):
        cost(Network((2, 2), output="softmax"), Y=np.ones((4, 2)))


def test_counts_must_not_be_negative_for_exp_targets() -> None:
    with pytest.raises(InputError, match="targets of exp outputs are 0 or more"):
        cost(Network((2, 1), output="exp"), Y=-Y)


def test_targets_that_are_not_finite_are_refused() -> None:
    with pytest.raises(InputError, match=r"Y holds \[nan\] in row 0"):
        cost(Network((2, 1), output="identity"), Y=Y * np.nan)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(InputError, match=r"sample_weight holds -1.0 in row 1.*0 or more"):
        cost(sample_weight=[1, -1, 1, 1])


def test_weights_must_be_one_a_row() -> None:
    with pytest.raises(ShapeError, match=r"sample_weight has the shape \(3,\), but X has 4 rows"):
        cost(sample_weight=[1, 1, 1])


def test_weights_that_are_all_zero_leave_nothing() -> None:
    with pytest.raises(InputError, match="leaves no example"):
        cost(sample_weight=np.zeros(4))


@pytest.mark.parametrize("lambda_", [-1.0, np.nan, np.inf])
def test_lambda_that_is_no_strength_is_refused(lambda_: float) -> None:
    with pytest.raises(InputError, match="strength of the penalty is a finite number, 0 or more"):
        cost(lambda_=lambda_)


def test_the_dtype_of_theta_is_that_of_the_arithmetic() -> None:
    D = deltarule.cost_and_gradient(NETWORK, THETA.astype(np.float32), X, Y)[1]
    assert D.dtype == np.float32
    assert deltarule.hypothesis(NETWORK, THETA.tolist(), X).dtype == np.float64


def test_caller_arrays_are_left_as_they_are() -> None:
    X_before, Y_before, theta = X.copy(), Y.copy(), THETA + 0.5
    theta_before = theta.copy()
    deltarule.cost_and_gradient(NETWORK, theta, X, Y, lambda_=1.0, sample_weight=[1, 2, 1, 1])
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(Y, Y_before)
    np.testing.assert_array_equal(theta, theta_before)


def random_set(rows: int, weighted: bool, seed: int = 0) -> TrainingSet:
    generator = np.random.default_rng(seed)
    weights = generator.uniform(0, 3, rows) if weighted else None
    return TrainingSet.of(NETWORK, generator.normal(size=(rows, 2)), generator.uniform(size=(rows, 1)), weights)


def test_two_training_sets_compare_by_identity_and_can_be_hashed() -> None:
    one, other = random_set(4, True), random_set(4, True)
    assert one == one
    assert one != other
    assert len({one, other}) == 2


@pytest.mark.parametrize("weighted", [False, True])
def test_a_part_keeps_the_m_the_rows_and_the_place_in_the_whole_training_set(weighted: bool) -> None:
    whole = random_set(10, weighted)
    part = whole.part(2, 9).part(1, 4)
    assert (part.rows, part.offset, part.total_rows, part.m) == (3, 3, 10, whole.m)
    np.testing.assert_array_equal(part.X, whole.X[3:6])
    np.testing.assert_array_equal(part.Y, whole.Y[3:6])
    assert np.shares_memory(part.X, whole.X)
    assert (part.weights is None) == (whole.weights is None) == (not weighted)
    if whole.weights is not None:
        np.testing.assert_array_equal(part.weights, whole.weights[3:6])
    assert (whole.offset, whole.total_rows, whole.total_weight) == (0, None, None)


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (2, 2), (3, 2), (0, 5)])
def test_a_part_without_rows_or_beyond_the_end_is_refused(start: int, stop: int) -> None:
    with pytest.raises(InputError, match=rf"part\({start}, {stop}\) holds no rows of these 4"):
        random_set(4, False).part(start, stop)


def test_the_costs_and_gradients_of_parts_are_shares_of_those_of_the_whole() -> None:
    whole, theta = random_set(10, True), NETWORK.first_theta(np.random.default_rng(1))
    J, D = total_cost_and_gradient(NETWORK, theta, whole, 0.0)
    parts = [total_cost_and_gradient(NETWORK, theta, whole.part(*rows), 0.0) for rows in ((0, 3), (3, 10))]
    assert sum(part[0] for part in parts) == pytest.approx(J, rel=1e-14)
    assert sum(total_cost(NETWORK, theta, whole.part(*rows), 0.0) for rows in ((0, 3), (3, 10))) == pytest.approx(J)
    np.testing.assert_allclose(sum(part[1] for part in parts), D, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("leaves", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_sums_of_parts_of_whole_leaves_add_up_to_the_bits_of_the_whole(leaves: int, dtype: type) -> None:
    rows, step = 3 * LEAF_ROWS + 100, leaves * LEAF_ROWS
    generator, theta = np.random.default_rng(2), NETWORK.first_theta(np.random.default_rng(1))
    X: Array = generator.normal(size=(rows, 2)).astype(dtype)
    Y: Array = generator.uniform(size=(rows, 1)).astype(dtype)
    whole = TrainingSet.of(NETWORK, X, Y, generator.uniform(0, 3, rows))
    total = TreeSum()
    for start in range(0, rows, step):
        total.add(sums(NETWORK, theta, whole.part(start, min(start + step, rows))))
    np.testing.assert_array_equal(total.result(), sums(NETWORK, theta, whole))
    J, D = total_cost_and_gradient(NETWORK, theta, whole, 0.0)
    np.testing.assert_array_equal(total.result() / whole.m, [J, *D])
