"""Rows on the disk as training and validation sets: how targets and weights there become Y and weights of a network."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from deltarule.blocks.layout import Facts, LayoutFile
from deltarule.blocks.stored_rows import StoredRows
from deltarule.common.arrays import Array
from deltarule.estimators.streamed_targets import labels_of
from deltarule.estimators.targets import Labels, Targets
from deltarule.estimators.task import Dataset
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["RowsOnDisk"]


@dataclass(frozen=True, eq=False)
class RowsOnDisk:
    """A stored training or validation set, for engines and for what asks for a `Dataset`."""

    data: TrainingSet
    dataset: Dataset

    @classmethod
    def of(
        cls, file: LayoutFile, network: Network, targets: Targets, held: ExitStack, is_learnt: bool = True
    ) -> "RowsOnDisk":
        """Return the rows of a file for a network; `held` closes what this opens.

        `is_learnt` says whether they are the training set, whose labels are smoothed.
        """
        rule = _Rule(file.facts, targets, is_learnt)
        data = cls._set(file, network, rule, held, rule.weigh)
        unweighted = (
            data if is_learnt or rule.weigh == rule.of_rows else cls._set(file, network, rule, held, rule.of_rows)
        )
        arrays: Any = (unweighted.X, unweighted.Y, unweighted.Y, unweighted.weights, data.weights)
        return cls(data, Dataset(*arrays))

    @staticmethod
    def _set(file: LayoutFile, network: Network, rule: "_Rule", held: ExitStack, weigh: Any) -> TrainingSet:
        stored = StoredRows(file, rule.encode, weigh, network.K, f"{file.digest}{rule.digest}")
        held.callback(stored.close)
        total = float(file.facts.rows) if weigh is None else _sum_in_order(_weights(file, weigh))
        return stored.training_set(total)


class _Rule:
    """How targets and weights on the disk become Y and weights of the network."""

    def __init__(self, facts: Facts, targets: Targets, is_learnt: bool) -> None:
        self._dtype, self._given = np.dtype(facts.dtype), np.dtype(facts.given)
        self._is_coded = facts.is_coded
        smoothed = targets.smoothed if is_learnt else (lambda Y: Y)
        if facts.is_coded:
            assert isinstance(targets, Labels)
            values = labels_of(facts.values)
            self._table = smoothed(targets.encode(values)).astype(self._dtype)
            self._class_weights = None if targets.class_weights is None else targets.weights_in_cost(values, None)
        else:
            self._smoothed = smoothed
            self._class_weights = None
        of_classes = None if self._class_weights is None else self._class_weights.tolist()
        self.digest = "" if of_classes is None else str(of_classes)
        is_weighted = facts.is_weighted
        self.of_rows = self._of_rows if is_weighted else None
        self.weigh = self.of_rows if self._class_weights is None else self._weigh

    def encode(self, targets: Array) -> Array:
        """Return Y."""
        if self._is_coded:
            return self._table[targets[:, 0]]
        return np.ascontiguousarray(self._smoothed(targets), self._dtype)

    def _of_rows(self, targets: Array, weights: Array) -> Array:
        """Return the weights of the rows alone."""
        del targets
        return weights.astype(self._given).astype(self._dtype)

    def _weigh(self, targets: Array, weights: Array | None) -> Array:
        """Return the weights of the rows times those of their classes, rounded as in memory."""
        assert self._class_weights is not None
        of_rows = self._class_weights[targets[:, 0]]
        if weights is not None:
            of_rows = (weights.astype(self._given) * of_rows).astype(self._given)
        return np.asarray(of_rows.astype(self._dtype))


def _weights(file: LayoutFile, weigh: Any) -> Iterable[Array]:
    return (weigh(targets, weights) for _, targets, weights in file.targets())


def _sum_in_order(pieces: Iterable[Array]) -> float:
    """Return the sum of weights added row after row, as `TrainingSet.m` adds them."""
    total = 0.0
    for piece in pieces:
        total = float(np.add.accumulate(np.concatenate([[total], piece.astype(np.float64)]))[-1])
    return total
