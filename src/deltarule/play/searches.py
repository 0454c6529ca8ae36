"""Line searches of full-batch solvers, as the solvers made them: the direction, what it came from, and the steps tried.

    lbfgs   p = −H D by two loops over the last pairs s = Θ′ − Θ and u = D′ − D, with ρ = 1/sᵀu:
            q := D;        from the newest pair to the oldest  κ := ρ sᵀq,  q := q − κ u
            r := γ q;      from the oldest pair to the newest  ω := ρ uᵀr,  r := r + (κ − ω) s;      p = −r
            where γ = sᵀu/uᵀu of the newest pair
    cg      p = −D + β p₋ with β = max(0, (D − D₋)ᵀD / D₋ᵀD₋), where ₋ is the iteration before
    gd      p = −D

A solver of SciPy tells θ, J and D wherever it tries them, and nothing of its vectors. It is therefore run again, and
what it tried tells the rest: all points of a search lie on a line, and L-BFGS begins each search but the first with the
step 1, so its first point is θ + p. The pairs are differences of what it found. Where the two loops do not lead to that
p, the solver has forgotten its pairs and gone down the gradient, as L-BFGS-B does after a search that found no lower J.

Sources: Nocedal and Wright, Numerical Optimization, 2006, algorithms 5.4 and 7.4; Byrd, Lu, Nocedal and Zhu, A Limited
Memory Algorithm for Bound Constrained Optimization, 1995.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from deltarule.common.arrays import Array, length
from deltarule.engines import Engine
from deltarule.play.problem import Problem
from deltarule.play.walker import Walker
from deltarule.training.record import RunState
from deltarule.training.settings import Settings
from deltarule.training.solvers.full_batch import ARMIJO

__all__ = ["WOLFE", "Search", "Searches", "searches_a_line", "two_loops"]

WOLFE = {"lbfgs": (1e-3, 0.9), "cg": (1e-4, 0.4), "gd": (ARMIJO, None)}
"""c₁ and c₂ by which a solver takes a step: J(α) ≤ J + c₁ α d and |d(α)| ≤ c₂ |d|, where d is the slope pᵀD."""

MOST_PAIRS = 10
"""Pairs that SciPy's L-BFGS remembers."""

KEPT_BYTES = 2**24

SLICE = 61
"""Points of a picture of J along the direction."""

ON_A_LINE = 1e-7
"""1 − cosine of two moves above which they are not along one line."""


@dataclass(frozen=True)
class Trial:
    """A step that was tried: θ + α p, its J, and the slope of J along p there."""

    alpha: float
    J: float
    slope: float


@dataclass(frozen=True, eq=False)
class Pair:
    """How θ and D changed in an iteration: s and u, and ρ = 1/sᵀu."""

    s: Array
    u: Array
    rho: float


@dataclass(frozen=True, eq=False)
class Loops:
    """The two loops of L-BFGS: sᵀq, κ, uᵀr and ω by pair, the newest first, and γ."""

    sq: list[float]
    kappa: list[float]
    ur: list[float]
    omega: list[float]
    gamma: float
    p: Array


@dataclass(frozen=True, eq=False)
class Search:
    """The iteration that follows a step.

    Attributes
    ----------
    solver : str
    theta, J, D : array, float, array
        Where it begins.
    p : array of shape (n_parameters,)
        The direction.
    trials : tuple of Trial
        Steps along p in the order in which they were tried.
    taken : Trial
        The one that was taken.
    new_theta : array
    pairs : tuple of Pair
        What L-BFGS remembers, the newest first.
    before : tuple of arrays or None
        D₋ and p₋ of conjugate gradients; None in the first iteration.
    elsewhere : int
        Points that were tried along another direction before, in vain.
    """

    solver: str
    theta: Array
    J: float
    D: Array
    p: Array
    trials: tuple[Trial, ...]
    taken: Trial
    new_theta: Array
    pairs: tuple[Pair, ...] = ()
    before: tuple[Array, Array] | None = None
    elsewhere: int = 0

    @property
    def slope(self) -> float:
        """The slope of J along p, pᵀD."""
        return float(self.p @ self.D)

    @cached_property
    def loops(self) -> Loops:
        """The two loops over the pairs."""
        return two_loops(self.pairs, self.D)

    @property
    def beta(self) -> float:
        """β of conjugate gradients; 0 in the first iteration."""
        return 0.0 if self.before is None else _beta(self.D, self.before[0])

    @property
    def nbytes(self) -> int:
        """Bytes of its own arrays; those of pairs belong to several."""
        return 5 * self.theta.nbytes


