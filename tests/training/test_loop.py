"""The loop: stopping, validation, callbacks, divergence, going on."""

from dataclasses import replace
from time import sleep
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError
from deltarule.engines import MiniBatches, ReferenceEngine, StepsTaken
from deltarule.network.data import TrainingSet
from deltarule.training import mini_batch_run
from deltarule.training.history import Progress
from deltarule.training.loop import Result, first_state, train
from deltarule.training.record import RunState, Validation
from deltarule.training.settings import Settings
from deltarule.training.solvers import Adam, Averaged, planning
from oracles import problem
from small_runs import NETWORK, SOLVERS, Counting, parts, run
from steps_of_a_plan import take_steps


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_lowers_the_cost_and_records_every_epoch(solver: str) -> None:
    settings = Settings(solver=solver, max_iter=20, learning_rate_init=0.05, tol=0.0, batch_size=8)
    history = run(settings).history
    assert history.epochs == 20
    assert history.cost[-1] < history.cost[0]
    assert history.stopped == "max_iter"
    assert (np.diff(history.seconds) >= 0).all()
    assert np.isnan(history.validation_cost).all()
    assert history.best_epoch == np.argmin(history.cost) + 1


@pytest.mark.parametrize("solver", ["gd", "cg", "lbfgs"])
def test_recorded_cost_of_a_full_batch_solver_is_the_regularised_cost(solver: str) -> None:
    _, data = parts()
    settings = Settings(solver=solver, max_iter=5, alpha=0.4, tol=0.0)
    result = run(settings)
    J = deltarule.cost(NETWORK, result.theta, data.X, data.Y, lambda_=0.4)
    assert result.history.cost[-1] == pytest.approx(J, rel=1e-12)


def test_recorded_cost_of_an_epoch_is_the_mean_over_its_rows() -> None:
    theta, data = parts()
    settings = Settings(solver="sgd", max_iter=3, batch_size=8, alpha=0.4)  # batches of 8, 8, 8 and 6
    result = run(settings)
    state = first_state(settings, theta, 5)
    from deltarule.training.solvers import SGD

    costs = take_steps(ReferenceEngine(NETWORK), state, data, SGD(), MiniBatches(8), [1e-3] * 12, 0.4).costs
    means = [np.average(costs[4 * n : 4 * n + 4], weights=[8, 8, 8, 6]) for n in range(3)]
    np.testing.assert_allclose(result.history.cost, means, rtol=1e-14)


@pytest.mark.usefixtures("calls_grow")
@pytest.mark.parametrize("learning_rate", ["constant", "adaptive", "invscaling"])
def test_calls_over_many_epochs_give_the_bits_of_calls_over_one(learning_rate: str) -> None:
    settings = Settings(
        solver="sgd", learning_rate=learning_rate, max_iter=150, tol=1e-3, n_iter_no_change=3, learning_rate_init=0.05
    )
    many, one = Counting(NETWORK), Counting(NETWORK)
    fast = run(settings, engine=many)
    slow = run(settings, engine=one, callbacks=[lambda progress: None])
    assert max(many.lengths) > 4  # calls did cover several epochs
    assert set(one.lengths) == {1}
    assert fast.history.epochs == slow.history.epochs
    assert fast.history.stopped == slow.history.stopped
    np.testing.assert_array_equal(fast.theta, slow.theta)
    np.testing.assert_array_equal(fast.history.cost, slow.history.cost)
    np.testing.assert_array_equal(fast.history.step_size, slow.history.step_size)


def test_training_stops_after_more_than_the_patience_without_progress() -> None:
    settings = Settings(solver="sgd", learning_rate_init=1e-12, tol=1e-6, n_iter_no_change=4, max_iter=100)
    history = run(settings).history
    assert history.stopped == "converged"
    assert history.epochs == 1 + 5  # the first epoch makes progress; then come more than 4 without


