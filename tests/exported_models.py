"""A table with everything that a table has, and models of it with weights of any kind."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule.estimators.classifier import MLPClassifier
from deltarule.tables import TableEncoder
from deltarule.tables.model import TableModel
from deltarule.tables.target_column import TargetScale


def of_table(encoder: TableEncoder, estimator: Any, scale: TargetScale | None = None) -> TableModel:
    """Return a model of a table."""
    return TableModel(encoder, estimator, target="y", seed=0, scale=scale)


def mixed(m: int, seed: int) -> pd.DataFrame:
    """Return numbers, one of them 10⁶ ± 5 with gaps, dates with gaps, times, words with gaps, "" and booleans."""
    generator = np.random.default_rng(seed)
    size = 1e6 + 5 * generator.standard_normal(m)
    size[::7] = np.nan
    seconds = generator.integers(-(10**9), 2 * 10**9, m)
    day = pd.Series(pd.Timestamp(0) + pd.to_timedelta(seconds - seconds % 86400, unit="s"))
    day = day.mask(np.arange(m) % 11 == 0)
    return pd.DataFrame(
        {
            "x": generator.standard_normal(m),
            "size (m²)": size,
            "day": day,
            "seen at": pd.Timestamp(0) + pd.to_timedelta(generator.integers(0, 10**9, m), unit="s"),
            "took": pd.to_timedelta(generator.integers(0, 10**6, m), unit="s"),
            "colour": generator.choice(np.array(["red", "", "größe", '日本 "x"\\', None], dtype=object), m),
            "probability": generator.choice(np.array(["a", "b"], dtype=object), m),
            "flag": generator.choice(np.array([True, False], dtype=object), m),
        }
    )


LABELS: dict[str, NDArray[Any]] = {
    "two words": np.array(["größer", "no"]),
    "three words": np.array(["", "a b", "日本"]),
    "large numbers": np.array([-(2**40), 3_000_000_000, 2**62 + 1]),
    "booleans": np.array([False, True]),
    "floats": np.array([-1.0, 0.0, 3.0]),
}


def fitted(estimator: Any, X: NDArray[Any], y: NDArray[Any], largest: float = 3.0, seed: int = 0) -> Any:
    """Return an estimator fitted in no time, with weights of any kind."""
    estimator.set_params(solver="lbfgs", tol=1e3, random_state=0).fit(X, y)
    generator = np.random.default_rng(seed)
    estimator.theta_[:] = generator.uniform(-largest, largest, len(estimator.theta_))
    return estimator


def classifier(X: NDArray[Any], labels: NDArray[Any], largest: float = 3.0, **parameters: Any) -> MLPClassifier:
    y = labels[np.arange(len(X)) % len(labels)]
    made: MLPClassifier = fitted(MLPClassifier((6, 5), **parameters), X, y, largest)
    return made
