"""The state of a run, the recorder that measures after each epoch, and the rule that says when progress has ended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import isfinite
from time import perf_counter

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import Engine, TrainingState, UpdateRule
from deltarule.network.backpropagation import penalty
from deltarule.network.data import TrainingSet
from deltarule.training.history import COLUMNS, History, Progress
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["Callback", "LoopState", "Recorder", "RunState", "Validation"]

Callback = Callable[[Progress], object]

_SMALLEST_STEP_SIZE = 1e-6
"""Below it `adaptive` ends the run instead of dividing once more; scikit-learn's bound."""


@dataclass(frozen=True, eq=False)
class Validation:
    """The measures that are taken after each epoch, besides the training cost.

    Attributes
    ----------
    data : TrainingSet or None
        Examples outside the training set, whose cost is measured.
    scores : callable, optional
        θ ↦ {name: score}; larger is better.
    watched : str, optional
        Name of the score that early stopping watches. Default: the cost of `data`.
    """

    data: TrainingSet | None = None
    scores: Callable[[Array], Mapping[str, float]] | None = None
    watched: str | None = None


@dataclass(frozen=True, eq=False)
class LoopState:
    """The part of a run state that the loop needs, and engines do not.

    Attributes
    ----------
    epochs : int
        Epochs so far, including those of earlier runs that this one continues.
    began : int
        The value of `epochs` when this run began, from which schedules count.
    seen : int
        Number of examples that all these epochs have processed.
    best, best_epoch, best_theta
        The best value of the watched measure (smaller is better), the epoch that reached it, and, if training stops on
        a validation set, the parameters after that epoch.
    idle : int
        Number of epochs since the last progress.
    divisor : float
        Number by which the step sizes of the schedule are divided at present.
    last_finite : (float, array), optional
        The lowest cost of an epoch and the parameters before it, which `on_divergence="restore"` goes back to.
    """

    epochs: int = 0
    began: int = 0
    seen: int = 0
    best: float = np.inf
    best_epoch: int = 0
    best_theta: Array | None = None
    idle: int = 0
    divisor: float = 1.0
    last_finite: tuple[float, Array] | None = None

    @property
    def done(self) -> int:
        """Number of epochs of this run."""
        return self.epochs - self.began

    def found(self, last: Array) -> Array:
        """Return the best parameters if training stops on a validation set, else the last."""
        return last if self.best_theta is None else self.best_theta

    def for_new_run(self) -> "LoopState":
        """Return the state for a run that continues from these parameters with a new schedule and rule."""
        return LoopState(epochs=self.epochs, began=self.epochs, seen=self.seen)


@dataclass(frozen=True, eq=False)
class RunState:
    """The complete state of a mini-batch run. Training resumed from it gives bit-identical results."""

    state: TrainingState
    loop_state: LoopState = field(default_factory=LoopState)

    def found(self, rule: UpdateRule) -> Array:
        """Return the parameters that the run, which steps by this rule, has found so far."""
        return self.loop_state.found(rule.found(self.state.theta, self.state.vectors))


