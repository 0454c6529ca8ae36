"""Held-out scores: the default estimators against scikit-learn's, over ten splits of seven data sets.

A run's split and its estimators have one seed, so both learn from the same three quarters of the rows and are judged on
the same rest. Columns are brought to mean 0 and variance 1 for both. Five sets come with scikit-learn, two are UCI's
files `letter-recognition.data` and `adult.data`, looked for anywhere below the folder that DELTARULE_DATA names.
"""

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as SklearnClassifier
from sklearn.neural_network import MLPRegressor as SklearnRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from contenders import CORES
from deltarule import MLPClassifier, MLPRegressor
from deltarule.common.arrays import Array

__all__ = ["FOLDER", "SEEDS", "Comparison", "DataSet", "check_that_none_is_worse", "compare", "data_sets"]

SEEDS = 10
MOST_ROWS = 4_000
FOLDER = "DELTARULE_DATA"
FILES = ("letter-recognition.data", "adult.data")
ADULT_NUMBERS = (0, 2, 4, 10, 11, 12)  # columns of numbers; the others, but for the last, are categories
T_95 = 2.262
"""Student's t, 9 degrees of freedom: so many standard errors is a mean of ten differences off once in 20 times."""


@dataclass(frozen=True)
class DataSet:
    """Rows and what is to be told of them."""

    name: str
    X: Array
    y: Array

    @property
    def is_regression(self) -> bool:
        """Whether y is a quantity: R² is the score then, else the accuracy."""
        return self.y.dtype == np.float64


@dataclass(frozen=True)
class Comparison:
    """Scores and epochs by seed, deltarule's first and scikit-learn's second."""

    data: DataSet
    scores: Array  # (2, SEEDS)
    epochs: Array  # (2, SEEDS)

    @property
    def means(self) -> Array:
        """Mean score of each."""
        return np.asarray(self.scores.mean(axis=1))

    @property
    def spreads(self) -> Array:
        """Standard deviation of each one's scores over the seeds."""
        return np.asarray(self.scores.std(axis=1, ddof=1))

    @property
    def is_as_good(self) -> bool:
        """Whether our mean is no further below scikit-learn's than the spread of its own ten runs."""
        return bool(self.means[0] >= self.means[1] - self.spreads[1])

    @property
    def difference(self) -> tuple[float, float]:
        """Mean difference of the same seed's scores, ours less theirs, and half the width of its 95 % interval."""
        differences = self.scores[0] - self.scores[1]
        return float(differences.mean()), float(T_95 * differences.std(ddof=1) / np.sqrt(len(differences)))

    @property
    def verdict(self) -> str:
        """What the paired difference says: better or worse only where its interval leaves out 0."""
        mean, half = self.difference
        return "better" if mean > half else "worse" if mean < -half else "as good"


def data_sets() -> tuple[list[DataSet], list[str]]:
    """Return the data sets that are here, and the names of the files that were not found."""
    loaders: dict[str, Callable[..., tuple[Array, Array]]] = {
        "iris": datasets.load_iris,
        "wine": datasets.load_wine,
        "breast cancer": datasets.load_breast_cancer,
        "digits": datasets.load_digits,
        "diabetes": datasets.load_diabetes,
    }
    found = [DataSet(name, *loader(return_X_y=True)) for name, loader in loaders.items()]
    paths = _paths()
    for file, read in (("letter-recognition.data", _letter), ("adult.data", _adult)):
        if file in paths:
            lines = paths[file].read_text(encoding="utf-8").split("\n")
            table = np.char.strip([line.split(",") for line in lines if line.strip()])
            some = np.random.default_rng(0).permutation(len(table))[:MOST_ROWS]
            found.append(DataSet(file.split(".")[0].split("-")[0], *read(table[some])))
    return found, [file for file in FILES if file not in paths]


def compare(data: DataSet) -> Comparison:
    """Train both on every split, a process a core."""
    with Parallel(n_jobs=CORES) as parallel:
        runs = parallel(delayed(_run)(data, seed) for seed in range(SEEDS))
    scores, epochs = np.array(runs).transpose(1, 2, 0)
    return Comparison(data, scores, epochs)


def check_that_none_is_worse(comparisons: list[Comparison]) -> None:
    """Assert what is promised: a score as good as scikit-learn's, within its spread, on every set."""
    worse = [comparison.data.name for comparison in comparisons if not comparison.is_as_good]
    assert not worse, f"held-out scores below scikit-learn's by more than their spread: {', '.join(worse)}"


def _paths() -> Mapping[str, Path]:
    folder = os.environ.get(FOLDER)
    if not folder:
        return {}
    first = {file: next(Path(folder).rglob(file), None) for file in FILES}
    return {file: path for file, path in first.items() if path is not None}


def _letter(table: Array) -> tuple[Array, Array]:
    return table[:, 1:].astype(np.float64), table[:, 0]


def _adult(table: Array) -> tuple[Array, Array]:
    numbers = table[:, ADULT_NUMBERS].astype(np.float64)
    categories = OneHotEncoder(sparse_output=False).fit_transform(np.delete(table[:, :-1], ADULT_NUMBERS, axis=1))
    return np.hstack([numbers, categories]), table[:, -1]


def _run(data: DataSet, seed: int) -> tuple[tuple[float, float], tuple[int, int]]:
    """Return the scores and the epochs of both on one split."""
    strata = None if data.is_regression else data.y
    X, X_held_out, y, y_held_out = train_test_split(data.X, data.y, random_state=seed, stratify=strata)
    ours, theirs = (MLPRegressor, SklearnRegressor) if data.is_regression else (MLPClassifier, SklearnClassifier)
    estimators: tuple[Any, ...] = (ours(random_state=seed, n_threads=1), theirs(random_state=seed))
    scores, epochs = [], []
    for estimator in estimators:
        pipeline = make_pipeline(StandardScaler(), estimator)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            pipeline.fit(X, y)
        scores.append(float(pipeline.score(X_held_out, y_held_out)))
        epochs.append(int(estimator.n_iter_))
    return (scores[0], scores[1]), (epochs[0], epochs[1])
