"""Write the files of a release: a small model, and a table with what it predicts. Run before each release.

python tests/released/make.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

import deltarule
from deltarule import MLPClassifier
from deltarule.tables import TableEncoder
from deltarule.tables.model import HeldOut, TableModel

FOLDER = Path(__file__).parent


def make() -> None:
    """Write `<version>.model` and `<version>.csv`."""
    table = pd.DataFrame(
        {
            "size": [1.0, 2.0, np.nan, 4.0, 5.0, 7.0, 8.5, 1.25],
            "colour": ["red", None, "blue", "red", "blue", "blue", "green", "red"],
            "old": [True, False, True, True, False, False, True, False],
            "day": [
                "2024-01-01",
                "2024-01-05",
                None,
                "2024-02-01",
                "2024-03-01",
                "2024-04-01",
                "2024-01-03",
                "2023-12-31",
            ],
        }
    )
    encoder = TableEncoder.fit(table)
    X = encoder.transform(table)
    classifier = MLPClassifier((4, 3), activation="tanh", solver="lbfgs", random_state=0, max_iter=40, alpha=0.1)
    classifier.fit(X, ["yes", "no", "maybe", "yes", "no", "no", "maybe", "yes"])
    model = TableModel(encoder, classifier, "label", seed=0, settings={"alpha": 0.1}, held_out=HeldOut(2, 0.5, 0.7))
    model.save(FOLDER / f"{deltarule.__version__}.model")
    table["predicted"] = classifier.predict(X)
    for name, p in zip(classifier.classes_, classifier.predict_proba(X).T, strict=True):
        table[f"probability_{name}"] = p
    table.to_csv(FOLDER / f"{deltarule.__version__}.csv", index=False)


if __name__ == "__main__":
    make()
