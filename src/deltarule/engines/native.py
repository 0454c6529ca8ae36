"""The engine in compiled code, as fast as the machine allows; its numbers are the reference engine's within rounding.

The same seed gives the same bits on any number of threads, also for sparse X, which is read as compressed rows.
The networks and update rules for which the core has no code (`takes`, `core_arguments.py`) go to the reference engine,
and so does sparse X of a network with a first floor. Built by `pip install` where a C++ compiler was found; `available`
says whether it was.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from deltarule.common.arrays import Array, as_float, is_sparse
from deltarule.common.errors import SettingsError
from deltarule.engines import compiled
from deltarule.engines.compiled import why_unavailable
from deltarule.engines.core_arguments import network_arguments, plan_arguments
from deltarule.engines.cores import usable_cores
from deltarule.engines.plan import Plan
from deltarule.engines.protocol import Member, StepsTaken, TrainingState, check_open
from deltarule.engines.reference import ReferenceEngine
from deltarule.network import backpropagation
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["NativeEngine", "available", "instruction_set", "takes", "usable_cores", "why_unavailable"]

_core = compiled.core
_RULES = () if _core is None else tuple(_core.rules())


def available() -> bool:
    """Whether there is a compiled core; `why_unavailable` says why there is none."""
    return _core is not None


def takes(network: Network) -> bool:
    """Whether the compiled core has code for a network: for every part of it, in this order."""
    return network_arguments(network) is not None


def instruction_set() -> str:
    """Return the instruction set in use: the one that DELTARULE_ISA names, else the best of the processor.

    Raises
    ------
    ValueError
        If DELTARULE_ISA names one that this build or processor does not have.
    """
    assert _core is not None, "ask `available` first"
    return str(_core.isa())


class NativeEngine:
    """Computes equations (1) to (6) and the update rules by the compiled core.

    Parameters
    ----------
    network : Network
    n_threads : int, optional
        Default: the cores that this process may use. A step that is too small to gain from a second thread runs on one.
    """

    exact = True

    def __init__(self, network: Network, n_threads: int | None = None) -> None:
        if _core is None:
            raise SettingsError(f"The compiled core cannot be used: {why_unavailable()}.")
        self.network = network
        self.n_threads = n_threads or usable_cores()
        self._cores: dict[np.dtype[Any], Any] = {}
        self._reference = ReferenceEngine(network)
        self._arguments = network_arguments(network)
        self._is_closed = False

    def sums(self, theta: Array, data: TrainingSet) -> Array:
        """Return Σ w ℓ and Δ over the rows of `data`; see `Engine`."""
        if self._leaves_out(data.X):
            return self._instead.sums(theta, data)
        sums = np.empty(1 + self.network.n_parameters)
        theta = as_float(theta, data.X.dtype)  # aligned too, which what came over a network need not be
        self._core_for(data.X.dtype).sums(theta, _core_inputs(data.X), data.Y, data.weights, sums)
        return sums

    def cost_and_gradient(self, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
        """Return J (2) and D (6) over the whole training set; see `Engine`."""
        if self._leaves_out(data.X):
            return self._instead.cost_and_gradient(theta, data, lambda_)
        m = data.m
        return backpropagation.cost_and_gradient_of(self.network, theta, self.sums(theta, data), lambda_, m)

    def cost(self, theta: Array, data: TrainingSet, lambda_: float) -> float:
        """Return J (2) alone; see `Engine`."""
        if self._leaves_out(data.X):
            return self._instead.cost(theta, data, lambda_)
        m = data.m
        core, at = self._core_for(data.X.dtype), as_float(theta, data.X.dtype)
        mean = float(core.cost(at, _core_inputs(data.X), data.Y, data.weights, 0.0, m))
        return mean + backpropagation.penalty(self.network, theta, lambda_, m)

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row; see `Engine`."""
        if self._leaves_out(X):
            return self._instead.hypothesis(theta, X)
        theta = as_float(theta, theta.dtype.newbyteorder("="))
        h = np.empty((X.shape[0], self.network.K), dtype=theta.dtype)
        self._core_for(theta.dtype).hypothesis_into(theta, _core_inputs(X), h)
        return h

    def hypothesis_if_finite(self, theta: Array, X: Array) -> Array | None:
        """Return h of rows that nobody has looked at, with the bits of `hypothesis` of X in the dtype of θ.

        The core converts and checks rows as it reads them, which saves one or two passes over X.

        Parameters
        ----------
        theta : array of shape (n_parameters,)
        X : C-contiguous array of shape (rows, s₁), float32 or float64, whatever the dtype of θ

        Returns
        -------
        array of shape (rows, K), or None
            None if a number of X is not finite in the dtype of θ, or if the core does not check rows of this network.
        """
        if self._arguments is None or self._arguments["floor"]:
            return None
        theta = as_float(theta, theta.dtype.newbyteorder("="))
        h = np.empty((X.shape[0], self.network.K), dtype=theta.dtype)
        return h if self._core_for(theta.dtype).hypothesis_into(theta, X, h, True) else None

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        """Take the mini-batch steps of a plan; see `Engine`."""
        if self._leaves_out(data.X, plan):
            return self._instead.steps(state, data, plan)
        run = _Run(self.network, state, data, plan)
        return run.taken(*self._core_for(state.theta.dtype).run(*run.arguments))

    def steps_of_members(self, members: Sequence[Member]) -> list[StepsTaken]:
        """Take the steps of several networks of this shape, as many at a time as there are threads; see `Engine`."""
        left_out = [n for n, member in enumerate(members) if self._leaves_out(member.data.X, member.plan)]
        taken = {n: self.steps(*members[n]) for n in left_out}
        runs = {n: _Run(self.network, *member) for n, member in enumerate(members) if n not in taken}
        for kind in {run.kind: None for run in runs.values()}:  # one after the other, in the order in which they came
            mine = {n: run for n, run in runs.items() if run.kind == kind}
            if any(one.interrupted for one in taken.values()):  # Ctrl-C has ended the steps before these
                taken |= {n: run.taken(0, True) for n, run in mine.items()}
                continue
            found = self._core_for(kind[0]).run_members([run.arguments for run in mine.values()])
            taken |= {n: run.taken(*one) for (n, run), one in zip(mine.items(), found, strict=True)}
        return [taken[n] for n in range(len(members))]

    def release(self) -> None:
        """Free the memory of training; see `Engine`."""
        for core in self._cores.values():
            core.release()

    def close(self) -> None:
        """Free all memory and threads; see `Engine`."""
        self._is_closed = True
        self._cores.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cores": {}}

    def _leaves_out(self, X: Array, plan: Plan | None = None) -> bool:
        """Whether the reference engine takes these rows, or these steps, instead."""
        arguments = self._arguments
        is_beyond = arguments is None or (is_sparse(X) and bool(arguments["floor"]))
        return is_beyond or (plan is not None and plan.rule.name not in _RULES)

    @property
    def _instead(self) -> ReferenceEngine:
        check_open(self._is_closed)
        return self._reference

    def _core_for(self, dtype: np.dtype[Any]) -> Any:
        if dtype not in self._cores:
            check_open(self._is_closed)
            assert _core is not None, "ask `available` first"
            assert self._arguments is not None, "the reference engine takes other networks"
            self._cores[dtype] = _core.Engine(**self._arguments, dtype=dtype.name, n_threads=self.n_threads)
        return self._cores[dtype]


