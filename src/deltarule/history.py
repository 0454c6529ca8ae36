"""What happened in training, by epoch."""

from dataclasses import dataclass

import numpy as np

from deltarule.arrays import Array

__all__ = ["History", "Progress"]


@dataclass(frozen=True)
class Progress:
    """Where a run stands after an epoch: what callbacks get.

    Attributes
    ----------
    epoch : int
        Number of the epoch that just ended, from 1. For full-batch solvers an iteration counts as an epoch.
    epochs : int
        How many there will be at most.
    cost : float
        Mean of J over the epoch's steps, each before its update; for full-batch solvers J itself, after it.
    validation_cost, validation_score : float
        On the validation set, after the epoch; NaN where there is none, or no metric. The cost is without penalty.
    step_size : float
        η of the epoch; NaN where the solver chooses its own.
    seconds : float
        Since training began.
    theta : array of shape (n_parameters,)
        The parameters; a callback must not change them.
    """

    epoch: int
    epochs: int
    cost: float
    validation_cost: float
    validation_score: float
    step_size: float
    seconds: float
    theta: Array


@dataclass(frozen=True, eq=False)
class History:
    """Everything by epoch, as arrays of shape (epochs,), and why training stopped.

    Attributes
    ----------
    cost, validation_cost, validation_score, step_size, seconds : arrays of shape (epochs,), float64
        As in `Progress`.
    stopped : str
        `"converged"` (no more progress, or the gradient is as small as `tol`), `"max_iter"`, `"callback"`,
        `"interrupted"` (Ctrl-C) or `"diverged"` (where the best parameters before it could be kept).
    best_epoch : int
        Number, from 1, of the epoch with the best measure that was watched: the validation score or cost where
        training stopped on it, else the cost. 0 if no epoch ended.
    reason : str
        Where a diverged run diverged, and what to try; else empty.
    """

    cost: Array
    validation_cost: Array
    validation_score: Array
    step_size: Array
    seconds: Array
    stopped: str
    best_epoch: int
    reason: str = ""

    @classmethod
    def of(cls, rows: list[Progress], stopped: str, best_epoch: int, reason: str = "") -> "History":
        """Make a history of what was seen after each epoch."""

        def column(name: str) -> Array:
            return np.array([getattr(row, name) for row in rows], dtype=np.float64)

        return cls(
            cost=column("cost"),
            validation_cost=column("validation_cost"),
            validation_score=column("validation_score"),
            step_size=column("step_size"),
            seconds=column("seconds"),
            stopped=stopped,
            best_epoch=best_epoch,
            reason=reason,
        )

    def after(self, earlier: "History") -> "History":
        """Return the history of an earlier run and of this one, which went on from its parameters."""
        began = float(earlier.seconds[-1]) if earlier.epochs else 0.0
        return History(
            cost=np.concatenate([earlier.cost, self.cost]),
            validation_cost=np.concatenate([earlier.validation_cost, self.validation_cost]),
            validation_score=np.concatenate([earlier.validation_score, self.validation_score]),
            step_size=np.concatenate([earlier.step_size, self.step_size]),
            seconds=np.concatenate([earlier.seconds, self.seconds + began]),
            stopped=self.stopped,
            best_epoch=self.best_epoch + earlier.epochs if self.best_epoch else earlier.best_epoch,
            reason=self.reason,
        )

    @property
    def epochs(self) -> int:
        """Number of epochs that ended."""
        return len(self.cost)
