"""What one element of the recipe brings: members of a base, and with one thing changed, on the same splits.

    DELTARULE_DATA=… python benchmarks/tables/elements.py                  what has no line yet, then the table
    DELTARULE_DATA=… python benchmarks/tables/elements.py --arm "no dropout" --sets titanic concrete
    DELTARULE_DATA=… python benchmarks/tables/elements.py --show           the table alone
    DELTARULE_DATA=… python benchmarks/tables/elements.py --file epochs.jsonl --arm "64 epochs, batches of 64"

The base is the recipe with RealMLP-TD's 256 epochs of batches of 256 rows and its step sizes. Each fit has three
members on three of five folds, as an estimator deals them, so three networks are compared on each of three splits. A
figure is the cost on the rows of the split that nobody learnt from: log-loss of the calibrated probabilities, or
RMSE, of each member alone, and of them together. Lines are added to `figures/elements.jsonl`; `figures/epochs.jsonl`
has those of epochs and batches for quantities, measured with a later version.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from sklearn.metrics import log_loss

from deltarule import TableClassifier, TableRegressor
from deltarule.engines import MiniBatches, UpdateRule
from deltarule.network.curves import PiecewiseLinear
from deltarule.network.first_floor import Beside, Keep, Scale
from deltarule.network.network import Network
from deltarule.network.parts import Dense
from deltarule.tabular.recipe import Recipe
from deltarule.tabular.table_columns import TableColumns
from deltarule.training.settings import Settings
from deltarule.training.solvers import Adam, Averaged, ScheduleFree
from measured import machine
from splits import Split, split

__all__ = ["ARMS", "measure", "show"]

FIGURES = Path(__file__).parent / "figures"
BASE = "256 epochs, batches of 256"
OF_BASE: Mapping[str, Any] = {"epochs": 256, "batch": 256}
STEP_SIZES = {"selu": 0.04, "mish": 0.2}
"""RealMLP-TD's numbers: the last ones for classes and for quantities, by their hidden units."""
MEMBERS = 3
SETS = ("titanic", "concrete", "airfoil", "abalone")
SPLITS = (0, 1, 2)


