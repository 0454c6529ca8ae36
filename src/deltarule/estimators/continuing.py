"""The state in which a run begins: new parameters, those of the previous fit, or a stopped run in memory or a file."""

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError
from deltarule.engines.shuffling import new_key
from deltarule.estimators.task import LearningTask
from deltarule.network.network import Network
from deltarule.training.checkpoint import Checkpoint, SavedRun, changed, digest_of, load_run, would_be_lost
from deltarule.training.history import History, stopped_in_words
from deltarule.training.loop import first_state
from deltarule.training.record import LoopState, RunState
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = [
    "check_goes_on",
    "check_resumable",
    "check_same_network",
    "checkpoint_of",
    "checksum",
    "new_run",
    "next_epoch",
    "run_of",
    "saved_run",
    "sharing_theta",
    "warm_start",
]

SOME_ROWS = 256
"""How many rows are hashed to recognise the training set on resume; hashing all of 60 000 × 784 takes 0.1 s."""


def new_run(settings: Settings, theta: Array, generator: np.random.Generator) -> RunState:
    """Return the state in which a new run begins."""
    return RunState(first_state(settings, theta, new_key(generator)))


def warm_start(
    settings: Settings, theta: Array, counts: LoopState, paused: SavedRun | None, generator: np.random.Generator
) -> RunState:
    """Return the state of a run that begins at the parameters of a previous fit, with a new schedule and new vectors.

    `counts` are those of the previous fit; `paused` is its run if the solver was a mini-batch one. The new run then
    continues the key and the epoch of `paused`, so that shuffles do not repeat.
    """
    if paused is None:
        return RunState(first_state(settings, theta, new_key(generator)), counts)
    state = paused.run_state.state.between_epochs()
    fresh = replace(first_state(settings, theta, state.key), epoch=state.epoch)
    return RunState(fresh, paused.run_state.loop_state.for_new_run())


def next_epoch(
    settings: Settings, theta: Array, counts: LoopState, paused: SavedRun | None, generator: np.random.Generator
) -> RunState:
    """Return the state in which `partial_fit` continues: the present θ, and vectors and schedule of the last run."""
    if paused is None or paused.settings.solver != settings.solver:
        return warm_start(settings, theta, counts, paused, generator)
    state = paused.run_state.state.between_epochs()
    vectors = tuple(vector.astype(theta.dtype) for vector in state.vectors)
    return RunState(replace(state, theta=theta, vectors=vectors), paused.run_state.loop_state)


def run_of(
    task: LearningTask, run_state: RunState, earlier: History | None = None, rows: int | None = None
) -> SavedRun:
    """Return a run that begins at `run_state`, after an earlier history.

    `rows` is how many rows of the training set are hashed into the digest: all by default; 0 leaves it empty.
    """
    data = task.training_set
    digest = "" if rows == 0 else digest_of(data, rows)
    history = History.empty() if earlier is None else earlier
    return SavedRun(run_state, history, task.network, task.settings, task.seed, data.rows, digest)


def checksum(theta: Array) -> int:
    """Return a checksum that shows whether parameters were written to."""
    return zlib.crc32(np.ascontiguousarray(theta).data)


def sharing_theta(run_state: RunState, theta: Array) -> RunState:
    """Return a run state whose result is the array `theta` itself, instead of a copy with the same numbers."""
    if run_state.state.theta.dtype != theta.dtype:
        return run_state
    if run_state.loop_state.best_theta is None:
        return replace(run_state, state=replace(run_state.state, theta=theta))
    return replace(run_state, loop_state=replace(run_state.loop_state, best_theta=theta))


def checkpoint_of(given: Any) -> Checkpoint | None:
    """Return the argument `checkpoint` of a fit as a `Checkpoint`, or None.

    Raises
    ------
    InputError
        If it is neither a path nor a `Checkpoint`.
    """
    if given is None or isinstance(given, Checkpoint):
        return given
    if not isinstance(given, str | Path):
        raise InputError(
            f"checkpoint is a {type(given).__name__}. Pass a path, or deltarule.Checkpoint(path, seconds=60)."
        )
    return Checkpoint(given)


def saved_run(checkpoint: Checkpoint | None, settings: Settings, resume: bool) -> SavedRun | None:
    """Return the run of a checkpoint that is to continue; None if there is none.

    Raises
    ------
    SettingsError
        If the solver keeps no steps between iterations.
    CheckpointError
        If the file holds a run and `resume` is False: the run would be lost.
    ModelFileError
        If the file is not a checkpoint.
    """
    if checkpoint is None:
        return None
    if settings.solver not in MINI_BATCH_SOLVERS:
        raise SettingsError(
            f"checkpoint keeps the steps of adam or sgd; solver={settings.solver!r} keeps nothing between its "
            "iterations. Leave checkpoint out."
        )
    if not Path(checkpoint.path).is_file():
        return None
    saved = load_run(checkpoint.path)
    if not resume:
        raise would_be_lost(checkpoint.path, saved.history.epochs, stopped_in_words(saved.history.stopped))
    return saved


def check_resumable(paused: SavedRun | None, settings: Settings) -> SavedRun:
    """Return the run in memory that is to continue; raise SettingsError if there is none."""
    if settings.solver not in MINI_BATCH_SOLVERS:
        raise SettingsError(
            f"resume=True goes on with the steps of adam or sgd; solver={settings.solver!r} keeps nothing between "
            "calls. Go on from its parameters with warm_start=True."
        )
    if paused is None or paused.settings.solver != settings.solver:
        there = "none here" if paused is None else f"one of {paused.settings.solver} here"
        raise SettingsError(
            f"resume=True goes on with a run of {settings.solver} that fit began, but there is {there}. Fit first, "
            "or go on from the parameters with warm_start=True."
        )
    return paused


def check_goes_on(paused: SavedRun, now: SavedRun, dtype: np.dtype[Any], theta: Array, as_left: int) -> None:
    """Raise SettingsError or InputError if settings, data or parameters differ from those of a run in memory.

    `as_left` is the `checksum` of the run's result; `theta` are the present parameters.
    """
    other_way = "or go on from the parameters with warm_start=True."
    if differences := changed(paused, now):
        raise SettingsError(
            f"resume=True goes on with the run that stopped, but {'; '.join(differences)}. Set that back, {other_way}"
        )
    if paused.rows != now.rows:
        raise InputError(
            f"resume=True goes on with the same examples, but the run took {paused.rows} and here are {now.rows}. "
            f"Pass the same X and y, {other_way}"
        )
    found = paused.run_state.state.theta
    if found.dtype != dtype:
        raise InputError(
            f"resume=True goes on with the same examples, but the run took {found.dtype} and these numbers need "
            f"{dtype}. Pass the same X and y, {other_way}"
        )
    if paused.digest and paused.digest != now.digest:
        raise InputError(
            "resume=True goes on with the same examples, but X, y, their order or their weights are others than those "
            f"of the run. Pass the same X and y, {other_way}"
        )
    if checksum(theta.astype(dtype)) != as_left:
        raise InputError(
            "resume=True goes on from where the run stopped, but coefs_ or intercepts_ were written to since then. Go "
            "on from them with warm_start=True, or with partial_fit."
        )


def check_same_network(fitted: Network, network: Network, call: str) -> None:
    """Raise SettingsError if a call would continue with a network of other sizes or outputs."""
    if (fitted.sizes, fitted.output) != (network.sizes, network.output):
        raise SettingsError(
            f"{call} goes on from the fitted network {fitted}, but the parameters and data now make {network}. Keep "
            "layers, units and classes, or fit with warm_start=False."
        )
