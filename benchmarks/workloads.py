"""What is run: the sizes that people train, on made-up data that can be learnt."""

from dataclasses import dataclass, field

import numpy as np

from deltarule import Network
from deltarule.common.arrays import Array

__all__ = ["TRAINING", "Workload"]


@dataclass(frozen=True)
class Workload:
    """One training problem with Adam: K classes as softmax, or two as one sigmoid."""

    name: str
    rows: int
    sizes: tuple[int, ...]
    batch: int
    target: float  # times faster than the best peer
    hidden: str = "relu"
    network: Network = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "network", Network(self.sizes, self.hidden, "sigmoid" if self.is_binary else "softmax")
        )

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes and one output."""
        return self.sizes[-1] == 1

    @property
    def n_classes(self) -> int:
        """Number of different labels."""
        return 2 if self.is_binary else self.sizes[-1]

    @property
    def operations(self) -> int:
        """Multiplications and additions of one example's step: forward, back, and the gradient."""
        products = [s * s_next for s, s_next in zip(self.sizes[:-1], self.sizes[1:], strict=True)]
        return 6 * sum(products) - 2 * products[0]

    def data(self, rows: int | None = None) -> tuple[Array, Array]:
        """Return float32 X and labels that a random linear teacher gives, the largest class at 40 % or less."""
        generator = np.random.default_rng(len(self.name) + self.rows)
        X = generator.standard_normal((rows or self.rows, self.sizes[0]), dtype=np.float32)
        teacher = generator.standard_normal((self.sizes[0], self.sizes[-1]), dtype=np.float32)
        scores = X @ teacher
        return X, (scores[:, 0] > 0).astype(int) if self.is_binary else scores.argmax(axis=1)

    def targets(self, labels: Array) -> Array:
        """Return float32 Y of the labels."""
        Y: Array = labels[:, None] if self.is_binary else np.eye(self.sizes[-1])[labels]
        return Y.astype(np.float32)

    def first_theta(self) -> Array:
        """Return the first weights that every contender starts from."""
        return self.network.first_theta(np.random.default_rng(7)).astype(np.float32)


TRAINING = (
    Workload("XS", 150, (4, 10, 3), 16, 50),
    Workload("S", 1_797, (64, 32, 10), 32, 10),
    Workload("M", 60_000, (784, 100, 10), 200, 3),
    Workload("T", 100_000, (54, 256, 256, 256, 7), 256, 1.9),
    Workload("L", 60_000, (784, 512, 512, 10), 256, 1.7),
    Workload("B", 50_000, (30, 100, 1), 200, 3),
    Workload("H", 50_000, (28, 300, 300, 300, 300, 300, 1), 100, 1.5, hidden="tanh"),
)
