"""Estimators of tables with weights of any kind, of a table with everything that a table has."""

from typing import Any

import numpy as np
import pandas as pd

from deltarule import TableClassifier, TableRegressor
from exported_models import LABELS, mixed

__all__ = ["TASKS", "estimator_of", "rows_to_predict", "table_to_fit"]

TASKS = (
    "two words",
    "three words",
    "large numbers",
    "booleans",
    "floats",
    "a quantity",
    "two quantities",
    "counts",
    "outliers",
    "quantiles",
)


def table_to_fit() -> pd.DataFrame:
    """Return a mixed table with a column of many words, one of numbers with two values and one of three marks."""
    table = mixed(200, seed=0)
    return table.assign(
        town=pd.Series([f"ort {n % 12} ß" for n in range(200)], dtype=object),
        pair=[1.5, 7.0, np.nan, 7.0] * 50,
        yes=np.array([True, False, None, True] * 50, dtype=object),
    )


def rows_to_predict() -> pd.DataFrame:
    """Return rows that were not trained on: unknown words, rows of gaps alone, numbers far outside."""
    rows = mixed(120, seed=1).assign(
        town=pd.Series([None if n % 13 == 0 else f"ort {n % 15} ß" for n in range(120)], dtype=object),
        pair=[1.5, 7.0, np.nan, 3.0] * 30,
        yes=np.array([True, False, None, False] * 30, dtype=object),
    )
    rows.loc[:9, "colour"] = "never seen"
    rows.loc[10:14, "probability"] = ""
    rows.loc[15] = None
    rows.loc[16:18, "x"] = [1e12, -1e90, 40.0]
    return rows


def estimator_of(task: str, dtype: str = "float64", largest: float = 1.0, n_members: int = 2) -> Any:
    """Return an estimator of tables whose weights are drawn up to a size."""
    table, generator = table_to_fit(), np.random.default_rng(3)
    settings: dict[str, Any] = {"epochs": 1, "hidden_layer_sizes": (9, 7), "random_state": 0, "dtype": dtype}
    if task in LABELS:
        y = LABELS[task][np.arange(200) % len(LABELS[task])]
        estimator: Any = TableClassifier(n_members, **settings).fit(table, y)
    else:
        Y: Any = 1e6 + 5 * generator.standard_normal((200, 2))
        Y = generator.poisson(40.0, 200) if task == "counts" else Y if task == "two quantities" else Y[:, 0]
        losses: dict[str, dict[str, Any]] = {
            "counts": {"loss": "poisson"},
            "outliers": {"loss": "huber"},
            "quantiles": {"loss": "pinball", "quantiles": (0.1, 0.5, 0.9)},
        }
        estimator = TableRegressor(n_members, **losses.get(task, {}), **settings).fit(table, Y)
    estimator.thetas_[:] = generator.uniform(-largest, largest, estimator.thetas_.shape)
    if task not in LABELS:  # so that not all predictions are at the ends of the range
        last = estimator.network_.segments[-2].start
        estimator.thetas_[:, last:] *= 0.05
    return estimator
