"""What engines for rows that are not in memory share: J and D from sums, and another engine for rows in memory."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

from deltarule.common.arrays import Array
from deltarule.engines.plan import Plan
from deltarule.engines.protocol import Engine, Member, StepsTaken, TrainingState
from deltarule.network import backpropagation
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["EngineElsewhere"]


class EngineElsewhere(ABC):
    """Base class of engines that compute what another engine computes, on rows that are not in memory.

    Attributes
    ----------
    inner : Engine
        The engine for rows in memory.
    """

    inner: Engine

    @property
    def network(self) -> Network:
        """The network."""
        return self.inner.network

    @property
    @abstractmethod
    def exact(self) -> bool:
        """Whether a repeated call gives bit-identical results; see `Engine`."""

    @abstractmethod
    def is_elsewhere(self, data: TrainingSet) -> bool:
        """Return whether the rows are those that this engine is for."""

    @abstractmethod
    def sums(self, theta: Array, data: TrainingSet) -> Array:
        """Return Σ w ℓ and Δ over the rows of `data`; see `Engine`."""

    @abstractmethod
    def sum_of_costs(self, theta: Array, data: TrainingSet) -> float:
        """Return Σ w ℓ over the rows of `data`, which are elsewhere."""

    @abstractmethod
    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        """Take the mini-batch steps of a plan; see `Engine`."""

    def cost_and_gradient(self, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
        """Return J (2) and D (6) over the whole training set; see `Engine`."""
        if not self.is_elsewhere(data):
            return self.inner.cost_and_gradient(theta, data, lambda_)
        return backpropagation.cost_and_gradient_of(self.network, theta, self.sums(theta, data), lambda_, data.m)

    def cost(self, theta: Array, data: TrainingSet, lambda_: float) -> float:
        """Return J (2) alone; see `Engine`."""
        if not self.is_elsewhere(data):
            return self.inner.cost(theta, data, lambda_)
        penalty = backpropagation.penalty(self.network, theta, lambda_, data.m)
        return self.sum_of_costs(theta, data) / data.m + penalty

    def steps_of_members(self, members: Sequence[Member]) -> list[StepsTaken]:
        """Take the steps of several networks; see `Engine`."""
        if not any(self.is_elsewhere(member.data) for member in members):
            return self.inner.steps_of_members(members)
        return [self.steps(*member) for member in members]

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row; see `Engine`. X is in memory."""
        return self.inner.hypothesis(theta, X)

    def release(self) -> None:
        """Free the memory of training in this process; see `Engine`."""
        self.inner.release()

    def close(self) -> None:
        """Free all memory and threads of this process; see `Engine`."""
        self.inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
