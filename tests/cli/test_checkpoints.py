"""`deltarule train` with a checkpoint."""

import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

from deltarule import Progress
from loading import load

Run = Callable[..., Result]


def test_a_run_that_stopped_goes_on_from_its_checkpoint_to_the_same_model(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [data, "--target", "label", "--layers", "4", "--epochs", "12", "--batch-size", "16", "--dropout", "0.2"]
    assert run("train", "--network", *options, "--output", tmp_path / "whole").exit_code == 0

    def interrupt_at(number: int) -> Callable[..., str]:
        def interrupt(epoch: Progress, *_: str) -> str:
            if epoch.epoch == number:
                signal.raise_signal(signal.SIGINT)
            return ""

        return interrupt

    with monkeypatch.context() as patched:
        patched.setattr("deltarule.training.progress_bar._measured", interrupt_at(4))
        stopped = run("train", "--network", *options, "--output", tmp_path / "part", "--checkpoint", tmp_path / "run")
    assert stopped.exit_code == 130
    refused = run("train", "--network", *options, "--output", tmp_path / "part", "--checkpoint", tmp_path / "run")
    assert refused.exit_code == 1
    assert (
        "holds a run of 4 epochs (interrupted by Ctrl-C), which would be lost. Go on with it by --resume, or"
        in refused.stderr
    )
    go_on = ["--output", tmp_path / "part", "--checkpoint", tmp_path / "run", "--resume"]
    with monkeypatch.context() as patched:
        patched.setattr("deltarule.training.progress_bar._measured", interrupt_at(8))
        stopped = run("train", "--network", *options, *go_on)
    assert "Note: Interrupted after epoch 8: the model is" in stopped.stderr
    assert run("train", "--network", *options, *go_on).exit_code == 0
    ended = run("train", "--network", *options, "--output", tmp_path / "part", "--checkpoint", tmp_path / "run")
    assert "holds a run of 12 epochs (all epochs that were allowed), which" in ended.stderr
    whole, part = (load(tmp_path / name).estimator for name in ("whole", "part"))
    np.testing.assert_array_equal(whole.theta_, part.theta_)
    changed = ["--lambda", "2", "--patience", "3", "-o", tmp_path / "x", "--checkpoint", tmp_path / "run", "--resume"]
    other = run("train", "--network", *options, *changed)
    assert "holds another run: --lambda was 0.0001 and is 2.0; --patience was 10 and is 3. Go on" in other.stderr


@pytest.mark.parametrize("what", ["nowhere", "a run", "another solver"])
def test_a_checkpoint_that_does_not_fit_is_found_before_the_table_is_read(
    run: Run, data: Path, tmp_path: Path, what: str
) -> None:
    place = tmp_path / ("nowhere/run" if what == "nowhere" else "run")
    options = ["--target", "label", "--epochs", 1, "-o", tmp_path / "model", "--checkpoint", place]
    if what == "a run":
        assert run("train", "--network", data, *options).exit_code == 0
    if what == "another solver":
        options += ["--solver", "lbfgs"]
    result = run("train", "--network", tmp_path / "absent.csv", *options)
    assert result.exit_code == 1
    told = {"nowhere": "there is no folder", "a run": "holds a run of 1 epochs", "another solver": "keeps the steps of"}
    assert told[what] in result.stderr
    assert "absent.csv" not in result.stderr


def test_resuming_needs_a_checkpoint(run: Run) -> None:
    result = run("train", "--network", "absent.csv", "--target", "y", "--resume")
    assert result.exit_code == 2
    assert "Give --checkpoint, too" in result.stderr
