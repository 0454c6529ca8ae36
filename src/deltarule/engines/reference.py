"""The engine in plain NumPy, for float32 and float64, to which the tests compare every other engine.

Its results may differ in rounding with the number of threads, because a BLAS library computes NumPy's matrix products.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines.dropout import dropout_factors
from deltarule.engines.plan import DECAY, DROPOUT, RATE, Plan
from deltarule.engines.protocol import Member, StepsTaken, TrainingState, check_open
from deltarule.engines.shuffling import row_order
from deltarule.network import backpropagation
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["ReferenceEngine"]


class ReferenceEngine:
    """Computes equations (1) to (6) by `deltarule.network.backpropagation`.

    Parameters
    ----------
    network : Network
    """

    exact = True

    def __init__(self, network: Network) -> None:
        self.network = network
        self._is_closed = False

    def sums(self, theta: Array, data: TrainingSet) -> Array:
        """Return Σ w ℓ and Δ over the rows of `data`; see `Engine`."""
        check_open(self._is_closed)
        with np.errstate(over="ignore", invalid="ignore"):
            return backpropagation.sums(self.network, theta, data)

    def cost_and_gradient(self, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
        """Return J (2) and D (6) over the whole training set; see `Engine`."""
        check_open(self._is_closed)
        with np.errstate(over="ignore", invalid="ignore"):  # the solver reports a cost that overflows
            return backpropagation.total_cost_and_gradient(self.network, theta, data, lambda_)

    def cost(self, theta: Array, data: TrainingSet, lambda_: float) -> float:
        """Return J (2) alone; see `Engine`."""
        check_open(self._is_closed)
        with np.errstate(over="ignore", invalid="ignore"):
            return backpropagation.total_cost(self.network, theta, data, lambda_)

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row; see `Engine`."""
        check_open(self._is_closed)
        with np.errstate(over="ignore", invalid="ignore"):
            return backpropagation.hypothesis_of(self.network, theta, X)

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        """Take the mini-batch steps of a plan; see `Engine`."""
        check_open(self._is_closed)
        plan.check()
        m = data.m
        factors = _PerParameter(self.network, plan)
        epoch, order = -1, np.empty(0, dtype=np.int64)
        costs: list[float] = []
        of_epoch = list(state.costs)
        # One name holds the state, so wherever Ctrl-C strikes, `now` is the state between two steps.
        now = state
        interrupted = False
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                for rates in plan.rates:
                    if now.epoch != epoch:
                        epoch, order = now.epoch, row_order(now.key, now.epoch, data.rows, plan.batches.shuffle)
                    rows = order[now.position : now.position + plan.batches.size]
                    left_out = self._left_out(now, data.offset + rows, data.X.dtype, rates)
                    J, D = self._batch(now.theta, data, rows, left_out, plan, m)
                    step_size = factors.step_size(rates)
                    theta, vectors = plan.rule.step(
                        factors.decayed(now.theta, rates), _clipped(D, plan.max_norm), now.vectors, now.step, step_size
                    )
                    costs.append(J)
                    now = _after(now, theta, vectors, len(rows), data.rows)
                    if not np.isfinite(J):
                        break
        except KeyboardInterrupt:
            interrupted = True
        costs = costs[: now.step - state.step]  # without the cost of a step that Ctrl-C cut short
        of_epoch = [*of_epoch, *costs][-_batches_done(now, plan) :] if now.position else []
        return StepsTaken(replace(now, costs=tuple(of_epoch)), np.array(costs, dtype=np.float64), interrupted)

    def steps_of_members(self, members: Sequence[Member]) -> list[StepsTaken]:
        """Take the steps of several networks of this shape, one after the other; see `Engine`."""
        return [self.steps(*member) for member in members]

    def release(self) -> None:
        """Do nothing: between two calls this engine keeps no memory."""

    def close(self) -> None:
        """Refuse all further calls; there is no memory to free."""
        self._is_closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _batch(
        self, theta: Array, data: TrainingSet, rows: Array, factors: list[Array | None], plan: Plan, m: float
    ) -> tuple[float, Array]:
        thetas = self.network.roll(theta)
        X, Y, weights = data.take(rows)
        batch_cost, D = backpropagation.accumulate(self.network, thetas, X, Y, weights, factors)
        scale = (data.total_rows or data.rows) / (m * len(rows))
        D *= D.dtype.type(scale)
        if plan.lambda_ != 0:
            D += backpropagation.penalty_gradient(self.network, theta, plan.lambda_, m)
        return scale * batch_cost + backpropagation.penalty(self.network, theta, plan.lambda_, m), D

    def _left_out(self, state: TrainingState, rows: Array, dtype: np.dtype[Any], rates: Array) -> list[Array | None]:
        """Return the factors of dropout by part, None for parts without hidden units; [] where no layer has a rate."""
        if not rates[DROPOUT:].any():
            return []
        rate_of = iter(rates[DROPOUT:])
        return [
            None
            if part.unit is None
            else dropout_factors(state.key, state.epoch, rows, layer, part.outputs, float(next(rate_of)), dtype)
            for layer, part in enumerate(self.network.parts, 2)
        ]


class _PerParameter:
    """Step size and weight decay as they act on θ: one number, or one for each parameter if groups differ."""

    def __init__(self, network: Network, plan: Plan) -> None:
        rate, decay = np.empty((2, network.n_parameters))
        for segment, factors in zip(network.segments, plan.factors_of(network), strict=True):
            segment.of(rate)[:] = factors.rate
            segment.of(decay)[:] = factors.decay
        self._rate = 1.0 if (rate == 1).all() else rate
        self._decay = rate * decay

    def step_size(self, rates: Array) -> float | Array:
        return float(rates[RATE]) * self._rate

    def decayed(self, theta: Array, rates: Array) -> Array:
        if rates[DECAY] == 0:
            return theta
        shrink = 1 - float(rates[RATE]) * float(rates[DECAY]) * self._decay
        return np.asarray(theta * shrink.astype(theta.dtype))


def _batches_done(state: TrainingState, plan: Plan) -> int:
    """Return how many batches of the current epoch are done."""
    return -(-state.position // plan.batches.size)


def _clipped(D: Array, max_norm: float) -> Array:
    norm = np.sqrt(np.square(D, dtype=np.float64).sum()) if np.isfinite(max_norm) else 0.0
    return D if norm <= max_norm else D * D.dtype.type(max_norm / norm)


def _after(state: TrainingState, theta: Array, vectors: tuple[Array, ...], batch_rows: int, rows: int) -> TrainingState:
    position = state.position + batch_rows
    ended = position == rows
    return TrainingState(
        theta=theta,
        vectors=vectors,
        key=state.key,
        step=state.step + 1,
        epoch=state.epoch + ended,
        position=0 if ended else position,
    )