def test_adaptive_steps_are_a_fifth_each_time_progress_ends() -> None:
    settings = Settings(
        solver="sgd", learning_rate="adaptive", learning_rate_init=1e-4, tol=1e3, n_iter_no_change=2, max_iter=100
    )
    history = run(settings).history
    etas = np.unique(history.step_size)[::-1]
    np.testing.assert_allclose(etas, 1e-4 / 5.0 ** np.arange(len(etas)), rtol=1e-12)
    assert history.stopped == "converged"
    assert 2e-7 < etas[-1] <= 1e-6


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("epochs", [1, 4, 7])
def test_going_on_from_a_result_gives_the_bits_of_the_run_that_never_stopped(solver: str, epochs: int) -> None:
    settings = Settings(solver=solver, max_iter=10, tol=0.0, n_iter_no_change=1000, batch_size=7)
    whole = run(settings)
    first = run(replace(settings, max_iter=epochs))
    second = run(replace(settings, max_iter=10 - epochs), start=first.run_state)
    np.testing.assert_array_equal(second.theta, whole.theta)
    np.testing.assert_array_equal(np.concatenate([first.history.cost, second.history.cost]), whole.history.cost)


def test_going_on_from_the_middle_of_an_epoch_gives_the_same_bits_too() -> None:
    theta, data = parts()
    settings = Settings(solver="adam", max_iter=4, tol=0.0, batch_size=7)
    whole = run(settings)
    from deltarule.training.solvers import batches_of, rule_of

    middle = take_steps(
        ReferenceEngine(NETWORK),
        first_state(settings, theta, 5),
        data,
        rule_of(settings),
        batches_of(settings, 30),
        [1e-3] * 7,
        settings.alpha,
    )
    assert middle.state.position == 14
    rest = run(replace(settings, max_iter=3), start=RunState(middle.state))
    np.testing.assert_array_equal(rest.theta, whole.theta)
    np.testing.assert_array_equal(rest.history.cost, whole.history.cost[1:])


@pytest.mark.parametrize("solver", ["sgd", "adam", "gd"])
@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle"])
def test_the_first_epochs_of_a_schedule_are_those_of_the_whole(solver: str, learning_rate: str) -> None:
    settings = Settings(solver=solver, learning_rate=learning_rate, max_iter=12, tol=0.0, batch_size=8)
    whole, first = run(settings), run(settings, epochs=4)
    assert (first.history.epochs, first.history.stopped) == (4, "max_iter")
    np.testing.assert_array_equal(first.history.step_size, whole.history.step_size[:4])
    np.testing.assert_array_equal(first.history.cost, whole.history.cost[:4])


@pytest.mark.parametrize("solver", SOLVERS)
def test_early_stopping_restores_the_best_parameters_on_the_validation_cost(solver: str) -> None:
    _, other = parts(20, seed=9)
    settings = Settings(
        solver=solver, early_stopping=True, n_iter_no_change=5, tol=0.0, learning_rate_init=0.3, max_iter=300, alpha=0.0
    )
    result = run(settings, validation=Validation(other))
    history = result.history
    best = history.validation_cost.min()
    assert history.validation_cost[history.best_epoch - 1] == best
    assert deltarule.cost(NETWORK, result.theta, other.X, other.Y) == pytest.approx(best, rel=1e-14)
    assert history.epochs == history.best_epoch + 6


def test_early_stopping_can_watch_any_metric() -> None:
    _, other = parts(20, seed=9)

    def accuracy(theta: Array) -> dict[str, float]:
        h = deltarule.hypothesis(NETWORK, theta, other.X)
        return {"accuracy": float((h.argmax(axis=1) == other.Y.argmax(axis=1)).mean())}

    settings = Settings(solver="adam", early_stopping=True, n_iter_no_change=5, learning_rate_init=0.3)
    result = run(settings, validation=Validation(other, accuracy, "accuracy"))
    scores = result.history.validation_score
    assert result.history.best_epoch == np.argmax(scores) + 1
    assert accuracy(result.theta)["accuracy"] == scores.max()
    np.testing.assert_array_equal(result.history.scores["accuracy"], scores)


