"""The parts of a network, with their shapes, parameters and equations, and hidden units as values.

A part maps a⁽ˡ⁾ to a⁽ˡ⁺¹⁾, and errors back. For `Dense`, with rows as examples:

    z⁽ˡ⁺¹⁾ = Θ⁽ˡ⁾ [1; a⁽ˡ⁾],   a⁽ˡ⁺¹⁾ = g(z⁽ˡ⁺¹⁾)                                       (1)
    δ⁽ˡ⁾ = (Θ⁽ˡ⁾ without column 0)ᵀ δ⁽ˡ⁺¹⁾ ⊙ g′(z⁽ˡ⁾)                                    (4)
    Δ⁽ˡ⁾ := Δ⁽ˡ⁾ + δ⁽ˡ⁺¹⁾ [1; a⁽ˡ⁾]ᵀ                                                     (5)

Two parts share (4): the part with Θ⁽ˡ⁾ computes the product, which is the error ∂ℓ/∂a⁽ˡ⁾, and the part below, whose
units are layer l, multiplies by g′.

A new kind of part is a class with the attributes and methods of `Part`: cost, gradient, training and the gradient check
need no more. To be traced, explained and stored it also needs its lines in `textbook_floor.py`, in `deltarule.explain`
and in `described.py`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from deltarule.common.arrays import Array
from deltarule.common.errors import InputError, SettingsError
from deltarule.network.segments import Segment, check_count
from deltarule.network.units import HIDDEN_UNITS, HiddenUnit

__all__ = ["Dense", "Part", "Segment", "Terms", "Unit", "Values", "numbered"]

HULL_ROWS = 5
"""How many examples the first bias of a unit lies between, where it is drawn from the data."""


@dataclass(frozen=True, init=False, repr=False)
class Unit:
    """A hidden unit as a value: a name of the table `HIDDEN_UNITS`, with the numbers of its formula.

    Two units are equal if their names and numbers are. Wherever a unit is an argument, its name alone means the unit
    with default numbers.

    Parameters
    ----------
    name : str
        `"logistic"`, `"tanh"`, `"relu"`, `"identity"`, `"leaky_relu"`, `"elu"`, `"selu"`, `"gelu"`, `"gelu_tanh"` (the
        approximation by tanh), `"silu"`, `"mish"`, `"softplus"`.
    *numbers : float
        For `"leaky_relu"` its slope below 0, from 0 to 1, by default 0.01; for `"elu"` its α, from 0 to 1000, by
        default 1. Other units take none.

    Raises
    ------
    SettingsError
        If there is no such unit, it does not take so many numbers, or one is outside its range.

    Examples
    --------
    >>> unit = Unit("leaky_relu", 0.2)
    >>> unit, str(Unit("elu")), Unit("elu") == Unit("elu", 1.0)
    (Unit('leaky_relu', 0.2), 'elu', True)
    >>> unit.g(np.array([-1.0, 3.0]))
    array([-0.2,  3. ])
    """

    name: str
    numbers: tuple[float, ...]

    def __init__(self, name: str, *numbers: float) -> None:
        if not isinstance(name, str) or name not in HIDDEN_UNITS:
            raise SettingsError(
                f"Unit({name!r}) is not a unit that is known here. Take one of {', '.join(HIDDEN_UNITS)}."
            )
        kind = HIDDEN_UNITS[name]
        if len(numbers) > len(kind.numbers):
            takes = f"{' and '.join(number.name for number in kind.numbers)} alone" if kind.numbers else "no numbers"
            raise SettingsError(f"Unit({name!r}, {', '.join(map(repr, numbers))}) cannot be: {name} takes {takes}.")
        for given, number in zip(numbers, kind.numbers, strict=False):
            is_number = isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool)
            if not is_number or not number.low <= given <= number.high:
                raise SettingsError(
                    f"Unit({name!r}, {given!r}): {number.name}={given!r} cannot be. Give a number from {number.low:g} "
                    f"to {number.high:g}."
                )
        rest = (number.default for number in kind.numbers[len(numbers) :])
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "numbers", (*map(float, numbers), *rest))

    @classmethod
    def of(cls, unit: "Unit | str") -> "Unit":
        """Return a unit as it is, and a name as the unit with default numbers."""
        return unit if isinstance(unit, Unit) else cls(unit)

    @property
    def kind(self) -> HiddenUnit:
        """The entry of the table."""
        return HIDDEN_UNITS[self.name]

    @property
    def gain(self) -> float:
        """The deviation of first weights, as a multiple of Glorot's."""
        gain = self.kind.gain
        return gain(*self.numbers) if callable(gain) else gain

    @property
    def kinks(self) -> tuple[float, ...]:
        """Places where g′ or g″ jumps."""
        return self.kind.kinks

    def g(self, z: Array) -> Array:
        """Return a = g(z), elementwise."""
        return self.kind.g(z, *self.numbers)

    def derivative(self, z: Array, a: Array) -> Array:
        """Return g′(z), elementwise, computed from a = g(z) if that is enough."""
        return self.kind.derivative(z, a, *self.numbers)

    def __str__(self) -> str:
        given = self._given()
        return f"{self.name}({', '.join(map(repr, given))})" if given else self.name

    def __repr__(self) -> str:
        return f"Unit({', '.join(map(repr, (self.name, *self._given())))})"

    def _given(self) -> tuple[float, ...]:
        """Return the numbers unless they are the defaults."""
        return () if self.numbers == tuple(number.default for number in self.kind.numbers) else self.numbers


