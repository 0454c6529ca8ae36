"""The seam between how θ moves and who does the arithmetic.

An engine belongs to one network. Everything above it (solvers, training, estimators) knows the methods of `Engine` and
nothing else, so a compiled core, a GPU or a cluster can take the place of NumPy without a change above:

    with engine_for(network) as engine:
        J, D = engine.cost_and_gradient(theta, data, lambda_)       # whole training set
        taken = engine.steps(state, data, plan)                     # mini-batches; the given state is left as it is
        h = engine.hypothesis(taken.state.theta, X)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, Self

from deltarule.common.arrays import Array
from deltarule.engines.plan import Plan
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["Engine", "Member", "StepsTaken", "TrainingState"]


@dataclass(frozen=True, eq=False)
class TrainingState:
    """A mini-batch run between two steps: what an engine needs to go on with bit-identical results.

    Attributes
    ----------
    theta : array of shape (n,)
    vectors : tuple of arrays of shape (n,)
        The update rule's own: velocity, or the two means of Adam.
    key : int
        Seed of the shuffles and of dropout; the permutation of an epoch is a function of key and epoch
        (`shuffling.py`).
    step : int
        Steps taken so far.
    epoch : int
        Number of the epoch under way, from 0.
    position : int
        Rows of this epoch that are done; 0 between two epochs.
    costs : tuple of float
        J of each step of the epoch under way.
    """

    theta: Array
    vectors: tuple[Array, ...]
    key: int
    step: int = 0
    epoch: int = 0
    position: int = 0
    costs: tuple[float, ...] = ()

    def between_epochs(self) -> "TrainingState":
        """Return the state to begin an epoch with, on any rows: what is left of the epoch under way is given up."""
        if self.position == 0:
            return self
        return replace(self, epoch=self.epoch + 1, position=0, costs=())


@dataclass(frozen=True, eq=False)
class StepsTaken:
    """What `Engine.steps` did.

    Attributes
    ----------
    state : TrainingState
        After the last step that was taken.
    costs : array of shape (steps taken,), float64
        J of each step: mean over its batch plus the penalty, before its update. Only the last can be non-finite.
    interrupted : bool
        Whether Ctrl-C came before all steps were taken.
    """

    state: TrainingState
    costs: Array
    interrupted: bool = False


class Member(NamedTuple):
    """One of several networks of one shape that are trained side by side."""

    state: TrainingState
    data: TrainingSet
    plan: Plan


class Engine(Protocol):
    """The arithmetic of one network."""

    @property
    def network(self) -> Network:
        """The network."""

    @property
    def exact(self) -> bool:
        """Whether a call made again, in this process, gives bit-identical results.

        Training makes calls again only where they do: it then lets a call run beyond the epoch in which the stopping
        rule may end the run, and takes the steps anew up to that epoch.
        """

    def sums(self, theta: Array, data: TrainingSet) -> Array:
        """Return Σ w ℓ of (2) and, unrolled, Δ of (5) over the rows of `data`, as one float64 vector.

        Leaves of rows are added in the fixed tree of `deltarule.network.summation`, in bounded memory; nothing is
        divided by m, and the penalty is left out: parts of a larger training set are added by who cut them.
        """

    def cost_and_gradient(self, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
        """Return J (2) and D (6), unrolled, in float64; exact, over the whole training set, in bounded memory."""

    def cost(self, theta: Array, data: TrainingSet, lambda_: float) -> float:
        """Return J (2) alone, with the bits of `cost_and_gradient`."""

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        """Take the mini-batch steps of a plan, over any number of epochs; the given state is left as it is.

        The gradient of a step is the mean over its b rows, each weighted with w_t rows/m, plus λ/m Θ with m of the
        whole training set: at one θ, its mean over the batches of an epoch, weighted with their rows, is D of the
        training set, whatever the batch size. With dropout, cost and gradient of a step are those of the thinned
        network. A step whose cost is not finite is the last.
        """

    def steps_of_members(self, members: Sequence[Member]) -> list[StepsTaken]:
        """Take the steps of several networks of this shape side by side, with the bits of one call of `steps` each."""

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row, of shape (rows, K)."""

    def release(self) -> None:
        """Give back the memory of training; the next call that needs it makes it anew, with the same bits."""

    def close(self) -> None:
        """Give back all memory and threads. The engine is of no use afterwards; closing it again does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...
