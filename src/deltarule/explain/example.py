"""The explanation of one example: forward pass, cost, backward pass, and its contribution to Δ."""

from collections.abc import Sequence

import numpy as np

from deltarule.common.arrays import Array
from deltarule.explain.content import Account, Equality, Group, Line, Part, Section, Sentence
from deltarule.explain.cost import cost_terms
from deltarule.explain.extent import Extent, with_gaps
from deltarule.explain.first_floor import Piece, error_of_part, kinds_of, pieces_of
from deltarule.explain.formulas import formula_of, formula_of_output
from deltarule.explain.notation import sup
from deltarule.explain.numbers import factor, fitting, largest, number, product, shortened_sum, vector
from deltarule.network.parts import Dense, Unit
from deltarule.network.textbook import ExampleTrace
from deltarule.network.textbook_floor import error_of

__all__ = ["Way", "account_of_example"]

WIDE = 56
"""Least columns of a shortened sum: if writing g with its number would leave fewer, g is written without."""

BESIDE = 17
"""Columns of a title besides its formula: a label such as "Layer 12:" and the number of the equation."""

LONGEST_NAME = 30


def account_of_example(trace: ExampleTrace, extent: Extent, heading: str, inputs: Sequence[str] = ()) -> Account:
    """Return the account of a single example, with (5) and a line about (6)."""
    way = Way(trace, extent, inputs)
    weight = "" if trace.weight == 1 else f" of weight {number(trace.weight)}"
    opening = Sentence(f"The network {trace.network} on one example{weight},", way.target())
    alone = Part("Gradient", "D⁽ˡ⁾ = Δ⁽ˡ⁾ for this example alone, m = 1 and λ = 0", 6)
    return Account(heading, opening, (Section(None, (*way.groups(), (*way.contributions(), alone))),))


