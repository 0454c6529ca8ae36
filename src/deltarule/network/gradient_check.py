"""The gradient check: D against differences of J, for any network on any data.

    ∂J/∂θ_p ≈ ( 8 [J(θ + ε e_p) − J(θ − ε e_p)] − [J(θ + 2ε e_p) − J(θ − 2ε e_p)] ) / 12 ε

The error of the four-point central difference is ε⁴/30 times the fifth derivative, that of the two-point one ε²/6
times the third. So ε can be so large (10⁻³) that the rounding of J hides nothing: the error is about 10⁻¹². The measure
is ‖D − differences‖ / (‖D‖ + ‖differences‖): 0 if they agree, 1 if D is zero or has the wrong sign.

If J bends so sharply that this ε is too long (inputs far from unit variance), the differences of two neighbouring ε
disagree by more than rounding explains, and shorter ε are taken. If the gradient is so small that the rounding of J
hides it (near a minimum), no difference can tell more. This limit is computed as the resolution, and the gap may be as
large. Both have the same divisor, so D passes exactly if it is as near to the differences as they may be to the truth.

At a kink of a unit (relu; in g′: elu) there is no such expansion. If a step of ε carries some z of some example across
a kink, ε is made smaller for that parameter; if the smallest ε still does, the parameter is left out and counted.

Sources: Fornberg, "Generation of finite difference formulas on arbitrarily spaced grids", Math. Comp. 51, 1988, table
1, for the difference; course exercise 4 for the measure. The divisor there is ‖D + differences‖, which is the same for
a D that is nearly right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import ArrayLike

from deltarule.common.arrays import Array, length
from deltarule.common.errors import InputError
from deltarule.common.html import fragment, table, tag
from deltarule.network.backpropagation import forward, total_cost, total_cost_and_gradient
from deltarule.network.data import TrainingSet, check_lambda
from deltarule.network.network import Network
from deltarule.network.parts import Dense

__all__ = ["GradientCheck", "check_gradient"]

EPSILONS = (1e-3, 1e-4, 1e-5, 1e-6)
"""Steps, largest first. Median measure over 40 random 4-5-5-3 networks with logistic, tanh and identity units:
1e-2: 2e-9; 1e-3: 6e-13; 1e-4: 5e-12; 1e-5: 5e-11."""

TOLERANCE = 1e-9
"""The largest measure of a right gradient, unless the resolution is larger; a wrong factor anywhere gives far more."""

_UNIT = float(np.finfo(np.float64).eps) / 2


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """The result of `check_gradient`; prints as a small table.

    Attributes
    ----------
    gap : float
        ‖D − differences‖ / (‖D‖ + ‖differences‖) over all parameters that were compared.
    layer_gaps : tuple of float
        The same for each of Θ⁽¹⁾ … Θ⁽ᴸ⁻¹⁾; NaN if none of its parameters was compared.
    directional_gap : float
        |D·v − difference along v| / (|D·v| + |difference|) for one random direction v of length 1 that moves every
        parameter at once; NaN if every step along v crosses a kink.
    resolution, directional_resolution : float
        How large the two gaps of a right gradient may be because of the differences' errors: 16 u |J| / ε for each
        difference, plus its distance from that with the next ε.
    compared, kinks, n_parameters : int
        Numbers of parameters: compared, left out because a kink lies within the smallest step, and all.
    worst : tuple of int
        (l, i, j) of the Θ⁽ˡ⁾_ij with the largest difference; i from 1 and j from 0, as in the notes.
    worst_gradient, worst_difference : float
        The two values there.
    tolerance : float
        The largest `gap` and `directional_gap` that pass, unless their resolution is larger.
    """

    gap: float
    layer_gaps: tuple[float, ...]
    directional_gap: float
    resolution: float
    directional_resolution: float
    compared: int
    kinks: int
    n_parameters: int
    worst: tuple[int, int, int]
    worst_gradient: float
    worst_difference: float
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether anything was compared and both gaps are within the tolerance or the resolution."""
        limit, along = self._limits
        directional = np.isnan(self.directional_gap) or self.directional_gap <= along
        return bool(self.compared > 0 and self.gap <= limit and directional)

    @property
    def _limits(self) -> tuple[float, float]:
        """How large the gap and the directional gap may be."""
        return max(self.tolerance, self.resolution), max(self.tolerance, self.directional_resolution)

    def __str__(self) -> str:
        return "\n".join([self._verdict(), *(f"  {name:<20} {text}" for name, text in self._rows())])

    def _repr_html_(self) -> str:
        return fragment(tag("p", tag("b", self._verdict())), table(self._rows()))

    def _verdict(self) -> str:
        return f"Gradient check: {'passed' if self.passed else 'FAILED'}"

    def _rows(self) -> list[tuple[str, str]]:
        layer, i, j = self.worst
        limit, along = self._limits
        rows = [
            ("compared", f"{self.compared} of {self.n_parameters} parameters"),
            ("‖D − d‖/(‖D‖ + ‖d‖)", f"{self.gap:.2e}  (at most {limit:.2g})"),
        ]
        rows += [
            (f"  in Θ({n})", "none compared" if np.isnan(gap) else f"{gap:.2e}")
            for n, gap in enumerate(self.layer_gaps, 1)
        ]
        slope = f"{self.directional_gap:.2e}  (at most {along:.2g})"
        rows += [
            ("along a direction", "every step crosses a kink of g" if np.isnan(self.directional_gap) else slope),
            (
                "worst",
                f"Θ({layer})[{i},{j}]: D = {self.worst_gradient:+.12e}, differences {self.worst_difference:+.12e}",
            ),
        ]
        if self.resolution > self.tolerance:
            text = f"{self.resolution:.2e}: J is so flat here that its rounding hides the rest"
            rows.append(("resolution", text))
        if self.kinks:
            rows.append(("left out", f"{self.kinks} parameters, whose smallest step crosses a kink of g"))
        return rows


