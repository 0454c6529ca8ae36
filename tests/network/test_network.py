"""The description of a network."""

from typing import Any

import numpy as np
import pytest

from deltarule import Network
from deltarule.common.errors import SettingsError, ShapeError


def test_network_knows_its_layers_outputs_shapes_and_parameters() -> None:
    network = Network((3, 5, 5, 4), hidden="logistic", output="sigmoid")
    assert (network.L, network.K, network.n_parameters) == (4, 4, 5 * 4 + 5 * 6 + 4 * 6)
    assert network.shapes == ((5, 4), (5, 6), (4, 6))


def test_rolled_matrices_are_views_that_write_into_theta() -> None:
    network = Network((2, 3, 1))
    theta = np.arange(13.0)
    Theta_1, Theta_2 = network.roll(theta)
    Theta_2[0, 3] = -1
    assert theta[12] == -1
    assert Theta_1[1].tolist() == [3, 4, 5]


def test_unroll_is_the_inverse_of_roll() -> None:
    network = Network((2, 3, 1))
    theta = np.arange(13.0)
    np.testing.assert_array_equal(network.unroll(network.roll(theta)), theta)


def test_one_name_for_all_hidden_layers_is_the_same_as_one_for_each() -> None:
    assert Network((2, 3, 3, 1), "tanh") == Network([2, 3, 3, 1], ["tanh", "tanh"])
    assert Network((2, 3, 3, 1), ("relu", "tanh")).hidden == ("relu", "tanh")


def test_a_network_is_frozen_and_hashable() -> None:
    network = Network((2, 1))
    with pytest.raises(AttributeError):
        network.output = "softmax"  # type: ignore[misc]
    assert len({network, Network((2, 1))}) == 1


def test_first_weights_are_within_glorots_bound_with_the_gain_of_the_unit_they_feed() -> None:
    network = Network((60, 40, 40, 40, 3), ("logistic", "tanh", "relu"))
    matrices = network.roll(network.first_theta(np.random.default_rng(0)))
    for Theta, gain in zip(matrices, [4, 1, 1, 1], strict=True):
        s_next, s = Theta.shape[0], Theta.shape[1] - 1
        bound = gain * np.sqrt(6 / (s + s_next))
        assert 0.9 * bound < np.abs(Theta[:, 1:]).max() <= bound
        assert np.unique(Theta[:, 1:]).size == s * s_next


def test_first_biases_of_hidden_units_have_the_range_of_their_weights_and_those_of_outputs_are_0() -> None:
    network = Network((60, 40, 40, 3), ("logistic", "relu"))
    *hidden, last = network.roll(network.first_theta(np.random.default_rng(0)))
    for Theta, gain in zip(hidden, [4, 1], strict=True):
        bound = gain * np.sqrt(6 / (Theta.shape[0] + Theta.shape[1] - 1))
        assert -bound <= Theta[:, 0].min() < -0.8 * bound
        assert 0.8 * bound < Theta[:, 0].max() <= bound
    assert not last[:, 0].any()


def mean_square_after_ten_layers(hidden: str) -> float:
    from deltarule.network.backpropagation import forward

    network = Network((100,) * 11 + (1,), hidden)
    theta = network.first_theta(np.random.default_rng(1))
    X = np.random.default_rng(2).standard_normal((200, 100))
    _, a = forward(network, network.roll(theta), X)
    return float(np.mean(a[-2] ** 2))


def test_first_weights_of_smooth_units_keep_the_spread_of_a_signal_through_ten_layers() -> None:
    for hidden in ("tanh", "identity", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "softplus"):
        # silu grows to 3.6: above a mean square of 1 it resembles relu, for which its gain is too large.
        assert 0.1 < np.sqrt(mean_square_after_ten_layers(hidden)) < 4, hidden


def test_first_weights_of_relu_halve_the_mean_square_in_each_of_ten_layers_and_biases_make_up_for_some_of_it() -> None:
    for hidden in ("relu", "leaky_relu"):
        assert 2**-10 < mean_square_after_ten_layers(hidden) < 2**-5, hidden


def test_the_same_generator_seed_gives_the_same_first_weights() -> None:
    network = Network((4, 3, 2))
    one, other = (network.first_theta(np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("sizes", [(3,), (), (3, 0, 1), (3, -1), (3, 2.5, 1)])
def test_sizes_that_are_no_network_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(SettingsError, match="is not a network: it takes two layers or more"):
        Network(sizes)


def test_unknown_units_are_refused_with_the_names_that_are_known() -> None:
    with pytest.raises(SettingsError, match=r"hidden='swish'.*logistic, tanh, relu, identity"):
        Network((3, 2, 1), "swish")
    with pytest.raises(SettingsError, match=r"output='hinge'.*sigmoid, softmax, identity, exp"):
        Network((3, 2, 1), output="hinge")


def test_as_many_unit_names_as_hidden_layers_are_needed() -> None:
    with pytest.raises(SettingsError, match="names 1 hidden layers, but the network 3-2-2-1 has 2"):
        Network((3, 2, 2, 1), ("tanh",))


def test_softmax_needs_two_outputs() -> None:
    with pytest.raises(SettingsError, match="constant 1"):
        Network((3, 1), output="softmax")


def test_theta_of_another_length_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"shape \(12,\), but the network 2-3-1 has 13 parameters"):
        Network((2, 3, 1)).roll(np.zeros(12))


def test_matrices_of_other_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match="The matrices have the shapes"):
        Network((2, 3, 1)).unroll([np.zeros((3, 2)), np.zeros((1, 4))])


@pytest.mark.parametrize("sizes", ["abc", 5, None, (3, "many"), (3, None), (3, np.inf), (3, [2]), "12", {3: 1}])
def test_sizes_that_are_no_whole_numbers_are_refused(sizes: Any) -> None:
    with pytest.raises(SettingsError, match=r"sizes=.* is not a network: it takes two layers or more"):
        Network(sizes)


@pytest.mark.parametrize("hidden", [None, 3, np.tanh, [None], [["relu"]]])
def test_hidden_units_that_are_no_names_are_refused(hidden: Any) -> None:
    with pytest.raises(SettingsError, match=r"hidden=.* is not a unit that is known here\. Take one of logistic"):
        Network((3, 4, 1), hidden)
