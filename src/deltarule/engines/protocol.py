"""The seam between how θ moves and who does the arithmetic.

An engine belongs to one network. Everything above it (solvers, training, estimators) knows these four methods and
nothing else, so a compiled core, a GPU or a cluster can take the place of NumPy without a change above.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from deltarule.common.arrays import Array
from deltarule.network.data import TrainingSet
from deltarule.network.network import Network

__all__ = ["PLAIN", "Engine", "MiniBatches", "StepOptions", "StepsTaken", "TrainingState", "UpdateRule"]


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Where a mini-batch run stands, between two steps: enough to go on to the bit.

    Attributes
    ----------
    theta : array of shape (n,)
    vectors : tuple of arrays of shape (n,)
        The update rule's own: velocity, or the two means of Adam.
    step : int
        Steps taken so far.
    epoch : int
        Number of the epoch under way, from 0.
    position : int
        Rows of this epoch that are done; 0 between two epochs.
    key : int
        Key of the shuffles: with `epoch` it is the epoch's permutation (`shuffling.py`).
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


@dataclass(frozen=True)
class MiniBatches:
    """How an epoch is cut: rows of a batch (the last of an epoch may be smaller), and whether they are shuffled."""

    size: int
    shuffle: bool = True

    def steps_of_an_epoch(self, rows: int) -> int:
        """Return the number of batches of an epoch."""
        return -(-rows // self.size)


@dataclass(frozen=True)
class StepOptions:
    """What a mini-batch step does besides (1) to (6) and its rule.

    Attributes
    ----------
    dropout : tuple of float
        Share of the units of layers 2 … L − 1 that an example does without (`dropout.py`); empty for none.
    weight_decay : float
        A step first multiplies all Θ but the bias column by 1 − η · weight_decay, apart from D and the rule's vectors.
    max_norm : float
        A gradient D (6) that is longer than this, ‖D‖₂ over all of θ, is shortened to it.

    Sources: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019; Pascanu, Mikolov and Bengio, "On the
    difficulty of training recurrent neural networks", 2013.
    """

    dropout: tuple[float, ...] = ()
    weight_decay: float = 0.0
    max_norm: float = float("inf")


PLAIN = StepOptions()


class UpdateRule(Protocol):
    """A pair of pure functions, `init` and `step`, with the name and the numbers by which other engines know it."""

    @property
    def name(self) -> str:
        """Name of the rule."""

    @property
    def parameters(self) -> tuple[float, ...]:
        """Its numbers, in the order of its definition."""

    def init(self, theta: Array) -> tuple[Array, ...]:
        """Return the rule's vectors before the first step."""

    def step(
        self, theta: Array, D: Array, vectors: tuple[Array, ...], step: int, step_size: float
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return θ and the rule's vectors after step number `step` (from 0); changes nothing in place."""


@dataclass(frozen=True, eq=False)
class StepsTaken:
    """What `Engine.run` did.

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


class Engine(Protocol):
    """Who does the arithmetic for one network."""

    @property
    def network(self) -> Network:
        """The network."""

    def cost_and_gradient(self, theta: Array, data: TrainingSet, lambda_: float) -> tuple[float, Array]:
        """Return J (2) and D (6), unrolled, in float64; exact, over the whole training set, in bounded memory."""

    def cost(self, theta: Array, data: TrainingSet, lambda_: float) -> float:
        """Return J (2) alone, with the bits of `cost_and_gradient`."""

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
        """Take one mini-batch step for each step size, over any number of epochs.

        The gradient of a step is the mean over its b rows, each weighted with w_t rows/m, plus λ/m Θ with m of the
        whole training set: at one θ, its mean over the batches of an epoch, weighted with their rows, is D of the
        training set, whatever the batch size. With dropout, cost and gradient of a step are those of the thinned
        network. A step whose cost is not finite is the last. The given state is left as it is.
        """

    def hypothesis(self, theta: Array, X: Array) -> Array:
        """Return h of each row, of shape (rows, K)."""
