"""Hidden units with a parameter of their own, behind a `Dense` part without units.

With z = a⁽ˡ⁾, the weighted inputs that the `Dense` part computes, and δ = ∂ℓ/∂a⁽ˡ⁺¹⁾ before dropout:

    a⁽ˡ⁺¹⁾ = (1 − α) ⊙ z + α ⊙ g(z)                                                      (11)
    Δ_j := Δ_j + δ_j (g(z_j) − z_j),   ∂ℓ/∂z = δ ⊙ (1 − α + α ⊙ g′(z))

It is a part and not a sort of `Dense`, because the Δ of α needs ∂ℓ/∂a⁽ˡ⁺¹⁾, which ∂ℓ/∂z does not tell where the slope
of g is 0: so (1), (4) and (5) stay in `Dense` alone.

Source: Holzmüller, Grinsztajn and Steinwart, "Better by default", 2024.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from deltarule.common.arrays import Array, as_dense
from deltarule.network.parts import Terms, Unit, Values
from deltarule.network.segments import Segment, check_count

__all__ = ["Parametric"]


@dataclass(frozen=True, init=False)
class Parametric:
    """Hidden units (1 − α) z + α g(z) with an α of each that is learnt, at first 1: equation (11).

    They are the units of the `Dense` part before them, which is given none. Dropout acts on what goes out.

    Parameters
    ----------
    inputs : int
        How many units.
    unit : Unit or str
        g.

    Raises
    ------
    SettingsError
        If the number is not whole or below 1, or the unit is none.

    Examples
    --------
    >>> Parametric(3, "relu").forward(np.array([1.0, 0.5, 0.0]), np.full((1, 3), -2.0))[0]
    array([[ 0., -1., -2.]])
    """

    kind: ClassVar[str] = "parametric"
    sees_data: ClassVar[bool] = False
    inputs: int
    unit: Unit

    def __init__(self, inputs: int, unit: Unit | str) -> None:
        object.__setattr__(self, "inputs", check_count("Parametric", "inputs", inputs))
        object.__setattr__(self, "unit", Unit.of(unit))

    @property
    def outputs(self) -> int:
        """Columns of what goes out, as many as come in."""
        return self.inputs

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of α."""
        return (self.inputs,)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The α, which no penalty counts."""
        return (Segment("alpha", 0, 0, self.shape, (1,), "alpha", penalised=False, decay=0.0),)

    def first(self, generator: np.random.Generator, a: Array | None, /) -> Array:
        """Return 1 for each unit, which is then g."""
        del generator, a
        return np.ones(self.inputs)

    def forward(self, alpha: Array, z: Array, factor: Array | None = None, /) -> tuple[Array, Values]:
        """Return the units, and z with g(z)."""
        z = as_dense(z)
        g = self.unit.g(z)
        a = (1 - alpha) * z + alpha * g  # (11), (m, s_l)
        return a if factor is None else a * factor, Values(z, g)

    def delta(self, _: Array, kept: Values, error: Array, factor: Array | None = None, /) -> Array:
        """Return ∂ℓ/∂a before dropout."""
        del kept
        return error if factor is None else error * factor

    def gradient(self, kept: Values, z: Array, delta: Array, out: Array, /) -> None:
        """Write Δ of these rows."""
        del z
        out[:] = (delta * (kept.g - kept.z)).sum(axis=0)  # (11)

    def error(self, alpha: Array, kept: Values, delta: Array, /) -> Array:
        """Return ∂ℓ/∂z."""
        return np.asarray(delta * ((1 - alpha) + alpha * self.unit.derivative(kept.z, kept.g)))  # (11)

    def terms(self, alpha: Array, z: Array, i: int, /) -> Terms:
        """Return (1 − α_i) z_i + α_i g(z_i)."""
        values = np.array([z[i], self.unit.g(z[i : i + 1])[0]])
        return Terms(0.0, np.array([1 - alpha[i], alpha[i]]), values)
