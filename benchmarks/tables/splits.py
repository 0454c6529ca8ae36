"""The data sets of `make bench-tables` and their splits, the same for this library and every peer.

The files lie in a folder with a `load.py` that DELTARULE_DATA names: `load(name)` and `load_regression(name)` return a
data frame, its targets and the names of its categorical columns. This file needs NumPy, pandas and scikit-learn only,
because peers run where this library is not installed.
"""

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

__all__ = ["CLASSIFICATION", "FOLDER", "REGRESSION", "Split", "all_splits", "folder", "seeds_of", "split"]

FOLDER = "DELTARULE_DATA"
MOST_ROWS = 20_000
CUT = ("adult", "bank_full")
"""Sets of which MOST_ROWS rows are taken, drawn with the shares of the classes kept."""
SMALL = 8_000
"""Sets of at most so many rows have three splits, larger ones have one."""
TEST_SHARE = 0.2

CLASSIFICATION = {
    "titanic": 891,
    "german_credit": 1_000,
    "phoneme": 5_404,
    "telco_churn": 7_043,
    "letter": 20_000,
    "covertype20k": 20_000,
    "adult": 20_000,
    "bank_full": 20_000,
    "credit_default": 30_000,
}
"""Sets with classes, and their rows after the cut."""
REGRESSION = {
    "concrete": 1_030,
    "airfoil": 1_503,
    "abalone": 4_177,
    "wine_quality": 6_497,
    "bike": 17_379,
    "california": 20_640,
    "diamonds": 53_940,
}
"""Sets with quantities, and their rows."""


@dataclass(frozen=True)
class Split:
    """Four fifths of a set to learn from and a fifth to be judged on.

    Classes are numbers 0 … K − 1 in the order of their sorted names; K is 0 for quantities.
    """

    name: str
    seed: int
    K: int
    categories: list[str]
    X: pd.DataFrame
    y: "np.ndarray[Any, Any]"
    X_test: pd.DataFrame
    y_test: "np.ndarray[Any, Any]"


def folder() -> Path:
    """Return the folder that DELTARULE_DATA names."""
    named = os.environ.get(FOLDER)
    if not named or not (Path(named) / "load.py").is_file():
        raise SystemExit(f"{FOLDER} must name a folder with the data sets and their load.py; it is {named!r}")
    return Path(named)


def seeds_of(name: str) -> range:
    """Return the seeds of a set's splits: 0, 1, 2 up to SMALL rows, else 0."""
    return range(3 if (CLASSIFICATION | REGRESSION)[name] <= SMALL else 1)


def all_splits() -> list[tuple[str, int]]:
    """Name every split: set and seed."""
    return [(name, seed) for name in CLASSIFICATION | REGRESSION for seed in seeds_of(name)]


def split(name: str, seed: int) -> Split:
    """Load a set and split it.

    Classes keep their shares in both parts; both are drawn by scikit-learn's `train_test_split` with the seed.
    """
    load = _loader()
    if name in REGRESSION:
        X, y, categories = load.load_regression(name)
        truth, strata, K = y.to_numpy(dtype=np.float64), None, 0
    else:
        X, y, categories = load.load(name)
        classes, truth = np.unique(y.astype(str), return_inverse=True)
        if name in CUT:
            kept, _ = train_test_split(np.arange(len(X)), train_size=MOST_ROWS, random_state=0, stratify=truth)
            X, truth = X.iloc[np.sort(kept)], truth[np.sort(kept)]
        strata, K = truth, len(classes)
    X = X.reset_index(drop=True)
    learnt, held = train_test_split(np.arange(len(X)), test_size=TEST_SHARE, random_state=seed, stratify=strata)
    parts = [X.iloc[rows].reset_index(drop=True) for rows in (learnt, held)]
    return Split(name, seed, K, list(categories), parts[0], truth[learnt], parts[1], truth[held])


def _loader() -> Any:
    path = folder() / "load.py"
    specification = importlib.util.spec_from_file_location("load", path)
    if specification is None or specification.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
