"""The description of a network: its parts, its units, the shapes of Θ and the segments of θ, without any weights.

A network is a chain of parts (`parts.py`), with output units after the last. A network of `Dense` parts has L layers
with s₁ … s_L units, biases not counted, and K = s_L outputs. Θ⁽ˡ⁾ has the shape (s_{l+1}, s_l + 1); its column 0
multiplies the bias unit. All Θ⁽ˡ⁾ unrolled row by row make one vector θ, and matrices and segments are views of θ:
solvers and files use the vector, the equations use matrices, and segments tell weights from biases.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from typing import Any, overload

import numpy as np

from deltarule.common.arrays import Array, as_float
from deltarule.common.errors import SettingsError, ShapeError
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Dense, Part, Unit, numbered
from deltarule.network.segments import Segment
from deltarule.network.summation import LEAF_ROWS
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS, OutputUnit

__all__ = ["Network"]


@dataclass(frozen=True, init=False, repr=False)
class Network:
    """A frozen description of a feed-forward network, by the sizes of its layers or by its parts.

    Networks are equal if their parts and outputs are, whichever form made them.

    Parameters
    ----------
    sizes : sequence of int, or of parts
        s₁ … s_L: features, units of each hidden layer, outputs. Or the parts themselves, such as `Dense`: each takes
        the outputs of the one before, and the last has no hidden units.
    hidden : str, Unit, or sequence of them, default "logistic"
        Hidden units: one for all hidden layers, or one for each. `"logistic"`, `"tanh"`, `"relu"`, `"identity"`,
        `"leaky_relu"`, `"elu"`, `"selu"`, `"gelu"`, `"gelu_tanh"`, `"silu"`, `"mish"`, `"softplus"`;
        `Unit("leaky_relu", 0.2)` and `Unit("elu", 0.5)` with numbers. Not given beside parts, which have their own.
    output : str, default "sigmoid"
        `"sigmoid"` (K logistic costs), `"softmax"` (cross-entropy), `"identity"` (½ squared error), `"exp"` (Poisson),
        `"huber"` (squares that become straight lines), `"pinball"` (a quantile each, which never cross).
    output_numbers : sequence of float, optional
        Of `"huber"` the threshold, by default 1.35; of `"pinball"` the quantile of each output, ascending, by default
        evenly spaced. Other outputs take none.

    Attributes
    ----------
    parts : tuple of Part
    output : str
    output_numbers : tuple of float
    sizes : tuple of int
        s₁ … s_L.
    n_parameters : int
        Length of θ, biases included.

    Raises
    ------
    SettingsError
        If there are fewer than two layers, a size below 1, a name that is not in the tables, or parts that do not fit
        each other.

    Examples
    --------
    >>> network = Network((3, 5, 4), hidden="tanh", output="softmax")
    >>> network.L, network.K, network.shapes, network.n_parameters
    (3, 4, ((5, 4), (4, 6)), 44)
    >>> network == Network([Dense(3, 5, "tanh"), Dense(5, 4)], output="softmax")
    True
    >>> network.segments[0].name, network.segments[0].of(np.arange(44.0))
    ('dense1.bias', array([ 0.,  4.,  8., 12., 16.]))
    """

    parts: tuple[Part, ...]
    output: str
    output_numbers: tuple[float, ...]
    sizes: tuple[int, ...] = field(compare=False)
    n_parameters: int = field(compare=False)

    @overload
    def __init__(
        self,
        sizes: Sequence[int],
        hidden: "str | Unit | Sequence[str | Unit]" = ...,
        output: str = ...,
        output_numbers: Sequence[float] = ...,
    ) -> None: ...
    @overload
    def __init__(self, sizes: Sequence[Part], *, output: str = ..., output_numbers: Sequence[float] = ...) -> None: ...
    def __init__(
        self,
        sizes: Sequence[int] | Sequence[Part],
        hidden: str | Unit | Sequence[str | Unit] = "logistic",
        output: str = "sigmoid",
        output_numbers: Sequence[float] = (),
    ) -> None:
        given = tuple(sizes) if isinstance(sizes, Iterable) else ()
        parts = tuple(part for part in given if not isinstance(part, int) and isinstance(part, Part))
        if parts and len(parts) == len(given):
            if not (isinstance(hidden, str) and hidden == "logistic"):
                raise SettingsError(
                    f"hidden={hidden!r} is given beside parts, which have their own units: Dense(inputs, outputs, "
                    "unit). Leave it out."
                )
            _check_chain(parts)
        else:
            parts = _dense(sizes, hidden)
        K = parts[-1].outputs
        if not isinstance(output, str) or output not in OUTPUT_UNITS:
            raise _unknown("output", output, OUTPUT_UNITS)
        if output == "softmax" and K == 1:
            raise SettingsError(
                "output='softmax' with one output is the constant 1. For two classes take output='sigmoid' "
                "with one output, or softmax with two."
            )
        numbers = OUTPUT_UNITS[output].numbers
        if numbers is None and tuple(output_numbers):
            raise SettingsError(f"output={output!r} takes no numbers, but output_numbers={output_numbers!r} came.")
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "output", output)
        object.__setattr__(self, "output_numbers", () if numbers is None else numbers(tuple(output_numbers), K))
        object.__setattr__(self, "sizes", (parts[0].inputs, *(part.outputs for part in parts)))
        object.__setattr__(self, "n_parameters", sum(prod(part.shape) for part in parts))

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The named pieces of θ, part by part: "dense1.bias", "dense1.weight", … Each place of θ is in exactly one."""
        return tuple(numbered(self.parts))

    @property
    def L(self) -> int:
        """Number of layers, input and output included."""
        return len(self.sizes)

    @property
    def K(self) -> int:
        """Number of outputs, s_L."""
        return self.sizes[-1]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the parameters of each part; for `Dense` (s_{l+1}, s_l + 1), that of Θ⁽ˡ⁾."""
        return tuple(part.shape for part in self.parts)

    @property
    def hidden_units(self) -> tuple[Unit, ...]:
        """The hidden units, part by part; of a network of `Dense` parts alone those of layers 2 … L − 1."""
        return tuple(part.unit for part in self.parts if part.unit is not None)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The names of the hidden units, without their numbers."""
        return tuple(unit.name for unit in self.hidden_units)

    @property
    def hidden_numbers(self) -> tuple[tuple[float, ...], ...]:
        """The numbers of the hidden units, defaults included; () for a unit that has none."""
        return tuple(unit.numbers for unit in self.hidden_units)

    @property
    def output_unit(self) -> OutputUnit:
        """The units of layer L with their cost."""
        return OUTPUT_UNITS[self.output].with_numbers(self.output_numbers)

    def __str__(self) -> str:
        return "-".join(str(size) for size in self.sizes)

    def __repr__(self) -> str:
        numbers = f", output_numbers={self.output_numbers!r}" if self.output_numbers else ""
        if any(not isinstance(part, Dense) or part.sees_data for part in self.parts):
            return f"Network({list(self.parts)!r}, output={self.output!r}{numbers})"
        hidden = tuple(unit.name if str(unit) == unit.name else unit for unit in self.hidden_units)
        return f"Network(sizes={self.sizes!r}, hidden={hidden!r}, output={self.output!r}{numbers})"

    def roll(self, theta: Array) -> list[Array]:
        """Return Θ⁽¹⁾ … Θ⁽ᴸ⁻¹⁾, the parameters of each part, as views of θ: writing into one writes into θ.

        Parameters
        ----------
        theta : array of shape (n_parameters,)

        Raises
        ------
        ShapeError
            If θ has another shape.
        """
        theta = np.asarray(theta)
        if theta.shape != (self.n_parameters,):
            raise ShapeError(
                f"theta has the shape {theta.shape}, but the network {self} has {self.n_parameters} parameters "
                "in one vector. Unroll the matrices with network.unroll."
            )
        ends = accumulate((prod(part.shape) for part in self.parts), initial=0)
        return [
            theta[start:end].reshape(shape) for (start, end), shape in zip(pairwise(ends), self.shapes, strict=True)
        ]

    def unroll(self, thetas: Sequence[Array]) -> Array:
        """Return a new vector θ: all Θ⁽ˡ⁾ unrolled row by row, Θ⁽¹⁾ first. The inverse of `roll`.

        Raises
        ------
        ShapeError
            If the matrices do not have the shapes of this network.
        """
        shapes = tuple(np.shape(Theta) for Theta in thetas)
        if shapes != self.shapes:
            raise ShapeError(f"The matrices have the shapes {shapes}, but the network {self} has {self.shapes}.")
        return as_float(np.concatenate([np.ravel(Theta) for Theta in thetas]))

    def first_theta(self, generator: np.random.Generator, X: Array | None = None) -> Array:
        """Draw first weights that break the symmetry between the units of a layer.

        Θ⁽ˡ⁾_ij is uniform in `±gain·√(6/(s_l + s_{l+1}))` for j ≥ 1 (Glorot and Bengio 2010, equation 16), with the
        gain of the units that it feeds: 4 for logistic, whose slope at 0 is ¼, 1 for tanh, relu, identity and outputs
        (all are in the table `HIDDEN_UNITS`). Biases of hidden units are drawn from the same range, those of outputs
        are 0. `Dense(first_from="data")` and parts of other kinds draw theirs as their classes say; a `Dense` part
        before `Parametric` draws as one before outputs.

        Parameters
        ----------
        generator : numpy Generator
        X : array of shape (m, s₁), optional
            The rows of the training set, for parts whose first parameters depend on data: `Dense(first_from="data")`.

        Returns
        -------
        theta : array of shape (n_parameters,), float64

        Raises
        ------
        ShapeError
            If X does not have s₁ columns.
        InputError
            If a part needs X and it was not given.
        """
        if X is not None and X.shape[1:] != self.sizes[:1]:
            raise ShapeError(f"X has the shape {X.shape}, but the network {self} takes {self.sizes[0]} columns.")
        theta = np.zeros(self.n_parameters)
        last = max((n for n, part in enumerate(self.parts) if part.sees_data), default=-1)
        a = X
        for n, (part, parameters) in enumerate(zip(self.parts, self.roll(theta), strict=True)):
            parameters[:] = part.first(generator, a)
            a = None if a is None or n >= last else _forward_by_leaves(part, parameters, a)
        return theta


