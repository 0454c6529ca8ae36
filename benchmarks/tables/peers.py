"""Runs the peers of `make bench-tables`, a process a fit, and adds a line of figures for each.

    DELTARULE_DATA=… python benchmarks/tables/peers.py            everything that has no line yet, most useful first
    DELTARULE_DATA=… python benchmarks/tables/peers.py --list     what that would be
    DELTARULE_DATA=… python benchmarks/tables/peers.py --one "LightGBM" phoneme 0
    DELTARULE_DATA=… python benchmarks/tables/peers.py --time      one small set anew, for the seconds of this machine

It can be stopped at any time and goes on where it stopped. It runs in an environment with what it measures:
`pip install pytabkit==1.7.3 lightgbm`; this library need not be there. The peers are slow (RealMLP takes one to five
minutes a fit on two quiet cores), so their lines are kept in `figures/peers.jsonl`. Seconds of another machine say
little, so one small set is timed anew on each machine that this library is measured on, into `figures/timed.jsonl`.
"""

import argparse
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from measured import Predictor, append, machine, measure, read, read_all
from splits import CLASSIFICATION, REGRESSION, SMALL, Split, all_splits, seeds_of, split

__all__ = ["FIGURES", "MODELS", "TIMED", "queue", "run_one", "time_again"]

FIGURES = Path(__file__).parent / "figures" / "peers.jsonl"
TIMED = FIGURES.with_name("timed.jsonl")
TIMED_ANEW = "RealMLP-TD", "concrete", (0, 1, 2)
"""Model, set and splits that are timed on each machine: 5.6 CPU seconds a fit on a Xeon."""
THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))
"""Threads of a fit. RealMLP's figures have the same bits on one thread and on two, and on phoneme it takes 44 s of one
core and 44 s of wall time on two. So the queue runs one fit a core, and its CPU seconds compare with seconds on two."""
LONGEST = 3 * 3600
"""Seconds after which a fit is given up."""


