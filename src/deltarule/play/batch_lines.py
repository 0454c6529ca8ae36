"""Lines about the batch: Δ (5), D (6), the cost J (2), and the update of each weight by the rule's own numbers."""

from collections.abc import Callable

import numpy as np

from deltarule.common.arrays import Array
from deltarule.network.network import Network
from deltarule.play.answers import Ref, TraceLine
from deltarule.play.following import Followed
from deltarule.play.quantities import Piece, Quantity, line
from deltarule.play.search_lines import search_sections
from deltarule.play.sections import Cell, Section, cell_of, input_of
from deltarule.training.solvers.mini_batch import SGD, Adam

__all__ = ["J_line", "batch_sections"]


def batch_sections(followed: Followed, level: str, digits: int) -> list[Section]:
    """Return the sections of J, Δ, D and the update."""
    return _Batch(followed, level, digits).sections()


def J_line(followed: Followed, level: str, digits: int) -> TraceLine:
    """Return J of the batch, with its penalty apart."""
    data = Quantity(Ref("ℓ̄"), followed.batch[0] / len(followed.step.rows))
    formula: list[Piece] = [data, " + ", Quantity(Ref("R"), followed.penalty)]
    return line(Quantity(Ref("J"), followed.J), formula, equation="2", phase="cost", level=level, digits=digits)


