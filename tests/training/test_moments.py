"""A run as an iterator of moments, and when a call of the engine is repeated."""

from dataclasses import replace

import numpy as np
import pytest

from deltarule.engines import ReferenceEngine
from deltarule.training.loop import first_state
from deltarule.training.mini_batch_run import MiniBatchRun
from deltarule.training.record import LoopState, Recorder
from deltarule.training.settings import Settings
from small_runs import NETWORK, Counting, parts, run


class Inexact(Counting):
    """An engine whose calls must not be repeated, like a device that adds in no fixed order."""

    exact = False


@pytest.mark.usefixtures("calls_grow")
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_an_engine_that_is_not_exact_is_never_asked_for_the_same_steps_twice(solver: str) -> None:
    settings = Settings(solver=solver, tol=1e-3, n_iter_no_change=3, learning_rate_init=0.05, batch_size=8)
    engine, exact = Inexact(NETWORK), Counting(NETWORK)
    result, judge = run(settings, engine=engine), run(settings, engine=exact)
    assert result.history.stopped == judge.history.stopped == "converged"
    assert sum(engine.lengths) == 4 * result.history.epochs < sum(exact.lengths)
    np.testing.assert_array_equal(result.theta, judge.theta)


def test_a_run_can_be_iterated_over_and_left_at_any_moment() -> None:
    theta, data = parts()
    settings = Settings(batch_size=8, max_iter=6, tol=0.0)
    engine = ReferenceEngine(NETWORK)
    whole = run(settings)
    recorder = Recorder(engine, settings, data.m, LoopState(), None, [lambda progress: None], 6)
    moments = iter(MiniBatchRun(engine, data, settings, first_state(settings, theta, 5), recorder))
    seen = [next(moments) for _ in range(3)]
    assert [moment.run_state.loop_state.epochs for moment in seen] == [1, 2, 3]
    assert {moment.stopped for moment in seen} == {"running"}
    rest = run(replace(settings, max_iter=3), start=seen[-1].run_state)
    np.testing.assert_array_equal(rest.theta, whole.theta)
    assert list(moments)[-1].stopped == "max_iter"
