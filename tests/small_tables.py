"""A table with columns of every kind, and settings that train in milliseconds."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deltarule import TableClassifier

__all__ = ["QUICK", "fitted", "labels_of", "table"]

QUICK: dict[str, Any] = {"n_members": 2, "epochs": 6, "hidden_layer_sizes": (8,), "random_state": 0}


def table(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": generator.lognormal(size=rows),
            "colour": generator.choice(["red", "green", "blue"], rows),
            "town": generator.choice([f"town {i}" for i in range(25)], rows),
            "open": generator.random(rows) < 0.5,
            "day": pd.Timestamp("2021-03-01") + pd.to_timedelta(generator.integers(0, 900, rows), unit="D"),
            "count": generator.integers(0, 9, rows),
        }
    )
    frame.loc[::7, "size"] = np.nan
    frame.loc[::11, "colour"] = None
    return frame


def labels_of(frame: pd.DataFrame) -> NDArray[Any]:
    return np.where(frame["size"].fillna(1.0) + (frame["colour"] == "red") > 1.2, "large", "small")


def fitted(**changes: Any) -> TableClassifier:
    frame = table()
    return TableClassifier(**{**QUICK, **changes}).fit(frame, labels_of(frame))
