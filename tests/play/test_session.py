"""A session: commands from any thread, snapshots that never change, and reasons to pause."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deltarule.common.errors import DeltaruleError, InputError, SettingsError
from deltarule.play import player
from deltarule.play.curve import Curve
from deltarule.play.opening import open_scene
from deltarule.play.requests import Edit, Pause, Run, Seek, Set, Step
from deltarule.play.session import Session
from deltarule.play.snapshot import Snapshot
from played import SOLVERS, small_scene


@contextmanager
def session_of(training: dict[str, Any] | None = None, **more: Any) -> Iterator[Session]:
    session = Session(open_scene(small_scene(training, **more)))
    try:
        yield session
    finally:
        session.close()


def until(session: Session, holds: Any, seconds: float = 20.0) -> Snapshot:
    """Return the first snapshot for which something holds."""
    end = time.perf_counter() + seconds
    snapshot = session.snapshot
    while not holds(snapshot):
        assert time.perf_counter() < end, "it did not come to that"
        snapshot = session.newest(snapshot.revision, 0.2)
    return snapshot


def test_a_session_begins_paused_at_step_0_with_its_cost_measured() -> None:
    with session_of() as session:
        snapshot = session.snapshot
        assert (snapshot.step, snapshot.running, snapshot.paused_because) == (0, False, "start")
        assert snapshot.costs is not None
        assert snapshot.costs.train == pytest.approx(snapshot.costs.data + snapshot.costs.penalty)
        assert snapshot.curve.shape == (1, 4)


def test_a_step_on_and_a_step_back_give_the_same_bits() -> None:
    with session_of() as session:
        first = session.snapshot.theta.tobytes()
        one = session.do(Step())
        assert one.step == 1
        assert one.theta.tobytes() != first
        assert session.do(Step(by=-1)).theta.tobytes() == first
        assert session.do(Seek(step=1)).theta.tobytes() == one.theta.tobytes()


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs", "gd"])
def test_seek_has_the_bits_of_running_there_forwards_and_back_with_dropout_and_a_schedule(solver: str) -> None:
    with session_of(SOLVERS[solver]) as walked, session_of(SOLVERS[solver]) as run:
        bits = [walked.snapshot.theta.tobytes()]
        for _ in range(24):
            bits.append(walked.do(Step(by=1)).theta.tobytes())
        assert len(set(bits)) == 25
        run.do(Run())
        until(run, lambda seen: seen.step >= 24 or not seen.running)
        run.do(Pause())
        for step in (24, 3, 17, 0, 9, 24, 1):
            snapshot = run.do(Seek(step=step))
            assert snapshot.step == step
            assert snapshot.theta.tobytes() == bits[step]


def test_a_step_of_an_epoch_goes_to_the_ends_of_epochs() -> None:
    with session_of() as session:
        assert session.snapshot.steps_per_epoch == 3
        steps = [session.do(Step(level=level, by=by)).step for level, by in MOVES]
        assert steps == [3, 4, 6, 5, 3, 0, 0, 9]


MOVES: list[Any] = [
    ("epoch", 1),
    ("step", 1),
    ("epoch", 1),
    ("step", -1),
    ("epoch", -1),
    ("epoch", -1),
    ("step", -1),
    ("epoch", 3),
]


def test_a_run_goes_on_until_it_is_paused_and_snapshots_rise() -> None:
    with session_of() as session:
        session.do(Run())
        until(session, lambda seen: seen.step > 200)
        paused = session.do(Pause())
        assert not paused.running
        assert paused.paused_because == "asked"
        time.sleep(0.05)
        assert session.snapshot is paused
        assert (np.diff(paused.curve[:, 0]) > 0).all()


def test_a_slow_run_takes_the_steps_that_are_due() -> None:
    with session_of() as session:
        began = time.perf_counter()
        session.do(Run(speed=50.0))
        snapshot = until(session, lambda seen: seen.step >= 15)
        took = time.perf_counter() - began
        assert snapshot.step <= 50 * took + 2
        assert took > 0.2


def test_a_command_with_the_same_id_is_carried_out_once() -> None:
    with session_of() as session:
        for _ in range(3):
            session.do(Step(id="only once"))
        assert session.snapshot.step == 1


def test_a_command_that_fails_changes_nothing_and_says_why() -> None:
    with session_of() as session:
        before = session.do(Seek(step=5))
        wrong: list[tuple[Any, type[Exception], str]] = [
            (Edit(layer=4, i=1, j=0, value=0.0), InputError, r"Θ\(4\) has no entry"),
            (Edit(layer=1, i=1, j=3, value=0.0), InputError, "no entry"),
            (Edit(layer=1, i=1, j=1, value=1e300), InputError, "too large"),
            (Set(setting="alpha", value=-1), SettingsError, "must be a float in the range"),
            (Set(setting="alpha", value=[1]), SettingsError, "must be a float"),
            (Set(setting="n_threads", value=1), SettingsError, "not a setting of the page"),
            (Set(setting="hidden", value="many"), SettingsError, "hidden is 'many'"),
            (Set(setting="hidden", value=[0]), SettingsError, "a hidden layer of 0 units"),
            (Set(setting="data", value={"kind": "toy", "n": 1}), SettingsError, "n=1 rows"),
            (Set(setting="data", value=3), InputError, "kind"),
            (Set(setting="target", value="x"), InputError, "Only a table"),
            (Run(speed=-1.0), InputError, "speed=-1"),
        ]
        for command, error, says in wrong:
            with pytest.raises(error, match=says):
                session.do(command)
        assert session.snapshot is before


def test_an_edit_begins_a_branch_and_cuts_the_curve() -> None:
    with session_of() as session:
        session.do(Seek(step=9))
        session.do(Seek(step=3))
        before = session.snapshot
        after = session.do(Edit(layer=1, i=2, j=0, value=-0.5))
        assert after.branch == before.branch + 1
        assert after.generation == before.generation
        assert after.last_step == 3
        assert after.curve[-1, 0] == 3
        assert after.problem.network.roll(after.theta)[0][1, 0] == -0.5


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_setting_changes_without_a_new_start(solver: str) -> None:
    with session_of(SOLVERS[solver]) as session:
        before = session.do(Seek(step=4))
        after = session.do(Set(setting="alpha", value=0.5))
        assert after.theta.tobytes() == before.theta.tobytes()
        assert after.costs is not None
        assert before.costs is not None
        assert after.costs.data == before.costs.data
        assert after.costs.penalty > before.costs.penalty
        assert session.do(Seek(step=8)).step == 8


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("hidden", [5]),
        ("unit", "relu"),
        ("output", "sigmoid"),
        ("split", 0.5),
        ("seed", 3),
        ("data", {"kind": "toy", "name": "moons", "n": 40}),
        ("data", {"kind": "points", "x": [[0, 0], [1, 1], [0, 1], [1, 0]], "y": [0, 0, 1, 1]}),
    ],
)
def test_another_network_or_other_data_begin_at_step_0(setting: str, value: Any) -> None:
    with session_of() as session:
        before = session.do(Seek(step=4))
        after = session.do(Set(setting=setting, value=value))
        assert (after.step, after.generation) == (0, before.generation + 1)
        assert after.theta.tobytes() != before.theta.tobytes()
        assert session.do(Step()).step == 1


def test_the_same_seed_gives_the_same_start_again() -> None:
    with session_of() as session:
        first = session.snapshot.theta.tobytes()
        session.do(Set(setting="seed", value=1))
        assert session.do(Set(setting="seed", value=0)).theta.tobytes() == first


def test_divergence_is_a_field_and_the_snapshot_is_the_last_finite_one() -> None:
    with session_of({"solver": "sgd", "learning_rate_init": 1e8, "alpha": 10.0}, unit="relu") as session:
        session.do(Run())
        snapshot = until(session, lambda seen: not seen.running)
        assert snapshot.paused_because == "diverged"
        assert snapshot.diverged_at is not None
        assert snapshot.diverged_at > snapshot.step
        assert np.isfinite(snapshot.theta).all()
        assert f"at step {snapshot.diverged_at}" in snapshot.message
        session.do(Seek(step=0))
        assert session.do(Set(setting="learning_rate_init", value=0.01)).diverged_at is None


def test_a_run_that_nobody_looks_at_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "UNWATCHED", 0.2)
    with session_of() as session:
        session.do(Run())
        time.sleep(0.6)
        assert not session.snapshot.running
        assert session.snapshot.paused_because == "unwatched"


def test_a_run_without_a_hand_on_it_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "LONGEST", 0.2)
    with session_of() as session:
        session.do(Run())
        assert until(session, lambda seen: not seen.running).paused_because == "ten minutes"


def test_a_run_without_progress_on_the_held_out_rows_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "PATIENCE", 50)
    monkeypatch.setattr(player, "PATIENT_SECONDS", 0.1)
    with session_of() as session:
        session.do(Run())
        snapshot = until(session, lambda seen: not seen.running)
        assert snapshot.paused_because == "no progress"
        assert "50 epochs" in snapshot.message


def test_a_scene_opens_at_its_step() -> None:
    with session_of() as session:
        there = session.do(Seek(step=17)).theta.tobytes()
    scene = small_scene()
    again = Session(open_scene(replace(scene, at=replace(scene.at, step=17))))
    try:
        assert until(again, lambda seen: seen.step == 17).theta.tobytes() == there
    finally:
        again.close()


def test_commands_at_random_times_from_several_threads_break_nothing() -> None:
    with session_of({"solver": "sgd"}) as session:
        faults: list[BaseException] = []
        end = time.perf_counter() + 2.0

        def command(draw: random.Random) -> Any:
            kinds: list[Any] = [
                lambda: Run(speed=draw.choice([0.0, 100.0])),
                Pause,
                lambda: Step(by=draw.randint(-5, 5), level=draw.choice(["step", "epoch"])),
                lambda: Seek(step=draw.randint(0, 3000)),
                lambda: Edit(layer=draw.randint(1, 4), i=1, j=draw.randint(0, 4), value=draw.gauss(0, 1)),
                lambda: Set(setting="learning_rate_init", value=10 ** draw.uniform(-4, 1)),
                lambda: Set(setting="solver", value=draw.choice(["sgd", "adam", "lbfgs", "gd"])),
                lambda: Set(setting="hidden", value=[draw.randint(1, 6)]),
            ]
            return draw.choice(kinds)()

        def hand(seed: int) -> None:
            draw = random.Random(seed)
            try:
                while time.perf_counter() < end:
                    try:
                        session.do(command(draw))
                    except DeltaruleError:
                        continue
            except BaseException as error:
                faults.append(error)

        def eye() -> None:
            try:
                last = session.snapshot
                while time.perf_counter() < end:
                    snapshot = session.newest(last.revision, 0.05)
                    assert snapshot.revision >= last.revision
                    assert snapshot.generation >= last.generation
                    assert np.isfinite(snapshot.theta).all()
                    assert len(snapshot.theta) == snapshot.problem.network.n_parameters
                    assert snapshot.paused_because != "failed", snapshot.message
                    last = snapshot
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=hand, args=(n,)) for n in range(4)] + [threading.Thread(target=eye)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        there = session.do(Seek(step=12)).theta.tobytes()
        session.do(Seek(step=0))
        assert session.do(Seek(step=12)).theta.tobytes() == there


def test_a_closed_session_says_so() -> None:
    with session_of() as session:
        pass
    with pytest.raises(InputError, match="closed"):
        session.do(Pause())
    assert session.snapshot.step == 0


def test_a_curve_keeps_its_lowest_and_highest_points_in_bounded_room() -> None:
    curve = Curve(most=100)
    costs = np.random.default_rng(0).normal(size=5000)
    for step, cost in enumerate(costs):
        curve.add(step, float(cost), 0.0, float("nan"))
    points = curve.points()
    assert len(points) <= 101
    assert points[-1, 0] == 4999
    assert points[:, 1].min() == costs.min()
    assert points[:, 1].max() == costs.max()
    assert (np.diff(points[:, 0]) > 0).all()
