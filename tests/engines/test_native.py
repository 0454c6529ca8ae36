"""Tests of the compiled engine against the reference engine, on every instruction set, and of its own contract."""

import multiprocessing
import os
import signal
import threading
from itertools import product
from typing import Any

import numpy as np
import pytest

from deltarule import Network, check_gradient
from deltarule.common.arrays import Array
from deltarule.engines import MiniBatches, Plan, ReferenceEngine, TrainingState, UpdateRule, native
from deltarule.engines.native import NativeEngine
from deltarule.network.data import TrainingSet
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS
from deltarule.training.solvers import SGD, Adam
from oracles import rounding_bound, training_set
from steps_of_a_plan import take_steps

pytestmark = pytest.mark.skipif(not native.available(), reason="the compiled core was not built")
RULES: list[UpdateRule] = [SGD(0.9, nesterov=True), SGD(0.5, nesterov=False), Adam()]
# Sizes 17 and 33 are a vector and one more, in both precisions and every width; 15 and 7 are one less; 1 is one output.
ALL_OPTIONS: dict[str, Any] = {"dropout": (0.25, 0.5), "weight_decay": 0.5, "max_norm": 0.25}
SIZES = [(3, 2), (17, 33, 15, 2), (16, 32, 16), (5, 70, 7, 3), (1, 1, 1)]


