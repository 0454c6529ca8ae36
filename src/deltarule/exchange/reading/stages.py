"""What a file holds, as a chain of stages, and how affine maps are folded into Θ.

A stage is a matrix (`Weights`), an affine map of each value on its own (`Affine`), or a unit (`Activation`). Folding
is exact but for rounding, and keeps the layers that one would draw:

    affine map before a matrix       Θ [1; a⊙x + b] = [Θ₀ + Θ₊ b | Θ₊ diag a] [1; x]
    affine map behind a matrix       a ⊙ (Θ [1; x]) + b = [a⊙Θ₀ + b | diag(a) Θ₊] [1; x]
    two matrices in a row            a layer of identity units stands between them
    affine map behind the last unit  that unit becomes a hidden layer, the map a diagonal matrix behind it
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array
from deltarule.common.errors import ModelFileError

__all__ = ["Activation", "Affine", "Chain", "Stage", "Weights", "chain_of"]

OFTEN = 16
"""A diagonal matrix may have `OFTEN` times as many numbers as the network without it, and `FEW` besides."""
FEW = 1 << 16


@dataclass(frozen=True, eq=False)
class Weights:
    """x ↦ W x + b, with W of shape (out, in)."""

    W: Array
    b: Array

    def __post_init__(self) -> None:
        W, b = np.asarray(self.W, dtype=np.float64), np.asarray(self.b, dtype=np.float64)
        if W.ndim != 2 or b.shape != W.shape[:1] or 0 in W.shape:
            raise ModelFileError(f"a matrix of the shape {W.shape} has a bias of the shape {b.shape}.")
        object.__setattr__(self, "W", W)
        object.__setattr__(self, "b", b)


@dataclass(frozen=True, eq=False)
class Affine:
    """x ↦ a ⊙ x + b, for each value on its own; one number for all, or one for each."""

    a: ArrayLike
    b: ArrayLike = 0.0


@dataclass(frozen=True)
class Activation:
    """A unit: a name that `Unit` knows, "softmax" or "exp", with its numbers."""

    name: str
    numbers: tuple[float, ...] = ()


Stage = Weights | Affine | Activation


@dataclass(eq=False)
class Chain:
    """Θ⁽¹⁾ … Θ⁽ᴸ⁻¹⁾ with the units behind each; those of the last may be "identity".

    Attributes
    ----------
    inputs : int
    thetas : list of array
    units : list of Activation
    """

    inputs: int
    thetas: list[Array] = field(default_factory=list)
    units: list[Activation] = field(default_factory=list)

    @property
    def outputs(self) -> int:
        """Width of the last layer."""
        return len(self.thetas[-1]) if self.thetas else self.inputs

    def close(self, Theta: Array, unit: Activation) -> None:
        """Put a layer behind the last."""
        self.thetas.append(Theta)
        self.units.append(unit)

    def put_behind(self) -> None:
        """Make the last units a hidden layer, with identity outputs behind it."""
        self.close(self.diagonal(1.0, 0.0), Activation("identity"))

    def diagonal(self, a: ArrayLike, b: ArrayLike) -> Array:
        """Return Θ of a layer that scales each value on its own."""
        n = self.outputs
        if n * n > OFTEN * sum(Theta.size for Theta in self.thetas) + FEW:
            raise ModelFileError(
                f"its {n} values are scaled behind the units one by one, which takes a matrix of {n} × {n} here: more "
                "than the network itself."
            )
        return np.column_stack([np.broadcast_to(np.asarray(b, np.float64), n), np.diag(np.broadcast_to(a, n))])


def chain_of(inputs: int, stages: Iterable[Stage]) -> Chain:
    """Return the layers of a chain of stages.

    Raises
    ------
    ModelFileError
        If stages do not fit each other, or there is no matrix among them.
    """
    chain = Chain(inputs)
    before: tuple[Array, Array] | None = None  # an affine map that waits for a matrix
    Theta: Array | None = None  # a matrix that waits for its units
    for stage in stages:
        width = chain.outputs if Theta is None else len(Theta)
        if isinstance(stage, Weights):
            if stage.W.shape[1] != width:
                raise ModelFileError(f"a matrix takes {stage.W.shape[1]} values where {width} come.")
            if Theta is not None:
                chain.close(Theta, Activation("identity"))
            Theta = np.column_stack([stage.b, stage.W])
            if before is not None:
                Theta = np.column_stack([stage.b + stage.W @ before[1], stage.W * before[0]])
            before = None
        elif isinstance(stage, Affine):
            a, b = _as_wide(stage.a, width), _as_wide(stage.b, width)
            if Theta is not None:
                Theta = a[:, np.newaxis] * Theta
                Theta[:, 0] += b
            else:
                before = (a, b) if before is None else (a * before[0], a * before[1] + b)
        elif stage.name != "identity":
            if Theta is None:
                Theta = chain.diagonal(*(before or (1.0, 0.0)))
            chain.close(Theta, stage)
            before = Theta = None
    if Theta is None and before is not None:
        Theta = chain.diagonal(*before)
    if Theta is not None:
        chain.close(Theta, Activation("identity"))
    if not chain.thetas:
        raise ModelFileError("it holds no layer with weights.")
    _check_finite(chain.thetas)
    return chain


def _as_wide(values: ArrayLike, width: int) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim > 1 or array.shape not in ((), (1,), (width,)):
        raise ModelFileError(f"a scale of {array.size} numbers is for {width} values.")
    return np.broadcast_to(array, width)


def _check_finite(thetas: Sequence[Array]) -> None:
    for layer, Theta in enumerate(thetas, 1):
        if not np.isfinite(Theta).all():
            raise ModelFileError(
                f"layer {layer} has weights or scales that are not finite, so every prediction would be NaN or "
                "infinite. Train or save it again."
            )