class Recorder:
    """Measures after each epoch, keeps the measures, and applies the rule that says when progress has ended.

    The rule is scikit-learn's: an epoch makes progress if it improves on the best so far by `tol`; more than
    `n_iter_no_change` epochs in a row without progress are too many.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        m: float,
        loop_state: LoopState,
        validation: Validation | None,
        callbacks: Sequence[Callback],
        epochs: int,
    ) -> None:
        self.engine, self.settings, self.validation, self.callbacks = engine, settings, validation, callbacks
        self.loop_state = loop_state
        self.before = loop_state.epochs  # epochs before this call
        self.m = m  # of the training set
        self.epochs = epochs  # of this call, at most
        self.columns: dict[str, list[float]] = {name: [] for name in COLUMNS}
        self.scores: dict[str, list[float]] = {}
        self.notices: list[str] = []
        self.reason = ""  # of a run that diverged: where, and what to try
        self.watches_validation = settings.early_stopping and validation is not None and validation.data is not None
        self.sees_every_epoch = validation is not None or bool(callbacks)
        self.began = perf_counter()

    @property
    def taken(self) -> int:
        """Epochs of this call so far.

        The columns may be longer if Ctrl-C came while an epoch was recorded. Only the epochs in `loop_state` count,
        because it is set last, in one assignment.
        """
        return self.loop_state.epochs - self.before

    def take(
        self, costs: Sequence[float], theta: Array, step_sizes: Sequence[float], seconds: Sequence[float], rows: int = 0
    ) -> tuple[int, str]:
        """Record epochs, each over `rows` examples, up to the first one whose verdict is not empty.

        Several at once are allowed only if not `sees_every_epoch`; θ is that after the last of them.

        Returns
        -------
        count : int
            Number of epochs that were recorded.
        verdict : str
            `"converged"`: there is no more progress. `"shorter"`: there is none with steps of this size, and
            `loop_state.divisor` has been raised. `"callback"`: a callback wants to stop. Else empty.
        """
        validation_cost, score, scores = self._measure(theta)
        watched = costs
        if self.watches_validation and self.validation is not None:
            watched = [-score if self.validation.watched else validation_cost]
            if not (isfinite(validation_cost) and np.isfinite(theta).all()):
                watched = [np.nan]  # a network that answers NaN has a score too, but must not become the best
        loop_state, tol, patience = self.loop_state, self.settings.tol, self.settings.n_iter_no_change
        best, best_epoch, best_theta = loop_state.best, loop_state.best_epoch, loop_state.best_theta
        idle, count, verdict = loop_state.idle, 0, ""
        for value in watched:
            count += 1
            idle = 0 if value <= best - tol else idle + 1  # in this form, NaN is no progress
            if value < best:
                best, best_epoch = value, loop_state.epochs + count
                best_theta = theta if self.watches_validation else None
            if idle > patience and (verdict := self._at_a_standstill(step_sizes[count - 1])):
                break
        nothing = [np.nan] * count
        measured = ([validation_cost], [score]) if count == 1 else (nothing, nothing)
        looked_at = self.sees_every_epoch or self.settings.solver not in MINI_BATCH_SOLVERS
        penalties = [self._penalty(theta)] if looked_at else nothing
        for name, values in zip(COLUMNS, (costs, *measured, step_sizes, seconds, penalties), strict=True):
            self.columns[name].extend(values[:count])
        for name, value in scores.items():
            self.scores.setdefault(name, []).append(value)
        shorter = verdict == "shorter"
        self.loop_state = LoopState(  # by name, because `replace` takes 3 µs longer
            epochs=loop_state.epochs + count,
            began=loop_state.began,
            seen=loop_state.seen + rows * count,
            best=best,
            best_epoch=best_epoch,
            best_theta=best_theta,
            idle=0 if shorter else idle,
            divisor=loop_state.divisor * (5 if shorter else 1),
            last_finite=loop_state.last_finite,
        )
        if self.callbacks and self._tell(theta, scores) and not verdict:
            verdict = "callback"
        return count, verdict

    def _tell(self, theta: Array, scores: Mapping[str, float]) -> bool:
        """Call the callbacks after an epoch; return whether one of them wants to stop."""
        done = self.loop_state.done
        progress = Progress(
            epoch=done,
            epochs=done - self.taken + self.epochs,
            **{name: values[-1] for name, values in self.columns.items()},
            theta=theta,
            scores=scores,
            so_far=partial(self._history_at, self.loop_state, tuple(self.notices), "running"),
        )
        answers = [callback(progress) for callback in self.callbacks]
        return any(isinstance(answer, bool | np.bool_) and bool(answer) for answer in answers)

    def _at_a_standstill(self, step_size: float) -> str:
        """Return the verdict after too many epochs without progress."""
        settings = self.settings
        if settings.solver == "sgd" and settings.learning_rate == "adaptive" and step_size > _SMALLEST_STEP_SIZE:
            return "shorter"
        # Full-batch solvers have a rule of their own for the cost.
        return "converged" if settings.solver in MINI_BATCH_SOLVERS or self.watches_validation else ""

    @property
    def soonest_end(self) -> float:
        """Least number of further epochs after which the rule may end the run."""
        return self.settings.n_iter_no_change + 1 - self.loop_state.idle

    def diverge(self, step_size: float, reason: str) -> None:
        """Record the epoch in which the cost became non-finite, as the last one."""
        self.reason = reason
        known = {"step_size": step_size, "seconds": perf_counter() - self.began}
        for name in COLUMNS:
            self.columns[name].append(known.get(name, np.nan))
        for values in self.scores.values():
            values.append(np.nan)
        self.loop_state = replace(self.loop_state, epochs=self.loop_state.epochs + 1)

    def history(self, stopped: str) -> History:
        """Return the history of this call, which ended for the reason `stopped`."""
        return self._history_at(self.loop_state, self.notices, stopped)

    def _history_at(self, loop_state: LoopState, notices: Sequence[str], stopped: str) -> History:
        """Return the history up to the epoch after which the state was `loop_state`."""
        epochs = loop_state.epochs - self.before
        columns = {name: values[:epochs] for name, values in self.columns.items()}
        scores = {name: values[:epochs] for name, values in self.scores.items()}
        best_epoch = max(0, loop_state.best_epoch - self.before)
        return History.of(columns, scores, stopped, best_epoch, self.reason, notices)

    def _penalty(self, theta: Array) -> float:
        with np.errstate(over="ignore", invalid="ignore"):  # divergence is reported elsewhere
            return penalty(self.engine.network, theta, self.settings.alpha, self.m)

    def _measure(self, theta: Array) -> tuple[float, float, Mapping[str, float]]:
        if self.validation is None:
            return np.nan, np.nan, {}
        cost = np.nan if self.validation.data is None else self.engine.cost(theta, self.validation.data, 0.0)
        scores = {} if self.validation.scores is None else self.validation.scores(theta)
        return cost, np.nan if self.validation.watched is None else scores[self.validation.watched], scores