def combinations() -> list[Network]:
    return [
        Network(sizes, hidden, output)
        for sizes, hidden, output in product(SIZES, HIDDEN_UNITS, OUTPUT_UNITS)
        if not (output == "softmax" and sizes[-1] == 1)
    ]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cost_and_gradient_are_within_the_rounding_bound_of_the_reference(isa: str, dtype: type) -> None:
    u = float(np.finfo(dtype).eps) / 2
    for network, m in product(combinations(), (1, 7, 33)):
        theta, data = training_set(network, m, dtype)
        J, D = NativeEngine(network, 2).cost_and_gradient(theta, data, 0.5)
        exact = TrainingSet(*(None if a is None else a.astype(np.float64) for a in (data.X, data.Y, data.weights)))  # type: ignore[arg-type]
        J_exact, D_exact = ReferenceEngine(network).cost_and_gradient(theta.astype(np.float64), exact, 0.5)
        bound_J, bound_D = rounding_bound(network, theta, exact.X, exact.Y, 0.5, exact.weights, u=u)
        assert abs(J - J_exact) <= 2 * bound_J, (network, m)
        assert (np.abs(D - D_exact) <= 2 * bound_D).all(), (network, m)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_twenty_epochs_agree_with_the_reference_to_1e_10_in_every_parameter(isa: str, rule: UpdateRule) -> None:
    for network in (Network((17, 33, 15, 3), "tanh", "softmax"), Network((5, 9, 1), "logistic", "sigmoid")):
        theta, data = training_set(network, 50)
        state = TrainingState(theta=theta, vectors=rule.init(theta), key=17)
        batches = MiniBatches(16)
        steps = np.full(20 * batches.steps_of_an_epoch(50), 0.01)
        ours = take_steps(NativeEngine(network, 2), state, data, rule, batches, steps, 0.3)
        judge = take_steps(ReferenceEngine(network), state, data, rule, batches, steps, 0.3)
        np.testing.assert_allclose(ours.state.theta, judge.state.theta, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(ours.costs, judge.costs, rtol=1e-11)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_steps_of_every_unit_agree_with_the_reference(isa: str, rule: UpdateRule) -> None:
    for network, (m, batch) in product(combinations(), [(1, 4), (13, 5), (40, 100)]):
        theta, data = training_set(network, m)
        state = TrainingState(theta=theta, vectors=rule.init(theta), key=3)
        ours = take_steps(NativeEngine(network, 2), state, data, rule, MiniBatches(batch), [1e-3] * 7, 0.3)
        judge = take_steps(ReferenceEngine(network), state, data, rule, MiniBatches(batch), [1e-3] * 7, 0.3)
        np.testing.assert_allclose(ours.state.theta, judge.state.theta, rtol=1e-9, atol=1e-11, err_msg=str(network))
        np.testing.assert_allclose(ours.costs, judge.costs, rtol=1e-10)
        for one, other in zip(ours.state.vectors, judge.state.vectors, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-11)
        counts = [(s.step, s.epoch, s.position, len(s.costs)) for s in (ours.state, judge.state)]
        assert counts[0] == counts[1]


@pytest.mark.parametrize("options", [{}, ALL_OPTIONS], ids=["plain", "all options"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [((4, 10, 9, 3), 150, 16), ((64, 32, 8, 10), 400, 32), ((54, 256, 256, 7), 600, 256)])
def test_same_seed_gives_the_same_bits_on_one_two_and_four_threads(
    shape: tuple[tuple[int, ...], int, int], dtype: type, options: dict[str, Any]
) -> None:
    sizes, m, batch = shape
    network = Network(sizes, "relu", "softmax")
    theta, data = training_set(network, m, dtype)
    rule = Adam()
    state = TrainingState(theta=theta, vectors=rule.init(theta), key=99)
    found = []
    for n_threads in (1, 2, 4, 4):
        engine = NativeEngine(network, n_threads)
        run = take_steps(engine, state, data, rule, MiniBatches(batch), np.full(60, 1e-3), 0.01, **options)
        J, D = engine.cost_and_gradient(theta, data, 0.01)
        assert engine.cost(theta, data, 0.01) == J
        h = engine.hypothesis(theta, data.X)
        found.append([a.tobytes() for a in (run.state.theta, *run.state.vectors, run.costs, np.array(J), D, h)])
    assert all(bits == found[0] for bits in found[1:])


@pytest.mark.parametrize("options", [{}, ALL_OPTIONS], ids=["plain", "all options"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stopping_between_any_two_steps_and_going_on_gives_the_same_bits(dtype: type, options: dict[str, Any]) -> None:
    network, rule, batches = Network((3, 4, 9, 2), "tanh", "softmax"), Adam(), MiniBatches(4)
    theta, data = training_set(network, 13, dtype)
    state = TrainingState(theta=theta, vectors=rule.init(theta), key=99)
    engine, steps = NativeEngine(network), np.linspace(0.1, 0.01, 11)
    whole = take_steps(engine, state, data, rule, batches, steps, 0.3, **options)
    for stop in range(12):
        first = take_steps(engine, state, data, rule, batches, steps[:stop], 0.3, **options)
        second = take_steps(engine, first.state, data, rule, batches, steps[stop:], 0.3, **options)
        assert second.state.theta.tobytes() == whole.state.theta.tobytes()
        assert second.state.costs == whole.state.costs
        np.testing.assert_array_equal(np.concatenate([first.costs, second.costs]), whole.costs)


def test_a_set_of_many_leaves_is_added_in_the_order_of_the_reference() -> None:
    network = Network((3, 4, 2), "tanh", "softmax")
    theta, data = training_set(network, 50_000)
    J, D = NativeEngine(network, 2).cost_and_gradient(theta, data, 0.2)
    assert NativeEngine(network, 2).cost(theta, data, 0.2) == J
    J_judge, D_judge = ReferenceEngine(network).cost_and_gradient(theta, data, 0.2)
    assert J == pytest.approx(J_judge, rel=1e-13)
    np.testing.assert_allclose(D, D_judge, rtol=1e-11, atol=1e-15)


def test_hypotheses_of_one_row_are_those_among_many(isa: str) -> None:
    for output in OUTPUT_UNITS:
        network = Network((17, 33, 5), "relu", output)
        theta, data = training_set(network, 300)
        engine = NativeEngine(network, 2)
        h = engine.hypothesis(theta, data.X)
        np.testing.assert_allclose(h, ReferenceEngine(network).hypothesis(theta, data.X), rtol=1e-12, atol=1e-300)
        for row in (0, 16, 299):
            np.testing.assert_array_equal(engine.hypothesis(theta, data.X[[row]])[0], h[row])
        assert engine.hypothesis(theta, data.X[:0]).shape == (0, 5)
        theta[0] += 1  # a prediction must not use the previous parameters
        assert not np.array_equal(engine.hypothesis(theta, data.X), h)


def test_the_gradient_check_passes_on_the_compiled_gradient() -> None:
    network = Network((4, 5, 3), "tanh", "softmax")
    theta, data = training_set(network, 8)

    def gradient(theta: Array, data: TrainingSet, lambda_: float) -> Array:
        return NativeEngine(network).cost_and_gradient(theta, data, lambda_)[1]

    assert check_gradient(network, theta, data.X, data.Y, lambda_=0.5, gradient=gradient).passed


def test_a_step_whose_cost_is_not_finite_is_the_last() -> None:
    network = Network((1, 1), output="identity")
    data = TrainingSet.of(network, [[1e200]], [[0.0]])
    state = TrainingState(theta=np.array([0.0, 1.0]), vectors=(np.zeros(2),), key=0)
    for options in ({}, {"max_norm": 1.0}):
        run = take_steps(
            NativeEngine(network), state, data, SGD(0.0, nesterov=False), MiniBatches(1), [1e-3] * 9, 0.0, **options
        )
        assert len(run.costs) == 1
        assert not np.isfinite(run.costs[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [7, 9, 16])
def test_a_run_after_one_that_diverged_has_the_bits_of_the_first(width: int, dtype: type) -> None:
    network, rule, batches = Network((4, width, 1), "identity", "identity"), SGD(0.9, nesterov=True), MiniBatches(10)
    theta, data = training_set(network, 50, dtype)
    state = TrainingState(theta=theta, vectors=rule.init(theta), key=1)
    for options in ({}, {"max_norm": float(np.finfo(dtype).max) / 2}):
        engine = NativeEngine(network)
        first = take_steps(engine, state, data, rule, batches, [1e-3] * 8, 0.1, **options)
        assert not np.isfinite(take_steps(engine, state, data, rule, batches, [1e4] * 300, 0.1, **options).costs[-1])
        again = take_steps(engine, state, data, rule, batches, [1e-3] * 8, 0.1, **options)
        np.testing.assert_array_equal(again.costs, first.costs)
        np.testing.assert_array_equal(again.state.theta, first.state.theta)


def test_a_run_after_one_that_left_no_numbers_behind_a_finite_cost_has_the_bits_of_the_first() -> None:
    network, batches = Network((4, 5, 5, 5, 3), ("relu", "relu", "tanh"), "softmax"), MiniBatches(10)
    generator = np.random.default_rng(1)
    theta = network.first_theta(generator).astype(np.float32)
    X, labels = generator.standard_normal((50, 4)), generator.integers(0, 3, 50)
    data = TrainingSet.of(network, X, np.eye(3)[labels], dtype=np.dtype(np.float32))
    state = TrainingState(theta=theta, vectors=(np.zeros_like(theta),), key=1)
    engine = NativeEngine(network)
    for lambda_, options in ((0.1, {}), (0.0, {"max_norm": 1e-3})):
        first = take_steps(engine, state, data, SGD(), batches, [1e-3] * 8, lambda_, **options)
        lost = take_steps(engine, state, data, SGD(), batches, [1e36] * 2, 0.1)
        assert np.isfinite(lost.costs).all()
        assert np.isnan(lost.state.theta).any()
        again = take_steps(engine, state, data, SGD(), batches, [1e-3] * 8, lambda_, **options)
        np.testing.assert_array_equal(again.costs, first.costs)
        np.testing.assert_array_equal(again.state.theta, first.state.theta)


def long_run() -> tuple[NativeEngine, TrainingState, TrainingSet, Adam]:
    network, rule = Network((100, 256, 256, 10), "relu", "softmax"), Adam()
    theta, data = training_set(network, 4096, np.float32)
    return NativeEngine(network), TrainingState(theta=theta, vectors=rule.init(theta), key=1), data, rule


def test_ctrl_c_ends_a_long_call_with_the_state_between_two_steps() -> None:
    engine, state, data, rule = long_run()
    # Made before the timer starts, because on a busy machine the signal would come while it is made.
    plan = Plan.of(engine.network, rule, MiniBatches(256), np.full(10**6, 1e-3))  # these steps take minutes
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    run = engine.steps(state, data, plan)
    assert run.interrupted
    assert 0 < len(run.costs) < 10**6
    same = take_steps(engine, state, data, rule, MiniBatches(256), np.full(len(run.costs), 1e-3), 0.0)
    assert same.state.theta.tobytes() == run.state.theta.tobytes()


def bits_of_a_run(queue: Any = None) -> bytes:
    engine, state, data, rule = long_run()
    bits = take_steps(engine, state, data, rule, MiniBatches(256), np.full(30, 1e-3), 0.0).state.theta.tobytes()
    if queue is not None:
        queue.put(bits)
    return bits


def test_runs_in_several_threads_of_a_process_give_the_bits_of_a_run_alone() -> None:
    alone = bits_of_a_run()
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(bits_of_a_run())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_processes_after_a_run_in_the_parent_give_its_bits() -> None:
    alone = bits_of_a_run()  # the pool's threads exist now, and will be missing in the children
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=bits_of_a_run, args=(queue,)) for _ in range(2)]
    for child in children:
        child.start()
    assert [queue.get(timeout=60) for _ in children] == [alone] * 2
    for child in children:
        child.join()
        assert child.exitcode == 0


def test_one_engine_shared_by_threads_takes_turns() -> None:
    engine, state, data, rule = long_run()
    alone = take_steps(engine, state, data, rule, MiniBatches(256), np.full(10, 1e-3), 0.0).state.theta.tobytes()
    h = engine.hypothesis(state.theta, data.X)
    wrong: list[str] = []

    def train() -> None:
        run = take_steps(engine, state, data, rule, MiniBatches(256), np.full(10, 1e-3), 0.0)
        if run.state.theta.tobytes() != alone:
            wrong.append("run")

    def predict() -> None:
        for _ in range(20):
            if not np.array_equal(engine.hypothesis(state.theta, data.X), h):
                wrong.append("hypothesis")

    threads = [threading.Thread(target=work) for work in (train, predict, predict, train)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_unknown_instruction_set_is_refused_with_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    best = native.instruction_set()
    monkeypatch.setenv("DELTARULE_ISA", "mmx")
    with pytest.raises(ValueError, match=f"DELTARULE_ISA is 'mmx', but the compiled core offers .*{best}"):
        native.instruction_set()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"theta": np.zeros(5)}, ValueError, r"theta has .*shape \(5\)"),
        ({"theta": np.zeros(26, np.float32)}, TypeError, "theta has the format 'f'"),
        ({"X": np.zeros((4, 2))}, ValueError, r"X has .*shape \(4, 2\)"),
        ({"X": np.zeros((3, 4)).T}, TypeError, "X must be a C-contiguous"),
        ({"Y": np.zeros((3, 2))}, ValueError, r"Y has .*shape \(3, 2\)"),
        ({"weights": np.zeros(3)}, ValueError, r"weights has .*shape \(3\)"),
    ],
)
def test_the_border_checks_every_array(change: dict[str, Array], error: type[Exception], message: str) -> None:
    assert native._core is not None
    core = native._core.Engine([3, 4, 2], ["tanh"], [[]], "softmax", "float64", 1)
    given: dict[str, Any] = {
        "theta": np.zeros(26), "X": np.zeros((4, 3)), "Y": np.zeros((4, 2)), "weights": None, **change
    }  # fmt: skip
    with pytest.raises(error, match=message):
        core.cost(given["theta"], given["X"], given["Y"], given["weights"], 0.0, 4.0)


