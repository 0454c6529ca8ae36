"""Bootstrap intervals: how much a measure would vary on other rows of the same kind.

A sample draws m rows with replacement. The measure is computed on many samples, and its interval runs from the 2.5th to
the 97.5th percentile. A sample is stored as a row of counts, so that a measure is computed on many samples at once. All
measures use the same samples.

Source: Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["LEVEL", "Measure", "Statistic", "measured", "resamples"]

LEVEL = 0.95

_AT_ONCE = 2**21
"""Counts in memory at once: 16 MB."""


@dataclass(frozen=True, eq=False)
class Statistic:
    """A measure as a function of the weights of the rows.

    Attributes
    ----------
    name, meaning : str
    of : callable
        Weights of shape (n, m) ↦ values of shape (n,); NaN if a weighting leaves nothing to measure.
    """

    name: str
    meaning: str
    of: Callable[[Array], Array]


@dataclass(frozen=True)
class Measure:
    """A measure on the given rows, with its interval.

    Attributes
    ----------
    name, meaning : str
    value : float
        NaN if the rows leave nothing to measure.
    low, high : float
        Ends of the 95 % bootstrap interval; NaN if no sample could be measured.
    """

    name: str
    meaning: str
    value: float
    low: float
    high: float


def measured(
    statistics: Sequence[Statistic], m: int, samples: int, seed: int, groups: Array | None = None
) -> tuple[Measure, ...]:
    """Return each statistic of m rows, with its interval from the given number of bootstrap samples.

    Rows of one of `groups`, the group of each row, are drawn together: such rows are alike, and drawn one by one they
    would make the intervals too narrow.

    Examples
    --------
    >>> heads = np.array([1.0, 1.0, 0.0, 1.0])
    >>> share = Statistic("share", "of heads", lambda weights: weights @ heads / weights.sum(axis=1))
    >>> measured([share], 4, 500, seed=0)
    (Measure(name='share', meaning='of heads', value=0.75, low=0.25, high=1.0),)
    """
    parts = [[statistic.of(weights) for statistic in statistics] for weights in resamples(m, samples, seed, groups)]
    found = []
    for n, statistic in enumerate(statistics):
        values = np.concatenate([part[n] for part in parts])
        values = values[np.isfinite(values)]
        ends = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if values.size else (np.nan, np.nan)
        value = float(statistic.of(np.ones((1, m)))[0])
        found.append(Measure(statistic.name, statistic.meaning, value, float(ends[0]), float(ends[1])))
    return tuple(found)


def resamples(m: int, samples: int, seed: int, groups: Array | None = None) -> Iterator[Array]:
    """Return how often each of m rows occurs in each sample, as arrays of shape (n, m).

    The n of all arrays sum to `samples`. The same seed gives the same samples. Each draws as many rows as there are, or
    as many groups of rows.
    """
    generator = np.random.default_rng(seed)
    units = None if groups is None else np.unique(groups, return_inverse=True)[1]
    drawn = m if units is None else int(units.max()) + 1
    at_once = max(1, _AT_ONCE // m)
    for start in range(0, samples, at_once):
        n = min(at_once, samples - start)
        picks = generator.integers(drawn, size=(n, drawn)) + drawn * np.arange(n)[:, np.newaxis]
        counts = np.bincount(picks.ravel(), minlength=n * drawn).reshape(n, drawn).astype(np.float64)
        yield counts if units is None else counts[:, units]