def searches_a_line(settings: Settings) -> bool:
    """Whether the solver of some settings finds its step by a line search."""
    return settings.solver in ("lbfgs", "cg") or (settings.solver == "gd" and settings.learning_rate == "adaptive")


def two_loops(pairs: Sequence[Pair], D: Array) -> Loops:
    """Return what the two loops of L-BFGS make of D; `pairs` has the newest first."""
    q, sq, kappa = np.array(D), [], []
    for pair in pairs:
        sq.append(float(pair.s @ q))
        kappa.append(pair.rho * sq[-1])
        q = q - kappa[-1] * pair.u
    gamma = 1 / (pairs[0].rho * float(pairs[0].u @ pairs[0].u)) if pairs else 1.0
    r = gamma * q
    ur = [0.0] * len(pairs)
    omega = [0.0] * len(pairs)
    for n in reversed(range(len(pairs))):
        ur[n] = float(pairs[n].u @ r)
        omega[n] = pairs[n].rho * ur[n]
        r = r + (kappa[n] - omega[n]) * pairs[n].s
    return Loops(sq, kappa, ur, omega, gamma, -r)


class Searches:
    """The line searches of a run from its start on, for any thread; the run is made again as far as it is asked for.

    Parameters
    ----------
    problem : Problem
    start : RunState
        Where the run begins.
    """

    def __init__(self, problem: Problem, start: RunState) -> None:
        self._problem, self._start = problem, start
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Search] = OrderedDict()
        self._slices: dict[int, tuple[Array, Array]] = {}
        self._engine: _Listening | None = None
        self._walker: Walker | None = None
        self._end: int | None = None
        self._is_closed = False

    def of(self, step: int) -> Search | None:
        """Return the search that leads from a step to the next; None if the run ends there."""
        with self._lock:
            try:
                return self._of(step)
            finally:
                self._rest()

    def slice_of(self, step: int) -> tuple[Array, Array]:
        """Return α and J(θ + α p) along the direction of a search, from 0 to beyond the longest step tried."""
        with self._lock:
            try:
                search = self._of(step)
                assert search is not None
                if step not in self._slices:
                    self._slices = {step: self._slice(search)}
                return self._slices[step]
            finally:
                self._rest()

    def close(self) -> None:
        """End the thread and free the engine. Who still has an old snapshot may go on asking."""
        with self._lock:
            self._is_closed = True
            self._rest()

    def _rest(self) -> None:
        if self._is_closed:
            self._leave()
            if self._engine is not None:
                self._engine.close()
                self._engine = None

    def _slice(self, search: Search) -> tuple[Array, Array]:
        alphas = np.linspace(0, 1.25 * max(trial.alpha for trial in search.trials), SLICE)
        data, lambda_ = self._problem.training, self._problem.settings.alpha
        with np.errstate(all="ignore"):
            J = [self._listening().cost(search.theta + alpha * search.p, data, lambda_) for alpha in alphas]
        return alphas, np.array(J)

    def _listening(self) -> "_Listening":
        if self._engine is None:
            self._engine = _Listening(self._problem.new_engine())
        return self._engine

    def _of(self, step: int) -> Search | None:
        if step not in self._kept and (self._end is None or step < self._end):
            if self._walker is None or self._walker.step > step:
                self._leave()
                engine, self._seen = self._listening(), _Seen(self._problem.settings.solver)
                engine.tried = self._seen.tried
                self._walker = Walker(self._problem, engine, self._start, self._keep)
            if self._walker.go_to(step + 1) is None:
                self._end = self._walker.step
        return self._kept.get(step)

    def _keep(self, step: int, theta: Array) -> None:
        search = self._seen.take(theta.astype(np.float64))
        if search is None:
            return
        self._kept[step - 1] = search
        while len(self._kept) * search.nbytes > KEPT_BYTES and len(self._kept) > 1:
            self._kept.popitem(last=False)

    def _leave(self) -> None:
        if self._walker is not None:
            self._walker.close()
            self._walker = None


