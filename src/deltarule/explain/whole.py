"""The explanation of a training set: the examples that cost most, one by one, then J, Δ and D over all examples."""

import numpy as np

from deltarule.common.arrays import Array
from deltarule.explain.content import Account, Equality, Group, Line, Part, Section, Sentence
from deltarule.explain.example import Way
from deltarule.explain.extent import Extent, with_gaps
from deltarule.explain.notation import sup
from deltarule.explain.numbers import count, factor, largest, number, product, shortened_sum
from deltarule.network.parts import Dense
from deltarule.network.textbook import Trace

__all__ = ["account_of_training_set"]


def account_of_training_set(trace: Trace, extent: Extent, heading: str) -> Account:
    """Return the account of a training set."""
    network, rows = trace.examples[0].network, len(trace.examples)
    costs = np.array([example.weight * example.cost for example in trace.examples])
    shown = largest(costs, extent.examples)
    sections = [_example(trace, t, extent) for t in shown]
    rest = np.delete(costs, shown)
    if rest.size:
        cost = "w_t ℓ_t" if _is_weighted(trace) else "ℓ_t"
        words = f"… and {rest.size} more examples in the same way, with" if shown else "… each of them with"
        sections.append(Section(Sentence(words, f"{cost} ≤ {number(rest.max())}"), ()))
    opening = Sentence(
        f"The network {network} on {_examples(rows)},", f"m = {count(trace.m)}, λ = {number(trace.lambda_)}"
    )
    return Account(heading, opening, (*sections, _Sums(trace, extent).section()))


def _example(trace: Trace, t: int, extent: Extent) -> Section:
    way = Way(trace.examples[t], extent)
    weight = f" of weight {number(trace.examples[t].weight)}" if _is_weighted(trace) else ""
    return Section(Sentence(f"Example {t + 1} of {len(trace.examples)}{weight},", way.target()), way.groups())


def _examples(rows: int) -> str:
    return "1 example" if rows == 1 else f"{rows} examples"


def _is_weighted(trace: Trace) -> bool:
    return any(example.weight != 1 for example in trace.examples)