@pytest.mark.parametrize("z", [100.0, 36.5, 2.0, 1e-3, 0.0, -2.0, -36.5, -100.0, -700.0])
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "exp", "huber", "pinball"])
def test_costs_and_error_terms_keep_the_digits_that_the_reference_keeps(isa: str, output: str, z: float) -> None:
    network = Network((1, 1 if output != "softmax" else 2), output=output)
    targets = {"sigmoid": [0.0, 1.0, 1 - 1e-10, 0.25], "softmax": [0.0, 1.0, 0.333333], "exp": [0.0, 3.0, 1e6, 1e10]}
    targets |= {"huber": [0.0, 3.0, 1e6], "pinball": [0.0, 3.0, 1e6]}
    for y in targets[output]:
        z_near = np.log(y) + z * 1e-4 if output == "exp" and y else z
        row = {"softmax": [y, 1 - y]}.get(output, [y])
        theta = np.array([0.0, z_near] if output != "softmax" else [0.0, z, 0.0, 0.0])
        data = TrainingSet(np.ones((1, 1)), np.array([row]))
        J, D = NativeEngine(network).cost_and_gradient(theta, data, 0.0)
        J_judge, D_judge = ReferenceEngine(network).cost_and_gradient(theta, data, 0.0)
        conditioning = 1.0 if output != "exp" or not y else max(1.0, 1e4 * abs(z_near) / max(abs(z), 1e-12))
        assert J == pytest.approx(J_judge, rel=2e-15 * conditioning, abs=1e-15 * y)
        np.testing.assert_allclose(D, D_judge, rtol=2e-15 * conditioning, atol=1e-15 * y * abs(z_near))


