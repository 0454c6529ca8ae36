"""Where a run begins: at new parameters, at those of the fit before, or where a run in memory or in a file stopped."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import CheckpointError, InputError, SettingsError
from deltarule.common.messages import Message
from deltarule.engines.shuffling import new_key
from deltarule.network.network import Network
from deltarule.training.checkpoint import Checkpoint, SavedRun, changed, load_run
from deltarule.training.history import stopped_in_words
from deltarule.training.loop import first_state
from deltarule.training.record import LoopState, RunState
from deltarule.training.settings import MINI_BATCH_SOLVERS, Settings

__all__ = [
    "How",
    "check_goes_on",
    "check_resumable",
    "check_same_network",
    "place_of",
    "saved_run",
    "where_to_begin",
]

How = Literal["fit", "partial_fit", "resume"]


def where_to_begin(
    how: How,
    settings: Settings,
    dtype: np.dtype[Any],
    first_theta: Array | None,
    before: "tuple[Array, LoopState, SavedRun | None] | None",
    generator: np.random.Generator,
) -> RunState:
    """Return where a run begins: at `first_theta`, or after `before`: θ, counts, and the run that led there."""
    if first_theta is not None or before is None:
        assert first_theta is not None
        return RunState(first_state(settings, first_theta.astype(dtype), new_key(generator)))
    theta, counts, paused = before
    if paused is None:
        return RunState(first_state(settings, theta.astype(dtype), new_key(generator)), counts)
    if how == "resume":
        return paused.run_state
    memory, state = paused.run_state.memory, paused.run_state.state.between_epochs()
    if how == "partial_fit" and paused.settings.solver == settings.solver:
        vectors = tuple(vector.astype(dtype) for vector in state.vectors)
        return RunState(replace(state, theta=theta.astype(dtype), vectors=vectors), memory)
    fresh = replace(first_state(settings, theta.astype(dtype), state.key), epoch=state.epoch)
    return RunState(fresh, memory.for_new_run())


def place_of(checkpoint: Any) -> Checkpoint | None:
    """Return what a user passed as `checkpoint` as a `Checkpoint`.

    Raises
    ------
    InputError
        If it is none, nor a path.
    """
    if checkpoint is None or isinstance(checkpoint, Checkpoint):
        return checkpoint
    if not isinstance(checkpoint, str | Path):
        raise InputError(
            f"checkpoint is a {type(checkpoint).__name__}. Pass a path, or deltarule.Checkpoint(path, seconds=60)."
        )
    return Checkpoint(checkpoint)


def saved_run(checkpoint: Checkpoint | None, settings: Settings, resume: bool) -> SavedRun | None:
    """Return the run that a checkpoint holds and that is to go on, if there is one.

    Raises
    ------
    SettingsError
        If the solver has no steps to go on with.
    CheckpointError
        If there is a run and it is not to go on: it would be lost.
    ModelFileError
        If the file is none.
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
        raise CheckpointError(
            Message(
                "{path} holds a run of {epochs} epochs ({ended}), which would be lost. Go on with it by resume=True, "
                "or give another checkpoint, or delete it.",
                path=checkpoint.path,
                epochs=saved.history.epochs,
                ended=stopped_in_words(saved.history.stopped),
            )
        )
    return saved


def check_resumable(paused: SavedRun | None, settings: Settings) -> None:
    """Raise SettingsError if there is no run to go on with."""
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


def check_goes_on(paused: SavedRun, now: SavedRun, dtype: np.dtype[Any], theta: Array) -> None:
    """Raise SettingsError or InputError if a run in memory would go on as another, or from other parameters."""
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
    found = paused.run_state.found
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
    if not np.array_equal(found.astype(theta.dtype), theta):
        raise InputError(
            "resume=True goes on from where the run stopped, but coefs_ or intercepts_ were written to since then. Go "
            "on from them with warm_start=True, or with partial_fit."
        )


def check_same_network(fitted: Network, network: Network, how: How) -> None:
    """Raise SettingsError if a run would go on with a network of another shape."""
    if (fitted.sizes, fitted.output) != (network.sizes, network.output):
        name = {"fit": "warm_start=True", "partial_fit": "partial_fit", "resume": "resume=True"}[how]
        raise SettingsError(
            f"{name} goes on from the fitted network {fitted}, but the parameters and data now make {network}. Keep "
            "layers, units and classes, or fit with warm_start=False."
        )
