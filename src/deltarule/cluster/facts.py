"""What is known of all partitions together, and what follows from it: dtype, targets, and how they are encoded."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import Any

import numpy as np

from deltarule.cluster.parts import Profile
from deltarule.cluster.spans import Chosen, Encoding
from deltarule.common.arrays import Array
from deltarule.common.errors import InputError
from deltarule.estimators.choices import dtypes_of
from deltarule.estimators.streamed_targets import TargetFacts, targets_of_facts
from deltarule.estimators.targets import Labels, Targets
from deltarule.training.settings import Settings

__all__ = ["Facts", "encoding_of", "targets_of", "warn_of_order"]

UNEVEN = 0.25
"""A warning is given if, on average over the partitions, more than this share of the rows would have to be of another
class for the classes to be evenly spread."""


@dataclass(frozen=True, eq=False)
class Facts:
    """The profiles of all partitions as one.

    Attributes
    ----------
    profiles : sequence of Profile
    dtype : dtype
        float32 if X of every partition is, else float64.
    largest : float
    labels : tuple
        In the order in which they come.
    least, greatest : arrays of shape (K,)
    digest : str
    """

    profiles: Sequence[Profile]
    dtype: np.dtype[Any]
    largest: float
    labels: tuple[Any, ...]
    least: Array
    greatest: Array
    digest: str

    @classmethod
    def of(cls, profiles: Sequence[Profile]) -> "Facts":
        """Return the facts of partitions.

        Raises
        ------
        InputError
            If they hold no row, or their weights are all 0.
        """
        filled = [one for one in profiles if one.rows]
        if not filled:
            raise InputError("X holds no row: all of its partitions are empty. Give at least one example.")
        if not any(one.heaviest for one in filled):
            raise InputError("sample_weight is 0 in every row, which leaves no example to learn from.")
        narrow = all(one.dtype == "float32" for one in filled)
        return cls(
            profiles=profiles,
            dtype=np.dtype(np.float32 if narrow else np.float64),
            largest=max(one.largest for one in filled),
            labels=tuple(dict.fromkeys(label for one in filled for label in one.labels)),
            least=np.min([one.least for one in filled], axis=0),
            greatest=np.max([one.greatest for one in filled], axis=0),
            digest=blake2b("".join(one.digest for one in filled).encode(), digest_size=16).hexdigest(),
        )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(one.rows for one in self.profiles)

    @property
    def heaviest(self) -> float:
        """The largest weight."""
        return max(one.heaviest for one in self.profiles)

    @property
    def digests(self) -> list[str]:
        """The digest of each partition."""
        return [one.digest for one in self.profiles]

    @property
    def firsts(self) -> list[int]:
        """The number of the first row of each partition."""
        return [0, *accumulate(one.rows for one in self.profiles)][:-1]

    def lengths(self, chosen: Chosen | None) -> list[int]:
        """Return how many rows of each partition are chosen; None stands for all."""
        if chosen is None:
            return [one.rows for one in self.profiles]
        return [len(chosen.of(first, one.rows)) for first, one in zip(self.firsts, self.profiles, strict=True)]

    def dtypes(self, settings: Settings, is_weighted: bool) -> tuple[np.dtype[Any], np.dtype[Any]]:
        """Return the precision of training, and of the stored parameters.

        Raises
        ------
        InputError
            If a number is beyond the range of the precision that the settings name.
        """
        targets = np.array([[0.0, 1.0]] if self.labels else [self.least, self.greatest])
        weights = np.array([self.heaviest]) if is_weighted else None
        dtype, kept = dtypes_of(settings, self.dtype, self.largest, targets, weights)
        if self.largest > float(np.finfo(dtype).max):
            raise InputError(
                f"X holds the number {self.largest:g}, which is beyond the range of {dtype}, "
                f"±{np.finfo(dtype).max:.2g}. Scale its column, or take dtype='float64'."
            )
        return dtype, kept


def targets_of(estimator: Any, facts: Facts, sums_of_classes: Any, known: Targets | None) -> Targets:
    """Return the targets that y describes; see `targets_of_facts`.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    facts : Facts
    sums_of_classes : callable
        Labels ↦ Σ w of the rows of each, in that order.
    known : Targets, optional
        Those of the run that continues.
    """
    of_targets = TargetFacts(
        facts.labels or None,
        len(facts.least),
        all(one.are_binary for one in facts.profiles),
        float(facts.least.min(initial=np.inf)),
    )
    return targets_of_facts(estimator, of_targets, lambda classes: sums_of_classes(classes.tolist()), known)


def encoding_of(targets: Targets, dtype: np.dtype[Any], given: np.dtype[Any], is_learnt: bool) -> Encoding:
    """Return how targets become Y; only those to learn from are smoothed."""
    smoothing = targets.smoothing if isinstance(targets, Labels) and is_learnt else 0.0
    if isinstance(targets, Labels) and not targets.several:
        Y = targets.encode(targets.classes)
        table = targets.smoothed(Y) if is_learnt else Y
        return Encoding(dtype.name, given.name, tuple(targets.classes.tolist()), table, targets.class_weights)
    return Encoding(dtype.name, given.name, None, np.empty((0, 0)), None, 1 - smoothing, smoothing / 2)


def warn_of_order(facts: Facts) -> None:
    """Warn if the classes are unevenly spread over the partitions: mini-batches would each see few of them."""
    if len(facts.labels) < 2 or len(facts.profiles) < 2:
        return
    counts = np.zeros((len(facts.profiles), len(facts.labels)))
    place = {label: n for n, label in enumerate(facts.labels)}
    for row, profile in zip(counts, facts.profiles, strict=True):
        row[[place[label] for label in profile.labels]] = profile.counts
    expected = counts.sum(axis=0) / facts.rows
    moved = float(np.abs(counts - counts.sum(axis=1, keepdims=True) * expected).sum() / 2 / facts.rows)
    if moved > UNEVEN:
        warnings.warn(
            f"The rows seem to be sorted: {moved:.0%} of them would have to go to another partition for each "
            "to hold the classes in the same shares. Mini-batches take one span of rows after the other, so shuffle "
            "them first, or take solver='lbfgs', which does not feel their order.",
            UserWarning,
            stacklevel=2,
        )
