"""The engine in compiled code: the same numbers as the reference engine within rounding, as fast as the machine allows.

The same seed gives the same bits on any number of threads. Sparse X goes to the reference engine, whose products take
compressed rows. Built by `pip install` where a C++ compiler was found;
`available` says whether it was.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from deltarule.common.arrays import Array
from deltarule.engines import compiled
from deltarule.engines.compiled import why_unavailable
from deltarule.engines.cores import usable_cores
from deltarule.engines.plan import DECAY, DROPOUT, RATE, Plan
from deltarule.engines.protocol import Member, StepsTaken, TrainingState
from deltarule.engines.reference import ReferenceEngine
from deltarule.network.data import TrainingSet, is_sparse
from deltarule.network.network import Network

__all__ = ["NativeEngine", "available", "instruction_set", "usable_cores", "why_unavailable"]

_core = compiled.core


def available() -> bool:
    """Whether there is a compiled core; `why_unavailable` says why there is none."""
    return _core is not None


def instruction_set() -> str:
    """Return the instruction set that runs: the best of the processor, or the one that DELTARULE_ISA names.

    Raises
    ------
    ValueError
        If DELTARULE_ISA names one that this build or processor does not have.
    """
    assert _core is not None, "ask `available` first"
    return str(_core.isa())


class NativeEngine:
    """Equations (1) to (6) and the update rules by the compiled core.

    Parameters
    ----------
    network : Network
    n_threads : int, optional
        Default: the cores that this process may use. Steps too small to gain from a second thread take one.
    """

    exact = True

    def __init__(self, network: Network, n_threads: int | None = None) -> None:
        self.network = network
        self.n_threads = n_threads or usable_cores()
        self._cores: dict[np.dtype[Any], Any] = {}
        self._for_sparse = ReferenceEngine(network)
        self._is_closed = False

    def sums(self, theta: Array, data: TrainingSet) -> Array:
        """Return Σ w ℓ and Δ over the rows of `data`; see `Engine`."""
        if self._leaves_out(data.X):
            return self._for_sparse.sums(theta, data)
        return self._for_sparse.sums(theta, data)

    def cost_and_gradient(self, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
        """Return J (2) and D (6) over the whole training set; see `Engine`."""
        if self._leaves_out(data.X):
            return self._for_sparse.cost_and_gradient(theta, data, lambda_)
        D = np.empty(self.network.n_parameters)
        return self._cost(theta, data, lambda_, D), D

    def cost(self, theta: Array, data: TrainingSet, lambda_: float) -> float:
        """Return J (2) alone; see `Engine`."""
        return (
            self._for_sparse.cost(theta, data, lambda_)
            if self._leaves_out(data.X)
            else self._cost(theta, data, lambda_)
        )

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row; see `Engine`."""
        if self._leaves_out(X):
            return self._for_sparse.hypothesis(theta, X)
        theta = np.ascontiguousarray(theta, dtype=theta.dtype.newbyteorder("="))
        h = np.empty((X.shape[0], self.network.K), dtype=theta.dtype)
        self._core_for(theta.dtype).hypothesis_into(theta, X, h)
        return h

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        """Take the mini-batch steps of a plan; see `Engine`."""
        if self._leaves_out(data.X):
            return self._for_sparse.steps(state, data, plan)
        etas = np.ascontiguousarray(plan.rates[:, RATE])
        dropout = plan.rates[0, DROPOUT:].tolist() if len(plan) and plan.rates[:, DROPOUT:].any() else []
        theta = state.theta.copy()
        vectors = [vector.copy() for vector in state.vectors]
        costs = np.empty(len(plan))
        steps, interrupted, epoch, position = self._core_for(theta.dtype).run(
            theta,
            vectors,
            data.X,
            data.Y,
            data.weights,
            plan.lambda_,
            plan.rule.name,
            list(plan.rule.parameters),
            plan.batches.size,
            plan.batches.shuffle,
            state.key,
            state.epoch,
            state.position,
            state.step,
            etas,
            costs,
            dropout,
            float(plan.rates[0, DECAY]) if len(plan) else 0.0,
            plan.max_norm,
        )
        costs = costs[:steps]
        of_this_epoch = -(-position // plan.batches.size)
        seen = np.concatenate([state.costs, costs])[len(state.costs) + steps - of_this_epoch :]
        after = TrainingState(
            theta=theta,
            vectors=tuple(vectors),
            key=state.key,
            step=state.step + steps,
            epoch=epoch,
            position=position,
            costs=tuple(seen.tolist()),
        )
        return StepsTaken(after, costs, interrupted)

    def steps_of_members(self, members: Sequence[Member]) -> list[StepsTaken]:
        """Take the steps of several networks of this shape; see `Engine`."""
        return [self.steps(*member) for member in members]

    def release(self) -> None:
        """Give back the memory of training; see `Engine`."""
        for core in self._cores.values():
            core.release()

    def close(self) -> None:
        """Give back all memory and threads; see `Engine`."""
        self._is_closed = True
        self._cores.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cores": {}}

    def _leaves_out(self, X: Array) -> bool:
        """Whether the reference engine takes these rows; refuses every call after `close`."""
        if self._is_closed:
            raise ValueError("This engine is closed: it has no memory and no threads any more. Make another one.")
        return is_sparse(X)

    def _cost(self, theta: Array, data: TrainingSet, lambda_: float, D: Array | None = None) -> float:
        theta = np.ascontiguousarray(theta, dtype=data.X.dtype)
        return float(self._core_for(data.X.dtype).cost(theta, data.X, data.Y, data.weights, lambda_, D))

    def _core_for(self, dtype: np.dtype[Any]) -> Any:
        if dtype not in self._cores:
            assert _core is not None, "ask `available` first"
            self._cores[dtype] = _core.Engine(
                list(self.network.sizes), list(self.network.hidden), self.network.output, dtype.name, self.n_threads
            )
        return self._cores[dtype]
