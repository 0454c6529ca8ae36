"""One training run of an estimator, from the state in which it begins to its result."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from deltarule.blocks.stored_rows import is_stored
from deltarule.blocks.streaming import StreamingEngine
from deltarule.common.arrays import Array
from deltarule.common.errors import DivergedError
from deltarule.engines import Engine
from deltarule.estimators.callbacks import end_of, telling
from deltarule.estimators.predictor import GivenHypotheses, Predictor
from deltarule.estimators.printing import warn_of, warn_of_clipped_batches
from deltarule.estimators.task import LearningTask
from deltarule.estimators.watching import validation_of
from deltarule.training.checkpoint import Checkpoint, SavedRun, digest_of, keeping
from deltarule.training.loop import Result, train
from deltarule.training.record import Callback, RunState

__all__ = ["FitCall", "TrainingRun", "learn", "predicting_with"]


@dataclass(frozen=True, eq=False)
class FitCall:
    """The arguments of a call of `fit` or `partial_fit`."""

    X: Any
    y: Any
    sample_weight: Any
    eval_set: tuple[Any, ...] | None = None
    callbacks: Sequence[Callback] = ()
    checkpoint: Checkpoint | None = None
    held: ExitStack = field(default_factory=ExitStack)
    """Closes what the call opened, at its end."""

    @property
    def given(self) -> tuple[Any, Any, Any]:
        """X, y and the weights of rows."""
        return self.X, self.y, self.sample_weight


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """The result of a fit, before any of it is set on the estimator.

    Attributes
    ----------
    task : LearningTask
    run : SavedRun
        The state in which the run began, and the history before it.
    result : Result
    predictor : Predictor
    epochs : int, optional
        Number of epochs of the whole run, if it was resumed.
    """

    task: LearningTask
    run: SavedRun
    result: Result
    predictor: Predictor
    epochs: int | None = None

    @property
    def end(self) -> RunState:
        """The run state at the end; for full-batch solvers, which keep no run state, that at the beginning."""
        return self.run.run_state if self.result.run_state is None else self.result.run_state


def learn(
    estimator: Any,
    predictor: Predictor,
    call: FitCall,
    task: LearningTask,
    run: SavedRun,
    epochs: int,
    *,
    first_theta: Array | None,
    is_whole: bool = True,
) -> TrainingRun:
    """Train a run, report its epochs and write its checkpoints.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Nothing is set on it.
    predictor : Predictor
        Predictor of the task's network.
    call : FitCall
    task : LearningTask
    run : SavedRun
        The run, which holds the state to begin in.
    epochs : int
        Largest number of epochs to take.
    first_theta : array or None
        Parameters on which the scores are tried first.
    is_whole : bool, default True
        Whether this call is a whole fit: then it warns of an early end, and frees what training allocated.
    """
    warn_of_clipped_batches(task.settings, task.training_set.rows)
    attributes, at, answering = predicting_with(estimator, task, predictor)
    engine = _engine_of(task, predictor)
    try:
        validation = task.measures or validation_of(estimator, task, engine, at, answering, first_theta)
        with (
            telling(estimator, task.settings, epochs, call.given, attributes) as tellers,
            _keeping(call.checkpoint, task, run) as keep,
        ):
            result = _trained(
                engine,
                task.training_set,
                task.settings,
                run.run_state,
                epochs=epochs,
                validation=validation,
                callbacks=[*call.callbacks, *tellers],
                keep=keep,
            )
            end_of(tellers, result)
    finally:
        if is_whole:
            predictor.release()
    warn_of(result.history, task.settings, at_the_end=is_whole)
    return TrainingRun(task, run, result, predictor)


def _engine_of(task: LearningTask, predictor: Predictor) -> Engine:
    if task.engine is not None:
        return task.engine
    sets = [task.training_set, *filter(None, [task.validation_set])]
    return StreamingEngine(predictor.engine) if any(is_stored(rows.X) for rows in sets) else predictor.engine


def predicting_with(
    estimator: Any, task: LearningTask, predictor: Predictor
) -> tuple[Callable[[Array], dict[str, Any]], Callable[[Array], Any], Callable[[Array], Any]]:
    """Return functions that make copies of an estimator, which predict while it is trained.

    Returns
    -------
    attributes : callable
        θ ↦ the attributes of an estimator that predicts with θ.
    at : callable
        θ ↦ a copy that predicts with θ. X of the task has no column names any more, so the copy has none.
    answering : callable
        h ↦ a copy whose hypotheses are h, whatever X is.
    """

    def attributes(theta: Array) -> dict[str, Any]:
        return {
            **task.targets.attributes(),
            "_targets": task.targets,
            "_predictor": predictor,
            "network_": task.network,
            "theta_": theta.astype(task.kept_dtype),
            "n_features_in_": task.columns.n,
            "feature_names_in_": task.columns.names,
        }

    def at(theta: Array) -> Any:
        there = copy(estimator)
        there.__dict__.update(attributes(theta) | {"feature_names_in_": None})
        return there

    def answering(h: Array) -> Any:
        there = at(np.empty(0, task.kept_dtype))
        there._predictor = GivenHypotheses(h)
        return there

    return attributes, at, answering


@contextmanager
def _keeping(checkpoint: Checkpoint | None, task: LearningTask, run: SavedRun) -> Iterator[Any]:
    """Yield the function that writes a run to its checkpoint; None without a checkpoint."""
    if checkpoint is None:
        yield None
    else:
        with keeping(checkpoint, replace(run, digest=digest_of(task.training_set))) as keep:
            yield keep


def _trained(*arguments: Any, **more: Any) -> Result:
    """Train, and put scikit-learn's words into the error if the cost diverges."""
    try:
        return train(*arguments, **more)
    except DivergedError as error:
        raise DivergedError(
            "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
            f"preprocessed. {error}"
        ) from error
