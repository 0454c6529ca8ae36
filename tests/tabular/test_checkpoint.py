"""A fit of several members goes on from its file, or from memory, to the bit; another fit is refused."""

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deltarule.tabular.side_by_side as training
from deltarule import Checkpoint, MLPClassifier, TableClassifier, TableRegressor
from deltarule.common.errors import CheckpointError, InputError, ModelFileError, SettingsError
from deltarule.engines import ReferenceEngine, native
from deltarule.files.archive import read_archive, to_bytes
from deltarule.tabular.checkpoint import FORMAT, KIND, bytes_of, load_members
from small_tables import QUICK, labels_of, table

ENGINES = ["reference", *(["native"] if native.available() else [])]
FRAME = table()


class Killed(BaseException):
    """What stands for a SIGKILL: nothing of the fit catches it."""


def targets_of(Estimator: Any) -> Any:
    return labels_of(FRAME) if Estimator is TableClassifier else FRAME["count"].to_numpy(float)


def fit(Estimator: Any = TableClassifier, *, X: Any = FRAME, y: Any = None, call: Any = None, **changes: Any) -> Any:
    y = targets_of(Estimator) if y is None else y
    return Estimator(**{**QUICK, **changes}).fit(X, y, **(call or {}))


@pytest.fixture
def killed_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Any]:
    """Return a function after which the next fit dies in the round after so many."""
    original = training._after_round

    def after(rounds: int, error: type[BaseException] = Killed) -> None:
        left = [rounds]

        def dying(*arguments: Any) -> Any:
            if not left[0]:
                monkeypatch.setattr(training, "_after_round", original)
                raise error
            left[0] -= 1
            return original(*arguments)

        monkeypatch.setattr(training, "_after_round", dying)

    return after


def assert_same(one: Any, other: Any) -> None:
    np.testing.assert_array_equal(one._committee.thetas, other._committee.thetas)
    assert one.members_ == other.members_
    assert one.stopped_ == other.stopped_
    np.testing.assert_array_equal(one.feature_importances_, other.feature_importances_)
    np.testing.assert_array_equal(one.importance_intervals_, other.importance_intervals_)
    np.testing.assert_array_equal(one.predict(FRAME), other.predict(FRAME))
    if isinstance(one, TableClassifier):
        assert one._calibration == other._calibration
        np.testing.assert_array_equal(one.predict_proba(FRAME), other.predict_proba(FRAME))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("Estimator", [TableClassifier, TableRegressor])
@pytest.mark.parametrize("rounds", [1, 2, 5, 8])
def test_a_fit_that_was_killed_goes_on_to_the_bit_on_any_number_of_threads(
    rounds: int, Estimator: Any, engine: str, tmp_path: Path, killed_after: Any
) -> None:
    place, several = tmp_path / "run", {"n_members": 3, "engine": engine}
    whole = fit(Estimator, **several, n_threads=1)
    killed_after(rounds)
    with pytest.raises(Killed):
        fit(Estimator, **several, n_threads=2, call={"checkpoint": Checkpoint(place, seconds=0)})
    assert load_members(place).stopped == "running"
    seed = {"random_state": 5}  # that of the run counts
    again = fit(Estimator, **several, **seed, n_threads=1, call={"checkpoint": place, "resume": True})
    assert_same(whole, again)
    assert_same(whole, fit(Estimator, **several, call={"checkpoint": place, "resume": True}))


@pytest.mark.parametrize(
    ("changes", "call"),
    [
        ({"validation": "holdout", "objective": "accuracy"}, {}),
        ({"validation": "time"}, {}),
        ({"class_weight": "balanced", "dtype": "float64"}, {"sample_weight": np.arange(120) % 3}),
        ({}, {"groups": np.arange(120) % 7}),
        ({"objective": "auc"}, {"eval_set": (FRAME[:30], labels_of(FRAME[:30]))}),
    ],
)
def test_a_fit_goes_on_with_weights_groups_and_rows_to_watch(
    changes: dict[str, Any], call: dict[str, Any], tmp_path: Path, killed_after: Any
) -> None:
    whole = fit(**changes, call=call)
    killed_after(3)
    with pytest.raises(Killed):
        fit(**changes, call={**call, "checkpoint": Checkpoint(tmp_path / "run", epochs=1)})
    assert_same(whole, fit(**changes, call={**call, "checkpoint": tmp_path / "run", "resume": True}))


