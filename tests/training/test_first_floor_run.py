"""Runs of networks with parts of their own kinds, and their checkpoints."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from deltarule import Checkpoint
from deltarule.engines import ReferenceEngine
from deltarule.network.data import TrainingSet
from deltarule.training.checkpoint import SavedRun, changed, digest_of, keeping, load_run
from deltarule.training.history import History
from deltarule.training.loop import first_state, train
from deltarule.training.record import RunState
from deltarule.training.settings import Settings
from first_floors import FLOOR, WHOLE, rows_for


def test_a_run_of_a_network_with_other_parts_comes_back_from_its_file_and_goes_on_to_the_bit(tmp_path: Path) -> None:
    rows, generator = rows_for(FLOOR, 60), np.random.default_rng(0)
    theta = WHOLE.first_theta(generator, rows)
    data = TrainingSet.of(WHOLE, rows, np.eye(3)[generator.integers(0, 3, 60)])
    settings = Settings(
        max_iter=6, batch_size=16, dropout=0.2, dropout_schedule="flat_cos", learning_rate="coslog4", tol=0.0
    )
    engine, start = ReferenceEngine(WHOLE), RunState(first_state(settings, theta, 5))
    whole = train(engine, data, settings, start)
    first = SavedRun(start, History.empty(), WHOLE, settings, 0, data.rows, digest_of(data))
    with keeping(Checkpoint(tmp_path / "run"), first) as keep:
        train(engine, data, settings, start, epochs=2, keep=keep)
    saved = load_run(tmp_path / "run")
    assert saved.network == WHOLE
    rest = train(engine, data, settings, saved.run_state, epochs=4)
    np.testing.assert_array_equal(rest.theta, whole.theta)
    assert changed(saved, replace(saved, settings=replace(settings, max_iter=7))) == ["max_iter was 6 and is 7"]