class Fitted(Protocol):
    """A fitted estimator, as far as the check uses it."""

    alpha: float
    network_: Network
    theta_: Array

    def arrays_of(self, X: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """Return X and Y."""


@overload
def check_gradient(
    network: Network,
    theta: ArrayLike,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    lambda_: float | None = None,
    sample_weight: ArrayLike | None = None,
    parameters: int | None = None,
    seed: int = 0,
    gradient: Callable[[Array, TrainingSet, float], Array] | None = None,
) -> GradientCheck: ...


@overload
def check_gradient(
    estimator: Fitted,
    X: ArrayLike,
    y: ArrayLike,
    *,
    lambda_: float | None = None,
    sample_weight: ArrayLike | None = None,
    parameters: int | None = None,
    seed: int = 0,
    gradient: Callable[[Array, TrainingSet, float], Array] | None = None,
) -> GradientCheck: ...


def check_gradient(
    *args: Any,
    lambda_: float | None = None,
    sample_weight: ArrayLike | None = None,
    parameters: int | None = None,
    seed: int = 0,
    gradient: Callable[[Array, TrainingSet, float], Array] | None = None,
    **kwargs: Any,
) -> GradientCheck:
    """Compare the gradient D with differences of the cost J, in float64: of a network, or of a fitted estimator.

    Called as `check_gradient(network, theta, X, Y, …)` or `check_gradient(estimator, X, y, …)`, by place or by name.

    Parameters
    ----------
    network, theta, X, Y
        As in `deltarule.cost_and_gradient`.
    estimator, X, y
        A fitted estimator of deltarule, and data as for its `fit`.
    lambda_, sample_weight
        As in `deltarule.cost_and_gradient`; λ is 0 by default, for an estimator its `alpha`.
    parameters : int, optional
        How many parameters to compare, drawn with `seed`; where there are other parts than `Dense`, some of each
        segment of θ. Default: all, or 2 000 of them if there are more.
    seed : int, default 0
        Seed of the sample and of the direction.
    gradient : callable, optional
        (θ, training set, λ) ↦ D to check instead of the library's own: an engine's, or your own.

    Returns
    -------
    GradientCheck

    Raises
    ------
    ShapeError, InputError
        If X, Y, θ, λ or the weights do not fit, or the arguments are those of neither form.

    Examples
    --------
    >>> network = Network((2, 3, 1))
    >>> theta = network.first_theta(np.random.default_rng(0))
    >>> check_gradient(network, theta, [[0.5, -1.0]], [[1.0]], lambda_=0.1).passed
    True
    """
    if parameters is not None and (not isinstance(parameters, int | np.integer) or parameters < 1):
        raise InputError(
            f"parameters={parameters!r} is not how many parameters to compare. Give a whole number from 1 on, or leave "
            "it out for all, up to 2 000."
        )
    network, theta, X, Y, lambda_ = _bound(args, kwargs, lambda_)
    theta = np.asarray(theta, dtype=np.float64)
    network.roll(theta)  # the shape is checked here
    data = TrainingSet.of(network, X, Y, sample_weight, np.dtype(np.float64))
    lambda_ = check_lambda(0.0 if lambda_ is None else lambda_)
    n = network.n_parameters
    generator = np.random.default_rng(seed)
    count = min(n, parameters or 2000)
    places = _sample(network, count, generator) if count < n else np.arange(n)
    if gradient is None:
        D = total_cost_and_gradient(network, theta, data, lambda_)[1]
    else:
        D = np.asarray(gradient(theta, data, lambda_), dtype=np.float64)

    probe = _Probe(network, theta, data, lambda_)
    differences, noise = np.full(n, np.nan), np.zeros(n)
    for place in places:
        direction = np.zeros(n)
        direction[place] = 1
        differences[place], noise[place] = probe.difference(direction)
    direction = generator.standard_normal(n)
    direction /= np.linalg.norm(direction)
    along, noise_along = probe.difference(direction)

    compared = np.isfinite(differences)
    # A D that is not finite is wrong, whether that place is in the sample or not.
    apart = np.where(np.isfinite(D), np.where(compared, np.abs(D - differences), 0), np.inf)
    worst = int(np.argmax(apart))
    is_finite = bool(np.isfinite(D).all())
    slope = np.array([D @ direction if is_finite else np.nan])
    return GradientCheck(
        gap=_gap(D[compared], differences[compared]) if is_finite else np.inf,
        layer_gaps=tuple(
            _gap(D_l[known], d_l[known])
            for D_l, d_l, known in zip(network.roll(D), network.roll(differences), network.roll(compared), strict=True)
        ),
        directional_gap=_gap(slope, np.array([along])),
        resolution=_share(noise[compared], D[compared], differences[compared]) if is_finite else 0.0,
        directional_resolution=_share(np.array([noise_along]), slope, np.array([along])),
        compared=int(np.count_nonzero(compared)),
        kinks=int(count - np.count_nonzero(compared)),
        n_parameters=n,
        worst=_position(network, worst),
        worst_gradient=float(D[worst]),
        worst_difference=float(differences[worst]),
    )


def _bound(args: tuple[Any, ...], kwargs: dict[str, Any], lambda_: float | None) -> tuple[Any, ...]:
    """Return network, θ, X, Y and λ from the arguments of either form."""
    first: Any = args[0] if args else kwargs.get("network", kwargs.get("estimator"))
    of_network = isinstance(first, Network)
    if not of_network and not hasattr(first, "arrays_of"):
        raise InputError(
            f"check_gradient takes a Network with θ, X and Y, or a fitted estimator of deltarule with X and y, not "
            f"a {type(first).__name__}. Of a pipeline, give the last step and X as the steps before it make it."
        )
    names = ("network", "theta", "X", "Y") if of_network else ("estimator", "X", "y")
    by_place = dict(zip(names, args, strict=False))
    if len(args) > len(names) or by_place.keys() & kwargs.keys() or by_place.keys() | kwargs.keys() != set(names):
        raise InputError(
            f"check_gradient of {'a network' if of_network else 'an estimator'} takes {', '.join(names)}, each once, "
            f"but {len(args)} came by place and {', '.join(kwargs) or 'none'} by name."
        )
    given = by_place | kwargs
    if of_network:
        return *(given[name] for name in names), lambda_
    X, Y = first.arrays_of(given["X"], given["y"])
    return first.network_, first.theta_, X, Y, first.alpha if lambda_ is None else lambda_


class _Probe:
    """Differences of J around one θ, of steps that cross no kink."""

    def __init__(self, network: Network, theta: Array, data: TrainingSet, lambda_: float) -> None:
        self.network, self.theta, self.data, self.lambda_ = network, theta, data, lambda_
        self.has_kinks = (
            network.output_unit.sides is not None
            or any(unit.kinks for unit in network.hidden_units)
            or any(hasattr(part, "sides") for part in network.parts)
        )
        self.sides = self._sides(theta)
        self.J = abs(total_cost(network, theta, data, lambda_))

    def difference(self, direction: Array) -> tuple[float, float]:
        """Return dJ/dt at θ + t·direction, t = 0, and its largest error; NaN if every step crosses a kink.

        The largest error is the rounding of J plus the difference to the next ε, which covers that of the longer step.
        """
        best, best_doubt = (np.nan, 0.0), np.inf
        longer: tuple[float, float] | None = None
        for epsilon in EPSILONS:
            slope = self._slope(direction, epsilon)
            if slope is None:
                continue
            noise = 16 * _UNIT * self.J / epsilon  # near 1 of 12 minima of 3-4-1, 8 was too small by a quarter
            if longer is not None:
                doubt = abs(longer[0] - slope)
                if doubt <= noise:  # the two differ by rounding alone, and the longer step has less of it
                    return longer[0], longer[1] + doubt
                if doubt < best_doubt:
                    best, best_doubt = (slope, noise + doubt), doubt
            longer = slope, noise
        return best if np.isfinite(best_doubt) or longer is None else longer

    def _slope(self, direction: Array, epsilon: float) -> float | None:
        steps = [self.theta + c * epsilon * direction for c in (1, -1, 2, -2)]
        if self.has_kinks and any(self._sides(step) != self.sides for step in steps):
            return None
        plus, minus, plus_2, minus_2 = (total_cost(self.network, step, self.data, self.lambda_) for step in steps)
        return (8 * (plus - minus) - (plus_2 - minus_2)) / (12 * epsilon)

    def _sides(self, theta: Array) -> bytes:
        """On which side of every kink each z of each example lies, and where it lies in parts that have sides."""
        if not self.has_kinks:
            return b""
        kept, a = forward(self.network, self.network.roll(theta), self.data.X)
        parts = list(zip(self.network.parts, kept, strict=True))
        sides = [values.z > kink for part, values in parts if part.unit is not None for kink in part.unit.kinks]
        places = [part.sides(values) for part, values in parts if hasattr(part, "sides")]
        if (of_outputs := self.network.output_unit.sides) is not None:
            sides.append(of_outputs(a[-1], self.data.Y))
        return b"".join([*(side.tobytes() for side in sides), *places])


def _gap(D: Array, differences: Array) -> float:
    if D.size == 0 or not np.isfinite(D - differences).all():
        return float("nan")
    return _share(D - differences, D, differences)


def _share(part: Array, D: Array, differences: Array) -> float:
    """Return ‖part‖ / (‖D‖ + ‖differences‖); 0 if the divisor is 0."""
    whole = length(D) + length(differences)
    return length(part) / whole if whole > 0 else 0.0


def _sample(network: Network, count: int, generator: np.random.Generator) -> Array:
    """Return the places in θ to compare."""
    n, segments = network.n_parameters, network.segments
    share = count // (2 * len(segments))
    if not share or all(isinstance(part, Dense) for part in network.parts):
        return np.sort(generator.choice(n, count, replace=False))
    theta = np.arange(n)
    found = [generator.permutation(segment.of(theta).ravel())[:share] for segment in segments]
    chosen = np.concatenate(found)
    rest = generator.choice(np.setdiff1d(theta, chosen), count - len(chosen), replace=False)
    return np.sort(np.concatenate([chosen, rest]))


def _position(network: Network, place: int) -> tuple[int, int, int]:
    for layer, shape in enumerate(network.shapes, 1):
        if place < prod(shape):
            row, column = divmod(place, prod(shape[1:]))
            return layer, row + 1, column
        place -= prod(shape)
    raise AssertionError("unreachable: a place within θ lies in some layer")
