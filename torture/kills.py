"""One run is killed 200 times, each time at a random moment and at times inside a write, and taken up again."""

import os
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris

from deltarule import Checkpoint, MLPClassifier, Progress
from deltarule.training.checkpoint import load_run
from report import Report

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
EPOCHS = 60
SECONDS_AN_EPOCH = 0.001  # so that a run is not over before it is killed


def run(place: str) -> MLPClassifier:
    """Train with a checkpoint after every epoch, from where the file says."""
    X, y = load_iris(return_X_y=True)
    clf = MLPClassifier((16,), max_iter=EPOCHS, batch_size=16, dropout=0.2, early_stopping=True, random_state=0)
    clf.set_params(n_iter_no_change=10**6, learning_rate="one_cycle")

    def wait(progress: Progress) -> None:
        time.sleep(SECONDS_AN_EPOCH)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return clf.fit(X, y, checkpoint=Checkpoint(place, seconds=0), resume=True, callbacks=[wait])


def main() -> None:
    """Kill and take up, and compare the end with that of a run that was never killed."""
    report = Report("SIGKILL at a random moment of a run, and taken up again")
    generator = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    with tempfile.TemporaryDirectory() as folder:
        place, half = Path(folder) / "run.ckpt", 0
        whole = run(str(Path(folder) / "whole.ckpt")).theta_
        while report.tries < KILLS:
            # A fork has everything loaded, so that a kill meets the run and not the imports.
            process = os.fork()
            if process == 0:
                try:
                    run(str(place))
                finally:
                    os._exit(0)
            time.sleep(generator.uniform(0, 0.12))
            os.kill(process, 9)
            os.waitpid(process, 0)
            half += len(list(Path(folder).glob(".run.ckpt.*.tmp")))
            with report.one(f"kill {report.tries}"):
                if place.exists():
                    load_run(place)
            if place.exists() and load_run(place).history.epochs >= EPOCHS:
                with report.one("the end"):
                    if not np.array_equal(run(str(place)).theta_, whole):
                        raise AssertionError("other bits than those of the run that was never killed")
                place.unlink()
        with report.one("the last end"):
            if not np.array_equal(run(str(place)).theta_, whole):
                raise AssertionError("other bits than those of the run that was never killed")
    report.end(f"{half} of them inside a write")


if __name__ == "__main__":
    main()
