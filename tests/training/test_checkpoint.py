"""Checkpoints are written whole or not at all, refused for another run, and lead to bit-identical results."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_iris

from deltarule import Checkpoint, MLPClassifier, MLPRegressor, Progress, Unit
from deltarule.common.errors import CheckpointError, InputError, ModelFileError, OutputError, SettingsError
from deltarule.engines import ReferenceEngine
from deltarule.training.checkpoint import FORMAT, load_run

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


pytestmark = pytest.mark.usefixtures("runs_may_end_early")


def made(Estimator: Any = MLPClassifier, **parameters: Any) -> Any:
    given = {
        "hidden_layer_sizes": (6,),
        "max_iter": 12,
        "batch_size": 40,
        "learning_rate_init": 0.03,
        "random_state": 0,
        "tol": 0.0,
    }
    return Estimator(**{**given, **parameters})


def stops_at(epoch: int) -> Any:
    return lambda progress: progress.epoch == epoch


VARIANTS: list[dict[str, Any]] = [
    {},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 1, "max_iter": 40},
    {"dropout": (0.3,), "learning_rate": "cosine", "warmup": 3, "max_grad_norm": 0.5},
    {"early_stopping": True, "scoring": ["f1_macro", "loss"], "n_iter_no_change": 3, "max_iter": 40},
    {"dtype": "float64", "on_divergence": "restore", "n_iter_no_change": np.inf},
    {"class_weight": {0: 2.0}, "label_smoothing": 0.1, "output": "sigmoid"},
]


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_a_run_goes_on_from_its_file_to_the_bit_in_an_estimator_that_never_saw_it(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    place = tmp_path / "run.ckpt"
    whole = made(**settings).fit(X, y)
    made(**settings).fit(X, y, callbacks=[stops_at(5)], checkpoint=place)
    parts = made(**settings, n_threads=1).fit(X, y, resume=True, checkpoint=place)
    np.testing.assert_array_equal(whole.theta_, parts.theta_)
    for name in ("cost", "validation_cost", "validation_score", "step_size"):
        np.testing.assert_array_equal(getattr(whole.history_, name), getattr(parts.history_, name))
    assert whole.history_.best_epoch == parts.history_.best_epoch
    assert whole.t_ == parts.t_
    assert set(whole.scores_) == set(parts.scores_)


def test_a_run_that_ended_is_taken_as_it_is(tmp_path: Path) -> None:
    whole = made().fit(X, y, checkpoint=tmp_path / "run")
    again = made().fit(X, y, resume=True, checkpoint=tmp_path / "run")
    np.testing.assert_array_equal(whole.theta_, again.theta_)
    np.testing.assert_array_equal(whole.loss_curve_, again.loss_curve_)
    longer = made(max_iter=15).fit(X, y, resume=True, checkpoint=tmp_path / "run")
    np.testing.assert_array_equal(longer.theta_, made(max_iter=15).fit(X, y).theta_)


def test_without_a_file_a_run_that_would_go_on_begins(tmp_path: Path) -> None:
    clf = made().fit(X, y, resume=True, checkpoint=tmp_path / "run")
    np.testing.assert_array_equal(clf.theta_, made().fit(X, y).theta_)
    assert load_run(tmp_path / "run").history.epochs == 12


def test_a_run_of_somebody_is_not_overwritten(tmp_path: Path) -> None:
    made().fit(X, y, checkpoint=tmp_path / "run", callbacks=[stops_at(3)])
    before = (tmp_path / "run").read_bytes()
    with pytest.raises(
        CheckpointError, match=r"holds a run of 3 epochs \(a callback asked for it\), which would be lost"
    ):
        made().fit(X, y, checkpoint=tmp_path / "run")
    assert (tmp_path / "run").read_bytes() == before


def test_one_is_written_after_so_many_epochs_and_at_the_end(tmp_path: Path) -> None:
    place = tmp_path / "run"
    seen: list[int] = []

    def look(progress: Progress) -> None:
        seen.append(load_run(place).history.epochs if place.exists() else 0)

    made().fit(X, y, checkpoint=Checkpoint(place, seconds=1e9, epochs=5), callbacks=[look])
    assert seen == [0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 10, 10]
    assert load_run(place).history.epochs == 12
    assert load_run(place).history.stopped == "max_iter"


def test_one_is_written_when_the_time_has_come(tmp_path: Path) -> None:
    place = tmp_path / "run"
    seen: list[int] = []

    def look(progress: Progress) -> None:
        seen.append(load_run(place).history.epochs if place.exists() else 0)

    made(max_iter=4).fit(X, y, checkpoint=Checkpoint(place, seconds=0), callbacks=[look])
    assert seen == [0, 1, 2, 3]


OTHERS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "another step": ((X, y), {"learning_rate_init": 0.01}, r"learning_rate_init was 0\.03 and is 0\.01"),
    "another λ": ((X, y), {"alpha": 1.0}, r"alpha was 0\.0001 and is 1\.0"),
    "another network": ((X, y), {"hidden_layer_sizes": (7,)}, r"the network was 4-6-3 \(relu, softmax\) and is 4-7-3"),
    "other units": ((X, y), {"activation": "tanh"}, r"was 4-6-3 \(relu, softmax\) and is 4-6-3 \(tanh, softmax\)"),
    "fewer rows": ((X[::2], y[::2]), {}, "its training set has 150 examples, and this one has 75"),
    "other values": ((X + 1e-6, y), {}, "the examples, their order, targets or weights are others"),
    "another order": ((X[::-1], y[::-1]), {}, "the examples, their order, targets or weights are others"),
    "weights": ((X, y, np.r_[2.0, np.ones(149)]), {}, "the examples, their order, targets or weights are others"),
    "softer labels": ((X, y), {"label_smoothing": 0.1}, "the examples, their order, targets or weights are others"),
}


@pytest.mark.parametrize(("data", "parameters", "reason"), OTHERS.values(), ids=OTHERS)
def test_another_run_is_refused_with_the_reason_and_nothing_is_lost(
    data: Any, parameters: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    made().fit(X, y, checkpoint=tmp_path / "run", callbacks=[stops_at(3)])
    before = (tmp_path / "run").read_bytes()
    clf = made(**parameters)
    with pytest.raises(CheckpointError, match=f"holds another run: .*{reason}"):
        clf.fit(*data, checkpoint=tmp_path / "run", resume=True)
    assert (tmp_path / "run").read_bytes() == before
    assert not hasattr(clf, "theta_")


def test_settings_of_numpy_are_written_and_are_the_same_run_as_plain_ones(tmp_path: Path) -> None:
    of_numpy: dict[str, Any] = {
        "max_iter": np.int64(5),
        "batch_size": np.int64(40),
        "alpha": np.float32(0.5),
        "dropout": np.array([0.25]),
        "shuffle": np.bool_(True),
        "hidden_layer_sizes": (np.int64(6),),
    }
    plain = {"max_iter": 7, "batch_size": 40, "alpha": 0.5, "dropout": (0.25,)}
    made(**of_numpy).fit(X, y, checkpoint=tmp_path / "run")
    parts = made(**plain).fit(X, y, checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(parts.theta_, made(**plain).fit(X, y).theta_)


def test_a_schedule_over_another_number_of_epochs_is_another_run(tmp_path: Path) -> None:
    made(learning_rate="cosine").fit(X, y, checkpoint=tmp_path / "run", callbacks=[stops_at(3)])
    with pytest.raises(CheckpointError, match="max_iter was 12 and is 20"):
        made(learning_rate="cosine", max_iter=20).fit(X, y, checkpoint=tmp_path / "run", resume=True)


def test_sparse_examples_are_told_apart_too(tmp_path: Path) -> None:
    made(MLPRegressor).fit(csr_array(X), y, checkpoint=tmp_path / "run", callbacks=[stops_at(3)])
    with pytest.raises(CheckpointError, match="the examples, their order"):
        made(MLPRegressor).fit(csr_array(2 * X), y, checkpoint=tmp_path / "run", resume=True)
    whole = made(MLPRegressor).fit(csr_array(X), y)
    parts = made(MLPRegressor).fit(csr_array(X), y, checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(whole.theta_, parts.theta_)


def test_full_batch_solvers_have_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="checkpoint keeps the steps of adam or sgd; solver='lbfgs'"):
        made(solver="lbfgs").fit(X, y, checkpoint=tmp_path / "run")


@pytest.mark.parametrize("checkpoint", [3, True, ["run"]])
def test_a_checkpoint_that_is_no_path_is_refused(checkpoint: Any) -> None:
    with pytest.raises(InputError, match=r"checkpoint is a .* Pass a path, or deltarule\.Checkpoint"):
        made().fit(X, y, checkpoint=checkpoint)
    with pytest.raises(InputError, match="seconds must be 0 or more"):
        Checkpoint("run", seconds=-1)


def test_a_file_that_is_no_checkpoint_or_damaged_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("not a run")
    with pytest.raises(ModelFileError, match="is not a checkpoint file"):
        made().fit(X, y, checkpoint=tmp_path / "note")
    made(max_iter=2).fit(X, y, checkpoint=tmp_path / "run")
    data = (tmp_path / "run").read_bytes()
    for cut in range(0, len(data), 97):
        (tmp_path / "run").write_bytes(data[:cut])
        with pytest.raises(ModelFileError):
            load_run(tmp_path / "run")


def test_a_checkpoint_tells_units_by_their_numbers_and_one_of_0_1_0_has_the_defaults(tmp_path: Path) -> None:
    from deltarule.files.archive import read_archive, to_bytes

    elu = {"engine": "reference", "activation": Unit("elu", 0.5)}
    made(max_iter=2, **elu).fit(X, y, checkpoint=tmp_path / "run")
    assert load_run(tmp_path / "run").network.hidden_units == (Unit("elu", 0.5),)
    made(max_iter=4, **elu).fit(X, y, checkpoint=tmp_path / "run", resume=True)
    with pytest.raises(
        CheckpointError, match=r"the network was 4-6-3 \(elu\(0.5\), softmax\) and is 4-6-3 \(elu, soft"
    ):
        made(activation="elu").fit(X, y, checkpoint=tmp_path / "run", resume=True)
    header, arrays = read_archive(tmp_path / "run", "checkpoint", FORMAT)
    content = {name: part for name, part in header.items() if name not in ("kind", "format", "deltarule", "numpy")}
    del content["network"]["numbers"]
    (tmp_path / "run").write_bytes(to_bytes("checkpoint", 1, content, arrays))
    assert load_run(tmp_path / "run").network.hidden_units == (Unit("elu"),)


def test_parts_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    from deltarule.files.archive import read_archive, to_bytes

    made(max_iter=2).fit(X, y, checkpoint=tmp_path / "run")
    header, arrays = read_archive(tmp_path / "run", "checkpoint", FORMAT)
    content = {name: part for name, part in header.items() if name not in ("kind", "format", "deltarule", "numpy")}
    wrong: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"network": {**header["network"], "sizes": [4, 9, 3]}}, {}),
        ({"network": {**header["network"], "output": "system"}}, {}),
        ({"network": {**header["network"], "numbers": [[0.5]]}}, {}),
        ({"settings": {**header["settings"], "alpha": -1}}, {}),
        ({"settings": {"solver": "adam", "other": 1}}, {}),
        ({"state": {**header["state"], "epoch": -1}}, {}),
        ({"state": {**header["state"], "position": "0"}}, {}),
        ({"history": {**header["history"], "best_epoch": 13}}, {}),
        ({"history": {**header["history"], "notices": "none"}}, {}),
        ({}, {"theta": arrays["theta"][1:]}),
        ({}, {"vectors/1": arrays["vectors/1"].astype(np.float64)}),
        ({}, {"history/cost": arrays["history/cost"][:1]}),
    ]
    for parts, other_arrays in wrong:
        (tmp_path / "run").write_bytes(to_bytes("checkpoint", FORMAT, {**content, **parts}, {**arrays, **other_arrays}))
        with pytest.raises(ModelFileError, match="cannot be put together"):
            load_run(tmp_path / "run")


def test_a_place_that_cannot_be_written_is_found_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        made().fit(X, y, checkpoint=tmp_path / "nowhere" / "run", callbacks=[lambda progress: pytest.fail("it began")])


def test_a_disk_that_fills_up_stops_no_training_and_loses_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "run"

    def fill_up(progress: Progress) -> None:
        if progress.epoch == 4:
            monkeypatch.setattr(os, "fsync", full)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.warns(
        UserWarning, match=r"cannot be written \(No space left .* Training goes on; the previous checkpoint"
    ):
        clf = made().fit(X, y, checkpoint=Checkpoint(place, seconds=0), callbacks=[fill_up])
    monkeypatch.undo()
    np.testing.assert_array_equal(clf.theta_, made().fit(X, y).theta_)
    assert load_run(place).history.epochs == 3
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def hold(place: Path, ready: Any) -> None:
    def wait(progress: Progress) -> None:
        ready.set()
        time.sleep(60)

    made().fit(X, y, checkpoint=place, callbacks=[wait])


def test_two_processes_do_not_write_one_checkpoint_and_a_killed_one_holds_it_no_longer(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=hold, args=(tmp_path / "run", ready))
    process.start()
    try:
        assert ready.wait(60)
        with pytest.raises(CheckpointError, match="is being written by another run"):
            made().fit(X, y, checkpoint=tmp_path / "run")
        (tmp_path / ".run.deadbeef.tmp").write_bytes(b"half of a checkpoint")
    finally:
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    clf = made().fit(X, y, checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(clf.theta_, made().fit(X, y).theta_)
    assert not (tmp_path / ".run.deadbeef.tmp").exists()


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bits(tmp_path: Path) -> None:
    place = tmp_path / "run"
    code = (
        "import sys, time, warnings; warnings.simplefilter('ignore')\n"
        "kill_at = int(sys.argv[1])\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_checkpoint import *\n"
        "def show(progress):\n"
        "    print(progress.epoch, flush=True)\n"
        "    time.sleep(60 if progress.epoch > kill_at + 3 else 0.002)\n"  # however slow the parent is
        f"clf = made(max_iter=40).fit(X, y, checkpoint=Checkpoint({str(place)!r}, seconds=0), resume=True,\n"
        "    callbacks=[show])\n"
    )
    for kill_at in (4, 11, 23):
        process = subprocess.Popen([sys.executable, "-c", code, str(kill_at)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip().isdecimal() and int(line) >= kill_at:
                process.kill()
                break
        process.wait()
        process.stdout.close()
        assert kill_at - 1 <= load_run(place).history.epochs <= kill_at + 3
    clf = made(max_iter=40).fit(X, y, checkpoint=place, resume=True)
    np.testing.assert_array_equal(clf.theta_, made(max_iter=40).fit(X, y).theta_)


def test_a_run_on_an_engine_without_a_name_is_not_written_down(tmp_path: Path) -> None:
    clf = made(engine=lambda network, n_threads: ReferenceEngine(network))
    with pytest.raises(SettingsError, match=r"engine=<function .* has no name. Give it one by .*register_engine"):
        clf.fit(X, y, checkpoint=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(clf.fit(X, y).theta_, made(engine="reference").fit(X, y).theta_)
