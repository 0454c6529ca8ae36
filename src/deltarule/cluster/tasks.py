"""What workers compute: sums over a span, measures of a validation set, mini-batch steps. They know no cluster.

A task is pure: it makes an engine, computes, and closes it, so nothing of it stays on a worker.
"""

import platform
from dataclasses import dataclass, replace
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np

from deltarule.blocks.streaming import state_after
from deltarule.cluster.spans import Span
from deltarule.common.arrays import Array
from deltarule.common.version import __version__
from deltarule.engines import Engine, StepsTaken, TrainingState, engine_for
from deltarule.engines.native import available, instruction_set
from deltarule.engines.plan import Plan
from deltarule.network.network import Network
from deltarule.network.summation import LEAF_ROWS, TreeSum

__all__ = ["Leg", "Walk", "Work", "environment", "leaf", "measured", "merge", "walk", "weight_sums"]


@dataclass(frozen=True, eq=False)
class Work:
    """What a task must know besides θ and its span.

    Attributes
    ----------
    network : Network
    engine : str or callable
    n_threads : int
    """

    network: Network
    engine: Any
    n_threads: int

    def made(self) -> Engine:
        """Return an engine, to be closed after the task."""
        return engine_for(self.network, self.engine, self.n_threads)


def leaf(work: Work, theta: Array, span: Span) -> Array:
    """Return Σ w ℓ and Δ over a span, and behind them the seconds that they took."""
    began = perf_counter()
    with work.made() as engine:
        sums = engine.sums(theta, span.part(0, len(span.Y), 1.0))
    return np.append(sums, perf_counter() - began)


def merge(*sums: Array) -> Array:
    """Return the sum of what neighbours computed, in the fixed tree."""
    total = TreeSum()
    for one in sums:
        total.add(one)
    return total.result()


def measured(work: Work, several: bool, shift: Array | None, theta: Array, span: Span) -> Array:
    """Return what cost and score of a validation set are made of, over a span, and behind it the seconds.

    Parameters
    ----------
    work : Work
    several : bool
        Whether a row has several labels.
    shift : array of shape (K,), or None
        What is taken off quantities, so that squares keep their digits. None: the targets are labels.
    theta : array
    span : Span

    Returns
    -------
    sums : array
        Σ w ℓ, Σ w, and of each row with its weight 1 where the label is right; or for each quantity y − shift, its
        square, and the square of its error. The rows of a leaf are added first, then leaves in the tree.
    """
    began = perf_counter()
    total = TreeSum()
    with work.made() as engine:
        for start in range(0, len(span.Y), LEAF_ROWS):
            rows = slice(start, start + LEAF_ROWS)
            X, Y = span.X[rows], span.Y[rows]
            one = Span(X, Y, None if span.weights is None else span.weights[rows], None)
            cost = engine.cost(theta, one.part(0, len(Y), 1.0), 0.0)
            w = np.ones(len(Y)) if span.row_weights is None else span.row_weights[rows].astype(np.float64)
            h = engine.hypothesis(theta.astype(Y.dtype, copy=False), X)
            total.add(
                np.concatenate(
                    [[cost, w.sum()], _of_labels(h, Y, w, several) if shift is None else _of_quantities(h, Y, w, shift)]
                )
            )
    return np.append(total.result(), perf_counter() - began)


def _of_labels(h: Array, Y: Array, w: Array, several: bool) -> Array:
    if several or Y.shape[1] == 1:
        is_right = ((h > 0.5) == (Y > 0.5)).all(axis=1)
    else:
        is_right = h.argmax(axis=1) == Y.argmax(axis=1)
    return np.asarray(w[is_right].sum(keepdims=True))


def _of_quantities(h: Array, Y: Array, w: Array, shift: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):  # of predictions that are not finite
        d = Y.astype(np.float64) - shift
        return np.concatenate([w @ d, w @ np.square(d), w @ np.square(Y.astype(np.float64) - h)])


def weight_sums(so_far: Array, span: Span) -> Array:
    """Return Σ w of the rows so far, one row after the other as `TrainingSet.m` adds them."""
    if span.weights is None:
        return so_far + len(span.Y)
    return np.add.accumulate(np.concatenate([so_far, span.weights.astype(np.float64)]))[-1:]


@dataclass(frozen=True, eq=False)
class Leg:
    """The part of an epoch that lies in one span.

    Attributes
    ----------
    span : int
        Number of the span.
    plan : Plan
        Of its steps.
    key : int
        Of the order of its rows.
    first : int
        Rows of the epoch before it.
    rows : int
        Of the training set.
    m : float
        Σ w of the training set.
    """

    span: int
    plan: Plan
    key: int
    first: int
    rows: int
    m: float


@dataclass(frozen=True, eq=False)
class Walk:
    """A state on its way from span to span.

    Attributes
    ----------
    state : TrainingState
    costs : array
        J of each step of this call.
    seconds : float
        Of arithmetic.
    """

    state: TrainingState
    costs: Array
    seconds: float = 0.0

    @property
    def has_diverged(self) -> bool:
        """Whether the last cost is not finite, after which no step follows."""
        return bool(len(self.costs)) and not np.isfinite(self.costs[-1])


def walk(work: Work, before: Walk, span: Span, leg: Leg) -> Walk:
    """Take the steps of a leg. The given state does not change: a worker may be asked for the same leg twice."""
    if before.has_diverged:
        return before
    began = perf_counter()
    part = span.part(leg.first, leg.rows, leg.m)
    now = before.state
    with work.made() as engine:
        begin = replace(now, key=leg.key, position=now.position - leg.first, costs=())
        taken: StepsTaken = engine.steps(begin, part, leg.plan)
    state = state_after(now, taken, leg.first, leg.first + part.rows, leg.rows)
    costs = np.concatenate([before.costs, taken.costs])
    return Walk(state, costs, before.seconds + perf_counter() - began)


def environment() -> dict[str, str]:
    """Return what must be equal on all workers for bits to be: versions, and the instruction set of the core."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": version("scipy"),
        "deltarule": __version__,
        "core": instruction_set() if available() else "none",
    }