def test_members_that_have_ended_stay_and_their_file_holds_their_best_parameters_alone(
    tmp_path: Path, killed_after: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "PATIENCE_EPOCHS", 2)
    monkeypatch.setattr(training, "PATIENCE_STEPS", 2)
    generator = np.random.default_rng(0)
    X, y = generator.standard_normal((300, 3)), generator.integers(0, 2, 300)  # nothing to learn: patience ends it
    given = {"X": X, "y": y, "epochs": 60, "n_members": 4}
    whole = fit(**given)
    ends = sorted(len(one.values) for one in whole.members_)
    assert ends[0] < ends[-1]
    killed_after(2 * ends[0] + 1)
    with pytest.raises(Killed):
        fit(**given, n_threads=2, call={"checkpoint": Checkpoint(tmp_path / "run", epochs=1)})
    saved = load_members(tmp_path / "run")
    assert 0 < sum(one.ended for one in saved.members) < 4
    _, arrays = read_archive(tmp_path / "run", KIND, FORMAT)
    for n, one in enumerate(saved.members):
        assert (f"{n}/vectors/0" in arrays) == (not one.ended)
    again = fit(**given, call={"checkpoint": tmp_path / "run", "resume": True})
    np.testing.assert_array_equal(whole._committee.thetas, again._committee.thetas)
    assert whole.members_ == again.members_
    np.testing.assert_array_equal(whole.predict_proba(X), again.predict_proba(X))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_sigkill_at_any_moment_leaves_a_whole_file_and_a_fit_that_goes_on_to_the_bit(tmp_path: Path) -> None:
    place = tmp_path / "run"
    code = (
        "from tabular.test_checkpoint import *\n"
        f"fit(epochs=80, n_members=3, call={{'checkpoint': Checkpoint({str(place)!r}, seconds=0), 'resume': True}})"
    )
    tests = Path(__file__).parents[1]
    for n in range(2):
        before = load_members(place).epochs if place.exists() else 0
        process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], cwd=tests)
        while process.poll() is None and (not place.exists() or load_members(place).epochs <= before + 5):
            time.sleep(0.002)
        time.sleep(0.004 * n)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert load_members(place).epochs > before  # readable, and further
    end = fit(epochs=80, n_members=3, call={"checkpoint": place, "resume": True})
    assert_same(fit(epochs=80, n_members=3), end)
    assert not list(tmp_path.glob(".run.*.tmp"))


def test_a_fit_that_ctrl_c_stopped_goes_on_in_memory_and_after_a_pickle(killed_after: Any) -> None:
    whole = fit(n_members=3)
    killed_after(4, KeyboardInterrupt)
    with pytest.warns(UserWarning, match="resume=True goes on"):
        clf = fit(n_members=3)
    assert clf.stopped_ == "interrupted"
    copy = pickle.loads(pickle.dumps(clf))
    for one in (clf, copy):
        assert_same(whole, one.fit(FRAME, labels_of(FRAME), resume=True))


def test_a_fit_that_came_to_its_end_is_taken_as_it_is() -> None:
    clf = fit()
    before = clf._committee
    assert clf.fit(FRAME, labels_of(FRAME), resume=True)._committee is before


def test_a_time_budget_counts_the_seconds_before_and_may_be_raised(tmp_path: Path) -> None:
    place = tmp_path / "run"
    given = {"epochs": 2000, "hidden_layer_sizes": (16,), "n_members": 5}
    first = fit(**given, time_budget=0.3, call={"checkpoint": place})
    saved = load_members(place)
    assert saved.seconds > 0
    assert saved.recipe.epochs < 2000
    again = fit(**given, time_budget=saved.seconds, call={"checkpoint": place, "resume": True})
    if first.stopped_ == "time":  # no second is left
        assert again.members_ == first.members_
    end = fit(**given, call={"checkpoint": place, "resume": True})
    assert end.stopped_ == "epochs"
    assert len(load_members(place).members) == len(end.members_)
    assert [one for one in end.notices_ if "time_budget has room for" in one] == list(saved.notices)
    straight = fit(**{**given, "epochs": saved.recipe.epochs, "n_members": 5})
    if len(end.members_) == 5:
        np.testing.assert_array_equal(straight._committee.thetas, end._committee.thetas)


