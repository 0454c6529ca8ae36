"""What drawn settings and greedy picks bring: four members as they are built, and four with drawn settings.

    DELTARULE_DATA=… python benchmarks/tables/drawn.py titanic

All members of a split learn from the same four fifths of its rows and watch the same fifth. The plain ones differ in
their seeds. The others have 1 to 3 hidden layers, dropout 0 in half of the cases, else up to 0.5, a step size between
half and twice that of the recipe and a decay between a tenth and ten times that of the recipe, both drawn on a
logarithmic scale: the idea of TabPack. Their predictions are picked greedily, each as often as it lowers the cost on
the fifth, up to 16 picks. Lines are added to `figures/drawn.jsonl`.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from deltarule import TableClassifier, TableRegressor
from deltarule.tabular.recipe import Recipe
from measured import machine
from splits import split

__all__ = ["greedy", "measure"]

FIGURES = Path(__file__).parent / "figures" / "drawn.jsonl"
MEMBERS, PICKS = 4, 16


def greedy(costs: Any, answers: Any, picks: int = PICKS) -> list[int]:
    """Return which answers to average, each as often as it is picked.

    >>> greedy(lambda mean: float((mean - 1) ** 2), np.array([0.0, 1.5, 0.5]), 3)
    [1, 2]
    """
    chosen: list[int] = []
    best = np.inf
    for _ in range(picks):
        tried = [costs(np.mean(answers[[*chosen, k]], axis=0)) for k in range(len(answers))]
        if chosen and min(tried) >= best:
            break
        best = min(tried)
        chosen.append(int(np.argmin(tried)))
    return chosen


def measure(data: str, seed: int) -> dict[str, Any]:
    """Fit both kinds of members on a split, and return the line of it."""
    given = split(data, seed)
    strata = given.y if given.K else None
    rows, held = train_test_split(np.arange(len(given.y)), test_size=0.2, random_state=seed, stratify=strata)
    kind: Any = TableClassifier if given.K else TableRegressor

    def cost(answers: Any, y: Any) -> float:
        if given.K:
            return float(log_loss(y, answers / answers.sum(axis=1, keepdims=True), labels=range(given.K)))
        return float(np.sqrt(np.mean((answers - y) ** 2)))

    def answers(member: int, is_drawn: bool) -> tuple[Any, Any]:
        draw = np.random.default_rng([seed, member])
        layers, dropout = int(draw.integers(1, 4)), float(draw.choice([0.0, draw.uniform(0, 0.5)]))
        rate, decay = np.exp(draw.uniform(-np.log(2), np.log(2))), 10 ** draw.uniform(-1, 1)

        class Drawn(kind):  # type: ignore[misc]
            def _recipe(self, target: Any) -> Recipe:
                recipe: Recipe = super()._recipe(target)
                if not is_drawn:
                    return recipe
                return replace(
                    recipe,
                    dropout=dropout,
                    learning_rate=recipe.learning_rate * rate,
                    weight_decay=recipe.weight_decay * decay,
                )

        categories = [column for column in given.categories if given.X[column].dtype.kind in "if"]
        sizes = (256,) * (layers if is_drawn else 3)
        model = Drawn(1, random_state=member, n_threads=1, categories=categories or None, hidden_layer_sizes=sizes)
        model.fit(given.X.iloc[rows], given.y[rows], eval_set=(given.X.iloc[held], given.y[held]))
        return tuple(model._answers_of(model._outputs(X)) for X in (given.X.iloc[held], given.X_test))

    line: dict[str, Any] = {"data": data, "split": seed, "machine": machine()}
    for name, is_drawn in (("plain", False), ("drawn", True)):
        on_held, on_test = (np.stack(one) for one in zip(*(answers(k, is_drawn) for k in range(MEMBERS)), strict=True))
        picked = greedy(lambda mean: cost(mean, given.y[held]), on_held)
        line[name] = {
            "single": [cost(one, given.y_test) for one in on_test],
            "together": cost(on_test.mean(axis=0), given.y_test),
            "picked": cost(on_test[picked].mean(axis=0), given.y_test),
            "picks": picked,
        }
    return line


def main() -> None:
    """Measure the sets that are named."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for data in sys.argv[1:]:
        for seed in (0, 1, 2):
            line = json.dumps(measure(data, seed))
            with FIGURES.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
