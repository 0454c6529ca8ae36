"""The update rules of mini-batch steps, as pure functions without state.

    SGD      v := μ v − η D,   θ := θ + v          with Nesterov's momentum θ := θ + μ v − η D
    Adam     p := β₁ p + (1 − β₁) D,   q := β₂ q + (1 − β₂) D²
             θ := θ − η √(1 − β₂ᵗ)/(1 − β₁ᵗ) · p/(√q + ε)          t = 1 for the first step

Adam has the form of the last line of section 2 of its paper, like scikit-learn's: ε is added to √q before the
correction of its bias. All arithmetic is in the dtype of θ, except for the step size and its factor.

Sources: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013;
Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from deltarule.common.arrays import Array

__all__ = ["SGD", "Adam"]


@dataclass(frozen=True)
class SGD:
    """Gradient descent on mini-batches, with momentum μ and Nesterov's form of it."""

    momentum: float = 0.9
    nesterov: bool = True
    name: ClassVar[str] = "sgd"

    @property
    def parameters(self) -> tuple[float, ...]:
        """(μ, 1 for Nesterov's form or 0)."""
        return self.momentum, float(self.nesterov)

    def init(self, theta: Array) -> tuple[Array, ...]:
        """Return the velocity before the first step, 0."""
        return (np.zeros_like(theta),)

    def step(
        self, theta: Array, D: Array, vectors: tuple[Array, ...], step: int, step_size: float | Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return θ and the velocity after a step."""
        del step
        mu, eta = theta.dtype.type(self.momentum), np.asarray(step_size, dtype=theta.dtype)
        velocity = mu * vectors[0] - eta * D
        move = mu * velocity - eta * D if self.nesterov else velocity
        return theta + move, (velocity,)

    def found(self, theta: Array, vectors: tuple[Array, ...]) -> Array:
        """Return θ."""
        del vectors
        return theta


@dataclass(frozen=True)
class Adam:
    """Steps of about η in each parameter, from running means of D and D²."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    name: ClassVar[str] = "adam"

    @property
    def parameters(self) -> tuple[float, ...]:
        """(β₁, β₂, ε)."""
        return self.beta_1, self.beta_2, self.epsilon

    def init(self, theta: Array) -> tuple[Array, ...]:
        """Return both means before the first step, 0."""
        return np.zeros_like(theta), np.zeros_like(theta)

    def step(
        self, theta: Array, D: Array, vectors: tuple[Array, ...], step: int, step_size: float | Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return θ and both means after a step."""
        number = theta.dtype.type
        t = step + 1
        p = number(self.beta_1) * vectors[0] + number(1 - self.beta_1) * D
        q = number(self.beta_2) * vectors[1] + number(1 - self.beta_2) * (D * D)
        factor = np.asarray(step_size * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t), dtype=theta.dtype)
        return theta - factor * p / (np.sqrt(q) + number(self.epsilon)), (p, q)

    def found(self, theta: Array, vectors: tuple[Array, ...]) -> Array:
        """Return θ."""
        del vectors
        return theta
