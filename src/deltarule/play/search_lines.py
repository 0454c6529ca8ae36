"""Lines of an update whose step is searched for: direction, slope, steps that were tried, and Θ′ = Θ + α d.

Every number is that of the run (`searches.py`). The direction is called d here, and the change of D from one iteration
to the next u, because p is Adam's mean and y a target; books call them p and y.
"""

from collections.abc import Callable

import numpy as np

from deltarule.common.arrays import Array
from deltarule.play.answers import Ref, TraceLine
from deltarule.play.following import Followed
from deltarule.play.quantities import MOST_TERMS, Piece, Quantity, line, lost_digits
from deltarule.play.searches import WOLFE, Search
from deltarule.play.sections import Cell, Section, cell_of

__all__ = ["search_sections"]

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def search_sections(followed: Followed, level: str, digits: int) -> list[Section]:
    """Return the sections of an update by a line search; none where there is no such search."""
    return [] if followed.search is None else _Search(followed, followed.search, level, digits).sections()


class _Search:
    """Writes the lines of a search."""

    def __init__(self, followed: Followed, search: Search, level: str, digits: int) -> None:
        self.search, self.level, self.digits = search, level, digits
        self.tried = [trial for trial in search.trials if np.isfinite(trial.J)]
        self.network = followed.snapshot.problem.network
        self.by_weight = level in ("unit", "term")

    def sections(self) -> list[Section]:
        search, cells = self.search, self.network.n_parameters
        scalars = (
            self._of_pairs() if search.solver == "lbfgs" else [self._beta] if search.before and self._is_cg else []
        )
        found = [Section("update", len(scalars), lambda n: scalars[n]())]
        if self.by_weight:
            found.append(Section("update", cells, lambda n: self._direction(cell_of(self.network, n))))
        found.append(Section("update", 1, lambda _: self._slope()))
        tests = 1 if WOLFE[search.solver][1] is None else 2
        found.append(Section("update", tests * len(self.tried), lambda n: self._test(*divmod(n, tests))))
        found.append(Section("update", 1, lambda _: self._alpha()))
        if self.by_weight:
            found.append(Section("update", cells, lambda n: self._new(cell_of(self.network, n))))
        return found

    @property
    def _is_cg(self) -> bool:
        return self.search.solver == "cg"

    def _line(self, writes: Quantity, formula: list[Piece], note: str = "", more_digits: int = 0) -> TraceLine:
        return line(
            writes,
            formula,
            equation="",
            phase="update",
            level=self.level,
            digits=self.digits,
            layer=writes.ref.layer,
            unit=writes.ref.i if writes.ref.layer else 0,
            note=note,
            more_digits=more_digits,
        )

    def _of_pairs(self) -> list[Callable[[], TraceLine]]:
        """Return what makes the lines of the two loops over the pairs, the newest first and then the oldest first."""
        count = len(self.search.pairs)
        down = [make for n in range(count) for make in (lambda n=n: self._rho(n), lambda n=n: self._kappa(n))]
        up = [lambda n=n: self._omega(n) for n in reversed(range(count))]
        return [*down, *([self._gamma] if count else []), *up]

    def _rho(self, n: int) -> TraceLine:
        pair = self.search.pairs[n]
        formula: list[Piece] = ["1/", Quantity(Ref("s·u", 0, n + 1), float(pair.s @ pair.u))]
        which = "the last iteration" if n == 0 else f"the iteration {n + 1} before this one"
        return self._line(_rho(pair.rho, n), formula, f"s is the change of Θ in {which}, u that of D")

    def _kappa(self, n: int) -> TraceLine:
        loops = self.search.loops
        formula: list[Piece] = [_rho(self.search.pairs[n].rho, n), "·", Quantity(Ref("s·q", 0, n + 1), loops.sq[n])]
        note = "first loop: q is D" if n == 0 else "first loop: q is D without the κ u of newer pairs"
        return self._line(_kappa(loops.kappa[n], n), formula, note)

    def _gamma(self) -> TraceLine:
        pair = self.search.pairs[0]
        formula: list[Piece] = [
            Quantity(Ref("s·u", 0, 1), float(pair.s @ pair.u)),
            "/",
            Quantity(Ref("u·u", 0, 1), float(pair.u @ pair.u)),
        ]
        return self._line(self._of_gamma(), formula, "what q is multiplied by: the curvature that was met last")

    def _omega(self, n: int) -> TraceLine:
        loops = self.search.loops
        formula: list[Piece] = [_rho(self.search.pairs[n].rho, n), "·", Quantity(Ref("u·r", 0, n + 1), loops.ur[n])]
        older = "" if n + 1 == len(self.search.pairs) else " with the (κ − ω) s of older pairs"
        return self._line(_omega(loops.omega[n], n), formula, f"second loop: r is γ q{older}")

    def _of_gamma(self) -> Quantity:
        return Quantity(Ref("γ"), self.search.loops.gamma)

    def _beta(self) -> TraceLine:
        search = self.search
        assert search.before is not None
        D, before = search.D, search.before[0]
        formula: list[Piece] = [
            "max(0, ",
            Quantity(Ref("(D−D₋)·D"), float((D - before) @ D)),
            "/",
            Quantity(Ref("D₋·D₋"), float(before @ before)),
            ")",
        ]
        return self._line(Quantity(Ref("β"), search.beta), formula, "how much of the last direction d₋ is kept")

    def _direction(self, cell: Cell) -> TraceLine:
        """Return d of a weight: what the loops, or β, make of D."""
        search = self.search
        D = self._of("D", cell, search.D)
        writes = self._of("d", cell, search.p)
        if search.pairs:
            loops, pairs = search.loops, search.pairs
            formula: list[Piece] = ["−", self._of_gamma(), "·(", D]
            for n, pair in enumerate(pairs):
                formula += [" − ", _kappa(loops.kappa[n], n), "·", self._of(_numbered("u", n), cell, pair.u)]
            formula.append(")")
            for n, pair in enumerate(pairs):
                formula += [" − (", _kappa(loops.kappa[n], n), " − ", _omega(loops.omega[n], n), ")·"]
                formula.append(self._of(_numbered("s", n), cell, pair.s))
            return self._line(writes, formula, "the direction −r, both loops for this weight")
        if search.before is not None and self._is_cg:
            formula = ["−", D, " + ", Quantity(Ref("β"), search.beta), "·", self._of("d₋", cell, search.before[1])]
            return self._line(writes, formula, "the direction")
        return self._line(writes, ["−", D], "the direction: straight down the gradient")

    def _slope(self) -> TraceLine:
        """Return the slope of J along d, as a sum over the weights."""
        search = self.search
        products = search.p * search.D
        formula: list[Piece] = []
        kept = np.sort(np.argsort(-np.abs(products), kind="stable")[:MOST_TERMS])
        for n in kept.tolist():
            cell = cell_of(self.network, n)
            formula += [" + "] if formula else []
            formula += [self._of("d", cell, search.p), "·", self._of("D", cell, search.D)]
        if len(kept) < len(products):
            formula += [" + ", Quantity(Ref("Σ"), float(products.sum() - products[kept].sum()))]
        return self._line(self._of_slope(), formula, "the slope of J along d: below 0, so J falls at first")

    def _of_slope(self) -> Quantity:
        return Quantity(Ref("d·D"), self.search.slope)

    def _test(self, n: int, which: int) -> TraceLine:
        """Return whether a step that was tried fulfils the first or the second of Wolfe's conditions."""
        search, trial, k = self.search, self.tried[n], n + 1
        J, slope, alpha = Quantity(Ref("J"), search.J), self._of_slope(), Quantity(Ref("α", 0, k), trial.alpha)
        c1, c2 = WOLFE[search.solver]
        if which == 0:
            there, c = Quantity(Ref("J", 0, k), trial.J), Quantity(Ref("c₁"), c1)
            value = trial.J - search.J - c1 * trial.alpha * slope.value
            formula: list[Piece] = [there, " − ", J, " − ", c, "·", alpha, "·", slope]
            said = "at most 0: J falls enough" if value <= 0 else "above 0: J does not fall enough"
            more = lost_digits(value, max(abs(trial.J), abs(search.J)), self.digits)
            note = f"step {k} that was tried, {said}"
            return self._line(Quantity(Ref("A", 0, k), value), formula, note, more)
        assert c2 is not None
        there, c = Quantity(Ref("d·D", 0, k), trial.slope), Quantity(Ref("c₂"), c2)
        sign = 1 if trial.slope >= 0 else -1
        value = sign * trial.slope + c2 * slope.value
        formula = [*([] if sign > 0 else ["−"]), there, " + ", c, "·", slope]
        said = (
            "at most 0: the slope there is flat enough" if value <= 0 else "above 0: the slope there is still too steep"
        )
        more = lost_digits(value, max(abs(trial.slope), abs(c2 * slope.value)), self.digits)
        return self._line(Quantity(Ref("C", 0, k), value), formula, f"step {k} that was tried, {said}", more)

    def _alpha(self) -> TraceLine:
        search = self.search
        k = self.tried.index(search.taken) + 1
        tried = Quantity(Ref("α", 0, k), search.taken.alpha)
        note = f"the step that is taken, of {len(search.trials)} tried" if len(search.trials) > 1 else "the step taken"
        return self._line(self._of_alpha(), [tried], note)

    def _of_alpha(self) -> Quantity:
        return Quantity(Ref("α"), self.search.taken.alpha)

    def _new(self, cell: Cell) -> TraceLine:
        search = self.search
        formula: list[Piece] = [self._of("Θ", cell, search.theta), " + ", self._of_alpha(), "·"]
        return self._line(self._of("Θ′", cell, search.new_theta), [*formula, self._of("d", cell, search.p)])

    def _of(self, symbol: str, cell: Cell, values: Array) -> Quantity:
        layer, i, j = cell
        place = (i - 1,) if j < 0 else (i - 1, j)
        return Quantity(Ref(symbol, *cell), float(self.network.roll(values)[layer - 1][place]))


def _numbered(symbol: str, n: int) -> str:
    """Return the name of a vector of pair n, from 0."""
    return symbol + str(n + 1).translate(SUBSCRIPTS)


def _rho(value: float, n: int) -> Quantity:
    return Quantity(Ref("ρ", 0, n + 1), value)


def _kappa(value: float, n: int) -> Quantity:
    return Quantity(Ref("κ", 0, n + 1), value)


def _omega(value: float, n: int) -> Quantity:
    return Quantity(Ref("ω", 0, n + 1), value)