def test_validation_without_early_stopping_only_watches() -> None:
    _, other = parts(20, seed=9)
    settings = Settings(solver="adam", max_iter=30, tol=0.0)
    watched = run(settings, validation=Validation(other))
    np.testing.assert_array_equal(watched.theta, run(settings).theta)
    assert np.isfinite(watched.history.validation_cost).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_callback_sees_every_epoch_and_can_stop(solver: str) -> None:
    seen: list[Progress] = []

    def callback(progress: Progress) -> bool:
        seen.append(progress)
        return progress.epoch == 3

    settings = Settings(solver=solver, tol=0.0, max_iter=50)
    result = run(settings, callbacks=[callback])
    assert [progress.epoch for progress in seen] == [1, 2, 3]
    assert result.history.stopped == "callback"
    np.testing.assert_array_equal(seen[-1].theta, result.theta)
    assert seen[0].epochs == 50


@pytest.mark.parametrize(
    ("answer", "epochs"), [(True, 2), (np.True_, 2), (False, 5), (np.False_, 5), (None, 5), (1, 5), ("stop", 5)]
)
def test_a_callback_stops_a_run_by_true_of_python_or_numpy_and_by_nothing_else(answer: Any, epochs: int) -> None:
    def callback(progress: Progress) -> Any:
        return answer if progress.epoch == 2 else None

    assert run(Settings(tol=0.0, max_iter=5), callbacks=[callback]).history.epochs == epochs


def regression(scale: float) -> tuple[Network, Array, TrainingSet]:
    network = Network((3, 4, 1), "relu", "identity")
    theta, X, Y, _ = problem(network, 30)
    return network, theta, TrainingSet.of(network, scale * X, Y)


@pytest.mark.parametrize("settings", [Settings(solver="sgd", learning_rate_init=0.5, batch_size=10)], ids=["sgd"])
def test_divergence_is_named_with_epoch_batch_last_cost_step_size_and_remedy(settings: Settings) -> None:
    network, theta, data = regression(100.0)
    message = (
        r"The cost became non-finite in epoch \d+, batch [123] \(it was [0-9.e+]+ the batch before\) "
        r"with learning_rate_init=0.5. Try 0.05, or scale the inputs to about unit variance."
    )
    with pytest.raises(DivergedError, match=message):
        train(ReferenceEngine(network), data, settings, RunState(first_state(settings, theta, 0)))


def test_a_run_that_goes_on_and_diverges_at_once_keeps_the_best_and_its_place_among_the_epochs() -> None:
    network, theta, data = regression(1.0)
    engine, validation = ReferenceEngine(network), Validation(data)
    settings = Settings(solver="sgd", batch_size=10, early_stopping=True, max_iter=5, learning_rate_init=1e-3)
    first = train(engine, data, settings, RunState(first_state(settings, theta, 7)), validation=validation)
    assert first.run_state is not None
    far = replace(settings, learning_rate_init=1e200)
    result = train(engine, data, far, first.run_state, validation=validation)
    np.testing.assert_array_equal(result.theta, first.theta)
    assert (result.history.stopped, result.history.epochs, result.history.step_size[0]) == ("diverged", 1, 1e200)
    assert "non-finite in epoch 6" in result.history.reason
    assert np.isnan([result.history.cost[0], result.history.validation_cost[0]]).all()
    run_state = result.run_state
    assert run_state is not None
    # The epoch after a divergence has a new order.
    assert (run_state.loop_state.epochs, run_state.state.epoch, run_state.state.position) == (6, 6, 0)
    np.testing.assert_array_equal(run_state.state.theta, first.theta)
    assert not any(vector.any() for vector in run_state.state.vectors)


