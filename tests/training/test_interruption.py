"""Ctrl-C at any moment leaves the parameters so far, and the state with which the history ends."""

from dataclasses import replace

import numpy as np
import pytest

import deltarule
from deltarule import Network
from deltarule.common.arrays import Array
from deltarule.engines import Plan, ReferenceEngine, StepsTaken, TrainingState
from deltarule.network.data import TrainingSet
from deltarule.training.history import COLUMNS, Progress
from deltarule.training.record import Recorder, Validation
from deltarule.training.settings import Settings
from small_runs import NETWORK, SOLVERS, parts, run, struck_in_line


class StruckEngine:
    """The reference engine; Ctrl-C comes in one of its calls, after some of the steps."""

    exact = True

    def __init__(self, call: int, steps: int) -> None:
        self.network, self.engine, self.call, self.after = NETWORK, ReferenceEngine(NETWORK), call, steps

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        self.call -= 1
        if self.call:
            return self.engine.steps(state, data, plan)
        return replace(self.engine.steps(state, data, plan.cut(0, self.after)), interrupted=True)


@pytest.mark.usefixtures("calls_grow")
def test_ctrl_c_in_steps_that_the_stopping_rule_takes_back_leaves_what_it_would_have_left() -> None:
    # No epoch counts as progress, so the run ends after 4 epochs of 4 steps, in the second call (epochs 2 to 5).
    settings = Settings(tol=1e9, n_iter_no_change=2, batch_size=8, max_iter=100)
    whole = run(settings)
    assert whole.history.epochs == 4
    for steps in (12, 13, 14):
        struck = run(settings, engine=StruckEngine(2, steps))
        assert (struck.history.stopped, struck.history.epochs) == ("converged", 4)
        assert np.array_equal(struck.theta, whole.theta)


@pytest.mark.usefixtures("calls_grow")
def test_ctrl_c_while_epochs_are_made_again_leaves_what_the_history_ends_with() -> None:
    settings = Settings(tol=1e9, n_iter_no_change=2, batch_size=8, max_iter=100)
    whole = run(settings)
    struck = run(settings, engine=StruckEngine(3, 3))
    assert (whole.history.stopped, struck.history.stopped) == ("converged", "interrupted")
    assert np.array_equal(struck.theta, whole.theta)  # the steps were repeated


class Interrupting(ReferenceEngine):
    """Behaves as if Ctrl-C came in the middle of a call."""

    def __init__(self, network: Network, steps: int) -> None:
        super().__init__(network)
        self.left = steps

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        taken = super().steps(state, data, plan.cut(0, self.left))
        self.left -= len(taken.costs)
        return replace(taken, interrupted=self.left == 0)

    def cost_and_gradient(self, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().cost_and_gradient(theta, data, lambda_)


def test_ctrl_c_in_a_mini_batch_run_keeps_what_was_learnt() -> None:
    settings = Settings(solver="adam", batch_size=8, tol=0.0)
    result = run(settings, engine=Interrupting(NETWORK, steps=10))
    assert result.history.stopped == "interrupted"
    assert result.history.epochs == 2  # 4 steps each; two of the third epoch are in θ
    assert result.run_state is not None
    assert result.run_state.state.step == 10
    np.testing.assert_array_equal(result.theta, result.run_state.state.theta)


@pytest.mark.parametrize("solver", ["gd", "cg", "lbfgs"])
def test_ctrl_c_in_a_full_batch_run_keeps_the_best_parameters(solver: str) -> None:
    settings = Settings(solver=solver, tol=0.0, max_iter=100)
    result = run(settings, engine=Interrupting(NETWORK, steps=25))
    theta, data = parts()
    assert result.history.stopped == "interrupted"
    J = deltarule.cost(NETWORK, result.theta, data.X, data.Y, lambda_=settings.alpha)
    assert J == pytest.approx(result.history.cost.min(), rel=1e-12)
    assert J < deltarule.cost(NETWORK, theta, data.X, data.Y, lambda_=settings.alpha)


@pytest.mark.parametrize("solver", SOLVERS)
def test_ctrl_c_in_a_callback_keeps_what_was_learnt(solver: str) -> None:
    def press(progress: Progress) -> None:
        if progress.epoch == 3:
            raise KeyboardInterrupt

    settings = Settings(solver=solver, tol=0.0, max_iter=50)
    result = run(settings, callbacks=[press])
    assert result.history.stopped == "interrupted"
    assert result.history.epochs == 3
    np.testing.assert_array_equal(result.theta, run(replace(settings, max_iter=3)).theta)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_in_any_line_that_takes_an_epoch_in_leaves_a_run_that_goes_on_to_the_bit(early_stopping: bool) -> None:
    settings = Settings(
        solver="sgd",
        learning_rate="adaptive",
        n_iter_no_change=1,
        tol=0.05,
        batch_size=8,
        max_iter=4,
        early_stopping=early_stopping,
    )
    validation = Validation(parts(20, seed=9)[1], lambda theta: {"first": theta[0], "last": theta[-1]})
    whole = run(settings, validation=validation)
    assert len(set(whole.history.step_size)) > 1
    number, is_there = 1, True
    while is_there:
        struck, is_there = struck_in_line(number, [Recorder.take], lambda: run(settings, validation=validation))
        history, run_state = struck.history, struck.run_state
        assert run_state is not None
        columns = [history.column(name) for name in COLUMNS] + list(history.scores.values())
        assert {len(column) for column in columns} == {run_state.loop_state.epochs}, number
        left = settings.max_iter - history.epochs
        rest = run(settings, run_state, validation=validation, epochs=left)
        np.testing.assert_array_equal(rest.theta, whole.theta, f"line {number}")
        joined = rest.history.after(history)
        for name in ("cost", "validation_cost", "step_size"):
            np.testing.assert_array_equal(joined.column(name), whole.history.column(name))
        number += 1
    assert number > 100