@dataclass(frozen=True)
class Arm:
    """One change of the recipe.

    Attributes
    ----------
    changes : mapping
        Fields of the recipe.
    rule : callable, optional
        recipe ↦ the update rule.
    settings : mapping
        Settings besides those of the recipe.
    rows : int
        Most rows of a batch; 0: 256, and more as the recipe says; -1: 64 up to 1 024 rows, 128 up to 8 192, then as 0.
    knots : int
        Piecewise-linear curves with so many knots, at quantiles of the training rows, stand where periodic ones do.
    without : str
        The part of the network that is left out: "curves", "scale" or "units".
    folds : int
        Folds of which each member watches one; 0: as the estimator says.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    rule: Callable[[Recipe], UpdateRule] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    rows: int = 0
    knots: int = 0
    without: str = ""
    folds: int = 0


_CONSTANT = {
    "learning_rate": "constant",
    "dropout_schedule": "constant",
    "weight_decay_schedule": "constant",
}
ARMS: Mapping[str, Arm] = {
    BASE: Arm(),
    "averaged weights, d = 0.95": Arm(rule=lambda recipe: Averaged(Adam(0.9, recipe.beta_2), 0.95)),
    "schedule-free": Arm(rule=lambda recipe: ScheduleFree(0.9, recipe.beta_2), settings=_CONSTANT),
    "piecewise-linear curves, 16 knots": Arm(knots=16),
    "no curves": Arm(without="curves"),
    "no learnt scale": Arm(without="scale"),
    "no learnt units": Arm(without="units"),
    "no dropout": Arm({"dropout": 0.0}),
    "no weight decay": Arm({"weight_decay": 0.0}),
    "constant steps": Arm(settings={"learning_rate": "constant"}),
    "batches by rows": Arm(rows=-1),
    "batches by rows, 128 epochs": Arm({"epochs": 128}, rows=-1),
    "a tenth watched": Arm(folds=10),
    "128 epochs": Arm({"epochs": 128}),
    "128 epochs, batches of 128": Arm({"epochs": 128}, rows=128),
    "128 epochs, batches of 128, steps of 0.14": Arm({"epochs": 128, "learning_rate": 0.14}, rows=128),
    "64 epochs, batches of 64": Arm({"epochs": 64}, rows=64),
}


@dataclass(frozen=True)
class ChangedRecipe(Recipe):
    """A recipe of which an arm changes one thing."""

    arm: Arm = ARMS[BASE]
    X: Any = None

    @classmethod
    def of(cls, recipe: Recipe, arm: Arm, X: Any) -> "ChangedRecipe":
        """Return a recipe with an arm's change; X are the rows of the fit, as a frame."""
        base = asdict(recipe) | dict(OF_BASE) | {"learning_rate": STEP_SIZES[recipe.unit]}
        return cls(**(base | dict(arm.changes)), arm=arm, X=X)

    @property
    def rule(self) -> UpdateRule:
        """The update rule."""
        return super().rule if self.arm.rule is None else self.arm.rule(self)

    @property
    def settings(self) -> Settings:
        """The schedules."""
        return replace(super().settings, **self.arm.settings)

    def batches(self, rows: int) -> MiniBatches:
        """Return how a training set is cut into batches."""
        if self.arm.rows < 0 and rows <= 8192:
            return MiniBatches(64 if rows <= 1024 else 128)
        return MiniBatches(min(rows, self.arm.rows)) if self.arm.rows > 0 else super().batches(rows)

    def network(self, columns: TableColumns, K: int, output: str, output_numbers: tuple[float, ...] = ()) -> Network:
        """Return the network."""
        built = super().network(columns, K, output, output_numbers)
        parts = list(built.parts)
        first, n = parts[0], columns.n_numbers
        if n and (self.arm.knots or self.arm.without == "curves"):
            pieces = list(first.parts) if isinstance(first, Beside) else [first]
            pieces[0] = self._curves(columns) if self.arm.knots else Keep(n)
            if self.arm.without == "curves" and len(pieces) > 1 and isinstance(pieces[1], Keep):
                pieces[:2] = [Keep(columns.n_scaled)]
            at = next(k for k, part in enumerate(parts) if isinstance(part, Scale))
            width = sum(piece.outputs for piece in pieces)
            head = [Beside(pieces)] if len(pieces) > 1 else [] if isinstance(pieces[0], Keep) else pieces
            layer = parts[at + 1]
            assert isinstance(layer, Dense)
            parts = [*head, Scale(width), Dense(width, layer.outputs, first_from="data"), *parts[at + 2 :]]
        if self.arm.without == "scale":
            parts = [part for part in parts if not isinstance(part, Scale)]
        if self.arm.without == "units":
            widths = [part for part in parts if isinstance(part, Dense)]
            front = parts[: parts.index(widths[0])]
            hidden = [Dense(part.inputs, part.outputs, self.unit, first_from="data") for part in widths[:-1]]
            parts = [*front, *hidden, widths[-1]]
        return Network(parts, output=output, output_numbers=output_numbers)

    def _curves(self, columns: TableColumns) -> PiecewiseLinear:
        inputs = columns.transform(self.X)[:, : columns.n_numbers]
        shares = np.linspace(0, 1, self.arm.knots)
        return PiecewiseLinear([np.unique(np.quantile(column, shares)) for column in inputs.T], width=4)


def measure(name: str, data: str, seed: int, members: int = MEMBERS) -> dict[str, Any]:
    """Fit the members of one arm on one split, and return the line of it."""
    given = _split_of(data, seed)
    kind: Any = TableClassifier if given.K else TableRegressor

    class Changed(kind):  # type: ignore[misc]
        def _recipe(self, target: Any) -> Recipe:
            return ChangedRecipe.of(super()._recipe(target), ARMS[name], given.X)

        @property
        def _folds(self) -> int | None:
            return ARMS[name].folds or None

    categories = [column for column in given.categories if given.X[column].dtype.kind in "if"]
    model = Changed(members, random_state=0, n_threads=1, categories=categories or None)
    began = process_time()
    model.fit(given.X, given.y)
    seconds = process_time() - began
    z = model._outputs(given.X_test)
    return {
        "arm": name,
        "data": data,
        "split": seed,
        "single": [_cost(model._answers_of(z[k : k + 1]), given) for k in range(len(z))],
        "together": _cost(model._answers_of(z), given),
        "cpu_seconds": round(seconds, 1),
        "best_epochs": [one.best_epoch for one in model.members_],
        "epochs": [len(one.values) for one in model.members_],
        "machine": machine(),
    }