def diverge_at_last(kept: list[RunState], **parameters: Any) -> tuple[Array, Result]:
    """Return first parameters, and a run whose only step makes them non-finite; record what it keeps at its end."""
    network, theta, data = regression(1e10)
    settings = Settings(solver="sgd", max_iter=1, learning_rate_init=1e300, **parameters)

    def keep(run_state: RunState, history: Any, is_end: bool) -> None:
        if is_end:
            kept.append(run_state)

    start = RunState(first_state(settings, theta, 0))
    return theta, train(ReferenceEngine(network), data, settings, start, keep=keep)


def test_a_last_step_that_leaves_the_finite_numbers_is_restored_with_a_notice_where_that_is_asked_for() -> None:
    kept: list[RunState] = []
    theta, result = diverge_at_last(kept, on_divergence="restore")
    np.testing.assert_array_equal(result.theta, theta)
    (notice,) = result.history.notices
    assert notice.startswith("The cost became non-finite after epoch 1, in the last step of the run with learning_rate")
    assert notice.endswith("The result is the parameters before the epoch with the lowest cost.")
    assert (result.history.stopped, result.history.epochs) == ("max_iter", 1)
    assert np.isfinite(result.history.cost).all()
    assert [run_state.loop_state.divisor for run_state in kept] == [10.0]
    assert not any(vector.any() for vector in kept[0].state.vectors)


def test_a_last_step_that_leaves_the_finite_numbers_changes_no_best_parameters() -> None:
    network, theta, data = regression(1e10)
    engine, validation = ReferenceEngine(network), Validation(data)
    settings = Settings(
        solver="sgd", max_iter=1, learning_rate_init=1e-30, early_stopping=True, on_divergence="restore"
    )
    first = train(engine, data, settings, RunState(first_state(settings, theta, 0)), validation=validation)
    assert first.run_state is not None
    far = train(engine, data, replace(settings, learning_rate_init=1e300), first.run_state, validation=validation)
    assert (far.history.notices, far.history.best_epoch, far.history.epochs) == ((), 0, 1)
    np.testing.assert_array_equal(far.theta, first.theta)


def test_a_last_step_that_leaves_the_finite_numbers_is_raised_elsewhere_and_not_kept() -> None:
    kept: list[RunState] = []
    with pytest.raises(DivergedError, match="non-finite after epoch 1, in the last step of the run"):
        diverge_at_last(kept)
    assert kept == []


def test_divergence_of_gradient_descent_names_the_iteration() -> None:
    network, theta, data = regression(100.0)
    settings = Settings(solver="gd", learning_rate_init=10.0)
    with pytest.raises(DivergedError, match=r"in iteration \d+ .* with learning_rate_init=10. Try 1,"):
        train(ReferenceEngine(network), data, settings, RunState(first_state(settings, theta, 0)))


@pytest.mark.parametrize("solver", ["gd", "cg", "lbfgs"])
def test_first_parameters_whose_cost_is_not_finite_are_refused(solver: str) -> None:
    network, theta, data = regression(1.0)
    settings = Settings(solver=solver, learning_rate="adaptive")
    with pytest.raises(DivergedError, match="non-finite at the first parameters"):
        train(ReferenceEngine(network), data, settings, RunState(first_state(settings, theta * 1e200, 0)))


def test_weights_of_examples_stand_for_repetitions_in_training_too() -> None:
    theta, data = parts(12)
    weights = np.array([2.0, 1, 3, 0, 1, 1, 2, 1, 1, 1, 2, 1])
    repeated = np.repeat(np.arange(12), weights.astype(int))
    settings = Settings(solver="lbfgs", alpha=0.5, tol=1e-9, max_iter=1000)
    start = RunState(first_state(settings, theta, 0))
    engine = ReferenceEngine(NETWORK)
    weighted = train(engine, TrainingSet.of(NETWORK, data.X, data.Y, weights), settings, start)
    twice = train(engine, TrainingSet.of(NETWORK, data.X[repeated], data.Y[repeated]), settings, start)
    assert weighted.history.cost[-1] == pytest.approx(twice.history.cost[-1], rel=1e-10)
    np.testing.assert_allclose(weighted.theta, twice.theta, atol=1e-5)


