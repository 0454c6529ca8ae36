"""Parts that make several numbers of one: curves that are learnt, for each column its own.

Column c of a⁽ˡ⁾ is x. With δ = ∂ℓ/∂a⁽ˡ⁺¹⁾ of its numbers, a row of the shape of T_k:

    PiecewiseLinear   knots t_0 < … < t_{K−1}, rows T_0 … T_{K−1}; r = (x − t_k)/(t_{k+1} − t_k) for t_k ≤ x < t_{k+1}
        a⁽ˡ⁺¹⁾ = (1 − r) T_k + r T_{k+1},   T_0 below the first knot, T_{K−1} from the last on                       (9)
        Δ_k := Δ_k + (1 − r) δ,   Δ_{k+1} := Δ_{k+1} + r δ
        ∂ℓ/∂x = (T_{k+1} − T_k) · δ/(t_{k+1} − t_k),   0 outside the knots

    Periodic          φ_f = 2π ω_f x + b_f, f = 1 … F
        a⁽ˡ⁺¹⁾ = [x; V cos φ + v],   V of shape (width − 1, F)                                                      (10)
        with δ = [δ_0; δ′] and γ = −sin φ ⊙ Vᵀ δ′:
        Δ_V := Δ_V + δ′ cos φᵀ,   Δ_v := Δ_v + δ′,   Δ_b := Δ_b + γ,   Δ_ω := Δ_ω + 2π x γ
        ∂ℓ/∂x = δ_0 + 2π ω · γ

A curve of (9) is constant outside its knots, so an outlier moves nothing further than the largest value of the
training set does. A straight continuation would, and where knots are quantiles the last two may be far closer than
such an outlier is.

Sources: Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular deep learning", 2022, for the
piecewise-linear encoding, of which (9) is a linear map, and for periodic ones; Holzmüller, Grinsztajn and Steinwart,
"Better by default", 2024, for (10), there PBLD.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np

from deltarule.common.arrays import Array, as_dense
from deltarule.common.errors import SettingsError
from deltarule.network.first_floor import WithoutUnits
from deltarule.network.parts import Terms
from deltarule.network.segments import Segment, check_count

__all__ = ["Periodic", "PiecewiseLinear"]


class _Place(NamedTuple):
    """Where each x lies among the knots of its column.

    Attributes
    ----------
    k : array of int, of shape (m, columns)
        The row of T below x, counted over all columns.
    r : array of shape (m, columns)
        How far x is on the way to the next knot, 0 to 1.
    rise : array of shape (m, columns)
        1/(t_{k+1} − t_k), 0 outside the knots.
    """

    k: Array
    r: Array
    rise: Array


@dataclass(frozen=True, init=False)
class PiecewiseLinear(WithoutUnits):
    """For each column a curve through rows of numbers, which are learnt, at knots that are not: equation (9).

    Parameters
    ----------
    knots : sequence of sequences of float
        For each column two or more, ascending: quantiles of the training set, for example.
    width : int, default 4
        Numbers that are made of each column.

    Raises
    ------
    SettingsError
        If a column has fewer than two knots or they do not ascend, or the width is not whole or below 1.

    Examples
    --------
    >>> floor = PiecewiseLinear([[0.0, 1.0, 3.0]], width=1)
    >>> floor.forward(np.array([[5.0], [7.0], [0.0]]), np.array([[0.5], [2.0], [9.0]]))[0]
    array([[6. ],
           [3.5],
           [0. ]])
    """

    kind: ClassVar[str] = "piecewise"
    knots: tuple[tuple[float, ...], ...]
    width: int

    def __init__(self, knots: Iterable[Sequence[float] | Array], width: int = 4) -> None:
        try:
            columns = tuple(tuple(map(float, column)) for column in knots)
        except (TypeError, ValueError):
            raise SettingsError(
                f"PiecewiseLinear: knots={knots!r} cannot be. Give a sequence of numbers for each column."
            ) from None
        if not columns:
            raise SettingsError("PiecewiseLinear: knots=() has no column. Give the knots of one or more.")
        for c, column in enumerate(columns):
            if len(column) < 2 or not np.isfinite(column).all() or not (np.diff(column) > 0).all():
                raise SettingsError(
                    f"PiecewiseLinear: the knots {column} of column {c} cannot be. Give two or more finite numbers, "
                    "each larger than the one before."
                )
        object.__setattr__(self, "knots", columns)
        object.__setattr__(self, "width", check_count("PiecewiseLinear", "width", width))

    @property
    def inputs(self) -> int:
        """Columns of what comes in."""
        return len(self.knots)

    @property
    def outputs(self) -> int:
        """Columns of what goes out, `width` for each that comes in."""
        return len(self.knots) * self.width

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape (knots of all columns, width) of the tables T, one below the other."""
        return sum(map(len, self.knots)), self.width

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The tables, which no penalty counts."""
        return (Segment("table", 0, 0, self.shape, (self.width, 1), "embedding", penalised=False, decay=0.0),)

    def first(self, generator: np.random.Generator, a: Array | None, /) -> Array:
        """Draw lines in the number of the knot: u + v (2k/(K − 1) − 1), u and v normal with variance 1.

        A curve begins as a monotone function of x then, and not as K numbers that have nothing to do with each other.
        """
        del a
        tables = []
        for column in self.knots:
            u, v = generator.standard_normal((2, self.width))
            tables.append(u + v * np.linspace(-1, 1, len(column))[:, np.newaxis])
        return np.vstack(tables)

    def forward(self, tables: Array, a: Array, factor: Array | None = None, /) -> tuple[Array, tuple[Array, _Place]]:
        """Return the numbers of each column; keeps the tables and where x lies."""
        del factor
        place = self._place(as_dense(a))
        r = place.r[..., np.newaxis]
        out = (1 - r) * tables[place.k] + r * tables[place.k + 1]  # (9), (m, columns, width)
        return out.reshape(len(r), -1), (tables, place)

    def gradient(self, kept: tuple[Array, _Place], a: Array, delta: Array, out: Array, /) -> None:
        """Write Δ of these rows."""
        del a
        _, place = kept
        delta, r = delta.reshape(*place.k.shape, self.width), place.r[..., np.newaxis]
        out[:] = 0
        np.add.at(out, place.k, (1 - r) * delta)  # (9)
        np.add.at(out, place.k + 1, r * delta)  # (9)

    def error(self, tables: Array, kept: tuple[Array, _Place], delta: Array, /) -> Array:
        """Return the error of what came in."""
        _, place = kept
        rise = tables[place.k + 1] - tables[place.k]  # (m, columns, width)
        return np.asarray((rise * delta.reshape(rise.shape)).sum(axis=2) * place.rise)  # (9)

    def terms(self, tables: Array, a: Array, i: int, /) -> Terms:
        """Return (1 − r) T_k + r T_{k+1} of number i."""
        c, w = divmod(i, self.width)
        place = self._place(a[np.newaxis])
        k, r = int(place.k[0, c]), float(place.r[0, c])
        return Terms(0.0, tables[k : k + 2, w], np.array([1 - r, r]))

    def sides(self, kept: tuple[Array, _Place]) -> bytes:
        """Return between which knots each x lies."""
        _, place = kept
        return place.k.tobytes() + (place.rise > 0).tobytes() + (place.r > 0).tobytes()

    @cached_property
    def _columns(self) -> list[tuple[int, Array]]:
        """The first row of T and the knots of each column."""
        starts = np.cumsum([0, *map(len, self.knots)])
        return [(int(start), np.array(column)) for start, column in zip(starts, self.knots, strict=False)]

    def _place(self, a: Array) -> _Place:
        """Return where each x lies, found in float64, in which knots that are close stay apart."""
        k = np.empty(a.shape, dtype=np.intp)
        r, rise = np.empty(a.shape), np.empty(a.shape)
        for c, (start, knots) in enumerate(self._columns):
            x = a[:, c].astype(np.float64)
            below = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
            gap = knots[below + 1] - knots[below]
            k[:, c] = start + below
            r[:, c] = np.clip((x - knots[below]) / gap, 0, 1)
            rise[:, c] = np.where((x >= knots[0]) & (x < knots[-1]), 1 / gap, 0)
        return _Place(k, r.astype(a.dtype), rise.astype(a.dtype))


class _Waves(NamedTuple):
    """What `Periodic` keeps of its way forward: its parameters, φ and cos φ, of shape (columns, m, frequencies)."""

    parameters: Array
    phi: Array
    cos: Array


@dataclass(frozen=True, init=False)
class Periodic(WithoutUnits):
    """For each column the number itself, and sums of waves with frequencies that are learnt: equation (10).

    Parameters
    ----------
    columns : int
    frequencies : int, default 16
        F, waves of each column.
    width : int, default 4
        Numbers that are made of each column: itself, and width − 1 sums of its waves.
    sigma : float, default 0.1
        Deviation of the first ω; a wave is 1/ω long.

    Raises
    ------
    SettingsError
        If a number is outside its range.

    Examples
    --------
    >>> floor = Periodic(2)
    >>> floor.outputs, floor.shape, floor.segments[0].name
    (8, (2, 83), 'frequency')
    """

    kind: ClassVar[str] = "periodic"
    columns: int
    frequencies: int
    width: int
    sigma: float

    def __init__(self, columns: int, frequencies: int = 16, width: int = 4, sigma: float = 0.1) -> None:
        object.__setattr__(self, "columns", check_count("Periodic", "columns", columns))
        object.__setattr__(self, "frequencies", check_count("Periodic", "frequencies", frequencies))
        object.__setattr__(self, "width", check_count("Periodic", "width", width, least=2))
        is_number = isinstance(sigma, int | float | np.integer | np.floating) and not isinstance(sigma, bool)
        if not is_number or not 0 < sigma < np.inf:
            raise SettingsError(f"Periodic: sigma={sigma!r} cannot be. Give a finite number above 0.")
        object.__setattr__(self, "sigma", float(sigma))

    @property
    def inputs(self) -> int:
        """Columns of what comes in."""
        return self.columns

    @property
    def outputs(self) -> int:
        """Columns of what goes out, `width` for each that comes in."""
        return self.columns * self.width

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape (columns, (width + 1) F + width − 1): for each column ω, b, V row by row, and v."""
        return self.columns, (self.width + 1) * self.frequencies + self.width - 1

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The ω, b, V and v of all columns, which no penalty counts."""
        C, F, W = self.columns, self.frequencies, self.width - 1
        n = self.shape[1]
        return (
            self._segment("frequency", 0, (C, F), (n, 1)),
            self._segment("phase", F, (C, F), (n, 1)),
            self._segment("weight", 2 * F, (C, W, F), (n, F, 1)),
            self._segment("bias", (2 + W) * F, (C, W), (n, 1)),
        )

    @staticmethod
    def _segment(name: str, start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Segment:
        return Segment(name, 0, start, shape, strides, "embedding", penalised=False, decay=0.0)

    def first(self, generator: np.random.Generator, a: Array | None, /) -> Array:
        """Draw ω ~ N(0, σ²), b uniform in ±π, V and v uniform in ±1/√F."""
        del a
        parameters = np.empty(self.shape)
        omega, b, V, v = self._rolled(parameters)
        bound = 1 / np.sqrt(self.frequencies)
        omega[:] = self.sigma * generator.standard_normal(omega.shape)
        b[:] = generator.uniform(-np.pi, np.pi, b.shape)
        V[:] = generator.uniform(-bound, bound, V.shape)
        v[:] = generator.uniform(-bound, bound, v.shape)
        return parameters

    def forward(self, parameters: Array, a: Array, factor: Array | None = None, /) -> tuple[Array, _Waves]:
        """Return each column with the sums of its waves."""
        del factor
        omega, b, V, v = self._rolled(parameters)
        x = as_dense(a).T[:, :, np.newaxis]  # (columns, m, 1)
        phi = x * _turns(omega)[:, np.newaxis] + b[:, np.newaxis]  # (10), (columns, m, F)
        cos = np.cos(phi)
        sums = cos @ V.swapaxes(1, 2) + v[:, np.newaxis]  # (10), (columns, m, width − 1)
        out = np.concatenate([x, sums], axis=2).swapaxes(0, 1)  # (m, columns, width)
        return out.reshape(len(out), -1), _Waves(parameters, phi, cos)

    def gradient(self, kept: _Waves, a: Array, delta: Array, out: Array, /) -> None:
        """Write Δ of these rows."""
        omega, b, V, v = self._rolled(out)
        of_sums, gamma = self._back(kept, delta)
        V[:] = of_sums.swapaxes(1, 2) @ kept.cos  # (10), (columns, width − 1, F)
        v[:] = of_sums.sum(axis=1)  # (10)
        b[:] = gamma.sum(axis=1)  # (10)
        omega[:] = _turns((as_dense(a).T[:, np.newaxis] @ gamma)[:, 0])  # (10)

    def error(self, parameters: Array, kept: _Waves, delta: Array, /) -> Array:
        """Return the error of what came in."""
        omega = self._rolled(parameters)[0]
        _, gamma = self._back(kept, delta)  # (columns, m, F)
        through_waves = (gamma @ _turns(omega)[:, :, np.newaxis])[:, :, 0].T
        return np.asarray(delta.reshape(-1, self.columns, self.width)[:, :, 0] + through_waves)  # (10)

    def terms(self, parameters: Array, a: Array, i: int, /) -> Terms:
        """Return x, or the sum of waves of number i."""
        c, row = divmod(i, self.width)
        if row == 0:
            return Terms(0.0, np.ones(1), a[c : c + 1])
        omega, b, V, v = self._rolled(parameters)
        return Terms(float(v[c, row - 1]), V[c, row - 1], np.cos(_turns(omega[c]) * a[c] + b[c]))

    def _back(self, kept: _Waves, delta: Array) -> tuple[Array, Array]:
        """Return δ′ of shape (columns, m, width − 1), and γ."""
        V = self._rolled(kept.parameters)[2]
        of_sums = delta.reshape(-1, self.columns, self.width)[:, :, 1:].swapaxes(0, 1)
        return of_sums, -np.sin(kept.phi) * (of_sums @ V)

    def _rolled(self, parameters: Array) -> tuple[Array, Array, Array, Array]:
        """Return ω, b, V and v as views."""
        omega, b, V, v = (segment.of(parameters.reshape(-1)) for segment in self.segments)
        return omega, b, V, v


def _turns(omega: Array) -> Array:
    """Return 2π ω in the dtype of ω."""
    return np.asarray(omega * omega.dtype.type(2 * np.pi))
