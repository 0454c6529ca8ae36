"""The loop around the solvers: epochs, validation, stopping, callbacks, and what is kept when something goes wrong.

A mini-batch run is cut into calls of the engine. Where nobody looks at single epochs, a call covers as many of them as
fit into `_CALL_SECONDS`; if the stopping rule then says that the run should have ended inside a call, the call is made
again up to that epoch. That is exact, because a training state is a value and a step a pure function of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from deltarule.arrays import Array
from deltarule.data import TrainingSet
from deltarule.engines import Engine, Run, TrainingState
from deltarule.errors import DivergedError
from deltarule.history import History, Progress
from deltarule.settings import MINI_BATCH_SOLVERS, Settings
from deltarule.solvers import batches_of, minimise, rule_of, step_size_of_epoch

__all__ = ["Callback", "Result", "Validation", "first_state", "train"]

Callback = Callable[[Progress], object]

_CALL_SECONDS = 0.05
"""Long enough that the calls cost nothing (about 20 µs each), short enough that making one again is not noticed."""

_SMALLEST_STEP_SIZE = 1e-6
"""Below it `adaptive` ends the run instead of dividing once more; scikit-learn's bound."""


@dataclass(frozen=True, eq=False)
class Validation:
    """Examples that training does not learn from, and what to measure on them.

    Attributes
    ----------
    data : TrainingSet
    metric : callable, optional
        (data, h) ↦ float, larger is better. Without it the cost is the measure.
    """

    data: TrainingSet
    metric: Callable[[TrainingSet, Array], float] | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """What training leaves.

    Attributes
    ----------
    theta : array of shape (n_parameters,)
        The best parameters where a validation set was watched, else the last.
    history : History
    state : TrainingState or None
        Where a mini-batch run stands: give it to `train` again to go on to the bit. None for full-batch solvers.
    """

    theta: Array
    history: History
    state: TrainingState | None


def first_state(settings: Settings, theta: Array, key: int) -> TrainingState:
    """Return the state of a mini-batch run before its first step."""
    return TrainingState(theta=theta, vectors=rule_of(settings).init(theta), key=key)


def train(
    engine: Engine,
    data: TrainingSet,
    settings: Settings,
    start: TrainingState,
    *,
    validation: Validation | None = None,
    callbacks: Sequence[Callback] = (),
) -> Result:
    """Minimise J from a state on, for `settings.max_iter` epochs at most.

    Parameters
    ----------
    engine : Engine
    data : TrainingSet
    settings : Settings
    start : TrainingState
        `first_state`, or the state of an earlier result. Full-batch solvers take θ from it and nothing else.
    validation : Validation, optional
        Measured after each epoch; with `settings.early_stopping`, training stops on it and the best θ is restored.
    callbacks : sequence of callables
        Each gets the `Progress` after each epoch; one that returns True stops the run.

    Returns
    -------
    Result
        Also after Ctrl-C, with `history.stopped == "interrupted"`: nothing that was learnt is lost.

    Raises
    ------
    DivergedError
        If the cost leaves the finite numbers; the message says where, and what to try. Where training watches a
        validation set, the best θ before that is the result instead, with `history.stopped == "diverged"`.
    """
    record = _Record(engine, settings, validation, callbacks)
    if settings.solver in MINI_BATCH_SOLVERS:
        try:
            state, stopped = _mini_batch(engine, data, settings, start, record)
        except DivergedError as error:
            if record.best_theta is None:
                raise
            record.diverge()
            history = History.of(record.rows, "diverged", record.best_epoch, str(error))
            return Result(record.best_theta, history, first_state(settings, record.best_theta, start.key))
        last = state.theta
    else:
        state, (last, stopped) = None, _full_batch(engine, data, settings, start.theta, record)
    theta = last if record.best_theta is None else record.best_theta
    if not np.isfinite(theta).all():
        raise _diverged(settings, f"after epoch {len(record.rows)}, in the last step of the run", None)
    return Result(theta, History.of(record.rows, stopped, record.best_epoch), state)