class _Run:
    """The steps of one plan for the core: the arrays that the core writes into, and what they mean afterwards."""

    def __init__(self, network: Network, state: TrainingState, data: TrainingSet, plan: Plan) -> None:
        assert _core is not None, "ask `available` first"
        self.before, self.batch_rows = state, plan.batches.size
        self.theta = state.theta.copy()
        self.kind = self.theta.dtype, is_sparse(data.X)  # what runs side by side have in common
        self.vectors = [vector.copy() for vector in state.vectors]
        self.costs = np.empty(len(plan))
        self.position = _core.Position(key=state.key, epoch=state.epoch, row=state.position, step=state.step)
        self.arguments = (
            self.theta,
            self.vectors,
            _core_inputs(data.X),
            data.Y,
            data.weights,
            _core.Plan(**plan_arguments(network, plan)),
            self.position,
            as_float(plan.rates, np.dtype(np.float64)),
            self.costs,
            data.total_rows or data.rows,
            data.m,
            data.offset,
        )

    def taken(self, steps: int, interrupted: bool) -> StepsTaken:
        """Return what a run of the core has done."""
        costs, at, earlier = self.costs[:steps], self.position, self.before.costs
        batches_of_epoch = -(-at.row // self.batch_rows)
        of_epoch = costs[max(0, steps - batches_of_epoch) :].tolist()
        if batches_of_epoch > steps:  # the epoch had begun before this call
            of_epoch = [*earlier[max(0, len(earlier) + steps - batches_of_epoch) :], *of_epoch]
        after = TrainingState(
            theta=self.theta,
            vectors=tuple(self.vectors),
            key=at.key,
            step=at.step,
            epoch=at.epoch,
            position=at.row,
            costs=tuple(of_epoch),
        )
        return StepsTaken(after, costs, interrupted)


def _core_inputs(X: Any) -> Any:
    """Return X as the core takes it: an array, or values, columns and starts of compressed rows."""
    if not is_sparse(X):
        return X
    index = X.indices.dtype if X.indices.dtype == X.indptr.dtype else np.dtype(np.int64)
    if index not in (np.int32, np.int64):
        index = np.dtype(np.int64)
    types = (X.dtype, index, index)
    aligned: Any = ["C", "ALIGNED"]
    return tuple(np.require(a, t, aligned) for a, t in zip((X.data, X.indices, X.indptr), types, strict=True))