def test_arrays_read_from_files_keep_their_explicit_byte_order_and_foreign_orders_are_converted() -> None:
    network = Network((3, 4, 2), "tanh", "softmax")
    theta, data = training_set(network, 9)
    J, D = NativeEngine(network).cost_and_gradient(theta, data, 0.0)
    assert data.weights is not None
    for order in ("<f8", ">f8"):
        given = TrainingSet.of(
            network, data.X.astype(order), data.Y.astype(order), data.weights.astype(order), np.dtype(np.float64)
        )
        J_given, D_given = NativeEngine(network).cost_and_gradient(theta.astype(order), given, 0.0)
        assert J_given == J
        np.testing.assert_array_equal(D_given, D)
        h = NativeEngine(network).hypothesis(theta.astype(order), given.X)
        np.testing.assert_array_equal(h, NativeEngine(network).hypothesis(theta, data.X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hidden", list(HIDDEN_UNITS))
def test_hidden_units_of_the_core_have_the_digits_of_the_table(isa: str, hidden: str, dtype: type) -> None:
    unit, network = HIDDEN_UNITS[hidden], Network((1, 1, 1), hidden, "identity")
    u, tiny = float(np.finfo(dtype).eps) / 2, float(np.finfo(dtype).tiny)
    z: Array = np.concatenate([-np.logspace(-6, 1.1, 60), np.logspace(-6, 1.1, 60)]).astype(dtype)
    wide = z.astype(np.float64)
    a, exact = (
        NativeEngine(network).hypothesis(np.array([0, 1, 0, 1], dtype=dtype), z[:, np.newaxis])[:, 0],
        unit.g(wide),
    )
    assert (np.abs(a - exact) <= 16 * u * np.abs(exact) + tiny).all()
    slopes = unit.derivative(wide, exact)
    from_a = hidden in ("logistic", "tanh")  # their small slopes have only as many digits as a
    for place, slope in enumerate(slopes):
        # With Θ⁽²⁾ = (1 − a, 1) and y = 0 the error term above is 1, so that D for the bias of layer 2 is g′.
        theta: Array = np.array([0, 1, 1 - a[place], 1], dtype=dtype)
        data = TrainingSet(z[place : place + 1, np.newaxis], np.zeros((1, 1), dtype=dtype))
        D = NativeEngine(network).cost_and_gradient(theta, data, 0.0)[1]
        cancels = from_a or -3 < wide[place] < -0.3
        assert abs(D[0] - slope) <= 32 * u * abs(slope) + (8 * u if cancels else tiny), (z[place], D[0], slope)
