"""The engine in plain NumPy: right for float32 and float64, and the judge of every other engine.

What it cannot promise is the same bits on any number of threads: NumPy's matrix products are a BLAS library's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines.dropout import dropout_factors
from deltarule.engines.protocol import PLAIN, MiniBatches, StepOptions, StepsTaken, TrainingState, UpdateRule
from deltarule.engines.shuffling import row_order
from deltarule.network import backpropagation
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["ReferenceEngine"]


class ReferenceEngine:
    """Equations (1) to (6) by `deltarule.network.backpropagation`.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self.network = network

    def cost_and_gradient(self, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
        """Return J (2) and D (6) over the whole training set; see `Engine`."""
        with np.errstate(over="ignore", invalid="ignore"):  # a cost that overflows is reported by who minimises
            return backpropagation.total_cost_and_gradient(self.network, theta, data, lambda_)

    def cost(self, theta: Array, data: TrainingSet, lambda_: float) -> float:
        """Return J (2) alone; see `Engine`."""
        with np.errstate(over="ignore", invalid="ignore"):
            return backpropagation.total_cost(self.network, theta, data, lambda_)

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row; see `Engine`."""
        with np.errstate(over="ignore", invalid="ignore"):
            return backpropagation.hypothesis_of(self.network, theta, X)

    def run(
        self,
        state: TrainingState,
        data: TrainingSet,
        rule: UpdateRule,
        batches: MiniBatches,
        step_sizes: Sequence[float] | Array,
        lambda_: float,
        options: StepOptions = PLAIN,
    ) -> StepsTaken:
        """Take one mini-batch step for each step size; see `Engine`."""
        m = data.m
        epoch, order = -1, np.empty(0, dtype=np.int64)
        costs: list[float] = []
        # One name for the state: wherever Ctrl-C strikes, it is the state between two steps.
        now = state
        interrupted = False
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                for step_size in step_sizes:
                    if now.epoch != epoch:
                        epoch, order = now.epoch, row_order(now.key, now.epoch, data.rows, batches.shuffle)
                    rows = order[now.position : now.position + batches.size]
                    factors = self._factors(now, rows, data.X.dtype, options)
                    J, D = self._batch(now.theta, data, rows, factors, lambda_, m)
                    shrunk = self._decayed(now.theta, float(step_size), options)
                    theta, vectors = rule.step(
                        shrunk, _clipped(D, options.max_norm), now.vectors, now.step, float(step_size)
                    )
                    costs.append(J)
                    now = _after(now, theta, vectors, J, len(rows), data.rows)
                    if not np.isfinite(J):
                        break
        except KeyboardInterrupt:
            interrupted = True
        costs = costs[: now.step - state.step]  # without that of a step that Ctrl-C cut short
        return StepsTaken(now, np.array(costs, dtype=np.float64), interrupted)

    def _batch(
        self, theta: Array, data: TrainingSet, rows: Array, factors: list[Array], lambda_: float, m: float
    ) -> tuple[float, Array]:
        thetas = self.network.roll(theta)
        X, Y, weights = data.take(rows)
        batch_cost, D = backpropagation.accumulate(self.network, thetas, X, Y, weights, factors)
        scale = data.rows / (m * len(rows))
        D *= D.dtype.type(scale)
        if lambda_ != 0:
            D += backpropagation.penalty_gradient(self.network, theta, lambda_, m)
        return scale * batch_cost + backpropagation.penalty(self.network, theta, lambda_, m), D

    def _factors(self, state: TrainingState, rows: Array, dtype: np.dtype[Any], options: StepOptions) -> list[Array]:
        return [
            dropout_factors(state.key, state.epoch, rows, layer, self.network.sizes[layer - 1], rate, dtype)
            for layer, rate in enumerate(options.dropout, 2)
        ]

    def _decayed(self, theta: Array, step_size: float, options: StepOptions) -> Array:
        if options.weight_decay == 0:
            return theta
        theta = theta.copy()
        for Theta in self.network.roll(theta):
            Theta[:, 1:] *= Theta.dtype.type(1 - step_size * options.weight_decay)
        return theta


def _clipped(D: Array, max_norm: float) -> Array:
    norm = np.sqrt(np.square(D, dtype=np.float64).sum()) if np.isfinite(max_norm) else 0.0
    return D if norm <= max_norm else D * D.dtype.type(max_norm / norm)


def _after(
    state: TrainingState, theta: Array, vectors: tuple[Array, ...], J: float, batch_rows: int, rows: int
) -> TrainingState:
    position = state.position + batch_rows
    ended = position == rows
    return TrainingState(
        theta=theta,
        vectors=vectors,
        key=state.key,
        step=state.step + 1,
        epoch=state.epoch + ended,
        position=0 if ended else position,
        costs=() if ended else (*state.costs, J),
    )