class Way:
    """The parts of one example's account: its way forward and back through the network."""

    def __init__(self, trace: ExampleTrace, extent: Extent, inputs: Sequence[str] = ()) -> None:
        self.trace, self.network, self.extent, self.inputs = trace, trace.network, extent, inputs
        self._slopes: dict[int, Array] = {}
        self.chosen = {layer: extent.chosen(trace.delta[layer - 2]) for layer in extent.layers}

    def target(self) -> str:
        """Return y as a formula."""
        return f"y = {vector(self.trace.y, self.extent.width - 60)}"

    def groups(self) -> tuple[Group, ...]:
        """Return (1), (2), then (3) and (4)."""
        start = Part("Layer 1", f"a⁽¹⁾ = x = {vector(self.trace.x, self.extent.width - 22)}")
        forward = with_gaps({layer: self._forward(layer) for layer in self.extent.layers})
        back = with_gaps({layer: self._error(layer) for layer in self.extent.layers[::-1]})
        return (start, *self._named(), *forward), (self._cost(),), back

    def contributions(self) -> Group:
        """Return (5)."""
        return with_gaps({layer: self._contribution(layer) for layer in self.extent.layers[::-1]})

    def _part(self, layer: int, label: str, formula: str, number: int | None, lines: list[Line]) -> Part:
        return Part(label, formula, number, tuple(lines), self.extent.left_out(layer, self.trace.delta[layer - 2]))

    def _unit(self, layer: int) -> Unit:
        """Return the units of a layer below L that belong to a `Dense` part."""
        return self.network.parts[layer - 2].unit or Unit("identity")

    def _forward(self, layer: int) -> Part | tuple[Part, ...]:
        if not isinstance(self.network.parts[layer - 2], Dense):
            return self._forward_of_part(layer)
        g = formula_of_output(self.network).h if layer == self.network.L else formula_of(self._unit(layer)).g
        here, Theta, below = sup(layer), f"Θ{sup(layer - 1)}", f"a{sup(layer - 1)}"
        formula = f"z{here}_i = {Theta}_i0 + Σ_j {Theta}_ij {below}_j, a{here}_i = {g}"
        return self._part(layer, f"Layer {layer}", formula, 1, self._forward_lines(layer))

    def _forward_of_part(self, layer: int) -> tuple[Part, ...]:
        """Return what a part without weighted inputs gives, and each kind of parts beside each other alone."""
        found = []
        for pieces in kinds_of(pieces_of(self.trace, layer)):
            units = [i for piece in pieces for i in piece.units]
            chosen = self.chosen_of_part(layer, pieces)
            room = self.extent.width - len(f"  a{sup(layer)}_{max(units) + 1} = ")
            lines = [line for piece in pieces for i in chosen if i in piece.units for line in piece.forward(i, room)]
            rest = np.abs(self.trace.delta[layer - 2][np.setdiff1d(units, chosen)])
            left_out = None
            if rest.size:
                words = f"… and {rest.size} more of layer {layer}, with"
                left_out = Sentence(words, f"|δ{sup(layer)}| ≤ {number(rest.max())}")
            written = pieces[0].written
            text = _with(f"a{sup(layer)}_i = {written.out}", f"x = a{sup(layer - 1)}", self.extent.width)
            found.append(Part(f"Layer {layer}", text, written.number, tuple(lines), left_out))
        return tuple(found)

    def chosen_of_part(self, layer: int, pieces: list[Piece]) -> list[int]:
        """Return the places to show of parts of one kind; of values that are only passed on, none before the others."""
        units = [i for piece in pieces for i in piece.units]
        if self.extent.units < len(units):
            units = [i for piece in pieces for i in piece.computed]
        return [units[k] for k in self.extent.chosen(self.trace.delta[layer - 2][units])]

    def _named(self) -> Group:
        """Say which inputs the values are that parts of the first layer are shown to take."""
        if not self.inputs or isinstance(self.network.parts[0], Dense) or self.extent.layers[0] != 2:
            return ()
        places = [
            piece.took(i)
            for pieces in kinds_of(pieces_of(self.trace, 2))
            for i in self.chosen_of_part(2, pieces)
            for piece in pieces
            if i in piece.units
        ]
        names = [f"{k + 1} is {_short(self.inputs[k])}" for k in sorted(set(places))]
        shown, room = [], self.extent.width - 40
        for name in names:
            if (room := room - len(name) - 2) < 0:
                break
            shown.append(name)
        if len(shown) < len(names):
            shown.append(f"… ({len(names) - len(shown)} more)")
        return (Sentence(f"of which {', '.join(shown)}"),)

    def _forward_lines(self, layer: int) -> list[Line]:
        tails = [self._activation(layer, i) for i in self.chosen[layer]]
        lines = [self._forward_line(layer, i, tail) for i, tail in zip(self.chosen[layer], tails, strict=True)]
        rooms = [self._room_of_sum(layer, i, tail) for i, tail in zip(self.chosen[layer], tails, strict=True)]
        if all(room >= WIDE or "…" not in line[0].numbers for room, line in zip(rooms, lines, strict=True)):
            return lines
        bare = [Equality(tail.name, "", tail.value) for tail in tails]
        return [self._forward_line(layer, i, tail) for i, tail in zip(self.chosen[layer], bare, strict=True)]

    def _activation(self, layer: int, i: int) -> Equality:
        z = self.trace.z[layer - 2]
        if layer == self.network.L:
            numbers = formula_of_output(self.network).with_z(z, i)
        else:
            numbers = formula_of(self._unit(layer)).with_z(float(z[i]))
        return Equality(f"a{sup(layer)}_{i + 1}", numbers, number(self.trace.a[layer - 1][i]))

    def _room_of_sum(self, layer: int, i: int, tail: Equality) -> int:
        z = number(self.trace.z[layer - 2][i])
        return self.extent.width - len(f"  z{sup(layer)}_{i + 1} =  = {z},  {tail.name} = {tail.right}")

    def _forward_line(self, layer: int, i: int, tail: Equality) -> Line:
        z = self.trace.z[layer - 2][i]
        constant, Theta, a = self.network.parts[layer - 2].terms(
            self.trace.thetas[layer - 2], self.trace.a[layer - 2], i
        )
        numbers = shortened_sum(
            Theta * a,
            lambda j: product(Theta[j], a[j]),
            self._room_of_sum(layer, i, tail),
            first=number(constant),
        )
        return Equality(f"z{sup(layer)}_{i + 1}", numbers, number(z)), tail

    def _cost(self) -> Part:
        terms = cost_terms(self.trace, self.extent.width - 24)
        line = (Equality("ℓ", terms, number(self.trace.cost)),)
        return Part("Cost", f"ℓ = {formula_of_output(self.network).cost},  h = a{sup(self.network.L)}", 2, (line,))

    def _error(self, layer: int) -> Part:
        delta, a = f"δ{sup(layer)}", f"a{sup(layer)}"
        lines: list[Line] = [(self._error_of(layer, i),) for i in self.chosen[layer]]
        if layer == self.network.L:
            output = formula_of_output(self.network)
            formula = f"{delta}_k = {output.error.replace('a_k', f'{a}_k')}"
            return self._part(layer, f"Layer {layer}", formula, output.number, lines)
        part, above = self.network.parts[layer - 2], self.network.parts[layer - 1]
        equation: int | None = 4
        total = f"Σ_i Θ{sup(layer)}_ij δ{sup(layer + 1)}_i"
        if not isinstance(above, Dense):
            equation = pieces_of(self.trace, layer + 1)[0].written.number
            total = error_of_part(above, layer)
        if isinstance(part, Dense) and part.unit is not None:
            total = f"({total}) g′(z{sup(layer)}_j), g′ = {formula_of(part.unit).slope}"
        return self._part(layer, f"Layer {layer}", f"{delta}_j = {total}", equation, lines)

    def _error_of(self, layer: int, i: int) -> Equality:
        name, delta = f"δ{sup(layer)}_{i + 1}", self.trace.delta[layer - 2][i]
        a = float(self.trace.a[layer - 1][i])
        if layer == self.network.L and self.network.output in ("huber", "pinball"):
            return Equality(name, self._numbers_of_loss(i, a, float(delta)), number(delta))
        if layer == self.network.L:
            y = self.trace.y[i]
            # h = 1 − 0.00002 is 1 in four digits, so it is written as 1 − |δ|; δ has all its digits.
            h = f"(1 − {number(-delta)})" if y == 1 and -5e-5 < delta < 0 else number(a)
            return Equality(name, f"{h} − {factor(y)}", number(delta))
        part, above = self.network.parts[layer - 2], self.trace.delta[layer - 1]
        slope = self._slope(layer, i, a) if isinstance(part, Dense) and part.unit is not None else ""
        room = self.extent.width - len(f"  {name} = ()·{slope} = {number(delta)}")
        Theta = self._slopes_above(layer)[:, i]
        places = (
            np.flatnonzero(Theta) if not isinstance(self.network.parts[layer - 1], Dense) else np.arange(len(Theta))
        )
        Theta, above = Theta[places], above[places]
        total = shortened_sum(Theta * above, lambda k: product(Theta[k], above[k]), room)
        return Equality(name, f"({total})·{slope}" if slope else total, number(delta))

    def _numbers_of_loss(self, i: int, a: float, delta: float) -> str:
        """Return δ⁽ᴸ⁾_i of (14) or (15) with numbers; empty if nothing is computed."""
        if self.network.output == "huber":
            within = abs(delta) < self.network.output_numbers[0]
            return f"{number(a)} − {factor(float(self.trace.y[i]))}" if within else ""
        return f"1 − {number(1 - delta)}" if delta > 0 else ""

    def _slopes_above(self, layer: int) -> Array:
        """Return what ∂ℓ/∂a⁽ˡ⁾ adds up δ⁽ˡ⁺¹⁾ with: Θ⁽ˡ⁾ without column 0, or the slopes of another part."""
        part, Theta = self.network.parts[layer - 1], self.trace.thetas[layer - 1]
        if isinstance(part, Dense):
            return Theta[:, 1:]
        if layer not in self._slopes:
            rows = [error_of(part, Theta, self.trace.a[layer - 1], row) for row in np.eye(part.outputs)]
            self._slopes[layer] = np.array(rows)  # (s_{l+1}, s_l)
        return self._slopes[layer]

    def _slope(self, layer: int, i: int, a: float) -> str:
        if written := formula_of(self._unit(layer)).with_a(a):
            return written
        z, a_l = self.trace.z[layer - 2][i : i + 1], self.trace.a[layer - 1][i : i + 1]
        return factor(float(self._unit(layer).derivative(z, a_l)[0]))

    def _contribution(self, layer: int) -> Part | tuple[Part, ...]:
        Delta, a = f"Δ{sup(layer - 1)}", f"a{sup(layer - 1)}"
        part = self.network.parts[layer - 2]
        if not isinstance(part, Dense):
            return self._contribution_of_part(layer)
        formula = f"{Delta}_ij := {Delta}_ij + δ{sup(layer)}_i {a}_j,  {a}_0 = 1"
        lines = [self._contribution_of(layer, i) for i in self.chosen[layer]]
        return self._part(layer, f"To {Delta}", formula, 5, lines)

    def _contribution_of_part(self, layer: int) -> tuple[Part, ...]:
        """Return what goes to Δ of parts without weighted inputs: the largest entries of each kind."""
        Delta, found = f"Δ{sup(layer - 1)}", []
        for pieces in kinds_of(pieces_of(self.trace, layer)):
            values = np.concatenate([piece.contribution.ravel() for piece in pieces])
            if not values.size:
                continue
            kinds = np.concatenate([piece.kinds for piece in pieces])
            places = np.sort(
                np.concatenate(
                    [
                        (of := np.flatnonzero(kinds == kind))[largest(values[of], self.extent.units)]
                        for kind in np.unique(kinds)
                    ]
                )
            )
            lines, start = [], 0
            for piece in pieces:
                end = start + piece.contribution.size
                lines += piece.backward((places[(places >= start) & (places < end)] - start).tolist())
                start = end
            rest = np.delete(np.abs(values), places)
            left_out = None
            if rest.size:
                left_out = Sentence(f"… and {rest.size} more entries, with", f"|{Delta}| ≤ {number(rest.max())}")
            written = pieces[0].written
            text = _with(written.to, f"δ = δ{sup(layer)}, x = a{sup(layer - 1)}", self.extent.width)
            found.append(Part(f"To {Delta}", text, written.number, tuple(lines), left_out))
        return tuple(found) or (Part(f"To {Delta}", "no parameters"),)

    def _contribution_of(self, layer: int, i: int) -> Line:
        delta, values = self.trace.delta[layer - 2][i], self.trace.contributions[layer - 2][i]
        inputs = np.concatenate([[1.0], self.trace.a[layer - 2]])
        name, a = f"δ{sup(layer)}_{i + 1}", f"a{sup(layer - 1)}"
        if 6 * len(values) <= self.extent.width:  # otherwise it cannot fit, and writing it would take long
            whole = Equality(f"{name}·[1, {a}]", f"{number(delta)}·{_row(inputs)}", _row(values))
            if len(f"  {whole.name} = {whole.right}") <= self.extent.width:
                return (whole,)
        head = f"  {name}·{a}_j = {number(delta)}·[] = [],  j = … ({len(values)} more)"
        room = self.extent.width - len(head)
        kept = fitting(values, lambda j: f"{number(inputs[j])}, {number(values[j])}, {j}, ", room, reserve=0)
        places = list(kept) or largest(values, 1)
        products = Equality(f"{name}·{a}_j", f"{number(delta)}·{_row(inputs[places])}", _row(values[places]))
        return products, Equality("j", "", f"{', '.join(map(str, places))}, … ({len(values) - len(places)} more)")


def _with(formula: str, where: str, width: int) -> str:
    """Return a formula with what its letters stand for, if a title has room for it."""
    text = f"{formula},  {where}"
    return text if len(text) <= width - BESIDE else formula


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _row(values: Array) -> str:
    return f"[{', '.join(map(number, values))}]"