def _split_of(data: str, seed: int) -> Split:
    """Return a split of a set; "california@6400" has so many of the training rows of california."""
    name, _, rows = data.partition("@")
    given = split(name, seed)
    if not rows:
        return given
    kept = np.sort(np.random.default_rng(seed).permutation(len(given.X))[: int(rows)])
    return replace(given, X=given.X.iloc[kept].reset_index(drop=True), y=given.y[kept])


def _cost(answers: Any, given: Split) -> float:
    if given.K:
        return float(log_loss(given.y_test, answers / answers.sum(axis=1, keepdims=True), labels=range(given.K)))
    return float(np.sqrt(np.mean((answers - given.y_test) ** 2)))


def known(path: Path) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return the lines that there are."""
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(line["arm"], line["data"], line["split"]): line for line in lines}


def show(path: Path) -> Iterator[str]:
    """Yield the lines of a table: ratios to the base, geometric means, with standard errors.

    The error of a ratio is that of a mean of logarithms over splits and members; of all sets together the root of the
    summed squares over their number.
    """
    lines = known(path)
    sets = list(dict.fromkeys(data for _, data, _ in lines))
    yield f"| | {' | '.join(sets)} | all | together | seconds |"
    yield f"|---|{'---:|' * (len(sets) + 3)}"
    for name in ARMS:
        cells, logs, errors, groups, times = [], [], [], [], []
        for data in sets:
            keys = [(data, seed) for seed in SPLITS if {(name, data, seed), (BASE, data, seed)} <= set(lines)]
            pairs = [(lines[(name, *key)], lines[(BASE, *key)]) for key in keys]
            if name == BASE or not pairs:
                cells.append("")
                continue
            n = min(len(one["single"]) for pair in pairs for one in pair)
            each = np.array([np.log(np.divide(one["single"][:n], base["single"][:n])) for one, base in pairs])
            logs.append(each.mean())
            errors.append(each.std(ddof=1) / np.sqrt(each.size))
            times.append(np.mean([np.log(_seconds(one) / _seconds(base)) for one, base in pairs]))
            if all("together" in one for pair in pairs for one in pair):
                groups.append(np.mean([np.log(one["together"] / base["together"]) for one, base in pairs]))
            few = "" if len(pairs) == len(SPLITS) else f" ({len(pairs)})"
            cells.append(f"{np.exp(each.mean()):.3f} ± {errors[-1]:.3f}{few}")
        if logs:
            error = np.sqrt(np.sum(np.square(errors))) / len(errors)
            together = f"{np.exp(np.mean(groups)):.3f}" if len(groups) == len(logs) else ""
            ends = f"{np.exp(np.mean(logs)):.3f} ± {error:.3f} | {together} | {np.exp(np.mean(times)):.2f}"
            yield f"| {name} | {' | '.join(cells)} | {ends} |"


def _seconds(line: Mapping[str, Any]) -> float:
    return float(line["cpu_seconds"]) / len(line["single"])


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", nargs="+", choices=ARMS, default=list(ARMS), help="measure these")
    parser.add_argument("--sets", nargs="+", default=SETS, help="on these; california@6400: on so many of its rows")
    parser.add_argument("--members", type=int, default=MEMBERS, help="members of a fit; only so many are compared")
    parser.add_argument("--file", default="elements.jsonl", help="the lines, a file of the folder of figures")
    parser.add_argument("--show", action="store_true", help="measure nothing")
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    path = FIGURES / asked.file
    for data in () if asked.show else asked.sets:
        for name in dict.fromkeys([BASE, *asked.arm]):
            for seed in SPLITS:
                if (name, data, seed) not in known(path):
                    line = json.dumps(measure(name, data, seed, asked.members))
                    with path.open("a", encoding="utf-8") as file:
                        file.write(line + "\n")
                    sys.stdout.write(line + "\n")
                    sys.stdout.flush()
    sys.stdout.writelines(f"{line}\n" for line in show(path))


if __name__ == "__main__":
    main()
