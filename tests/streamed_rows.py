"""Rows for fits that read them block by block, and quick estimators."""

from typing import Any

import numpy as np
import pandas as pd

from deltarule import MLPClassifier

__all__ = ["FEATURES", "TABLE", "M", "made"]

FEATURES = ["p", "q", "r", "s"]
RNG = np.random.default_rng(0)
M = 9003
TABLE = pd.DataFrame(RNG.normal(size=(M, 4)), columns=FEATURES)
TABLE["label"] = np.array(["a", "b", "c"])[(TABLE.p + TABLE.q > 0).astype(int) + (TABLE.r > 1)]
TABLE["quantity"] = np.sin(TABLE.p) + 0.1 * RNG.normal(size=M)
TABLE["other"] = TABLE.q**2
TABLE["w"] = RNG.integers(0, 4, M) / 2


def made(Estimator: Any = MLPClassifier, **parameters: Any) -> Any:
    given = {"hidden_layer_sizes": (6,), "max_iter": 3, "random_state": 0, "tol": 0.0}
    return Estimator(**{**given, **parameters})
