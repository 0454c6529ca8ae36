"""The history of training: measures of each epoch, and why training stopped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.html import fragment, sparkline, table

__all__ = ["COLUMNS", "STOPPED", "History", "Progress", "advice_of", "ending_of", "stopped_in_words"]

COLUMNS = ("cost", "validation_cost", "validation_score", "step_size", "seconds", "penalty")
"""The measures that a history keeps of each epoch."""

STOPPED = {
    "converged": "no more progress, or a gradient as small as tol",
    "max_iter": "all epochs that were allowed",
    "callback": "a callback asked for it",
    "interrupted": "interrupted by Ctrl-C",
    "diverged": "diverged; the best parameters before it were kept",
    "running": "it is running",
}
"""Why training stopped, in words."""


RISES_FOR = 10
"""Least number of epochs after that of the lowest held-out cost, for a higher last cost to count as a rise."""

RISE = 0.01
"""Share of the lowest cost by which the last cost must be higher; less may be the noise of mini-batches."""


def stopped_in_words(stopped: str) -> str:
    """Return in words why training stopped; a reason that only a later version knows is returned unchanged."""
    return STOPPED.get(stopped, stopped)


@dataclass(frozen=True, eq=False)
class Progress:
    """A run after an epoch, as callbacks see it.

    Attributes
    ----------
    epoch : int
        Number of the epoch that just ended, from 1. For full-batch solvers an iteration counts as an epoch.
    epochs : int
        Largest number of epochs that this run may take.
    cost : float
        Mean of J over the epoch's steps, each before its update; for full-batch solvers J itself, after it.
    validation_cost, validation_score : float
        On the validation set, after the epoch; NaN without validation set or score. The cost is without penalty.
    step_size : float
        η of the epoch's last step; NaN if the solver chooses its own.
    seconds : float
        Since training began.
    theta : array of shape (n_parameters,)
        The parameters; a callback must not change them.
    scores : mapping from str to float
        Every other score that is measured, by name.
    penalty : float
        λ/2m Σ Θ² after the epoch.
    """

    epoch: int
    epochs: int
    cost: float
    validation_cost: float
    validation_score: float
    step_size: float
    seconds: float
    theta: Array = field(repr=False)
    scores: Mapping[str, float]
    so_far: Callable[[], "History"] = field(repr=False)
    penalty: float = np.nan

    @property
    def history(self) -> "History":
        """The history of this call up to this epoch, made on request."""
        return self.so_far()


@dataclass(frozen=True, eq=False)
class History:
    """Measures of each epoch, as arrays of shape (epochs,), and why training stopped.

    Attributes
    ----------
    cost, validation_cost, validation_score, step_size, seconds : arrays of shape (epochs,), float64
        As in `Progress`.
    stopped : str
        `"converged"` (no more progress, or the gradient is as small as `tol`), `"max_iter"`, `"callback"`,
        `"interrupted"` (Ctrl-C), `"diverged"` (if the best parameters before it could be kept), or `"running"`.
    best_epoch : int
        Number, from 1, of the epoch with the best watched measure: the validation score or cost if training stops on
        it, else the cost. 0 if none of these epochs is the best, or none ended.
    reason : str
        For a run that diverged, in which epoch and batch it did, and what to try; else empty.
    scores : mapping from str to array of shape (epochs,)
        As in `Progress`.
    notices : tuple of str
        Notices for the user, such as that training went on after a divergence.
    penalty : array of shape (epochs,), or None
        λ/2m Σ Θ² after each epoch; NaN in mini-batch runs without validation set and callbacks, where θ between epochs
        is not known. None: not recorded.
    """

    cost: Array
    validation_cost: Array
    validation_score: Array
    step_size: Array
    seconds: Array
    stopped: str
    best_epoch: int
    reason: str = ""
    scores: Mapping[str, Array] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    penalty: Array | None = None

    @classmethod
    def of(
        cls,
        columns: Mapping[str, Sequence[float] | Array],
        scores: Mapping[str, Sequence[float] | Array],
        stopped: str,
        best_epoch: int,
        reason: str = "",
        notices: Sequence[str] = (),
    ) -> "History":
        """Make a history from a sequence of measures, an entry for each epoch, for each of `COLUMNS` and each score."""
        return cls(
            **{name: np.array(columns[name], dtype=np.float64) for name in COLUMNS},
            stopped=stopped,
            best_epoch=best_epoch,
            reason=reason,
            scores={name: np.array(values, dtype=np.float64) for name, values in scores.items()},
            notices=tuple(notices),
        )

    @classmethod
    def empty(cls, stopped: str = "running") -> "History":
        """Return a history of no epochs."""
        return _empty(stopped)

    def after(self, earlier: "History") -> "History":
        """Return the history of an earlier run and of this one, which went on from it."""
        if not (earlier.epochs or earlier.scores or earlier.notices):
            return self
        began = float(earlier.seconds[-1]) if earlier.epochs else 0.0
        columns = {name: np.concatenate([earlier.column(name), self.column(name)]) for name in COLUMNS}
        columns["seconds"][earlier.epochs :] += began
        # A score that only one of the two runs measured is NaN in the epochs of the other.
        scores = {
            name: np.concatenate([run.scores.get(name, np.full(run.epochs, np.nan)) for run in (earlier, self)])
            for name in {**earlier.scores, **self.scores}
        }
        best_epoch = earlier.epochs + self.best_epoch if self.best_epoch else earlier.best_epoch
        notices = earlier.notices + self.notices
        return History.of(columns, scores, self.stopped, best_epoch, self.reason, notices)

    def column(self, name: str) -> Array:
        """Return one of `COLUMNS`; NaN if it was not recorded."""
        values: Array | None = getattr(self, name)
        return np.full(self.epochs, np.nan) if values is None else values

    @property
    def epochs(self) -> int:
        """Number of epochs that ended."""
        return len(self.cost)

    def _repr_html_(self) -> str:
        rows = [
            ("epochs", f"{self.epochs} in {self.seconds[-1]:.3g} s" if self.epochs else "none ended"),
            *ending_of(self),
        ]
        costs = {"cost": self.cost, "validation cost": self.validation_cost}
        curves = {**costs, "validation score": self.validation_score, **self.scores}
        seen = {name: curve for name, curve in curves.items() if np.isfinite(curve).any()}
        if not seen:
            return fragment(table(rows))
        shown = {"first": 1, f"best epoch ({self.best_epoch})": self.best_epoch, "last": self.epochs}
        shown = {title: epoch for title, epoch in shown.items() if epoch}  # the best epoch may lie before this history
        figures: list[tuple[str, ...]] = [("", *shown)]
        for name, curve in seen.items():
            figures.append((name, *(f"{curve[epoch - 1]:.4g}" for epoch in shown.values())))
        drawn = {name: curve for name, curve in costs.items() if name in seen}
        return fragment(table(rows), table(figures), sparkline(drawn))


def ending_of(history: History) -> list[tuple[str, str]]:
    """Return why a run stopped, and its notices, as rows of a table."""
    why = " ".join(filter(None, [f"{stopped_in_words(history.stopped)}.", history.reason]))
    return [("stopped", why), *(("note", notice) for notice in history.notices)]


def advice_of(history: History, early_stopping: bool) -> str:
    """Return the change of settings that the costs by epoch suggest, or an empty text.

    Parameters
    ----------
    history : History
    early_stopping : bool
        Whether the run stopped on its validation set, so that the best parameters are kept already.

    Examples
    --------
    >>> nan = np.full(12, np.nan)
    >>> rising = np.array([3.0, 1.0, 2.0, *[2.5] * 9])
    >>> advice_of(History(nan, rising, nan, nan, nan, "max_iter", 12), early_stopping=False)
    'The held-out cost was lowest in epoch 2 of 12 and has risen since: early_stopping=True keeps that one.'
    """
    if history.stopped not in ("converged", "max_iter"):
        return ""
    held_out = history.validation_cost
    if not early_stopping and np.isfinite(held_out).any():
        lowest = int(np.nanargmin(held_out))
        if history.epochs - 1 - lowest >= RISES_FOR and held_out[-1] > (1 + RISE) * held_out[lowest]:
            return (
                f"The held-out cost was lowest in epoch {lowest + 1} of {history.epochs} and has risen since: "
                "early_stopping=True keeps that one."
            )
    if history.stopped == "max_iter":
        return "It was still making progress: a larger max_iter may help."
    return ""


@cache
def _empty(stopped: str) -> History:
    """Return the history of no epochs, made once: a small fit, which takes two, is 40 µs faster."""
    return History.of(dict.fromkeys(COLUMNS, ()), {}, stopped, 0)
