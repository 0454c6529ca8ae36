"""The protocol of engines, which do the arithmetic of one network.

Everything above an engine (solvers, training, estimators) knows the methods of `Engine` and nothing else, so a compiled
core, a GPU or a cluster can replace NumPy without a change above:

    with engine_for(network) as engine:
        J, D = engine.cost_and_gradient(theta, data, lambda_)       # whole training set
        taken = engine.steps(state, data, plan)                     # mini-batches; the given state does not change
        h = engine.hypothesis(taken.state.theta, X)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, Self

from deltarule.common.arrays import Array
from deltarule.engines.plan import Plan
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["Engine", "Member", "StepsTaken", "TrainingState", "check_open"]


@dataclass(frozen=True, eq=False)
class TrainingState:
    """A mini-batch run between two steps: all that an engine needs to continue with bit-identical results.

    Attributes
    ----------
    theta : array of shape (n,)
    vectors : tuple of arrays of shape (n,)
        The update rule's vectors: velocity, or the two means of Adam.
    key : int
        Seed of the shuffles and of dropout; the permutation of an epoch is a function of key and epoch
        (`shuffling.py`).
    step : int
        Steps taken so far.
    epoch : int
        Number of the current epoch, from 0.
    position : int
        Rows of this epoch that are done; 0 between two epochs.
    costs : tuple of float
        J of each step of the current epoch so far.
    """

    theta: Array
    vectors: tuple[Array, ...]
    key: int
    step: int = 0
    epoch: int = 0
    position: int = 0
    costs: tuple[float, ...] = ()

    def between_epochs(self) -> "TrainingState":
        """Return the state to begin an epoch with, on any rows; the rest of the current epoch is skipped."""
        if self.position == 0:
            return self
        return replace(self, epoch=self.epoch + 1, position=0, costs=())


@dataclass(frozen=True, eq=False)
class StepsTaken:
    """The result of `Engine.steps`.

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


def check_open(is_closed: bool) -> None:
    """Raise ValueError if an engine is closed."""
    if is_closed:
        raise ValueError("This engine is closed: it has no memory and no threads any more. Make another one.")


class Engine(Protocol):
    """The arithmetic of one network.

    Arrays are those of a checked `TrainingSet`: X (C-contiguous, or CSR), Y and weights of one dtype, float32 or
    float64. The θ of `steps` and `hypothesis` has that dtype too; costs and sums take a θ of either.
    """

    @property
    def network(self) -> Network:
        """The network."""

    @property
    def exact(self) -> bool:
        """Whether a call that is repeated in this process gives bit-identical results.

        Only then does training let a call run beyond the epoch in which the stopping rule may end the run, and repeat
        the steps up to that epoch.
        """

    def sums(self, theta: Array, data: TrainingSet) -> Array:
        """Return Σ w ℓ of (2) and, unrolled, Δ of (5) over the rows of `data`, as one float64 vector.

        Leaves of rows are added in the fixed tree of `deltarule.network.summation`, in bounded memory. Nothing is
        divided by m, and the penalty is left out, so a caller can add the sums of parts of a larger training set.
        """

    def cost_and_gradient(self, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
        """Return J (2) and D (6), unrolled, in float64, over the whole training set, in bounded memory."""

    def cost(self, theta: Array, data: TrainingSet, lambda_: float) -> float:
        """Return J (2) alone, bit-identical to that of `cost_and_gradient`."""

    def steps(self, state: TrainingState, data: TrainingSet, plan: Plan) -> StepsTaken:
        """Take the mini-batch steps of a plan, over any number of epochs; the given state does not change.

        The gradient of a step is the mean over its b rows, each weighted with w_t rows/m, plus λ/m Θ with m of the
        whole training set. So at one θ, the mean of these gradients over the batches of an epoch, weighted with their
        rows, is D of the training set, whatever the batch size. With dropout, the cost and the gradient of a step are
        those of the thinned network. A step whose cost is not finite is the last.
        """

    def steps_of_members(self, members: Sequence[Member]) -> list[StepsTaken]:
        """Take the steps of several networks of this shape side by side; bit-identical to one call of `steps` each."""

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row, of shape (rows, K)."""

    def release(self) -> None:
        """Free the memory of training; the next call that needs it allocates it again. Results stay bit-identical."""

    def close(self) -> None:
        """Free all memory and threads. A closed engine raises ValueError when used; closing again does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...