class ScikitLearn:
    """scikit-learn's MLP behind its own steps for a table: median, variance 1, one-hot."""

    packages = ("scikit-learn",)

    def __init__(self, **settings: Any) -> None:
        import sklearn.neural_network  # noqa: F401 - its import is no part of the time of a fit

        self.settings = settings
        self.notes: list[str] = []

    def fit(self, split: Split) -> None:
        """Fit the pipeline."""
        from sklearn.compose import TransformedTargetRegressor, make_column_transformer
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.impute import SimpleImputer
        from sklearn.neural_network import MLPClassifier, MLPRegressor
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        numbers = [column for column in split.X if column not in split.categories]
        columns = make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore"), split.categories),
            sparse_threshold=0.0,
        )
        settings = self.settings | {"random_state": 0}
        if split.K:
            model: Any = MLPClassifier(**settings)
        else:
            model = TransformedTargetRegressor(MLPRegressor(**settings), transformer=StandardScaler())
            self.notes.append("targets standardised")
        self.model = make_pipeline(columns, model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model.fit(split.X, split.y)

    def predict(self, split: Split) -> Any:
        """Predict the test rows."""
        return self.model.predict_proba(split.X_test) if split.K else self.model.predict(split.X_test)


class LightGBM:
    """LightGBM as it comes; categories as pandas categories, gaps as they are."""

    packages = ("lightgbm",)

    def __init__(self) -> None:
        import lightgbm

        self.library = lightgbm
        self.notes: list[str] = []

    def fit(self, split: Split) -> None:
        """Fit."""
        kind = self.library.LGBMClassifier if split.K else self.library.LGBMRegressor
        self.known = {column: pd.Index(split.X[column].dropna().unique()) for column in split.categories}
        self.model = kind(n_jobs=THREADS, random_state=0, verbose=-1)
        self.model.fit(self._frame(split.X), split.y)

    def predict(self, split: Split) -> Any:
        """Predict the test rows."""
        X = self._frame(split.X_test)
        return self.model.predict_proba(X) if split.K else self.model.predict(X)

    def _frame(self, X: pd.DataFrame) -> pd.DataFrame:
        # A word that the training rows do not have becomes a gap.
        return X.assign(**{name: pd.Categorical(X[name], categories=known) for name, known in self.known.items()})


class Pytabkit:
    """A model of pytabkit. Where it refuses gaps among numbers, they get the median of the training rows."""

    packages = ("pytabkit", "torch")

    def __init__(self, name: str, **settings: Any) -> None:
        from pytabkit.models.sklearn import sklearn_interfaces

        self.library, self.name, self.settings = sklearn_interfaces, name, settings
        self.notes: list[str] = []

    def fit(self, split: Split) -> None:
        """Fit."""
        kind = getattr(self.library, f"{self.name}_{'Classifier' if split.K else 'Regressor'}")
        numbers = [column for column in split.X if column not in split.categories]
        self.medians = split.X[numbers].astype(float).median()
        if split.X[numbers].isna().any(axis=None):
            self.notes.append("gaps among numbers filled with the median")
        self.categories = split.categories
        self.model = kind(device="cpu", random_state=0, n_threads=THREADS, **self.settings)
        self.model.fit(self._frame(split.X), split.y, cat_col_names=self.categories)

    def predict(self, split: Split) -> Any:
        """Predict the test rows."""
        X = self._frame(split.X_test)
        return self.model.predict_proba(X) if split.K else np.ravel(self.model.predict(X))

    def _frame(self, X: pd.DataFrame) -> pd.DataFrame:
        numbers = {name: X[name].astype(float).fillna(self.medians[name]) for name in map(str, self.medians.index)}
        words = {name: X[name].astype(str).where(X[name].notna(), None).astype("category") for name in self.categories}
        return X.assign(**(numbers | words))


MODELS: dict[str, Any] = {
    "LightGBM": lambda: LightGBM(),
    "scikit-learn": lambda: ScikitLearn(),
    "scikit-learn, early stopping": lambda: ScikitLearn(early_stopping=True),
    "RealMLP-TD, no smoothing": lambda: Pytabkit("RealMLP_TD", use_ls=False, val_metric_name="cross_entropy"),
    "RealMLP-TD": lambda: Pytabkit("RealMLP_TD"),
    "RealMLP-TD-S": lambda: Pytabkit("RealMLP_TD_S"),
    "TabM": lambda: Pytabkit("TabM_D"),
}


def queue() -> Iterator[tuple[str, str, int]]:
    """Name model, set and seed of every figure, the most useful first.

    Label smoothing is an option of classification, so quantities know one RealMLP-TD, and smoothing is tried on small
    sets only.
    """
    small = [name for name, rows in CLASSIFICATION.items() if rows <= SMALL]
    large = sorted(set(CLASSIFICATION) - set(small), key=lambda name: CLASSIFICATION[name])
    quantities = sorted(REGRESSION, key=lambda name: REGRESSION[name])
    for model in ("LightGBM", "scikit-learn", "scikit-learn, early stopping"):
        yield from ((model, *key) for key in all_splits())
    first, others = [(name, 0) for name in small], [(name, seed) for seed in (1, 2) for name in small]
    yield from (("RealMLP-TD, no smoothing", *key) for key in [*first, *others])
    yield from (("RealMLP-TD-S", *key) for key in first)
    yield from (("RealMLP-TD, no smoothing", name, 0) for name in large)
    yield from (("RealMLP-TD", name, seed) for name in quantities for seed in seeds_of(name))
    yield from (("RealMLP-TD", *key) for key in [*first, *others])
    yield from (("RealMLP-TD-S", *key) for key in [*others, *((name, 0) for name in [*large, *quantities])])
    yield from (("TabM", *key) for key in [*first, *((name, 0) for name in [*quantities, *large])])


def run_one(model: str, name: str, seed: int, path: Path = FIGURES) -> None:
    """Fit one peer on one split in this process and add its line."""
    peer: Predictor = MODELS[model]()
    append(path, measure(model, split(name, seed), peer, THREADS))


def time_again() -> None:
    """Time what is timed on each machine, unless it has its lines already."""
    model, name, seeds = TIMED_ANEW
    here = machine()
    known = {(one.machine, one.split) for one in read_all(TIMED)}
    for seed in seeds:
        if (here, seed) not in known:
            run_one(model, name, seed, TIMED)


def main() -> None:
    """Run the queue, or what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1, help="fits at the same time")
    parser.add_argument("--list", action="store_true", help="print what has no line yet")
    parser.add_argument("--one", nargs=3, metavar=("MODEL", "SET", "SEED"), help="run this one in this process")
    parser.add_argument("--time", action="store_true", help="time one small set on this machine")
    asked = parser.parse_args()
    if asked.time:
        time_again()
        return
    if asked.one:
        model, name, seed = asked.one
        run_one(model, name, int(seed))
        return
    missing = [of for of in queue() if (of[1], of[2], of[0]) not in read(FIGURES)]
    if asked.list:
        sys.stdout.writelines(f"{model}, {name}, split {seed}\n" for model, name, seed in missing)
        return
    with ThreadPoolExecutor(asked.jobs) as pool:
        for said in pool.map(lambda of: _in_a_process(*of), missing):
            sys.stdout.write(said)
            sys.stdout.flush()


def _in_a_process(model: str, name: str, seed: int) -> str:
    command = [sys.executable, __file__, "--one", model, name, str(seed)]
    environment = os.environ | {"OMP_NUM_THREADS": str(THREADS)}
    try:
        subprocess.run(command, check=True, timeout=LONGEST, capture_output=True, text=True, env=environment)
    except subprocess.CalledProcessError as error:
        return f"{model}, {name}, split {seed}: no figure\n{error.stderr[-2000:]}\n"
    except subprocess.TimeoutExpired:
        return f"{model}, {name}, split {seed}: given up after {LONGEST} s\n"
    return f"{model}, {name}, split {seed}\n"


if __name__ == "__main__":
    main()