def test_a_run_that_the_clock_stopped_goes_on_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training._Clock, "is_over", property(lambda clock: True))
    given = {"n_members": 3, "n_threads": 2}
    stopped = fit(**given, call={"checkpoint": tmp_path / "run"})
    assert stopped.stopped_ == "time"
    assert stopped.n_members_ == 2
    assert "1 of 3 members had no epoch before the end and are left out." in stopped.notices_
    monkeypatch.undo()
    assert_same(fit(**given), fit(**given, call={"checkpoint": tmp_path / "run", "resume": True}))


def test_without_a_file_a_fit_that_would_go_on_begins(tmp_path: Path) -> None:
    assert_same(fit(), fit(call={"checkpoint": tmp_path / "run", "resume": True}))
    assert load_members(tmp_path / "run").stopped == "epochs"


def test_a_run_of_somebody_is_not_overwritten(tmp_path: Path) -> None:
    fit(call={"checkpoint": tmp_path / "run"})
    before = (tmp_path / "run").read_bytes()
    with pytest.raises(
        CheckpointError, match=r"holds a run of 12 epochs \(all members have ended\), which would be lost"
    ):
        fit(call={"checkpoint": tmp_path / "run"})
    assert (tmp_path / "run").read_bytes() == before


OTHER_FRAME = FRAME.assign(size=FRAME["size"] * 1.001)
OTHERS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "another estimator": (TableRegressor, {}, "it is one of a TableClassifier, and this is a TableRegressor"),
    "more epochs": (TableClassifier, {"epochs": 7}, "epochs was 6 and is 7"),
    "more members": (TableClassifier, {"n_members": 3}, "n_members was 2 and is 3"),
    "other rows held out": (TableClassifier, {"validation": "holdout"}, "validation was 'folds' and is 'holdout'"),
    "another objective": (TableClassifier, {"objective": "accuracy"}, "objective was 'log_loss' and is 'accuracy'"),
    "another network": (TableClassifier, {"hidden_layer_sizes": (9,)}, r"hidden_layer_sizes was \(8,\) and is \(9,\)"),
    "another precision": (TableClassifier, {"dtype": "float64"}, "dtype was 'float32' and is 'float64'"),
    "another engine": (TableClassifier, {"engine": "reference"}, "engine was 'auto' and is 'reference'"),
    "fewer rows": (
        TableClassifier,
        {"X": FRAME[:80], "y": labels_of(FRAME)[:80]},
        "its training set has 120 examples, and this one has 80",
    ),
    "other values": (TableClassifier, {"X": FRAME.assign(count=FRAME["count"][::-1].values)}, "the examples, .*others"),
    "other labels": (TableClassifier, {"y": labels_of(FRAME)[::-1]}, "the examples, .*others"),
    "a column less": (TableClassifier, {"drop": ["size"]}, "the table made 14 inputs and 2 outputs, and makes"),
    "groups": (TableClassifier, {"call": {"groups": np.arange(120) % 7}}, "the examples, .*groups are others"),
    "weights": (TableClassifier, {"call": {"sample_weight": 1 + np.arange(120) % 2}}, "the examples, .*others"),
    "weights of classes": (TableClassifier, {"class_weight": {"large": 2.0}}, "the examples, .*others"),
    "rows to watch": (
        TableClassifier,
        {"call": {"eval_set": (FRAME[:30], labels_of(FRAME[:30]))}},
        "the examples, .*others",
    ),
}


@pytest.mark.parametrize(("Estimator", "changes", "reason"), OTHERS.values(), ids=OTHERS)
def test_another_fit_is_refused_with_the_reason_and_nothing_is_lost(
    Estimator: Any, changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    clf = fit(call={"checkpoint": tmp_path / "run"})
    before = (tmp_path / "run").read_bytes()
    given = dict(changes)
    call = given.pop("call", {})
    with pytest.raises(CheckpointError, match=f"holds another run: .*{reason}"):
        fit(Estimator, **given, call={**call, "checkpoint": tmp_path / "run", "resume": True})
    assert (tmp_path / "run").read_bytes() == before
    if Estimator is TableClassifier:
        X, y = given.pop("X", FRAME), given.pop("y", labels_of(FRAME))
        with pytest.raises((SettingsError, InputError), match=f"resume=True goes on with .*{reason}"):
            clf.set_params(**given).fit(X, y, **call, resume=True)


def test_there_is_nothing_to_resume_before_the_first_fit() -> None:
    with pytest.raises(SettingsError, match=r"there is none here\. Fit first, or give the checkpoint"):
        fit(call={"resume": True})


def test_an_engine_without_a_name_and_a_wrong_checkpoint_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="has no name"):
        fit(engine=lambda network, n_threads: ReferenceEngine(network), call={"checkpoint": tmp_path / "run"})
    with pytest.raises(InputError, match=r"checkpoint is a int\. Pass a path"):
        fit(call={"checkpoint": 5})


