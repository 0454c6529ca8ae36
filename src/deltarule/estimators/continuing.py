"""Where a run begins: at new parameters, or at those that are there, with or without the solver's own."""

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np

from deltarule.arrays import Array
from deltarule.errors import InputError, SettingsError
from deltarule.network import Network
from deltarule.record import Memory, Standing
from deltarule.settings import MINI_BATCH_SOLVERS, Settings
from deltarule.shuffling import new_key
from deltarule.training import first_state

__all__ = ["How", "Paused", "check_resumable", "check_same_network", "check_same_rows", "where_to_begin"]

How = Literal["fit", "partial_fit", "resume"]


class Paused(NamedTuple):
    """A mini-batch run that can go on: by which solver, from where, with which hold-out, on how many rows."""

    solver: str
    standing: Standing
    seed: int
    rows: int


def where_to_begin(
    how: How,
    settings: Settings,
    dtype: np.dtype[Any],
    first_theta: Array | None,
    before: "tuple[Array, int, Paused | None] | None",
    generator: np.random.Generator,
) -> Standing:
    """Return where a run begins: at `first_theta`, or after `before`: θ, epochs so far, and the run that led there."""
    if first_theta is not None or before is None:
        assert first_theta is not None
        return Standing(first_state(settings, first_theta.astype(dtype), new_key(generator)))
    theta, epochs, paused = before
    if paused is None:
        return Standing(
            first_state(settings, theta.astype(dtype), new_key(generator)), Memory(epochs=epochs, began=epochs)
        )
    if how == "resume":
        return paused.standing
    memory, state = paused.standing.memory, paused.standing.state.between_epochs()
    if how == "partial_fit" and paused.solver == settings.solver:
        vectors = tuple(vector.astype(dtype) for vector in state.vectors)
        return Standing(replace(state, theta=theta.astype(dtype), vectors=vectors), memory)
    fresh = replace(first_state(settings, theta.astype(dtype), state.key), epoch=state.epoch)
    return Standing(fresh, memory.for_new_run())


def check_resumable(paused: Paused | None, settings: Settings) -> None:
    """Raise SettingsError if there is no run to go on with."""
    if settings.solver not in MINI_BATCH_SOLVERS:
        raise SettingsError(
            f"resume=True goes on with the steps of adam or sgd; solver={settings.solver!r} keeps nothing between "
            "calls. Go on from its parameters with warm_start=True."
        )
    if paused is None or paused.solver != settings.solver:
        there = "none here" if paused is None else f"one of {paused.solver} here"
        raise SettingsError(
            f"resume=True goes on with a run of {settings.solver} that fit began, but there is {there}. Fit first, "
            "or go on from the parameters with warm_start=True."
        )


def check_same_rows(paused: Paused | None, rows: int) -> None:
    """Raise InputError if a run would go on with another number of examples."""
    if paused is not None and paused.rows != rows:
        raise InputError(
            f"resume=True goes on with the same examples, but the run took {paused.rows} and here are {rows}. Pass the "
            "same X and y, or go on from the parameters with warm_start=True."
        )


def check_same_network(fitted: Network, network: Network, how: How) -> None:
    """Raise SettingsError if a run would go on with a network of another shape."""
    if (fitted.sizes, fitted.output) != (network.sizes, network.output):
        name = {"fit": "warm_start=True", "partial_fit": "partial_fit", "resume": "resume=True"}[how]
        raise SettingsError(
            f"{name} goes on from the fitted network {fitted}, but the parameters and data now make {network}. Keep "
            "layers, units and classes, or fit with warm_start=False."
        )