class Terms(NamedTuple):
    """The sum that one unit computes: constant + Σ_j coefficients_j · inputs_j."""

    constant: float
    coefficients: Array
    inputs: Array


class Values(NamedTuple):
    """What a part with units keeps of the forward pass.

    Attributes
    ----------
    z : array of shape (m, outputs)
        Weighted inputs of the units.
    g : array of shape (m, outputs)
        g(z), before dropout; z if the output units follow.
    """

    z: Array
    g: Array


@runtime_checkable
class Part(Protocol):
    """A part of a network: a frozen value that holds no parameters.

    Its parameters are a block of θ; `roll` of the network gives the block the shape of the part, and the methods take
    them so. A part that bends at places of its own, apart from the kinks of its unit, has a method `sides` besides:
    (what it kept) ↦ bytes that say on which side of each place every example lies, for the gradient check.
    """

    @property
    def kind(self) -> str:
        """The first word of its segments' names, which a number follows: "dense"."""

    @property
    def inputs(self) -> int:
        """Number of input columns."""

    @property
    def outputs(self) -> int:
        """Number of output columns."""

    @property
    def unit(self) -> Unit | None:
        """The hidden units at its end; None if it has none of its own."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its parameters."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments of its parameters, each number in exactly one; names and indices are those within the part."""

    @property
    def sees_data(self) -> bool:
        """Whether `first` uses the input rows."""

    def first(self, generator: np.random.Generator, a: Array | None, /) -> Array:
        """Return first parameters; `a` holds the input rows, or is None if the caller gave none."""

    def forward(self, parameters: Array, a: Array, factor: Array | None = None, /) -> tuple[Array, Any]:
        """Return the outputs, and what the backward pass needs; with dropout, `factor` multiplies the outputs."""

    def delta(self, parameters: Array, kept: Any, error: Array, factor: Array | None = None, /) -> Array:
        """Return δ from the error ∂ℓ/∂a of what went out: ∂ℓ/∂z of a `Dense` part, ∂ℓ/∂a before dropout of others."""

    def gradient(self, kept: Any, a: Array, delta: Array, out: Array, /) -> None:
        """Write Σ_t ∂ℓ_t/∂(parameters) into an array of the shape of the parameters."""

    def error(self, parameters: Array, kept: Any, delta: Array, /) -> Array:
        """Return the error ∂ℓ/∂a of the inputs; called only for a part that has another one below."""

    def terms(self, parameters: Array, a: Array, i: int, /) -> Terms:
        """Return the terms of the sum that unit i (from 0) computes for one example a."""


