"""Members trained side by side: each is bit-identical to a run alone, whatever the others are."""

import signal
import threading

import numpy as np
import pytest

from deltarule import Network
from deltarule.engines import Factors, Member, MiniBatches, Plan, TrainingState, native
from deltarule.engines.native import NativeEngine
from deltarule.network.data import TrainingSet
from deltarule.training.solvers import SGD, Adam
from oracles import training_set

pytestmark = pytest.mark.skipif(not native.available(), reason="the compiled core was not built")

NETWORK = Network((7, 33, 15, 3), ("relu", "gelu"), "softmax")


def member(n: int, dtype: type, steps: int = 25, network: Network = NETWORK) -> Member:
    """Return member number n; members differ in rows, batches, λ, rule, rates and options."""
    theta, data = training_set(network, 30 + 17 * n, dtype)
    rule = (Adam(), SGD(0.9, nesterov=True), SGD(0.5, nesterov=False))[n % 3]
    plan = Plan.of(
        network, rule, MiniBatches(5 + 9 * n, shuffle=n != 4), np.linspace(0.02, 0.001, steps), 0.1 * n,
        dropout=(0.5, 0.25) if n % 2 else (), weight_decay=0.1 * (n % 3), max_norm=(np.inf, 0.5)[n % 4 == 1],
        factors={"bias": Factors(0.5)} if n % 4 == 2 else None,
    )  # fmt: skip
    return Member(TrainingState(theta=theta, vectors=rule.init(theta), key=n), data, plan)


def check_same(network: Network, members: list[Member], n_threads: int) -> None:
    together = NativeEngine(network, n_threads)
    for found in (together.steps_of_members(members), together.steps_of_members(members)):
        for one, mine in zip(members, found, strict=True):
            alone = NativeEngine(network, 1).steps(*one)
            np.testing.assert_array_equal(mine.state.theta, alone.state.theta)
            np.testing.assert_array_equal(mine.costs, alone.costs)
            for ours, its in zip(mine.state.vectors, alone.state.vectors, strict=True):
                np.testing.assert_array_equal(ours, its)
            np.testing.assert_array_equal(mine.state.costs, alone.state.costs)
            for name in ("key", "step", "epoch", "position"):
                assert getattr(mine.state, name) == getattr(alone.state, name), name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_members_that_differ_in_everything_have_the_bits_of_runs_alone(isa: str, dtype: type, n_threads: int) -> None:
    check_same(NETWORK, [member(n, dtype, 25 + n) for n in range(8)], n_threads)


def test_large_members_have_the_bits_of_runs_alone() -> None:
    network = Network((54, 256, 256, 7), "relu", "softmax")  # enough work that each takes a thread of its own
    check_same(network, [member(n, np.float32, 20, network) for n in range(3)], 2)


@pytest.mark.parametrize("n", [0, 1])
def test_no_member_and_one_member_are_members_too(n: int) -> None:
    check_same(NETWORK, [member(3, np.float64)] * n, 2)


def test_members_of_both_precisions_and_sparse_ones_come_back_in_their_order() -> None:
    from scipy.sparse import csr_matrix

    members = [member(n, (np.float32, np.float64)[n % 2]) for n in range(5)]
    state, data, plan = members[2]
    members[2] = Member(state, TrainingSet(csr_matrix(data.X), data.Y, data.weights), plan)
    check_same(NETWORK, members, 2)


def test_the_given_states_stay_as_they_are() -> None:
    members = [member(n, np.float64) for n in range(3)]
    before = [one.state.theta.copy() for one in members]
    NativeEngine(NETWORK, 2).steps_of_members(members)
    for one, theta in zip(members, before, strict=True):
        np.testing.assert_array_equal(one.state.theta, theta)


def test_members_may_share_a_training_set_and_a_state() -> None:
    state, data, plan = member(0, np.float64)
    first, second = NativeEngine(NETWORK, 2).steps_of_members([Member(state, data, plan)] * 2)
    np.testing.assert_array_equal(first.state.theta, second.state.theta)


def test_a_member_whose_cost_is_not_finite_ends_and_the_others_go_on() -> None:
    members = [member(n, np.float64) for n in range(4)]
    members[1].plan.rates[5:, 0] = 1e200
    found = NativeEngine(NETWORK, 2).steps_of_members(members)
    assert len(found[1].costs) < 25
    assert not np.isfinite(found[1].costs[-1])
    assert [len(found[n].costs) for n in (0, 2, 3)] == [25] * 3
    check_same(NETWORK, members, 2)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_ctrl_c_stops_every_member_between_two_of_its_steps(n_threads: int) -> None:
    network = Network((54, 256, 256, 7), "relu", "softmax")
    # The first ends at once, so that the calling thread waits for the others; the rest take minutes.
    members = [member(n, np.float32, 10 if n == 0 else 10**5, network) for n in range(4)]
    timer = threading.Timer(0.4, signal.raise_signal, [signal.SIGINT])
    timer.start()
    found = NativeEngine(network, n_threads).steps_of_members(members)
    timer.join()
    assert [one.interrupted for one in found[1:]] == [True] * 3
    begun = [n for n in range(1, 4) if len(found[n].costs)]
    assert len(begun) >= min(n_threads, 3) - 1
    for n in begun:
        state, data, plan = members[n]
        alone = NativeEngine(network, 1).steps(state, data, plan.cut(0, len(found[n].costs)))
        np.testing.assert_array_equal(found[n].state.theta, alone.state.theta)
        assert found[n].state.costs == alone.state.costs