class _Batch:
    """Writes the lines of the batch."""

    def __init__(self, followed: Followed, level: str, digits: int) -> None:
        self.f, self.level, self.digits = followed, level, digits
        self.network: Network = followed.snapshot.problem.network
        self.b, self.m = len(followed.step.rows), followed.snapshot.problem.training.m

    def sections(self) -> list[Section]:
        cells = self.network.n_parameters
        found = [
            Section("cost", 3, lambda n: (self._data_cost, self._penalty, self._J)[n]()),
            Section("Delta", cells, lambda n: self._Delta(self._cell(n))),
            Section("D", cells, lambda n: self._D(self._cell(n))),
        ]
        if self.f.clipping < 1:
            found.append(Section("D", cells + 1, lambda n: self._clipped(n)))
        if self.f.search is not None:
            return [*found, *search_sections(self.f, self.level, self.digits), Section("update", 2, self._change)]
        return found + [Section("update", count, make) for count, make in self._update()]

    def _cell(self, n: int) -> Cell:
        return cell_of(self.network, n)

    def _line(self, writes: Quantity, formula: list[Piece], equation: str, phase: str, note: str = "") -> TraceLine:
        ref = writes.ref
        return line(
            writes,
            formula,
            equation=equation,
            phase=phase,
            level=self.level,
            digits=self.digits,
            layer=ref.layer,
            unit=ref.i,
            note=note,
        )

    def _data_cost(self) -> TraceLine:
        total = self.f.batch[0]
        formula: list[Piece] = [Quantity(Ref("Σℓ"), total), "/", Quantity(Ref("b"), self.b)]
        about = "over the batch" if self.b < self.m else "over all rows"
        return self._line(Quantity(Ref("ℓ̄"), total / self.b), formula, "2", "cost", f"the mean cost {about}")

    def _penalty(self) -> TraceLine:
        weights = self.network.roll(self.f.theta)
        squares = sum(float(np.square(Theta[:, 1:]).sum()) for Theta in weights)
        formula: list[Piece] = [
            Quantity(Ref("λ"), self.f.lambda_),
            "/(2·",
            Quantity(Ref("m"), self.m),
            ")·",
            Quantity(Ref("Θ²"), squares),
        ]
        return self._line(Quantity(Ref("R"), self.f.penalty), formula, "2", "cost", "the penalty, without bias weights")

    def _J(self) -> TraceLine:
        return J_line(self.f, self.level, self.digits)

    def _Delta(self, cell: Cell) -> TraceLine:
        layer, i, j = cell
        whole = float(self.f.batch[1][layer - 1][i - 1, j])
        if not self.f.in_batch:
            formula: list[Piece] = [Quantity(Ref("S", layer, i, j), whole)]
            return self._line(self._of("Δ", cell, whole), formula, "5", "Delta", "of the rows of the batch")
        own = float(self.f.contributions[layer - 1][i - 1, j])
        delta = Quantity(Ref("δ", layer + 1, i), float(self.f.delta[layer - 1][i - 1]))
        product: list[Piece] = [delta] if j == 0 else [delta, "·", input_of(self.f, layer, j)]
        others: list[Piece] = [] if self.b == 1 else [Quantity(Ref("S", layer, i, j), whole - own), " + "]
        note = "" if self.b == 1 else f"S is the sum of the other {self.b - 1} rows"
        return self._line(self._of("Δ", cell, whole), [*others, *product], "5", "Delta", note)

    def _D(self, cell: Cell) -> TraceLine:
        layer, i, j = cell
        Delta = self._of("Δ", cell, float(self.f.batch[1][layer - 1][i - 1, j]))
        formula: list[Piece] = [Delta, "/", Quantity(Ref("b"), self.b)]
        if j > 0 and self.f.lambda_:
            theta = self._of("Θ", cell, float(self.f.thetas[layer - 1][i - 1, j]))
            formula += [" + ", Quantity(Ref("λ"), self.f.lambda_), "/", Quantity(Ref("m"), self.m), "·", theta]
        return self._line(self._of("D", cell, self._D_of(cell)), formula, "6", "D")

    def _clipped(self, n: int) -> TraceLine:
        c = Quantity(Ref("c"), self.f.clipping)
        if n == 0:
            formula: list[Piece] = [
                Quantity(Ref("c_max"), self.f.clipping * self.f.norm),
                "/",
                Quantity(Ref("‖D‖"), self.f.norm),
            ]
            return self._line(c, formula, "", "D", "D is longer than max_grad_norm, and is shortened to it")
        cell = self._cell(n - 1)
        D = self._D_of(cell)
        return self._line(self._of("D′", cell, D * c.value), [self._of("D", cell, D), "·", c], "", "D")

    def _update(self) -> list[tuple[int, Callable[[int], TraceLine]]]:
        """Return the lines of the rule: a number of lines, and what makes each."""
        step, cells = self.f.step, self.network.n_parameters
        if np.isnan(step.eta):
            return []
        found: list[tuple[int, Callable[[int], TraceLine]]] = []
        rule = None if step.plan is None else step.plan.rule
        if isinstance(rule, Adam):
            found.append((1, lambda _: self._corrected(rule)))
        lines = 4 if isinstance(rule, Adam) else 2 if isinstance(rule, SGD) else 1
        decays = step.decay > 0
        per_cell = lines + decays - isinstance(rule, Adam)

        def make(n: int) -> TraceLine:
            cell, k = self._cell(n // per_cell), n % per_cell
            if decays and k == 0:
                return self._decayed(cell)
            k -= decays
            if isinstance(rule, SGD):
                return self._sgd(cell, rule, k)
            return self._adam(cell, rule, k) if isinstance(rule, Adam) else self._descent(cell)

        return [*found, (cells * per_cell, make), (2, self._change)]

    def _change(self, n: int) -> TraceLine:
        """Return by how much the step changes J of the batch, or by how much D predicts that it does."""
        f = self.f
        if n == 0:
            formula: list[Piece] = [Quantity(Ref("J′"), f.new_J), " − ", Quantity(Ref("J"), f.J)]
            change = Quantity(Ref("J′−J"), f.new_J - f.J)
            return self._line(change, formula, "", "update", "what the step does to J of this batch")
        assert f.new_theta is not None
        slope = float(self.network.unroll(f.D) @ (f.new_theta - f.theta))
        predicted = Quantity(Ref("D·(Θ′−Θ)"), slope)
        return self._line(predicted, [predicted], "", "update", "what the gradient predicts: right for short steps")

    def _decayed(self, cell: Cell) -> TraceLine:
        theta = self._of("Θ", cell, self._theta(cell))
        if cell[2] == 0:
            return self._line(self._of("Θ̃", cell, theta.value), [theta], "", "update", "a bias does not decay")
        eta, w = Quantity(Ref("η"), self.f.step.eta), Quantity(Ref("w"), self.f.step.decay)
        value = theta.value * (1 - eta.value * w.value)
        return self._line(self._of("Θ̃", cell, value), [theta, "·(1 − ", eta, "·", w, ")"], "", "update", "weight decay")

    def _start(self, cell: Cell) -> Quantity:
        """Return the weight that the rule starts from: after weight decay, if there is any."""
        theta, step = self._theta(cell), self.f.step
        if not step.decay:
            return self._of("Θ", cell, theta)
        return self._of("Θ̃", cell, theta if cell[2] == 0 else theta * (1 - step.eta * step.decay))

    def _gradient(self, cell: Cell) -> Quantity:
        D, c = self._D_of(cell), self.f.clipping
        return self._of("D", cell, D) if c == 1 else self._of("D′", cell, D * c)

    def _descent(self, cell: Cell) -> TraceLine:
        theta, D, eta = self._start(cell), self._gradient(cell), Quantity(Ref("η"), self.f.step.eta)
        new = self._of("Θ′", cell, theta.value - eta.value * D.value)
        return self._line(new, [theta, " − ", eta, "·", D], "", "update")

    def _sgd(self, cell: Cell, rule: SGD, k: int) -> TraceLine:
        D, eta = self._gradient(cell), Quantity(Ref("η"), self.f.step.eta)
        mu, v = Quantity(Ref("μ"), rule.momentum), self._of("v", cell, self._vector(0, cell))
        new_v = self._of("v′", cell, mu.value * v.value - eta.value * D.value)
        if k == 0:
            return self._line(new_v, [mu, "·", v, " − ", eta, "·", D], "", "update", "the velocity")
        theta = self._start(cell)
        if rule.nesterov:
            new = self._of("Θ′", cell, theta.value + mu.value * new_v.value - eta.value * D.value)
            return self._line(new, [theta, " + ", mu, "·", new_v, " − ", eta, "·", D], "", "update", "Nesterov's form")
        return self._line(self._of("Θ′", cell, theta.value + new_v.value), [theta, " + ", new_v], "", "update")

    def _corrected(self, rule: Adam) -> TraceLine:
        eta, b1, b2, t, value = self._of_adam(rule)
        formula: list[Piece] = [eta, "·√(1 − ", b2, "^", t, ")/(1 − ", b1, "^", t, ")"]
        note = "the step size, corrected because both means begin at 0"
        return self._line(Quantity(Ref("ηₜ"), value), formula, "", "update", note)

    def _of_adam(self, rule: Adam) -> tuple[Quantity, Quantity, Quantity, Quantity, float]:
        run = self.f.snapshot.place.run
        assert run is not None
        t, eta = run.state.step + 1, self.f.step.eta
        value = eta * np.sqrt(1 - rule.beta_2**t) / (1 - rule.beta_1**t)
        b1, b2 = Quantity(Ref("β₁"), rule.beta_1), Quantity(Ref("β₂"), rule.beta_2)
        return Quantity(Ref("η"), eta), b1, b2, Quantity(Ref("t"), t), float(value)

    def _adam(self, cell: Cell, rule: Adam, k: int) -> TraceLine:
        D = self._gradient(cell)
        _, b1, b2, _, eta_t = self._of_adam(rule)
        p, q = self._of("p", cell, self._vector(0, cell)), self._of("q", cell, self._vector(1, cell))
        new_p = self._of("p′", cell, b1.value * p.value + (1 - b1.value) * D.value)
        new_q = self._of("q′", cell, b2.value * q.value + (1 - b2.value) * D.value**2)
        if k == 0:
            return self._line(new_p, [b1, "·", p, " + (1 − ", b1, ")·", D], "", "update", "the mean of D")
        if k == 1:
            return self._line(new_q, [b2, "·", q, " + (1 − ", b2, ")·", D, "²"], "", "update", "the mean of D²")
        theta, epsilon = self._start(cell), Quantity(Ref("ε"), rule.epsilon)
        value = theta.value - eta_t * new_p.value / (float(np.sqrt(new_q.value)) + epsilon.value)
        formula: list[Piece] = [
            theta,
            " − ",
            Quantity(Ref("ηₜ"), eta_t),
            "·",
            new_p,
            "/(√(",
            new_q,
            ") + ",
            epsilon,
            ")",
        ]
        return self._line(self._of("Θ′", cell, value), formula, "", "update")

    def _of(self, symbol: str, cell: Cell, value: float) -> Quantity:
        return Quantity(Ref(symbol, *cell), value)

    def _theta(self, cell: Cell) -> float:
        return float(self.f.thetas[cell[0] - 1][cell[1] - 1, cell[2]])

    def _D_of(self, cell: Cell) -> float:
        return float(self.f.D[cell[0] - 1][cell[1] - 1, cell[2]])

    def _vector(self, n: int, cell: Cell) -> float:
        run = self.f.snapshot.place.run
        assert run is not None
        vector: Array = self.network.roll(run.state.vectors[n])[cell[0] - 1]
        return float(vector[cell[1] - 1, cell[2]])
