"""`make bench-tables`: this library's estimators on the splits of the peers, and tables of both.

    DELTARULE_DATA=… python benchmarks/tables/ours.py              what has no line yet, then docs/tables-measured.md
    DELTARULE_DATA=… python benchmarks/tables/ours.py --again      every line anew

Each fit is a process of its own with two threads. Lines are added to `figures/ours.jsonl`, which can be removed at any
time; those of the peers are in `figures/peers.jsonl` (see `peers.py`). On a machine that the peers' seconds are not
known of, one small set is timed first, by the Python with pytabkit that DELTARULE_PEERS names.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from comparison import write_comparison
from measured import append, machine, measure, read, read_all
from splits import Split, all_splits, split

FIGURES = Path(__file__).parent / "figures" / "ours.jsonl"
PAGE = Path(__file__).parents[2] / "docs" / "tables-measured.md"
TIMED = FIGURES.with_name("timed.jsonl")
PEERS = "DELTARULE_PEERS"
THREADS = 2
MODELS = {"deltarule, one member": {"n_members": 1}, "deltarule": {}}


class Ours:
    """`TableClassifier` or `TableRegressor` on a raw frame."""

    packages: tuple[str, ...] = ("deltarule",)

    def __init__(self, **settings: Any) -> None:
        import deltarule

        # Taken here, because what it imports is no part of the time of a fit.
        self.kinds, self.settings = (deltarule.TableRegressor, deltarule.TableClassifier), settings
        self.notes: list[str] = []

    def fit(self, split: Split) -> None:
        """Fit."""
        kind = self.kinds[split.K > 0]
        categories = [name for name in split.categories if split.X[name].dtype.kind in "if"]
        self.model = kind(random_state=0, n_threads=THREADS, categories=categories or None, **self.settings)
        self.model.fit(split.X, split.y)

    def predict(self, split: Split) -> Any:
        """Predict the test rows."""
        return self.model.predict_proba(split.X_test) if split.K else self.model.predict(split.X_test)


def main() -> None:
    """Measure what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", action="store_true", help="measure every line anew")
    parser.add_argument("--one", nargs=3, metavar=("MODEL", "SET", "SEED"), help="measure this one in this process")
    asked = parser.parse_args()
    if asked.one:
        model, name, seed = asked.one
        append(FIGURES, measure(model, split(name, int(seed)), Ours(**MODELS[model]), THREADS))
        return
    _time_peers()
    known = {} if asked.again else read(FIGURES)
    for name, seed in all_splits():
        for model in MODELS:
            if (name, seed, model) not in known:
                arguments = [sys.executable, __file__, "--one", model, name, str(seed)]
                subprocess.run(arguments, check=True, env=os.environ | {"OMP_NUM_THREADS": str(THREADS)})
    write_comparison(PAGE, read(FIGURES), read(FIGURES.with_name("peers.jsonl")), read_all(TIMED))
    sys.stdout.write(PAGE.read_text(encoding="utf-8"))


def _time_peers() -> None:
    if any(one.machine == machine() for one in read_all(TIMED)):
        return
    python = os.environ.get(PEERS)
    if not python:
        raise SystemExit(f"{PEERS} must name a Python with pytabkit, by which one small set is timed on this machine")
    subprocess.run([python, str(Path(__file__).with_name("peers.py")), "--time"], check=True)


if __name__ == "__main__":
    main()