@dataclass(frozen=True, init=False, repr=False)
class Dense:
    """A layer of units, each of which takes all inputs and a bias: equations (1), (4) and (5).

    Parameters
    ----------
    inputs, outputs : int
        s_l and s_{l+1}, biases not counted.
    unit : Unit or str, optional
        The hidden units. None in the last part, which the network's output units follow, and before `Parametric`.
    first_from : {"glorot", "data"}, default "glorot"
        How first weights are drawn. "glorot": from a range that follows from inputs, outputs and unit, see
        `Network.first_theta`. "data": normal numbers, divided by the deviation that they give the unit's z over the
        training set; the bias is minus a random convex combination of z of five examples, which puts the kink of a unit
        among them (Holzmüller, Grinsztajn and Steinwart 2024; Steinwart 2019).

    Raises
    ------
    SettingsError
        If a number is not whole or below 1, the unit is none, or first weights come from something else.

    Examples
    --------
    >>> Dense(3, 5, "tanh").segments[1].name, Dense(3, 5, "tanh").shape
    ('weight', (5, 4))
    """

    inputs: int
    outputs: int
    unit: Unit | None
    first_from: str

    def __init__(
        self, inputs: int, outputs: int, unit: Unit | str | None = None, *, first_from: str = "glorot"
    ) -> None:
        object.__setattr__(self, "inputs", check_count("Dense", "inputs", inputs))
        object.__setattr__(self, "outputs", check_count("Dense", "outputs", outputs))
        object.__setattr__(self, "unit", None if unit is None else Unit.of(unit))
        if first_from not in ("glorot", "data"):
            raise SettingsError(f"Dense: first_from={first_from!r} cannot be. Take 'glorot' or 'data'.")
        object.__setattr__(self, "first_from", first_from)

    def __repr__(self) -> str:
        first = "" if self.first_from == "glorot" else f", first_from={self.first_from!r}"
        return f"Dense(inputs={self.inputs}, outputs={self.outputs}, unit={self.unit!r}{first})"

    @property
    def kind(self) -> str:
        """The first word of its segments' names."""
        return "dense"

    @property
    def sees_data(self) -> bool:
        """Whether first weights depend on the data."""
        return self.first_from == "data"

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (s_{l+1}, s_l + 1) of Θ⁽ˡ⁾."""
        return self.outputs, self.inputs + 1

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The biases (column 0 of Θ⁽ˡ⁾), which no penalty includes, and the weights."""
        rows, columns = self.shape
        return (
            Segment("bias", 0, 0, (rows,), (columns,), "bias", penalised=False, decay=0.0),
            Segment("weight", 0, 1, (rows, columns - 1), (columns, 1), "weight", penalised=True, decay=1.0),
        )

    def first(self, generator: np.random.Generator, a: Array | None = None, /) -> Array:
        """Draw Θ⁽ˡ⁾ as `Network.first_theta` says.

        Raises
        ------
        InputError
            If first weights are drawn from the data and there are none.
        """
        if self.sees_data:
            if a is None:
                raise InputError(f"First weights of {self!r} come from the training set: give first_theta its X.")
            return self._first_from(generator, a)
        bound = float(np.sqrt(6 / (self.inputs + self.outputs)))
        if self.unit is None:
            return np.hstack(
                [np.zeros((self.outputs, 1)), generator.uniform(-bound, bound, (self.outputs, self.inputs))]
            )
        # With biases of 0, the kinks of all relu units of layer 2 would meet in the mean of scaled data, which costs
        # accuracy if features are few. Held-out accuracy minus scikit-learn's, mean ± standard error:
        #
        #     biases                                       0                  random
        #     phonemes (5 features), relu, 30 splits       -0.0047 ± 0.0011   -0.0011 ± 0.0012
        #     digits, logistic, 15 splits                  -0.0034 ± 0.0013    0.0000 ± 0.0017
        bound *= self.unit.gain
        return generator.uniform(-bound, bound, self.shape)

    def _first_from(self, generator: np.random.Generator, a: Array) -> Array:
        Theta = np.empty(self.shape)
        weights = generator.standard_normal((self.outputs, self.inputs))
        z = a @ weights.T  # (m, s_{l+1})
        deviations = z.std(axis=0)
        deviations = np.where(deviations > 0, deviations, np.sqrt(self.inputs))  # what independent columns give
        rows = generator.integers(len(z), size=(self.outputs, HULL_ROWS))
        shares = generator.exponential(size=rows.shape)
        shares /= shares.sum(axis=1, keepdims=True)
        z_of_rows = z[rows, np.arange(self.outputs)[:, np.newaxis]] / deviations[:, np.newaxis]
        Theta[:, 0] = -(shares * z_of_rows).sum(axis=1)
        Theta[:, 1:] = weights / deviations[:, np.newaxis]
        return Theta

    def forward(self, Theta: Array, a: Array, factor: Array | None = None, /) -> tuple[Array, Values]:
        """Return a⁽ˡ⁺¹⁾ (for the last part z⁽ᴸ⁾), and z with g(z)."""
        z = a @ Theta[:, 1:].T + Theta[:, 0]  # (1), (m, s_{l+1})
        g = z if self.unit is None else self.unit.g(z)  # (m, s_{l+1})
        return g if factor is None else g * factor, Values(z, g)

    def delta(self, _: Array, kept: Values, error: Array, factor: Array | None = None, /) -> Array:
        """Return δ⁽ˡ⁺¹⁾ from ∂ℓ/∂a⁽ˡ⁺¹⁾, the second half of (4)."""
        if self.unit is None:
            return error
        delta = error * self.unit.derivative(kept.z, kept.g)  # (4), (m, s_{l+1})
        if factor is not None:
            delta *= factor  # a⁽ˡ⁺¹⁾ is now f g(z), with the slope f g′(z)
        return delta

    def gradient(self, _: Values, a: Array, delta: Array, out: Array, /) -> None:
        """Write Δ⁽ˡ⁾ of these rows to `out`, (5)."""
        out[:, 0] = delta.sum(axis=0)  # (5) with the bias unit 1
        out[:, 1:] = delta.T @ a  # (5), (s_{l+1}, s_l)

    def error(self, Theta: Array, _: Values, delta: Array, /) -> Array:
        """Return ∂ℓ/∂a⁽ˡ⁾, the first half of (4)."""
        return delta @ Theta[:, 1:]  # (4), (m, s_l)

    def terms(self, Theta: Array, a: Array, i: int, /) -> Terms:
        """Return the sum of z⁽ˡ⁺¹⁾_i, (1)."""
        return Terms(float(Theta[i, 0]), Theta[i, 1:], a)


def numbered(parts: Sequence[Part]) -> Iterator[Segment]:
    """Yield the segments of parts whose parameters follow each other, with the number of each part of its kind."""
    start, seen = 0, Counter[str]()
    for n, part in enumerate(parts):
        seen[part.kind] += 1
        for piece in part.segments:
            yield replace(piece, name=f"{part.kind}{seen[part.kind]}.{piece.name}", part=n, start=start + piece.start)
        start += prod(part.shape)
