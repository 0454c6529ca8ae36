"""Runs trained side by side: each comes to what `train` alone comes to, whatever the others do."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from deltarule.common.errors import DivergedError
from deltarule.engines import Engine, Member, NativeEngine, ReferenceEngine, StepsTaken, native
from deltarule.network.data import TrainingSet
from deltarule.training import members
from deltarule.training.history import COLUMNS, Progress
from deltarule.training.loop import Result, first_state, train
from deltarule.training.members import Chain, GroupProgress, Run, train_chains, train_members
from deltarule.training.record import LoopState, RunState, Validation
from deltarule.training.settings import Settings
from small_runs import NETWORK, parts, struck_in_line

MAKERS = [ReferenceEngine, partial(NativeEngine, n_threads=1), partial(NativeEngine, n_threads=2)]
ENGINES = pytest.mark.parametrize("make", MAKERS[: 3 if native.available() else 1], ids=["reference", "one", "two"])

MANY = Settings(max_iter=60, tol=1e-3, n_iter_no_change=3, batch_size=8, learning_rate_init=0.05)
"""Settings of a run that converges after some tens of epochs."""


def run_of(settings: Settings, seed: int = 0, m: int = 30, dtype: Any = np.float64, **more: Any) -> Run:
    theta, data = parts(m, seed)
    data = TrainingSet.of(NETWORK, data.X, data.Y, more.pop("weights", None), np.dtype(dtype))
    return Run(data, settings, RunState(first_state(settings, theta.astype(dtype), seed)), **more)


def alone(engine: Engine, run: Run) -> Result:
    return train(
        engine,
        run.data,
        run.settings,
        run.start,
        epochs=run.epochs,
        validation=run.validation,
        callbacks=run.callbacks,
    )


def check_same(found: Result | DivergedError, judge: Result) -> None:
    """Compare all that a result holds, except for the seconds."""
    assert isinstance(found, Result)
    np.testing.assert_array_equal(found.theta, judge.theta)
    for name in set(COLUMNS) - {"seconds"}:
        np.testing.assert_array_equal(found.history.column(name), judge.history.column(name), name)
    assert found.history.scores.keys() == judge.history.scores.keys()
    for name, values in judge.history.scores.items():
        np.testing.assert_array_equal(found.history.scores[name], values)
    for name in ("stopped", "best_epoch", "reason", "notices"):
        assert getattr(found.history, name) == getattr(judge.history, name), name
    assert (found.run_state is None) == (judge.run_state is None)
    if found.run_state is not None and judge.run_state is not None:
        check_equal(found.run_state.state, judge.run_state.state)
        check_equal(found.run_state.loop_state, judge.run_state.loop_state)


def check_equal(ours: Any, theirs: Any) -> None:
    for name, value in vars(theirs).items():
        np.testing.assert_equal(getattr(ours, name), value, name)


def scored(m: int, watched: str | None = None) -> Validation:
    return Validation(parts(m, 9)[1], lambda theta: {"first": float(theta[0])}, watched)


def in_float32(data: TrainingSet) -> TrainingSet:
    return TrainingSet.of(NETWORK, data.X, data.Y, data.weights, np.dtype(np.float32))


def various() -> list[Run]:
    """Return runs that differ in rows, precision, rule, schedule, options, validation and length."""
    stops = replace(MANY, early_stopping=True, tol=0.0)
    return [
        run_of(MANY),
        run_of(replace(MANY, solver="sgd", learning_rate="adaptive", max_iter=40), 1, 21),
        run_of(stops, 2, 40, validation=Validation(parts(20, 9)[1])),
        run_of(stops, 3, 17, np.float32, validation=Validation(in_float32(parts(12, 8)[1]))),
        run_of(replace(stops, learning_rate="one_cycle"), 4, validation=scored(15, "first")),
        run_of(replace(MANY, dropout=0.3, weight_decay=0.1, dropout_schedule="flat_cos", max_iter=12), 5),
        run_of(replace(MANY, max_grad_norm=0.01, learning_rate="cosine"), 6, weights=np.arange(30) % 4),
        run_of(replace(MANY, on_divergence="restore", max_iter=9), 7, 8),
        run_of(MANY, 8, epochs=5, callbacks=[lambda progress: progress.epoch == 4]),
        run_of(MANY, 9, epochs=0),
    ]


@ENGINES
def test_each_of_runs_that_differ_in_everything_is_bit_identical_to_the_run_alone(make: Any) -> None:
    runs = various()
    found = train_members(make(NETWORK), runs)
    for its, run in zip(found, runs, strict=True):
        check_same(its, alone(make(NETWORK), run))


@ENGINES
@pytest.mark.usefixtures("calls_grow")
def test_calls_over_many_epochs_that_are_taken_back_change_no_bit(make: Any) -> None:
    runs = [run_of(replace(MANY, max_iter=200, learning_rate_init=0.02 * (n + 1)), n) for n in range(5)]
    found = train_members(make(NETWORK), runs)
    results = [alone(make(NETWORK), run) for run in runs]
    assert len({result.history.epochs for result in results}) > 2
    for its, result in zip(found, results, strict=True):
        check_same(its, result)


@ENGINES
def test_sparse_rows_are_members_beside_dense_ones(make: Any) -> None:
    runs = [run_of(MANY, n) for n in range(3)]
    data = runs[1].data
    runs[1] = replace(runs[1], data=TrainingSet.of(NETWORK, csr_array(data.X), data.Y))
    for its, run in zip(train_members(make(NETWORK), runs), runs, strict=True):
        check_same(its, alone(make(NETWORK), run))


def test_no_runs_have_no_results() -> None:
    assert train_members(ReferenceEngine(NETWORK), []) == []


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "gd"])
def test_runs_of_full_batch_solvers_are_members_too(solver: str) -> None:
    runs = [run_of(MANY), run_of(Settings(solver=solver, max_iter=8, tol=0.0), 1), run_of(MANY, 2)]
    for its, run in zip(train_members(ReferenceEngine(NETWORK), runs), runs, strict=True):
        check_same(its, alone(ReferenceEngine(NETWORK), run))


@ENGINES
def test_each_result_goes_on_as_a_member_to_the_bits_of_the_run_that_never_stopped(make: Any) -> None:
    settings = replace(MANY, tol=0.0, n_iter_no_change=1000, learning_rate="one_cycle", max_iter=9)
    runs = [run_of(settings, n) for n in range(3)]
    first = train_members(make(NETWORK), [replace(run, epochs=n + 1) for n, run in enumerate(runs)])
    starts = [its.run_state for its in first if isinstance(its, Result)]
    rest = train_members(
        make(NETWORK),
        [
            replace(run, start=start, epochs=8 - n)
            for n, (run, start) in enumerate(zip(runs, starts, strict=True))
            if start
        ],
    )
    for its, run in zip(rest, runs, strict=True):
        assert isinstance(its, Result)
        np.testing.assert_array_equal(its.theta, alone(make(NETWORK), run).theta)


# Divergence: η = 1e200 takes θ out of the finite numbers in the first epoch.
DIVERGES = replace(MANY, solver="sgd", learning_rate_init=1e200)


def wild(**more: Any) -> Run:
    """Return a run whose cost becomes non-finite: the targets are reached only by huge weights."""
    run = run_of(replace(DIVERGES, alpha=1.0, **more.pop("settings", {})), 3)
    return replace(run, **more)


@ENGINES
def test_a_run_that_diverges_leaves_its_error_in_its_place_and_hurts_no_other(make: Any) -> None:
    runs = [run_of(MANY), wild(), run_of(MANY, 2)]
    found = train_members(make(NETWORK), runs)
    with pytest.raises(DivergedError) as error:
        alone(make(NETWORK), runs[1])
    assert isinstance(found[1], DivergedError)
    assert str(found[1]) == str(error.value)
    for n in (0, 2):
        check_same(found[n], alone(make(NETWORK), runs[n]))


@ENGINES
@pytest.mark.parametrize(
    "settings",
    [{"early_stopping": True}, {"on_divergence": "restore", "learning_rate_init": 1e9, "n_iter_no_change": 100}],
    ids=str,
)
def test_what_a_diverged_run_falls_back_to_is_that_of_the_run_alone(make: Any, settings: dict[str, Any]) -> None:
    watched = Validation(parts(20, 9)[1]) if "early_stopping" in settings else None
    first = alone(
        make(NETWORK),
        run_of(replace(MANY, solver="sgd", early_stopping=watched is not None), 3, epochs=3, validation=watched),
    )
    assert first.run_state is not None
    runs = [run_of(MANY), wild(settings=settings, validation=watched, start=first.run_state), run_of(MANY, 2)]
    found = train_members(make(NETWORK), runs)
    for its, run in zip(found, runs, strict=True):
        check_same(its, alone(make(NETWORK), run))
    assert isinstance(found[1], Result)
    assert found[1].history.stopped == "diverged" or found[1].history.notices


class Struck(ReferenceEngine):
    """Ctrl-C comes in one of the calls: the first member has some of its steps, the second all, the others none."""

    def __init__(self, call: int, steps: int) -> None:
        super().__init__(NETWORK)
        self.call, self.after = call, steps

    def steps_of_members(self, members: Sequence[Member]) -> list[StepsTaken]:
        self.call -= 1
        if self.call:
            return super().steps_of_members(members)
        taken = [self.steps(state, data, plan.cut(0, self.after)) for state, data, plan in members[:1]]
        taken += [self.steps(*member) for member in members[1:2]]
        none = np.empty(0)
        return [
            replace(taken[0], interrupted=True),
            *taken[1:],
            *(StepsTaken(one.state, none, True) for one in members[2:]),
        ]


def test_ctrl_c_in_a_call_leaves_every_member_with_the_steps_that_it_took_and_it_goes_on_from_there() -> None:
    settings = replace(MANY, tol=0.0, n_iter_no_change=1000, max_iter=6, n_threads=4)
    runs = [run_of(settings, n, callbacks=[lambda progress: None]) for n in range(3)]
    found = train_members(Struck(3, 2), runs)
    steps, judge = [], ReferenceEngine(NETWORK)
    for its, run in zip(found, runs, strict=True):
        assert isinstance(its, Result)
        assert its.run_state is not None
        assert its.history.stopped == "interrupted"
        steps.append(its.run_state.state.step)
        rest = alone(judge, replace(run, start=its.run_state, epochs=6 - its.history.epochs))
        np.testing.assert_array_equal(rest.theta, alone(judge, run).theta)
    assert sorted(steps) == [8, 10, 12]  # of 4 steps an epoch: two epochs, two steps more, three epochs


def test_ctrl_c_in_a_callback_of_one_member_stops_all() -> None:
    def press(progress: Progress) -> None:
        if progress.epoch == 3:
            raise KeyboardInterrupt

    settings = replace(MANY, tol=0.0)
    found = train_members(ReferenceEngine(NETWORK), [run_of(settings, 0), run_of(settings, 1, callbacks=[press])])
    for its in found:
        assert isinstance(its, Result)
        assert its.history.stopped == "interrupted"
        judge = alone(ReferenceEngine(NETWORK), run_of(settings, found.index(its), epochs=its.history.epochs))
        np.testing.assert_array_equal(its.theta, judge.theta)


def test_ctrl_c_in_a_full_batch_member_ends_the_members_after_it_where_they_begin() -> None:
    def press(progress: Progress) -> None:
        raise KeyboardInterrupt

    full_batch = Settings(solver="lbfgs", max_iter=8, tol=0.0)
    runs = [run_of(full_batch, 0, callbacks=[press]), run_of(full_batch, 1), run_of(MANY, 2)]
    found = train_members(ReferenceEngine(NETWORK), runs)
    for its, run in zip(found[1:], runs[1:], strict=True):
        assert isinstance(its, Result)
        assert (its.history.stopped, its.history.epochs) == ("interrupted", 0)
        np.testing.assert_array_equal(its.theta, run.start.state.theta)


def test_ctrl_c_in_any_line_of_a_round_leaves_every_member_a_run_that_goes_on_to_the_bit() -> None:
    settings = replace(MANY, tol=0.0, n_iter_no_change=1000, max_iter=3, n_threads=2)
    runs = [run_of(settings, n, epochs=3 - n, callbacks=[lambda progress: None]) for n in range(3)]
    engine = ReferenceEngine(NETWORK)
    judges = [alone(engine, run) for run in runs]
    group: Any = members._Group
    names = ("_call", "_epochs_of", "_outcome_of", "_begun", "_stops")
    functions = [members.filling_threads, *(getattr(group, name) for name in names)]

    def trained() -> list[Result | DivergedError]:
        return train_members(ReferenceEngine(NETWORK), runs, progress=lambda group: None)

    number, is_there = 1, True
    while is_there:
        found, is_there = struck_in_line(number, functions, trained)
        for its, run, judge in zip(found, runs, judges, strict=True):
            assert isinstance(its, Result)
            assert its.run_state is not None
            rest = alone(engine, replace(run, start=its.run_state, epochs=judge.history.epochs - its.history.epochs))
            np.testing.assert_array_equal(rest.theta, judge.theta, f"line {number}")
        number += 1
    assert number > 60


def test_the_progress_of_a_group_counts_members_and_epochs_up_to_its_end() -> None:
    seen: list[GroupProgress] = []
    settings = replace(MANY, tol=0.0, n_iter_no_change=1000, n_threads=4)  # more than members: all are in each call
    runs = [run_of(settings, n, epochs=n + 1, callbacks=[lambda progress: None]) for n in range(3)]
    train_members(ReferenceEngine(NETWORK), runs, progress=seen.append)
    assert (seen[0].members, seen[0].ended, seen[0].most_epochs) == (3, 1, 6)
    assert seen[-1] == replace(seen[-1], members=3, ended=3, epochs=6, most_epochs=6)
    assert seen[-1].seconds_left == 0
    assert seen[0].seconds_left > 0
    counted = [now.epochs for now in seen]
    assert counted == sorted(counted)
    assert np.isnan(GroupProgress(3, 0, 0, 6, 0.1).seconds_left)


@pytest.mark.parametrize(("answer", "stops"), [(True, True), (np.True_, True), (1, False), (None, False)])
def test_progress_stops_all_members_by_true_and_by_nothing_else(answer: Any, stops: bool) -> None:
    settings = replace(MANY, tol=0.0, max_iter=4, n_threads=4)
    runs = [run_of(settings, n, callbacks=[lambda progress: None]) for n in range(3)]
    found = train_members(ReferenceEngine(NETWORK), runs, progress=lambda now: answer)
    for its, run in zip(found, runs, strict=True):
        assert isinstance(its, Result)
        assert its.history.stopped == ("callback" if stops else "max_iter")
        np.testing.assert_array_equal(
            its.theta, alone(ReferenceEngine(NETWORK), replace(run, epochs=1 if stops else 4)).theta
        )


def test_ctrl_c_in_the_progress_of_a_group_leaves_results() -> None:
    def press(now: GroupProgress) -> None:
        raise KeyboardInterrupt

    for its in train_members(ReferenceEngine(NETWORK), [run_of(MANY, n) for n in range(3)], progress=press):
        assert isinstance(its, Result)
        assert its.history.stopped == "interrupted"


@pytest.mark.parametrize("at_once", [1, 2, None])
def test_chains_of_runs_that_follow_from_each_other_are_those_taken_one_by_one(at_once: int | None) -> None:
    begun: list[int] = []
    most = 0

    def chain(n: int) -> Chain[list[Result]]:
        nonlocal most
        begun.append(n)
        most = max(most, len(begun))
        run, results = run_of(MANY, n), []
        for alpha in (1.0, 0.1, 0.0)[: n + 1]:
            result = yield replace(run, settings=replace(MANY, alpha=alpha))
            results.append(result)
            assert result.run_state is not None
            memory = LoopState()
            run = replace(run, start=RunState(first_state(MANY, result.theta, n), memory))
        begun.remove(n)
        return results

    engine = ReferenceEngine(NETWORK)
    together = train_chains(engine, [chain(n) for n in range(3)], at_once=at_once)
    assert most == (at_once or 3)
    for n, results in enumerate(together):
        (judges,) = train_chains(engine, [chain(n)])
        assert len(results) == n + 1
        for its, judge in zip(results, judges, strict=True):
            check_same(its, judge)


def test_an_error_in_a_chain_ends_the_group_unless_the_chain_catches_it() -> None:
    def chain(catches: bool) -> Chain[str]:
        try:
            yield wild()
        except DivergedError:
            if not catches:
                raise
            return "caught"
        return "came to an end"

    engine = ReferenceEngine(NETWORK)
    assert train_chains(engine, [chain(True)]) == ["caught"]
    with pytest.raises(DivergedError):
        train_chains(engine, [chain(True), chain(False)])