class _Record:
    """What was seen so far, and the rule that says when there is no more progress.

    The rule is scikit-learn's: an epoch makes progress if it betters the best so far by `tol`; more than
    `n_iter_no_change` epochs without progress in a row are too many.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        validation: Validation | None,
        callbacks: Sequence[Callback],
    ) -> None:
        self.engine, self.settings, self.validation = engine, settings, validation
        self.callbacks = callbacks
        self.rows: list[Progress] = []
        self.best = np.inf  # of the measure that is watched, smaller is better
        self.best_epoch = 0
        self.best_theta: Array | None = None
        self.idle = 0
        self.began = perf_counter()

    @property
    def sees_every_epoch(self) -> bool:
        """Whether somebody wants θ after each epoch."""
        return self.validation is not None or bool(self.callbacks)

    def epoch(self, cost: float, theta: Array, step_size: float, seconds: float | None = None) -> bool:
        """Take in an epoch; return whether a callback wants to stop."""
        validation_cost, score = self._measure(theta)
        progress = Progress(
            epoch=len(self.rows) + 1,
            epochs=self.settings.max_iter,
            cost=cost,
            validation_cost=validation_cost,
            validation_score=score,
            step_size=step_size,
            seconds=perf_counter() - self.began if seconds is None else seconds,
            theta=theta,
        )
        watched = cost
        if self.watches_validation:
            watched = validation_cost if self.validation is None or self.validation.metric is None else -score
        # Written so that a NaN is no progress.
        self.idle = 0 if watched <= self.best - self.settings.tol else self.idle + 1
        if watched < self.best:
            self.best, self.best_epoch = watched, progress.epoch
            if self.watches_validation:
                self.best_theta = theta
        self.rows.append(replace(progress, theta=theta[:0]))  # the record keeps no copy of every θ
        answers = [callback(progress) for callback in self.callbacks]
        return any(answer is True for answer in answers)

    def diverge(self) -> None:
        """Take in the epoch in which the cost left the finite numbers."""
        self.rows.append(
            replace(
                self.rows[-1],
                epoch=len(self.rows) + 1,
                cost=np.nan,
                validation_cost=np.nan,
                validation_score=np.nan,
                seconds=perf_counter() - self.began,
            )
        )

    @property
    def watches_validation(self) -> bool:
        """Whether training stops on the validation set, and θ of its best epoch is kept."""
        return self.settings.early_stopping and self.validation is not None

    @property
    def is_idle(self) -> bool:
        """Whether there were too many epochs without progress."""
        return self.idle > self.settings.n_iter_no_change

    def _measure(self, theta: Array) -> tuple[float, float]:
        if self.validation is None:
            return np.nan, np.nan
        data, metric = self.validation.data, self.validation.metric
        cost, _ = self.engine.cost_and_gradient(theta, data, 0.0)
        return cost, np.nan if metric is None else float(metric(data, self.engine.hypothesis(theta, data.X)))


def _mini_batch(
    engine: Engine, data: TrainingSet, settings: Settings, state: TrainingState, record: _Record
) -> tuple[TrainingState, str]:
    rule, batches = rule_of(settings), batches_of(settings, data.rows)
    per_epoch = batches.steps_of_an_epoch(data.rows)
    batch_rows = np.full(per_epoch, batches.size)
    batch_rows[-1] = data.rows - batches.size * (per_epoch - 1)
    divisor = 1.0  # by which `adaptive` has divided the step size
    epochs_a_call = 1

    try:
        while len(record.rows) < settings.max_iter:
            epochs = min(epochs_a_call, settings.max_iter - len(record.rows))
            etas = [step_size_of_epoch(settings, state.epoch + n, data.rows) / divisor for n in range(epochs)]
            step_sizes = np.repeat(etas, per_epoch)[len(state.costs) :]
            began = perf_counter()
            run = engine.run(state, data, rule, batches, step_sizes, settings.alpha)
            took = perf_counter() - began
            if len(run.costs) and not np.isfinite(run.costs[-1]):
                if epochs > 1:  # the stopping rule may end the run before it comes to that
                    epochs_a_call = 1
                    continue
                raise _diverged_in_batch(settings, state, run, per_epoch)
            before, state = state, run.state
            costs = np.concatenate([before.costs, run.costs])
            full = len(costs) // per_epoch
            means = (costs[: full * per_epoch].reshape(full, per_epoch) * batch_rows).sum(axis=1) / data.rows
            for n in range(full):
                seconds = began - record.began + took * (n + 1) / full
                if record.epoch(float(means[n]), state.theta, etas[n], seconds):
                    return state, "callback"
                if record.is_idle:
                    if n + 1 < full:  # the run should have ended inside this call
                        steps = (n + 1) * per_epoch - len(before.costs)
                        state = engine.run(before, data, rule, batches, step_sizes[:steps], settings.alpha).state
                    is_adaptive = settings.solver == "sgd" and settings.learning_rate == "adaptive"
                    if not (is_adaptive and etas[n] > _SMALLEST_STEP_SIZE):
                        return state, "converged"
                    divisor *= 5
                    record.idle = 0
                    break
            if run.interrupted:
                return state, "interrupted"
            if not record.sees_every_epoch and took < _CALL_SECONDS / 2:
                epochs_a_call *= 2
    except KeyboardInterrupt:  # between two calls of the engine: in a callback, or on the validation set
        return state, "interrupted"
    return state, "max_iter"


def _full_batch(
    engine: Engine, data: TrainingSet, settings: Settings, theta: Array, record: _Record
) -> tuple[Array, str]:
    best = (np.inf, theta.astype(np.float64))  # of all iterates: what Ctrl-C leaves
    wants_to_stop = False

    def objective(at: Array) -> tuple[float, Array]:
        J, D = engine.cost_and_gradient(at, data, settings.alpha)
        if not np.isfinite(J):
            # A line search may step far out and come back; a method that cannot come back ends in `watch`.
            return np.inf, np.zeros_like(D)
        return J, D

    def watch(at: Array, J: float, step_size: float) -> bool:
        nonlocal best, wants_to_stop
        if not np.isfinite(J):
            was = f"{record.rows[-1].cost:g} the iteration before" if record.rows else None
            raise _diverged(settings, f"in iteration {len(record.rows) + 1}", was)
        if best[0] > J:
            best = (J, at)
        wants_to_stop = record.epoch(J, at.astype(data.X.dtype, copy=False), step_size)
        return wants_to_stop or (record.watches_validation and record.is_idle)

    try:
        converged = minimise(objective, best[1], settings, watch)
    except KeyboardInterrupt:
        return best[1].astype(data.X.dtype, copy=False), "interrupted"
    if not record.rows and not np.isfinite(objective(best[1])[0]):
        raise _diverged(settings, "at the first parameters", None)
    stopped = (
        "callback"
        if wants_to_stop
        else "converged"
        if converged or (record.watches_validation and record.is_idle)
        else "max_iter"
    )
    return best[1].astype(data.X.dtype, copy=False), stopped


def _diverged_in_batch(settings: Settings, before: TrainingState, run: Run, per_epoch: int) -> DivergedError:
    last = before.step + len(run.costs) - 1
    earlier = [*before.costs, *run.costs][:-1]
    where = f"in epoch {last // per_epoch + 1}, batch {last % per_epoch + 1}"
    return _diverged(settings, where, f"{earlier[-1]:g} the batch before" if earlier else None)


def _diverged(settings: Settings, where: str, was: str | None) -> DivergedError:
    came = f" (it was {was})" if was else ""
    scale = "scale the inputs to about unit variance"
    if settings.solver in ("lbfgs", "cg") or (settings.solver == "gd" and settings.learning_rate == "adaptive"):
        return DivergedError(f"The cost became non-finite {where}{came}. {scale.capitalize()}, or take a larger alpha.")
    eta = settings.learning_rate_init
    return DivergedError(
        f"The cost became non-finite {where}{came} with learning_rate_init={eta:g}. Try {eta / 10:g}, or {scale}."
    )
