"""The training loop: it runs the solver, saves run states, and returns the result, after Ctrl-C and divergence too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import Engine
from deltarule.network.data import TrainingSet
from deltarule.training.divergence import diverged_at_last
from deltarule.training.full_batch_run import full_batch
from deltarule.training.history import History
from deltarule.training.mini_batch_run import MiniBatchRun, Moment, first_state
from deltarule.training.record import Callback, Recorder, RunState, Validation
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = ["Result", "first_state", "result_of", "train"]

Keeper = Callable[[RunState, Callable[[], History], bool], None]


@dataclass(frozen=True, eq=False)
class Result:
    """The result of training.

    Attributes
    ----------
    theta : array of shape (n_parameters,)
        The best parameters where a validation set was watched, else the last.
    history : History
        Of the epochs of this call.
    run_state : RunState or None
        The state of a mini-batch run, from which `train` continues with bit-identical results. None for full-batch
        solvers.
    """

    theta: Array
    history: History
    run_state: RunState | None


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
    """Minimise J, beginning with a run state.

    Parameters
    ----------
    engine : Engine
    data : TrainingSet
    settings : Settings
    start : RunState
        `RunState(first_state(…))`, or that of an earlier result. Full-batch solvers take θ from it and nothing else.
    epochs : int, optional
        Largest number of epochs. Default: `settings.max_iter`, which schedules span in any case.
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
        Ctrl-C gives a result too, with the parameters so far and `history.stopped == "interrupted"`.

    Raises
    ------
    DivergedError
        If the cost becomes non-finite; the message says where, and what to try. If training watches a validation set,
        the best θ before that is the result instead, with `history.stopped == "diverged"`; with
        `settings.on_divergence="restore"`, training goes on from the last finite parameters with shorter steps, or ends
        with them if it was the last step.
    """
    epochs = settings.max_iter if epochs is None else epochs
    recorder = Recorder(engine, settings, data.m, start.loop_state, validation, callbacks, epochs)
    if settings.solver not in MINI_BATCH_SOLVERS:
        last, stopped = full_batch(engine, data, settings, start.state.theta, recorder)
        theta = recorder.loop_state.found(last)
        if not np.isfinite(theta).all():
            raise diverged_at_last(settings, data.m, recorder.loop_state.done)
        return Result(theta, recorder.history(stopped), None)
    run = MiniBatchRun(engine, data, settings, start.state, recorder, epoch_by_epoch=keep is not None)
    end = _kept(run, recorder, keep)
    if keep is not None:
        keep(end.run_state, partial(recorder.history, end.stopped), True)
    return result_of(run, end)


def result_of(run: MiniBatchRun, end: Moment) -> Result:
    """Return the result of a mini-batch run from its last moment."""
    return Result(end.run_state.found(run.plan.rule), run.recorder.history(end.stopped), end.run_state)


def _kept(run: MiniBatchRun, recorder: Recorder, keep: Keeper | None) -> Moment:
    """Take a run to its end, pass each of its moments to `keep`, and return the last one."""
    try:
        for moment in run:
            if keep is not None and moment.stopped == "running":
                keep(moment.run_state, partial(recorder.history, "running"), False)
    except KeyboardInterrupt:  # between two calls of the engine: in a callback, on the validation set, or here
        return run.interrupted()
    return moment
