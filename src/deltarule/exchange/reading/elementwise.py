"""Functions of single values, as graphs compose them, and which unit they are.

An exporter writes one unit as several operations: silu as z · σ(z), gelu with Erf, logistic with Exp and Where. So a
function is not recognised by its operations but by its values, at points that tell all units apart.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError
from deltarule.exchange.reading.stages import Activation, Affine, Stage
from deltarule.network.parts import Unit

__all__ = ["IDENTITY", "Function", "is_near", "stages_of"]

POINTS = np.concatenate([np.linspace(-30, 30, 241), [-300.0, -100.0, 100.0, 300.0], [-1e-3, 1e-3]])

TOLERANCE = 1e-6
"""Largest difference of values, relative to 1 + |g|: constants in float32 are within it, and gelu's approximation
by tanh is far beyond."""

MOST = 200
"""Most operations in one function."""

NAMES = ("relu", "tanh", "logistic", "softplus", "gelu", "gelu_tanh", "silu", "mish", "selu", "elu")


@dataclass(frozen=True)
class Function:
    """z ↦ f(z), for each value alone, with the operations that it is made of.

    Attributes
    ----------
    values : array
        f at `POINTS`.
    names : tuple of str
        Of the operations, for messages.
    stages : tuple of Stage, optional
        The same as scales around one unit, where it is that; None where it must be found by its values.
    """

    values: Array
    names: tuple[str, ...] = ()
    stages: tuple[Stage, ...] | None = ()

    def then(self, name: str, g: Callable[[Array], Array], stage: Stage | None = None) -> "Function":
        """Return z ↦ g(f(z))."""
        stages = None if stage is None or self.stages is None else (*self.stages, stage)
        return Function(np.asarray(g(self.values)), self._more(name), stages)

    def with_other(self, name: str, g: Callable[[Array, Array], Array], other: "Function") -> "Function":
        """Return z ↦ g(f(z), other(z))."""
        return Function(np.asarray(g(self.values, other.values)), (*self.names, *other._more(name)), None)

    def _more(self, name: str) -> tuple[str, ...]:
        if len(self.names) > MOST:
            raise ModelFileError(f"one unit is made of more than {MOST} operations.")
        return (*self.names, name)


IDENTITY = Function(POINTS)


def stages_of(function: Function) -> tuple[Stage, ...]:
    """Return a function as stages.

    Raises
    ------
    ModelFileError
        If it is no unit that exists here.
    """
    f = np.asarray(function.values, dtype=np.float64)
    middle = int(np.flatnonzero(POINTS == 0)[0])
    b, a = float(f[middle]), float(f[POINTS == 1][0] - f[middle])
    if is_near(f, a * POINTS + b):
        given = function.stages
        return given if given is not None else (Affine(a, b),)
    for unit in (Unit(name) for name in NAMES):
        if is_near(f, unit.g(POINTS)):
            return (Activation(unit.name, unit.numbers),)
    slope, alpha = float(-f[POINTS == -1][0]), float(-f[POINTS == -300][0])
    if 0 <= slope <= 1 and is_near(f, Unit("leaky_relu", slope).g(POINTS)):
        return (Activation("leaky_relu", (slope,)),)
    if 0 <= alpha <= 1000 and is_near(f, Unit("elu", alpha).g(POINTS)):
        return (Activation("elu", (alpha,)),)
    if is_near(f, np.exp(POINTS)):
        return (Activation("exp"),)
    if function.stages is not None:
        return function.stages
    raise ModelFileError(
        f"units of the operations {', '.join(dict.fromkeys(function.names))} do not exist here. Known are "
        f"{', '.join(NAMES)} and leaky_relu with a slope from 0 to 1."
    )


def is_near(f: Array, g: Array) -> bool:
    """Whether the values of two functions are the same but for constants in float32."""
    with np.errstate(all="ignore"):
        same = (np.abs(f - g) <= TOLERANCE * (1 + np.abs(g))) | (f == g)
    return bool(same.all())