def test_a_full_batch_run_that_uses_all_its_iterations_says_so_however_little_the_last_ones_gained() -> None:
    settings = Settings(solver="lbfgs", tol=0.0, max_iter=60, alpha=1.0, n_iter_no_change=2)
    assert run(settings).history.stopped == "max_iter"


class SlowEngine(ReferenceEngine):
    """An engine with slow steps, so that no epoch should be trained in vain; it counts them."""

    def __init__(self) -> None:
        super().__init__(NETWORK)
        self.stepped = 0

    def steps(self, *arguments: Any) -> StepsTaken:
        done = super().steps(*arguments)
        self.stepped += len(done.costs)
        sleep(0.0005 * len(done.costs))
        return done


@pytest.mark.parametrize("tol", [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2])
def test_where_epochs_are_long_a_call_ends_where_the_rule_may_end_the_run_at_the_earliest(tol: float) -> None:
    engine = SlowEngine()
    settings = Settings(max_iter=200, tol=tol, n_iter_no_change=6, batch_size=8, learning_rate_init=0.05)
    history = run(settings, engine=engine).history
    assert history.stopped == "converged"
    assert 10 < history.epochs < 200
    assert engine.stepped == 4 * history.epochs  # no step was repeated or discarded


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_penalty_is_recorded_where_theta_was_seen(solver: str) -> None:
    _, data = parts()
    settings = Settings(solver=solver, max_iter=6, alpha=0.4, tol=0.0, batch_size=8)
    result = run(settings, callbacks=[lambda progress: False])
    squares = sum(np.square(Theta[:, 1:]).sum() for Theta in NETWORK.roll(result.theta))
    assert result.history.penalty is not None
    assert result.history.penalty[-1] == pytest.approx(0.4 / (2 * data.m) * squares, rel=1e-12)
    assert np.isfinite(result.history.penalty).all()
    alone = run(settings).history.penalty
    assert alone is not None
    assert np.isfinite(alone).all() == (solver not in ("adam", "sgd"))  # θ between its epochs is not seen


def test_two_histories_are_joined_in_time_and_penalties_of_older_ones_are_unknown() -> None:
    history = run(Settings(solver="gd", max_iter=2, alpha=0.4, tol=0.0)).history
    assert (np.diff(history.after(history).seconds) > 0).all()
    joined = history.after(replace(history, penalty=None)).penalty
    assert joined is not None
    assert history.penalty is not None
    np.testing.assert_array_equal(joined, [np.nan, np.nan, *history.penalty])


def test_a_rule_that_averages_is_measured_and_leaves_the_mean_and_steps_on_from_the_last_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = Averaged(Adam(), 0.9)
    for module in (planning, mini_batch_run):
        monkeypatch.setattr(module, "rule_of", lambda _: rule)
    theta, data = parts()
    settings = Settings(max_iter=4, batch_size=8, tol=0.0)
    engine, seen = ReferenceEngine(NETWORK), []

    def look(progress: Progress) -> bool:
        seen.append((progress.theta, progress.validation_cost))
        return False

    result = train(
        engine, data, settings, RunState(first_state(settings, theta, 5)), validation=Validation(data), callbacks=[look]
    )
    state = first_state(settings, theta, 5)
    for mean, validation_cost in seen:
        state = take_steps(engine, state, data, rule, MiniBatches(8), [1e-3] * 4, settings.alpha).state
        np.testing.assert_array_equal(mean, rule.found(state.theta, state.vectors))
        assert validation_cost == engine.cost(mean, data, 0.0)
    np.testing.assert_array_equal(result.theta, seen[-1][0])
    assert result.run_state is not None
    np.testing.assert_array_equal(result.run_state.state.theta, state.theta)
    assert not np.array_equal(result.theta, state.theta)
