"""Bad input to the functions of the core: each with the message that a user needs."""

import numpy as np
import pytest

import deltarule
from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, ShapeError

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