class _Listening:
    """An engine that keeps each point at which it is asked for J and D."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.tried: list[tuple[Array, float, Array]] = []

    def cost_and_gradient(self, theta: Array, data: Any, lambda_: float) -> tuple[float, Array]:
        J, D = self._engine.cost_and_gradient(theta, data, lambda_)
        self.tried.append((np.array(theta, dtype=np.float64), float(J), np.array(D, dtype=np.float64)))
        return J, D

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class _Seen:
    """What is known of a run from the points that it tries, iteration by iteration."""

    def __init__(self, solver: str) -> None:
        self.solver = solver
        self.tried: list[tuple[Array, float, Array]] = []
        self._here: tuple[Array, float, Array] | None = None
        self._pairs: list[Pair] = []
        self._before: tuple[Array, Array] | None = None

    def take(self, theta: Array) -> Search | None:
        """Return the search that ended at θ, and go on from there."""
        if self._here is None:
            self._here = self.tried.pop(0)
        here, points = self._here, list(self.tried)
        self.tried.clear()
        taken = next((one for one in reversed(points) if np.array_equal(one[0], theta)), None)
        if taken is None:
            return None
        move = taken[0] - here[0]
        first = len(points)
        while first > 0 and _is_along(points[first - 1][0] - here[0], move):
            first -= 1
        line = points[first:]
        p = self._direction(here, line[0], bool(first))
        search = Search(
            solver=self.solver,
            theta=here[0],
            J=here[1],
            D=here[2],
            p=p,
            trials=tuple(_trial(here[0], p, one) for one in line),
            taken=_trial(here[0], p, taken),
            new_theta=theta,
            pairs=tuple(self._pairs),
            before=self._before,
            elsewhere=first,
        )
        self._go_on(search, taken)
        return search

    def _direction(self, here: tuple[Array, float, Array], first: tuple[Array, float, Array], is_new: bool) -> Array:
        D = here[2]
        if self.solver == "cg" and self._before is not None:
            return -D + _beta(D, self._before[0]) * self._before[1]
        if self.solver != "lbfgs" or (not self._pairs and not is_new):
            return -D
        p: Array = first[0] - here[0]  # the first step that is tried is 1
        if is_new or not np.allclose(p, two_loops(self._pairs, D).p, rtol=1e-4, atol=1e-4 * float(np.abs(p).max())):
            self._pairs.clear()
        return p if self._pairs else -D

    def _go_on(self, search: Search, taken: tuple[Array, float, Array]) -> None:
        self._here, self._before = taken, (search.D, search.p)
        s, u = search.taken.alpha * search.p, taken[2] - search.D
        # The condition by which L-BFGS-B takes a pair.
        if self.solver == "lbfgs" and s @ u > -np.finfo(np.float64).eps * search.taken.alpha * search.slope:
            self._pairs.insert(0, Pair(s, u, 1 / float(s @ u)))
            del self._pairs[MOST_PAIRS:]


def _beta(D: Array, before: Array) -> float:
    return max(0.0, float((D - before) @ D) / float(before @ before))


def _is_along(move: Array, other: Array) -> bool:
    """Whether two moves point in the same direction."""
    lengths = length(move) * length(other)
    return lengths > 0 and float(move @ other) > (1 - ON_A_LINE) * lengths


def _trial(theta: Array, p: Array, point: tuple[Array, float, Array]) -> Trial:
    alpha = float((point[0] - theta) @ p) / float(p @ p)
    return Trial(alpha, point[1], float(p @ point[2]))