class _Sums:
    """The sums over all examples: J, Δ and D."""

    def __init__(self, trace: Trace, extent: Extent) -> None:
        self.trace, self.extent = trace, extent
        self.thetas, self.m = trace.examples[0].thetas, count(trace.m)
        self.network = trace.network
        self.w = np.array([example.weight for example in trace.examples])
        self.entries = {layer: self._entries(layer) for layer in extent.layers[::-1]}

    def section(self) -> Section:
        """Return (2), (5) and (6)."""
        sums = with_gaps({layer: self._sum(layer) for layer in self.entries})
        gradient = with_gaps({layer: self._gradient(layer) for layer in self.entries})
        return Section(Sentence(f"Over {_examples(len(self.w))}"), (self._cost(), sums, gradient))

    def _entries(self, layer: int) -> list[tuple[int, ...]]:
        """Choose rows by √Σ_t w_t δ² of their units, and in each row the largest entries of D.

        Of a part without weighted inputs, the largest entries of D by their place.
        """
        delta = np.array([example.delta[layer - 2] for example in self.trace.examples])
        if not isinstance(self.network.parts[layer - 2], Dense):
            return [(p,) for p in largest(self.trace.D[layer - 2].ravel(), self.extent.units)]
        units = self.extent.chosen(np.sqrt(self.w @ delta**2))
        return [(i, j) for i in units for j in largest(self.trace.D[layer - 2][i], self.extent.units)]

    def _cost(self) -> Group:
        weighted = "w_t " if _is_weighted(self.trace) else ""
        mean, penalty = f"1/m Σ_t {weighted}ℓ_t", "λ/2m Σ Θ²"
        costs = np.array([example.cost for example in self.trace.examples])
        parts = zip(self.network.parts, self.thetas, strict=True)
        weights = np.concatenate([Theta[:, 1:].ravel() for part, Theta in parts if isinstance(part, Dense)])
        double_m = count(2 * self.trace.m)
        data, total = number(self.trace.data_cost), number(self.trace.penalty)
        head = f"1/{self.m}·("
        room = self.extent.width - len(f"  {mean} = {head}) = {data}")
        terms = shortened_sum(self.w * costs, lambda t: self._weighted(t, costs[t]), room)
        lines: list[Line] = [(Equality(mean, f"{head}{terms})", data),)]
        head = f"{number(self.trace.lambda_)}/{double_m}·("
        room = self.extent.width - len(f"  {penalty} = {head}) = {total}")
        terms = shortened_sum(weights**2, lambda k: f" + {factor(weights[k])}²", room)
        lines.append((Equality(penalty, f"{head}{terms})", total),))
        lines.append((Equality("J", f"{data} + {total}", number(self.trace.J)),))
        return (Part("Cost", f"J = {mean} + λ/2m Σ_l Σ_i Σ_{{j≥1}} (Θ⁽ˡ⁾_ij)²", 2, tuple(lines)),)

    def _weighted(self, t: int, *factors: float) -> str:
        return product(*factors) if self.w[t] == 1 else product(self.w[t], *factors)

    def _sum(self, layer: int) -> Part:
        Delta, delta, a = f"Δ{sup(layer - 1)}", f"δ{sup(layer)}", f"a{sup(layer - 1)}"
        weighted = "w_t " if _is_weighted(self.trace) else ""
        lines = [self._sum_of(layer, *entry) for entry in self.entries[layer]]
        formula = f"{Delta}_ij = Σ_t {weighted}{delta}_i {a}_j,  {a}_0 = 1"
        if not isinstance(self.network.parts[layer - 2], Dense):
            formula = f"{Delta}_p = Σ_t {weighted}∂ℓ/∂Θ{sup(layer - 1)}_p"
        left_out = self._left_out(layer, Delta, self.trace.Delta[layer - 2])
        return Part("Sum", formula, 5, tuple(lines), left_out)

    def _sum_of(self, layer: int, i: int, j: int | None = None) -> Line:
        if j is None:
            return self._sum_of_part(layer, i)
        delta = np.array([example.delta[layer - 2][i] for example in self.trace.examples])
        a = np.array([example.a[layer - 2][j - 1] if j else 1.0 for example in self.trace.examples])
        name, value = f"Δ{sup(layer - 1)}_{i + 1},{j}", number(self.trace.Delta[layer - 2][i, j])
        room = self.extent.width - len(f"  {name} =  = {value}")

        def term(t: int) -> str:
            return self._weighted(t, delta[t], *([a[t]] if j else []))

        return (Equality(name, shortened_sum(self.w * delta * a, term, room), value),)

    def _sum_of_part(self, layer: int, p: int) -> Line:
        values = np.array([example.contributions[layer - 2].ravel()[p] for example in self.trace.examples])
        name, value = f"Δ{sup(layer - 1)}_{p + 1}", number(self.trace.Delta[layer - 2].ravel()[p])
        room = self.extent.width - len(f"  {name} =  = {value}")
        return (Equality(name, shortened_sum(self.w * values, lambda t: self._weighted(t, values[t]), room), value),)

    def _gradient(self, layer: int) -> Part:
        D, Delta, Theta = (f"{letter}{sup(layer - 1)}" for letter in "DΔΘ")
        lines: list[Line] = []
        if not isinstance(self.network.parts[layer - 2], Dense):
            D_l, Delta_l = self.trace.D[layer - 2].ravel(), self.trace.Delta[layer - 2].ravel()
            for (p,) in self.entries[layer]:
                lines.append((Equality(f"{D}_{p + 1}", f"1/{self.m}·{factor(Delta_l[p])}", number(D_l[p])),))
            left_out = self._left_out(layer, D, self.trace.D[layer - 2])
            return Part("Gradient", f"{D}_p = 1/m {Delta}_p", 6, tuple(lines), left_out)
        for i, j in self.entries[layer]:
            Delta_ij, Theta_ij = self.trace.Delta[layer - 2][i, j], self.thetas[layer - 2][i, j]
            numbers = f"1/{self.m}·{factor(Delta_ij)}"
            if j and self.trace.lambda_:
                numbers = f"1/{self.m}·({number(Delta_ij)}{product(self.trace.lambda_, Theta_ij)})"
            lines.append((Equality(f"{D}_{i + 1},{j}", numbers, number(self.trace.D[layer - 2][i, j])),))
        formula = f"{D}_ij = 1/m ({Delta}_ij + λ {Theta}_ij),  {D}_i0 = 1/m {Delta}_i0"
        return Part("Gradient", formula, 6, tuple(lines), self._left_out(layer, D, self.trace.D[layer - 2]))

    def _left_out(self, layer: int, name: str, matrix: Array) -> Sentence | None:
        is_dense = isinstance(self.network.parts[layer - 2], Dense)
        rest = np.abs(matrix if is_dense else matrix.ravel())
        for entry in self.entries[layer]:
            rest[entry] = np.nan
        if not (left_out := int(np.count_nonzero(~np.isnan(rest)))):
            return None
        return Sentence(
            f"… and {left_out} more entries, with", f"|{name}_{'ij' if is_dense else 'p'}| ≤ {number(np.nanmax(rest))}"
        )