def _forward_by_leaves(part: Part, parameters: Array, a: Array) -> Array:
    """Return what goes out of a part; what it keeps for the way back is never there for all rows at once."""
    leaves = (a[start : start + LEAF_ROWS] for start in range(0, a.shape[0], LEAF_ROWS))
    return np.concatenate([part.forward(parameters, leaf)[0] for leaf in leaves])


def _dense(sizes: Any, hidden: Any) -> tuple[Part, ...]:
    """Return the parts of a network of dense layers, from the short form."""
    try:
        whole = tuple(int(size) for size in sizes)
    except (TypeError, ValueError, OverflowError):  # no sequence, or not of numbers
        whole = ()
    if len(whole) < 2 or min(whole) < 1 or whole != tuple(sizes):
        raise SettingsError(
            f"sizes={sizes!r} is not a network: it takes two layers or more (features first, outputs last) "
            "with a whole number of units, 1 or more, in each."
        )
    n_hidden = len(whole) - 2
    is_one = isinstance(hidden, str) or not isinstance(hidden, Iterable)
    units = (hidden,) * n_hidden if is_one else tuple(hidden)
    if len(units) != n_hidden:
        raise SettingsError(
            f"hidden={hidden!r} names {len(units)} hidden layers, but the network "
            f"{'-'.join(map(str, whole))} has {n_hidden}. Give one name for all, or one for each."
        )
    for unit in (hidden,) if is_one else units:
        if not isinstance(unit, Unit) and not (isinstance(unit, str) and unit in HIDDEN_UNITS):
            raise _unknown("hidden", unit, HIDDEN_UNITS)
    return tuple(Dense(*pair, unit) for pair, unit in zip(pairwise(whole), [*units, None], strict=True))


def _check_chain(parts: tuple[Part, ...]) -> None:
    """Say which part does not fit its place."""
    for n, (part, above) in enumerate(pairwise(parts), 1):
        if part.outputs != above.inputs:
            raise SettingsError(
                f"Part {n} of the network, {part!r}, gives {part.outputs} columns, but part {n + 1}, {above!r}, takes "
                f"{above.inputs}."
            )
        if isinstance(part, Dense) and part.unit is None and not isinstance(above, Parametric):
            raise SettingsError(
                f"Part {n} of the network, {part!r}, has no unit. Only the last part goes without, and one before "
                "Parametric."
            )
    if parts[-1].unit is not None or not isinstance(parts[-1], Dense):
        raise SettingsError(
            f"The last part of the network is {parts[-1]!r}, but the output units follow a Dense part without unit: "
            "Dense(inputs, outputs)."
        )


def _unknown(setting: str, name: object, table: Iterable[str]) -> SettingsError:
    return SettingsError(f"{setting}={name!r} is not a unit that is known here. Take one of {', '.join(table)}.")
