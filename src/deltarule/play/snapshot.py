"""A snapshot: a network between two steps, with everything that is true of it then, as one frozen value."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import Engine
from deltarule.network.backpropagation import forward, penalty
from deltarule.play.opening import Opening
from deltarule.play.places import Place
from deltarule.play.problem import Problem

__all__ = ["Costs", "Snapshot", "measured"]


@dataclass(frozen=True)
class Costs:
    """J in its parts on the training rows, and the data cost on the rows that are held out, if there are any."""

    data: float
    penalty: float
    held_out: float | None

    @property
    def train(self) -> float:
        """J, the cost that training lowers."""
        return self.data + self.penalty


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The session at a moment. Threads that answer read it without a lock, because nothing in it ever changes.

    Attributes
    ----------
    revision : int
        Number of changes so far.
    generation : int
        How many times something else was opened.
    branch : int
        How many stretches were begun.
    opening : Opening
    problem : Problem
    place : Place
    steps_per_epoch, last_step : int
    running : bool
    speed, rate : float
        Steps a second: asked for (0: as fast as it goes), and measured.
    paused_because, message : str
    diverged_at : int or None
    costs : Costs or None
        None where they have not been measured, because measuring takes long.
    curve : array of shape (points, 4)
    is_one_run : bool
        Whether seed and settings alone lead here.
    """

    revision: int
    generation: int
    branch: int
    opening: Opening
    problem: Problem
    place: Place
    steps_per_epoch: int
    last_step: int
    running: bool
    speed: float
    rate: float
    paused_because: str
    message: str
    diverged_at: int | None
    costs: Costs | None
    curve: Array
    is_one_run: bool = True

    @property
    def step(self) -> int:
        """Steps from the beginning."""
        return self.place.step

    @cached_property
    def theta(self) -> Array:
        """θ in float64."""
        return self.place.theta.astype(np.float64)

    @cached_property
    def h(self) -> Array:
        """H of every row, of shape (m, K); computed once, when it is asked for."""
        return self.problem.painter.h(self.theta, self.opening.dataset.X)

    @cached_property
    def coarse_theta(self) -> Array:
        """θ in float32, for what is only painted."""
        with np.errstate(over="ignore"):
            return self.place.theta.astype(np.float32)

    @cached_property
    def looked_at(self) -> tuple[list[Any], list[Array]]:
        """What `forward` returns for some training rows, in float32: units and edges are measured on these rows."""
        network = self.problem.network
        with np.errstate(over="ignore", invalid="ignore"):
            return forward(network, network.roll(self.coarse_theta), self.opening.dataset.looked_at)


def measured(problem: Problem, engine: Engine, theta: Array) -> Costs:
    """Return the costs at θ."""
    alpha, m = problem.settings.alpha, problem.training.m
    with np.errstate(all="ignore"):
        data = engine.cost(theta, problem.training, 0.0)
        held_out = None if problem.validation is None else engine.cost(theta, problem.validation, 0.0)
        return Costs(data, penalty(problem.network, theta, alpha, m), held_out)