def test_a_second_process_that_writes_the_same_file_is_refused(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with (tmp_path / ".run.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CheckpointError, match="is being written by another run"):
            fit(call={"checkpoint": tmp_path / "run"})


def test_a_disk_that_cannot_be_written_ends_no_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    original = training._after_round

    def vanishing(*arguments: Any) -> Any:
        for one in folder.glob("*"):
            one.unlink()
        for one in folder.glob(".*"):
            one.unlink()
        if folder.exists():
            os.rmdir(folder)
        return original(*arguments)

    monkeypatch.setattr(training, "_after_round", vanishing)
    with pytest.warns(UserWarning, match="Training goes on; the previous checkpoint stays"):
        clf = fit(call={"checkpoint": Checkpoint(folder / "run", seconds=0)})
    assert_same(fit(), clf)


def test_files_that_are_no_such_checkpoint_are_refused(tmp_path: Path) -> None:
    place = tmp_path / "run"
    clf = fit(call={"checkpoint": place})
    whole = place.read_bytes()
    clf.save(tmp_path / "model")
    plain = MLPClassifier((3,), max_iter=20, tol=10.0, n_iter_no_change=1)
    plain.fit(np.eye(4), [0, 1, 0, 1], checkpoint=tmp_path / "network")
    with pytest.raises(ModelFileError, match="is a model, not a checkpoint of members"):
        fit(call={"checkpoint": tmp_path / "model", "resume": True})
    with pytest.raises(ModelFileError, match="is a checkpoint, not a checkpoint of members"):
        fit(call={"checkpoint": tmp_path / "network", "resume": True})
    with pytest.raises(ModelFileError, match="is a checkpoint of members, not a checkpoint"):
        plain.fit(np.eye(4), [0, 1, 0, 1], checkpoint=place, resume=True)
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        place.write_bytes(whole[:cut])
        with pytest.raises(ModelFileError):
            fit(call={"checkpoint": place, "resume": True})


def test_parts_that_do_not_fit_each_other_are_refused(tmp_path: Path, killed_after: Any) -> None:
    place = tmp_path / "run"
    killed_after(3)
    with pytest.raises(Killed):
        fit(call={"checkpoint": Checkpoint(place, seconds=0)})
    header, arrays = read_archive(place, KIND, FORMAT)
    assert bytes_of(load_members(place)) == place.read_bytes()
    wrong: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"0/theta": arrays["0/theta"][:-1]}),
        ({}, {"1/vectors/1": arrays["1/vectors/1"].astype(np.float64)}),
        ({}, {"0/measures": arrays["0/measures"][:, :1]}),
        ({}, {"0/best": None}),
        ({"members": []}, {}),
        ({"members": None}, {}),
        ({"members": [{**header["members"][0], "epoch": -1}, header["members"][1]]}, {}),
        ({"members": [{**header["members"][0], "ended": 1}, header["members"][1]]}, {}),
        ({"members": [{**header["members"][0], "best_epoch": 40}, header["members"][1]]}, {}),
        ({"seconds": -1.0}, {}),
        ({"seed": "0"}, {}),
        ({"recipe": {**header["recipe"], "epochs": 1}}, {}),
        ({"recipe": {}}, {}),
        ({"network": {"parts": [], "output": "softmax"}}, {}),
        ({"settings": [1]}, {}),
    ]
    for content, changed in wrong:
        parts = {name: array for name, array in (arrays | changed).items() if array is not None}
        place.write_bytes(to_bytes(KIND, FORMAT, header | content, parts))
        with pytest.raises(ModelFileError, match=re.escape(f"{place} cannot be put together")):
            fit(call={"checkpoint": place, "resume": True})
