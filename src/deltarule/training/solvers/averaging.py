"""Update rules that predict with a mean over their path instead of its last point.

    Averaged         θ of another rule, and after step t = 1, 2, …
                     θ̄ := (1 − c) θ̄ + c θ,   c = (1 − d)/(1 − dᵗ)                         (12)
    ScheduleFree     γ = η √(1 − β₂ᵗ),   q := β₂ q + (1 − β₂) D²
                     z := z − γ D/(√q + ε) − γ w_s θ,   S := S + γ²,   c = γ²/S
                     x := (1 − c) x + c z,   θ := (1 − β₁) z + β₁ x                       (13)

θ̄ of (12) is the mean with weights dᵗ⁻ⁱ of θ after the steps i = 1 … t, without the first parameters: c makes up for
what is missing at the beginning, as the divisors of Adam do. (13) takes D at θ and is predicted with at x; w_s is
the weight decay of the plan. Both keep the present mean among their vectors, and `found` returns it.

Sources: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992, for means of θ; Defazio,
Yang, Mehta, Mishchenko, Khaled and Cutkosky, "The road less scheduled", 2024, algorithm 1, for (13); its warm-up is
that of the plan's step sizes.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import SettingsError
from deltarule.engines import UpdateRule

__all__ = ["Averaged", "ScheduleFree"]


@dataclass(frozen=True)
class Averaged:
    """Another rule, whose path is averaged with weights that decay backwards: equation (12).

    Parameters
    ----------
    rule : UpdateRule
    decay : float, default 0.999
        d, 0 or more and below 1: about 1/(1 − d) steps count.

    Raises
    ------
    SettingsError
        If the decay is outside its range.
    """

    rule: UpdateRule
    decay: float = 0.999

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise SettingsError(f"Averaged: decay={self.decay!r} cannot be. Give a number from 0 on and below 1.")

    @property
    def name(self) -> str:
        """Name of the rule that is averaged, with a word before it."""
        return f"averaged {self.rule.name}"

    @property
    def parameters(self) -> tuple[float, ...]:
        """The numbers of the rule that is averaged, and d."""
        return *self.rule.parameters, self.decay

    def init(self, theta: Array) -> tuple[Array, ...]:
        """Return θ̄ before the first step, θ, and the vectors of the rule."""
        return theta.copy(), *self.rule.init(theta)

    def step(
        self, theta: Array, D: Array, vectors: tuple[Array, ...], step: int, step_size: float | Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return θ, θ̄ and the vectors of the rule after a step."""
        mean, *own = vectors
        theta, after = self.rule.step(theta, D, tuple(own), step, step_size)
        c = (1 - self.decay) / (1 - self.decay ** (step + 1))
        return theta, (_between(mean, theta, c), *after)  # (12)

    def found(self, theta: Array, vectors: tuple[Array, ...]) -> Array:
        """Return θ̄."""
        del theta
        return vectors[0]


@dataclass(frozen=True)
class ScheduleFree:
    """Schedule-free AdamW: equation (13). It takes a constant step size, after a warm-up where that helps.

    Parameters
    ----------
    beta_1 : float, default 0.9
        β₁, how near θ is to the mean x.
    beta_2 : float, default 0.999
    epsilon : float, default 1e-8
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    name: ClassVar[str] = "schedule-free adam"

    @property
    def parameters(self) -> tuple[float, ...]:
        """(β₁, β₂, ε)."""
        return self.beta_1, self.beta_2, self.epsilon

    def init(self, theta: Array) -> tuple[Array, ...]:
        """Return x and z before the first step, θ both, and q and S, 0."""
        return theta.copy(), theta.copy(), np.zeros_like(theta), np.zeros_like(theta)

    def step(
        self, theta: Array, D: Array, vectors: tuple[Array, ...], step: int, step_size: float | Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return θ, and x, z, q and S after a step."""
        number = theta.dtype.type
        x, z, q, S = vectors
        q = number(self.beta_2) * q + number(1 - self.beta_2) * (D * D)
        corrected = np.sqrt(1 - self.beta_2 ** (step + 1))
        gamma = np.asarray(step_size * corrected, dtype=theta.dtype)
        # The plan has taken η w_s θ off θ, which (13) takes off z, with γ for η: the next θ follows from z and x alone.
        before = self._between(z, x) if step else x
        decayed = number(corrected) * (before - theta)
        z = z - gamma * D / (np.sqrt(q) + number(self.epsilon)) - decayed  # (13)
        S = S + gamma * gamma
        x = _between(x, z, np.divide(gamma * gamma, S, out=np.zeros_like(S), where=S > 0))
        return self._between(z, x), (x, z, q, S)

    def found(self, theta: Array, vectors: tuple[Array, ...]) -> Array:
        """Return x."""
        del theta
        return vectors[0]

    def _between(self, z: Array, x: Array) -> Array:
        """Return θ, between z and x."""
        return _between(z, x, self.beta_1)


def _between(one: Array, other: Array, share: float | Array) -> Array:
    """Return (1 − share) one + share other, in their dtype."""
    to_other = np.asarray(share, dtype=one.dtype)
    return np.asarray((1 - to_other) * one + to_other * other)
