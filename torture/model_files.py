"""Damaged and forged model files: each is refused, or predicts; within 16 MB, 5 s, and without an event that runs code.

python torture/start.py model_files [tries] [seed]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from deltarule import MLPClassifier
from deltarule.common.errors import ModelFileError, TableError
from deltarule.models.model_file import load_table_model
from deltarule.tables import TableEncoder
from deltarule.tables.model import HeldOut, TableModel
from mutations import damaged, forged
from report import Report, at_most

HARMLESS = {"open", "object.__getattr__", "builtins.id"}
"""Audit events that loading and predicting may cause; `exec`, `import`, `compile` and what starts programs are not."""


def example() -> tuple[TableModel, pd.DataFrame]:
    """Return a small model with every kind of column, and its table."""
    table = pd.DataFrame(
        {
            "size": [1.0, 2.0, np.nan, 4.0, 5.0, 7.0],
            "colour": ["red", None, "blue", "red", "blue", "blue"],
            "old": [True, False, True, True, False, False],
            "day": ["2024-01-01", "2024-01-05", None, "2024-02-01", "2024-03-01", "2024-04-01"],
        }
    )
    encoder = TableEncoder.fit(table)
    classifier = MLPClassifier((3,), solver="lbfgs", random_state=0).fit(encoder.transform(table), list("abcabc"))
    return TableModel(encoder, classifier, "y", seed=3, settings={"alpha": 0.5}, held_out=HeldOut(5, 0.8, 0.25)), table


def main(tries: int, seed: int) -> None:
    """Try files drawn from a seed."""
    report = Report("model files, damaged or forged")
    model, table = example()
    path = Path(tempfile.mkdtemp()) / "model"
    model.save(path)
    whole = path.read_bytes()
    truth = model.estimator.predict_proba(model.encoder.transform(table))
    loaded = 0
    events: list[str] = []
    watching = False

    def hook(event: str, arguments: object) -> None:
        if watching and event not in HARMLESS:
            events.append(event)

    def attempt(data: bytes) -> str:
        """Return whether the file was refused, predicts as before, or predicts something else."""
        path.write_bytes(data)
        try:
            stranger = load_table_model(path)
            assert isinstance(stranger, TableModel), "the files are of plain networks"
            renamed = table.rename(columns=dict(zip(table, stranger.encoder.kinds, strict=False)))
            p = stranger.predict(renamed)[0].filter(like="probability_").to_numpy()
        except (ModelFileError, TableError):
            return "refused"
        if len(p) != len(table):
            raise AssertionError("not as many predictions as rows")
        return "same" if p.tobytes() == truth.tobytes() else "other"

    attempt(whole)  # so that everything is imported
    sys.addaudithook(hook)
    generator = np.random.default_rng(seed)
    for n in range(tries):
        data = (damaged if n % 2 else forged)(whole, generator)
        events.clear()
        with report.one(f"try {n} of seed {seed}"), at_most(16 << 20, 5), np.errstate(all="ignore"):
            watching = True
            found = attempt(data)
            watching = False
            loaded += found != "refused"
            if n % 2 and found == "other":
                raise AssertionError("a damaged file predicts something else")
        watching = False
        if events:
            report.faults.append(f"try {n} of seed {seed}: events {sorted(set(events))}")
    report.end(f"{loaded:,} of them still a model")


if __name__ == "__main__":
    main(*(int(argument) for argument in [*sys.argv[1:], "100000", "0"][:2]))
