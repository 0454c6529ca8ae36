"""The loop around the solvers: epochs, stopping, divergence, and what is kept when something goes wrong.

A mini-batch run is cut into calls of the engine. Where nobody looks at single epochs, a call covers as many of them as
fit into `_CALL_SECONDS`; if the stopping rule then says that the run should have ended inside a call, the call is made
again up to that epoch. That is exact, because a training state is a value and a step a pure function of it. Where
epochs are long against the cost of a call, a call ends where the rule may end the run at the earliest instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError
from deltarule.engines import Engine, StepsTaken, TrainingState
from deltarule.network.data import TrainingSet
from deltarule.training.history import History
from deltarule.training.record import Callback, Recorder, RunState, Validation
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings
from deltarule.training.solvers import batches_of, minimise, options_of, rule_of, step_sizes
from deltarule.training.solvers.full_batch import MOST_DIVISION

__all__ = ["Result", "first_state", "train"]

Keeper = Callable[[RunState, Callable[[], History], bool], None]

_CALL_SECONDS = 0.05
"""Long enough that the calls cost nothing (about 20 µs each), short enough that making one again is not noticed."""

_CALL_OVERHEAD = 50e-6
"""Seconds of a call besides its steps, with room to spare."""

_SOUND_ONES = "the parameters before the epoch with the lowest cost"


@dataclass(frozen=True, eq=False)
class Result:
    """What training leaves.

    Attributes
    ----------
    theta : array of shape (n_parameters,)
        The best parameters where a validation set was watched, else the last.
    history : History
        Of the epochs of this call.
    run_state : RunState or None
        Where a mini-batch run stands: give it to `train` again to go on to the bit. None for full-batch solvers.
    """

    theta: Array
    history: History
    run_state: RunState | None


def first_state(settings: Settings, theta: Array, key: int) -> TrainingState:
    """Return the state of a mini-batch run before its first step."""
    return TrainingState(theta=theta, vectors=rule_of(settings).init(theta), key=key)


def train(
    engine: Engine,
    data: TrainingSet,
    settings: Settings,
    start: RunState,
    *,
    epochs: int | None = None,
    validation: Validation | None = None,
    callbacks: Sequence[Callback] = (),
    keep: Keeper | None = None,
) -> Result:
    """Minimise J from where a run stands on.

    Parameters
    ----------
    engine : Engine
    data : TrainingSet
    settings : Settings
    start : RunState
        Of `first_state`, or that of an earlier result. Full-batch solvers take θ from it and nothing else.
    epochs : int, optional
        How many to take at most. Default: `settings.max_iter`, over which schedules stretch in any case.
    validation : Validation, optional
        Measured after each epoch; with `settings.early_stopping`, training stops on it and the best θ is restored.
    callbacks : sequence of callables
        Each gets the `Progress` after each epoch; one that returns True stops the run.
    keep : callable, optional
        (run_state, function that returns the history of this call, whether it is the end) → None; called between two
        epochs of a mini-batch run now and then, and at its end.

    Returns
    -------
    Result
        Also after Ctrl-C, with `history.stopped == "interrupted"`: nothing that was learnt is lost.

    Raises
    ------
    DivergedError
        If the cost leaves the finite numbers; the message says where, and what to try. Where training watches a
        validation set, the best θ before that is the result instead, with `history.stopped == "diverged"`; with
        `settings.on_divergence="restore"`, training goes on from sound parameters with shorter steps, or ends with
        them if it was the last step.
    """
    epochs = settings.max_iter if epochs is None else epochs
    record = Recorder(engine, settings, data.m, start.memory, validation, callbacks, epochs)
    run_state = None
    if settings.solver in MINI_BATCH_SOLVERS:
        state, stopped = _mini_batch(engine, data, settings, start.state, record, keep)
        is_lost = record.memory.best_theta is None and not np.isfinite(state.theta).all()
        if is_lost and (sound := _sound(settings, record)) is not None:
            error = _diverged_at_last(settings, data.m, record)
            state = _restored(settings, state, record, sound, f"{error} The result is {_SOUND_ONES}.")
        last = state.theta
        run_state = RunState(state, record.memory)
    else:
        last, stopped = _full_batch(engine, data, settings, start.state.theta, record)
    theta = record.memory.found(last)
    if not np.isfinite(theta).all():
        raise _diverged_at_last(settings, data.m, record)
    if run_state is not None and keep is not None:
        keep(run_state, lambda: record.history(stopped), True)
    return Result(theta, record.history(stopped), run_state)


def _mini_batch(
    engine: Engine,
    data: TrainingSet,
    settings: Settings,
    state: TrainingState,
    record: Recorder,
    keep: Keeper | None,
) -> tuple[TrainingState, str]:
    rule, batches, options = rule_of(settings), batches_of(settings, data.rows), options_of(settings, engine.network)
    per_epoch = batches.steps_of_an_epoch(data.rows)
    batch_rows = np.full(per_epoch, batches.size)
    batch_rows[-1] = data.rows - batches.size * (per_epoch - 1)
    restores = settings.on_divergence == "restore"
    if restores and record.memory.sound is None:
        record.memory = replace(record.memory, sound=(np.inf, state.theta))
    one_by_one = record.sees_every_epoch or restores or keep is not None
    epochs_a_call, seconds_an_epoch = 1, 0.0
    run: StepsTaken | None = None
    before, etas, taken = state, np.empty(0), 0

    def state_after(epochs: int) -> TrainingState:
        """Return the state after some epochs of the last call."""
        steps = epochs * per_epoch - len(before.costs)
        if run is not None and steps == len(run.costs):
            return run.state
        again = engine.run(before, data, rule, batches, etas[: max(0, steps)], settings.alpha, options)
        if again.interrupted:
            raise KeyboardInterrupt
        return again.state

    try:
        while record.taken < record.epochs:
            memory = record.memory
            count = min(epochs_a_call, record.epochs - record.taken)
            if seconds_an_epoch * record.soonest_end > 20 * _CALL_OVERHEAD:
                count = int(min(count, record.soonest_end))
            sizes = step_sizes(settings, memory.done, count, per_epoch, data.rows, memory.seen) / memory.divisor
            before, run, taken = state, None, record.taken
            etas = sizes.ravel()[len(before.costs) :]
            began = perf_counter()
            run = engine.run(before, data, rule, batches, etas, settings.alpha, options)
            took = perf_counter() - began
            if len(run.costs) and not np.isfinite(run.costs[-1]):
                if count > 1:  # the stopping rule may end the run before it comes to that
                    epochs_a_call = 1
                    continue
                error = _diverged_in_batch(settings, data.m, before, run, memory.done)
                if (sound := _sound(settings, record)) is not None:
                    told = f"{error} Training went on from {_SOUND_ONES}, with a tenth of the step."
                    state = _restored(settings, before, record, sound, told)
                    continue
                if memory.best_theta is None:
                    raise error
                state, run = _begun_anew(settings, before, memory.best_theta), None
                record.diverge(float(sizes[0, -1]), str(error))
                return state, "diverged"
            costs = np.concatenate([before.costs, run.costs])
            full = len(costs) // per_epoch
            seconds_an_epoch = took / max(1, full)
            means = (costs[: full * per_epoch].reshape(full, per_epoch) * batch_rows).sum(axis=1) / data.rows
            n, verdict = 0, ""
            if full:
                if memory.sound is not None and means[0] < memory.sound[0]:  # one epoch a call
                    record.memory = replace(memory, sound=(float(means[0]), before.theta))
                seconds = began - record.began + took * np.arange(1, full + 1) / full
                n, verdict = record.take(
                    means.tolist(), run.state.theta, sizes[:, -1].tolist(), seconds.tolist(), data.rows
                )
            state = state_after(n) if verdict else run.state  # what came after it in this call is given up
            if verdict in ("converged", "callback"):
                return state, verdict
            if run.interrupted:
                return state, "interrupted"
            if keep is not None:
                keep(RunState(state, record.memory), partial(record.history, "running"), False)
            if not one_by_one and took < _CALL_SECONDS / 2:
                epochs_a_call = max(
                    4 * epochs_a_call, int(min(record.soonest_end, _CALL_SECONDS / 8 / seconds_an_epoch))
                )
    except KeyboardInterrupt:  # between two calls of the engine: in a callback, or on the validation set
        return state_after(record.taken - taken) if run is not None else state, "interrupted"
    return state, "max_iter"


def _sound(settings: Settings, record: Recorder) -> Array | None:
    """Return the parameters to go back to after a divergence, if it is to be mended and can be."""
    memory = record.memory
    mends = settings.on_divergence == "restore" and memory.divisor < MOST_DIVISION
    return memory.sound[1] if mends and memory.sound is not None else None


def _restored(settings: Settings, state: TrainingState, record: Recorder, theta: Array, notice: str) -> TrainingState:
    """Give up the epoch that diverged: the next begins with sound parameters and shorter steps."""
    record.memory = replace(record.memory, divisor=record.memory.divisor * 10)
    record.notices.append(notice)
    return _begun_anew(settings, state, theta)


def _begun_anew(settings: Settings, state: TrainingState, theta: Array) -> TrainingState:
    """Return the state after an epoch that is given up, with other parameters and new vectors."""
    return replace(first_state(settings, theta, state.key), epoch=state.epoch + 1)


def _full_batch(
    engine: Engine, data: TrainingSet, settings: Settings, theta: Array, record: Recorder
) -> tuple[Array, str]:
    best = (np.inf, theta.astype(np.float64))  # of all iterates: what Ctrl-C leaves
    verdict = ""

    def objective(at: Array) -> tuple[float, Array]:
        J, D = engine.cost_and_gradient(at, data, settings.alpha)
        if not np.isfinite(J):
            # A line search may step far out and come back; a method that cannot come back ends in `watch`.
            return np.inf, np.zeros_like(D)
        return J, D

    def watch(at: Array, J: float, step_size: float) -> bool:
        nonlocal best, verdict
        if not np.isfinite(J):
            was = f"{record.columns['cost'][-1]:g} the iteration before" if record.taken else None
            raise _diverged(settings, data.m, f"in iteration {record.taken + 1}", was)
        if best[0] > J:
            best = (J, at)
        seconds = perf_counter() - record.began
        _, verdict = record.take([J], at.astype(data.X.dtype, copy=False), [step_size], [seconds])
        return bool(verdict)

    try:
        converged = minimise(objective, best[1], settings, watch, record.epochs)
    except KeyboardInterrupt:
        return best[1].astype(data.X.dtype, copy=False), "interrupted"
    if not record.taken and not np.isfinite(objective(best[1])[0]):
        raise _diverged(settings, data.m, "at the first parameters", None)
    return best[1].astype(data.X.dtype, copy=False), verdict or ("converged" if converged else "max_iter")


def _diverged_in_batch(
    settings: Settings, m: float, before: TrainingState, run: StepsTaken, epochs: int
) -> DivergedError:
    earlier = [*before.costs, *run.costs][:-1]  # of this epoch
    where = f"in epoch {epochs + 1}, batch {len(earlier) + 1}"
    return _diverged(settings, m, where, f"{earlier[-1]:g} the batch before" if earlier else None)


def _diverged_at_last(settings: Settings, m: float, record: Recorder) -> DivergedError:
    return _diverged(settings, m, f"after epoch {record.memory.done}, in the last step of the run", None)


def _diverged(settings: Settings, m: float, where: str, was: str | None) -> DivergedError:
    came = f" (it was {was})" if was else ""
    scale = "scale the inputs to about unit variance"
    if settings.solver in ("lbfgs", "cg") or (settings.solver == "gd" and settings.learning_rate == "adaptive"):
        return DivergedError(f"The cost became non-finite {where}{came}. {scale.capitalize()}, or take a larger alpha.")
    eta = settings.learning_rate_init
    message = f"The cost became non-finite {where}{came} with learning_rate_init={eta:g}"
    # θ := (1 − ηλ/m) θ grows by itself; where λ is small, it is η that is to blame.
    if settings.solver != "adam" and eta * settings.alpha > 2 * m and settings.alpha > m:
        return DivergedError(
            f"{message} and alpha={settings.alpha:g}: steps along such a penalty grow without end. Take an alpha or a "
            f"learning_rate_init whose product is below {m:g}, the number of examples."
        )
    return DivergedError(f"{message}. Try {eta / 10:g}, or {scale}.")
