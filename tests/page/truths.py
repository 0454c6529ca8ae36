"""The textbook beside the page: each number that a reader finds in a line of MathML, and the line by itself."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from deltarule.network.textbook import trace
from deltarule.play.lines import lines_of
from deltarule.play.requests import Trace
from deltarule.play.snapshot import Snapshot
from equations import evaluated, half_unit, rounding_of, shown_value

__all__ = ["Truth"]


class Truth:
    """What the textbook says of one example at a step, and of the batch that is learnt next.

    Parameters
    ----------
    snapshot : Snapshot
    example : int
        Counted from 1.
    after : array, optional
        θ one step on, which the lines of the update must come to.
    """

    def __init__(self, snapshot: Snapshot, example: int, after: Any = None) -> None:
        problem, X = snapshot.problem, snapshot.opening.dataset.X
        theta, network = np.array(snapshot.theta), problem.network
        self.x = X[example - 1]
        self.thetas = network.roll(theta)
        self.example = trace(network, theta, X[[example - 1]], problem.Y[[example - 1]], lambda_=0.0).examples[0]
        rows = [row - 1 for row in lines_of(snapshot, Trace(example=example)).examples]
        lambda_ = problem.settings.alpha * len(rows) / problem.training.m
        self.batch = trace(network, theta, X[rows], problem.Y[rows], lambda_=lambda_)
        self.in_batch = example - 1 in rows
        self.after = None if after is None else network.roll(np.array(after))
        self.symbols: set[str] = set()

    def of(self, ref: str) -> float | None:
        """Return the textbook's value of a quantity; None for one that it does not have."""
        symbol, layer, i, j = ref.split("|")
        at, row, column = int(layer) - 1, int(i) - 1, int(j)
        if symbol == "x":
            return float(self.x[row]) if row >= 0 else 1.0
        if symbol == "a":
            return 1.0 if row < 0 else float(self.example.a[at][row])
        if symbol == "z":
            return float(self.example.z[at - 1][row])
        if symbol == "δ":
            return float(self.example.delta[at - 1][row])
        if symbol == "Θ":
            return float(self.thetas[at][row, column])
        if symbol == "Δ":
            return float(self.batch.Delta[at][row, column])
        if symbol == "D":
            return float(self.batch.D[at][row, column])
        if symbol == "Θ′" and self.after is not None:
            return float(self.after[at][row, column])
        if symbol == "ℓ" and row < 0:
            return self.example.cost
        return None

    def holds(self, line: dict[str, Any]) -> int:
        """Hold a line to its own equation and its numbers to the textbook; return how many it has."""
        formula = [SimpleNamespace(**token) for token in _joined(line["formula"])]
        result = SimpleNamespace(**line["result"])
        if formula:
            exact = evaluated(formula)
            assert exact == pytest.approx(result.value, rel=1e-9, abs=1e-12), line
            shown, bound = rounding_of(formula)
            assert abs(shown - result.value) <= 1.01 * bound + 1e-9 * abs(result.value) + 1e-12, line
        compared = 0
        for one in [*(token for token in formula if token.kind == "number"), result]:
            assert abs(shown_value(one.text) - one.value) <= half_unit(one.text) * (1 + 1e-9), (line, one)
            expected = self.of(one.ref) if one.ref else None
            if expected is not None:
                compared += 1
                self.symbols.add(one.ref.split("|")[0])
                assert math.isclose(one.value, expected, rel_tol=1e-9, abs_tol=1e-14), (line, one, expected)
        return compared


def _joined(tokens: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return tokens with the power of e as one: MathML has its letter and its sign apart."""
    found: list[dict[str, Any]] = []
    for token in tokens:
        if token["text"] == "^" and found and found[-1]["text"] == "e":
            found[-1] = {"kind": "operator", "text": "e^"}
        else:
            found.append(token)
    return found
