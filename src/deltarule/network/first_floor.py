"""The first floor: what a table needs between a row and layer 2, as parts with parameters of their own.

Rows are examples. For each part stand what goes out, the error ∂ℓ/∂a⁽ˡ⁾ of what came in, and its Δ⁽ˡ⁾, with
δ⁽ˡ⁺¹⁾ = ∂ℓ/∂a⁽ˡ⁺¹⁾, because these parts have no units and so no z of their own:

    Keep        a⁽ˡ⁺¹⁾ = a⁽ˡ⁾                  ∂ℓ/∂a⁽ˡ⁾ = δ⁽ˡ⁺¹⁾          no parameters
    Scale       a⁽ˡ⁺¹⁾ = s ⊙ a⁽ˡ⁾              ∂ℓ/∂a⁽ˡ⁾ = s ⊙ δ⁽ˡ⁺¹⁾      Δ_j := Δ_j + δ⁽ˡ⁺¹⁾_j a⁽ˡ⁾_j        (7)
    Embedding   a⁽ˡ⁺¹⁾ = Σ_k [x = k] T_k       ∂ℓ/∂a⁽ˡ⁾ = 0               Δ_k := Δ_k + [x = k] δ⁽ˡ⁺¹⁾         (8)
    Beside      a⁽ˡ⁺¹⁾ = [a of each part]      each part its own columns

`PiecewiseLinear` (9) and `Periodic` (10) stand in `curves.py`, hidden units with a parameter of their own (11) in
`parametric.py`.

Sources: Guo and Berkhahn, "Entity embeddings of categorical variables", 2016; Holzmüller, Grinsztajn and Steinwart,
"Better by default: strong pre-tuned MLPs and boosted trees on tabular data", 2024, for the scales.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from typing import Any, ClassVar

import numpy as np

from deltarule.common.arrays import Array, as_dense
from deltarule.common.errors import SettingsError
from deltarule.network.parts import Dense, Part, Terms, numbered
from deltarule.network.segments import Segment, check_count

__all__ = ["Beside", "Embedding", "Keep", "Scale", "WithoutUnits"]


class WithoutUnits:
    """What parts without units have in common: δ of such a part is the error of what went out."""

    unit: ClassVar[None] = None
    sees_data: ClassVar[bool] = False

    def delta(self, _: Array, kept: Any, error: Array, factor: Array | None = None, /) -> Array:
        """Return the error itself; dropout acts on hidden layers, so there is no factor."""
        del kept, factor
        return error


@dataclass(frozen=True, init=False)
class Keep(WithoutUnits):
    """Columns that go through as they are, beside others that do not.

    Parameters
    ----------
    inputs : int

    Raises
    ------
    SettingsError
        If the number is not whole or below 1.
    """

    kind: ClassVar[str] = "keep"
    segments: ClassVar[tuple[Segment, ...]] = ()
    shape: ClassVar[tuple[int, ...]] = (0,)
    inputs: int

    def __init__(self, inputs: int) -> None:
        object.__setattr__(self, "inputs", check_count("Keep", "inputs", inputs))

    @property
    def outputs(self) -> int:
        """Columns of what goes out, as many as come in."""
        return self.inputs

    def first(self, generator: np.random.Generator, a: Array | None, /) -> Array:
        """Return no parameters."""
        del generator, a
        return np.empty(0)

    def forward(self, _: Array, a: Array, factor: Array | None = None, /) -> tuple[Array, None]:
        """Return the columns."""
        del factor
        return as_dense(a), None

    def gradient(self, kept: None, a: Array, delta: Array, out: Array, /) -> None:
        """Do nothing: there are no parameters."""

    def error(self, _: Array, kept: None, delta: Array, /) -> Array:
        """Return the error of the columns."""
        del kept
        return delta

    def terms(self, _: Array, a: Array, i: int, /) -> Terms:
        """Return column i as a sum of one term."""
        return Terms(0.0, np.ones(1), a[i : i + 1])


@dataclass(frozen=True, init=False)
class Scale(WithoutUnits):
    """Each column times a factor s_j that is learnt, at first 1: equation (7).

    Parameters
    ----------
    inputs : int

    Raises
    ------
    SettingsError
        If the number is not whole or below 1.

    Examples
    --------
    >>> Scale(2).forward(np.array([1.0, 10.0]), np.array([[3.0, 4.0]]))[0]
    array([[ 3., 40.]])
    """

    kind: ClassVar[str] = "scale"
    inputs: int

    def __init__(self, inputs: int) -> None:
        object.__setattr__(self, "inputs", check_count("Scale", "inputs", inputs))

    @property
    def outputs(self) -> int:
        """Columns of what goes out, as many as come in."""
        return self.inputs

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of s."""
        return (self.inputs,)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The factors, which no penalty counts."""
        return (Segment("scale", 0, 0, self.shape, (1,), "scale", penalised=False, decay=0.0),)

    def first(self, generator: np.random.Generator, a: Array | None, /) -> Array:
        """Return 1 for each column."""
        del generator, a
        return np.ones(self.inputs)

    def forward(self, s: Array, a: Array, factor: Array | None = None, /) -> tuple[Array, None]:
        """Return s ⊙ a."""
        del factor
        return as_dense(a) * s, None  # (7), (m, s_l)

    def gradient(self, _: None, a: Array, delta: Array, out: Array, /) -> None:
        """Write Δ of these rows."""
        out[:] = (as_dense(a) * delta).sum(axis=0)  # (7)

    def error(self, s: Array, _: None, delta: Array, /) -> Array:
        """Return the error of what came in."""
        return delta * s  # (7)

    def terms(self, s: Array, a: Array, i: int, /) -> Terms:
        """Return s_i a_i."""
        return Terms(0.0, s[i : i + 1], a[i : i + 1])


@dataclass(frozen=True, init=False)
class Embedding(WithoutUnits):
    """A row of numbers that is learnt for each value of one column of whole numbers: equation (8).

    The column holds 0 … categories − 1. Any other number, such as −1 for a word that training never saw, gives zeros.
    This is what `Dense` of one-hot columns without biases computes, without the columns.

    Parameters
    ----------
    categories : int
    width : int, default 8
        Numbers of a row.

    Raises
    ------
    SettingsError
        If a number is not whole or below 1.

    Examples
    --------
    >>> table = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> Embedding(2, width=2).forward(table, np.array([[1.0], [-1.0]]))[0]
    array([[3., 4.],
           [0., 0.]])
    """

    kind: ClassVar[str] = "embedding"
    inputs: ClassVar[int] = 1
    categories: int
    width: int

    def __init__(self, categories: int, width: int = 8) -> None:
        object.__setattr__(self, "categories", check_count("Embedding", "categories", categories))
        object.__setattr__(self, "width", check_count("Embedding", "width", width))

    @property
    def outputs(self) -> int:
        """Columns of what goes out, the width."""
        return self.width

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape (categories, width) of the table T."""
        return self.categories, self.width

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The table, which no penalty counts: a rare category would be pulled to 0 by what is divided by all of m."""
        return (Segment("table", 0, 0, self.shape, (self.width, 1), "embedding", penalised=False, decay=0.0),)

    def first(self, generator: np.random.Generator, a: Array | None, /) -> Array:
        """Draw T from the normal distribution of variance 1."""
        del a
        return generator.standard_normal(self.shape)

    def forward(self, table: Array, a: Array, factor: Array | None = None, /) -> tuple[Array, Array]:
        """Return the rows of the table; keeps their numbers, −1 where there is none."""
        del factor
        x = as_dense(a)[:, 0]
        is_known = (x >= 0) & (x < self.categories) & (x == np.floor(x))
        k = np.where(is_known, x, -1).astype(np.intp)
        return np.where(is_known[:, np.newaxis], table[k], 0).astype(table.dtype, copy=False), k  # (8), (m, width)

    def gradient(self, k: Array, a: Array, delta: Array, out: Array, /) -> None:
        """Write Δ of these rows."""
        del a
        out[:] = 0
        is_known = k >= 0
        np.add.at(out, k[is_known], delta[is_known])  # (8)

    def error(self, _: Array, k: Array, delta: Array, /) -> Array:
        """Return 0: the row changes in jumps only."""
        return np.zeros((len(k), 1), dtype=delta.dtype)

    def terms(self, table: Array, a: Array, i: int, /) -> Terms:
        """Return T_ki times 1, or an empty sum."""
        known = [k for k in range(self.categories) if a[0] == k]
        return Terms(0.0, table[known, i], np.ones(len(known)))

    def sides(self, k: Array) -> bytes:
        """Return which row each example takes."""
        return k.tobytes()


@dataclass(frozen=True, init=False)
class Beside(WithoutUnits):
    """Parts side by side: each takes the next columns of what comes in, and gives the next of what goes out.

    Parameters
    ----------
    parts : sequence of parts without units
        `Keep`, `Scale`, `Embedding`, `PiecewiseLinear`, `Periodic`; one that is `Beside` itself is taken apart.

    Attributes
    ----------
    parts : tuple of parts

    Raises
    ------
    SettingsError
        If there is no part, or one that belongs to another floor.

    Examples
    --------
    >>> floor = Beside([Keep(2), Embedding(5, width=3)])
    >>> floor.inputs, floor.outputs, floor.segments[0].name
    (3, 5, 'embedding1.table')
    """

    kind: ClassVar[str] = "beside"
    parts: tuple[Part, ...]

    def __init__(self, parts: Iterable[Part]) -> None:
        given = tuple(parts) if isinstance(parts, Iterable) else (parts,)
        flat: list[Part] = []
        for part in given:
            if not isinstance(part, Part) or isinstance(part, Dense) or part.unit is not None:
                raise SettingsError(
                    f"Beside: {part!r} cannot stand beside others. Give parts of the first floor: Keep, Scale, "
                    "Embedding, PiecewiseLinear or Periodic."
                )
            flat += part.parts if isinstance(part, Beside) else [part]
        if not flat:
            raise SettingsError("Beside: parts=() holds no part. Give one or more.")
        object.__setattr__(self, "parts", tuple(flat))

    @property
    def inputs(self) -> int:
        """Columns of what comes in, those of all parts."""
        return sum(part.inputs for part in self.parts)

    @property
    def outputs(self) -> int:
        """Columns of what goes out, those of all parts."""
        return sum(part.outputs for part in self.parts)

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of the parameters of all parts in one vector."""
        return (sum(prod(part.shape) for part in self.parts),)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The segments of the parts, with the name of their part and its number among those of its kind."""
        return tuple(replace(piece, part=0) for piece in numbered(self.parts))

    def first(self, generator: np.random.Generator, a: Array | None, /) -> Array:
        """Return the first parameters of each part."""
        rows = [None] * len(self.parts) if a is None else [as_dense(a)[:, columns] for columns in self._in]
        firsts = [part.first(generator, mine) for part, mine in zip(self.parts, rows, strict=True)]
        return np.concatenate([np.ravel(one) for one in firsts])

    def forward(self, parameters: Array, a: Array, factor: Array | None = None, /) -> tuple[Array, list[Any]]:
        """Return what goes out of each part, side by side; keeps what each part keeps."""
        del factor
        a = as_dense(a)
        ways = [
            part.forward(mine, a[:, columns])
            for part, mine, columns in zip(self.parts, self._rolled(parameters), self._in, strict=True)
        ]
        return np.hstack([out for out, _ in ways]), [kept for _, kept in ways]

    def gradient(self, kept: list[Any], a: Array, delta: Array, out: Array, /) -> None:
        """Write Δ of each part."""
        a = as_dense(a)
        for n, (part, mine) in enumerate(zip(self.parts, self._rolled(out), strict=True)):
            part.gradient(kept[n], a[:, self._in[n]], delta[:, self._out[n]], mine)

    def error(self, parameters: Array, kept: list[Any], delta: Array, /) -> Array:
        """Return the error of the columns of each part."""
        return np.hstack(
            [
                part.error(mine, kept[n], delta[:, self._out[n]])
                for n, (part, mine) in enumerate(zip(self.parts, self._rolled(parameters), strict=True))
            ]
        )

    def terms(self, parameters: Array, a: Array, i: int, /) -> Terms:
        """Return the sum of the part to which column i of what goes out belongs."""
        n = self.part_of(i)
        return self.parts[n].terms(self._rolled(parameters)[n], a[self._in[n]], i - self._out[n].start)

    def part_of(self, i: int) -> int:
        """Return the place in `parts` of the part to which column i of what goes out belongs."""
        return next(n for n, columns in enumerate(self._out) if i < columns.stop)

    def sides(self, kept: list[Any]) -> bytes:
        """Return the sides of each part that has some."""
        ways = zip(self.parts, kept, strict=True)
        return b"".join(part.sides(one) for part, one in ways if hasattr(part, "sides"))

    @cached_property
    def _in(self) -> tuple[slice, ...]:
        return _slices(part.inputs for part in self.parts)

    @cached_property
    def _out(self) -> tuple[slice, ...]:
        return _slices(part.outputs for part in self.parts)

    @cached_property
    def _places(self) -> tuple[slice, ...]:
        return _slices(prod(part.shape) for part in self.parts)

    def _rolled(self, parameters: Array) -> list[Array]:
        """Return the parameters of each part as views."""
        return [parameters[places].reshape(part.shape) for part, places in zip(self.parts, self._places, strict=True)]


def _slices(sizes: Iterable[int]) -> tuple[slice, ...]:
    return tuple(slice(start, stop) for start, stop in pairwise(accumulate(sizes, initial=0)))
