"""One example's way through a network as text, as the lecture notes would write it, with its numbers.

Each part gives the equation once and then the same with numbers, a line for each unit. A network that is too large for
the lines that there are is shortened: in each layer the units with the largest |δ⁽ˡ⁾_j| stay, since what they do moves
the cost most; in each sum the largest terms stay; of many layers the middle ones go. What was left out is said.
"""

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np

from deltarule.arrays import Array
from deltarule.errors import SettingsError
from deltarule.textbook import ExampleTrace

__all__ = ["explain"]

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

HIDDEN: dict[str, tuple[str, str, Callable[[float], str] | None]] = {
    "logistic": ("1/(1 + e⁻ᶻ)", "a(1 − a)", lambda a: f"{_number(a)}·(1 − {_number(a)})"),
    "tanh": ("tanh z", "1 − a²", lambda a: f"(1 − {_factor(a)}²)"),
    "relu": ("max(0, z)", "[z > 0]", None),
    "identity": ("z", "1", None),
    "leaky_relu": ("z; 0.01z below 0", "1; 0.01 below 0", None),
    "elu": ("z; eᶻ − 1 below 0", "1; eᶻ below 0", None),
    "selu": ("1.05z; 1.76(eᶻ−1)", "1.05; 1.76eᶻ", None),
    "gelu": ("z Φ(z)", "Φ(z) + z φ(z)", None),
    "silu": ("z/(1 + e⁻ᶻ)", "σ(z) + a σ(−z)", None),
    "mish": ("z tanh log(1 + eᶻ)", "a/z + z(1−a²/z²)σ", None),
    "softplus": ("log(1 + eᶻ)", "1/(1 + e⁻ᶻ)", None),
}
"""g, g′, and g′ with the number a; None: as one number. Short enough for a line of 80 columns."""

OUTPUT = {
    "sigmoid": ("1/(1 + e⁻ᶻ)", "−Σ_k [ y_k log h_k + (1 − y_k) log(1 − h_k) ]"),
    "softmax": ("exp z_i / Σ exp z", "−Σ_k y_k log h_k"),
    "identity": ("z_i", "½ Σ_k (h_k − y_k)²"),
    "exp": ("exp z_i", "Σ_k [ h_k − y_k z_k + y_k log y_k − y_k ]"),
}
"""h and the cost of an example."""


def explain(trace: ExampleTrace, *, lines: int = 40, width: int = 100, heading: str = "") -> str:
    """Write an example's forward and backward pass, equations (1) to (5), with numbers.

    Parameters
    ----------
    trace : ExampleTrace
        What `deltarule.trace_example` returns.
    lines : int, default 40
        The text has at most so many. Everything is shown if it fits.
    width : int, default 100
        Columns of the screen, 80 or more; sums are cut to fit it.
    heading : str, optional
        One more line, to stand first.

    Returns
    -------
    text : str
        Lines with line breaks between them. Numbers have four digits.

    Raises
    ------
    SettingsError
        If there are too few lines for one unit of two layers.

    Examples
    --------
    >>> from deltarule import Network, trace_example
    >>> print(explain(trace_example(Network((1, 1)), [0.5, -1.0], [0.5], [1.0]), width=80))
    The network 1-1 on one example, y = [1]
    <BLANKLINE>
    Layer 1:  a⁽¹⁾ = x = [0.5]
    Layer 2:  z⁽²⁾_i = Θ⁽¹⁾_i0 + Σ_j Θ⁽¹⁾_ij a⁽¹⁾_j, a⁽²⁾_i = 1/(1 + e⁻ᶻ)        (1)
      z⁽²⁾_1 = 0.5 − 1·0.5 = 0,  a⁽²⁾_1 = 0.5
    <BLANKLINE>
    Cost:  ℓ = −Σ_k [ y_k log h_k + (1 − y_k) log(1 − h_k) ],  h = a⁽²⁾          (2)
      ℓ = −[ log 0.5 ] = 0.6931
    <BLANKLINE>
    Layer 2:  δ⁽²⁾_k = a⁽²⁾_k − y_k                                              (3)
      δ⁽²⁾_1 = 0.5 − 1 = −0.5
    <BLANKLINE>
    To Δ⁽¹⁾:  Δ⁽¹⁾_ij := Δ⁽¹⁾_ij + δ⁽²⁾_i a⁽¹⁾_j,  a⁽¹⁾_0 = 1                    (5)
      δ⁽²⁾_1·[1, a⁽¹⁾] = −0.5·[1, 0.5] = [−0.5, −0.25]
    """
    L = trace.network.L
    most = min(max(trace.network.sizes[1:]), max(lines, 1))
    text: list[str] = []
    for layers in range(L - 1, min(L - 1, 2) - 1, -1):
        front = layers // 2
        shown = [*range(2, 2 + front), *range(L - (layers - front) + 1, L + 1)]
        for units in range(most, 0, -1):
            text = [heading] * bool(heading) + _Text(trace, shown, units, width).lines()
            if len(text) <= lines:
                return "\n".join(text)
    raise SettingsError(
        f"lines={lines} is too few to explain the network {trace.network}: the shortest text takes {len(text)}."
    )


class _Text:
    """The text with some units of some layers."""

    def __init__(self, trace: ExampleTrace, layers: Sequence[int], units: int, width: int) -> None:
        self.trace, self.network, self.layers, self.width = trace, trace.network, layers, width
        self.chosen = {layer: _largest(trace.delta[layer - 2], units) for layer in layers}
        gaps = [layer for layer in range(2, self.network.L) if layer not in layers]
        self.gap = f"  … layers {gaps[0]} to {gaps[-1]} in the same way" if gaps else ""

    def lines(self) -> list[str]:
        """Return all lines."""
        trace = self.trace
        forward = [self._part(layer, self._forward_title(layer), self._forward) for layer in self.layers]
        errors = [self._part(layer, self._error_title(layer), self._error) for layer in reversed(self.layers)]
        contributions = [
            self._part(layer, self._contribution_title(layer), self._contribution) for layer in reversed(self.layers)
        ]
        front = len(self.layers) // 2
        return [
            f"The network {self.network} on one example, y = {_vector(trace.y, self.width - 60)}",
            "",
            f"Layer 1:  a⁽¹⁾ = x = {_vector(trace.x, self.width - 22)}",
            *self._with_gap(forward, front),
            "",
            self._title(f"Cost:  ℓ = {OUTPUT[self.network.output][1]},  h = a{_sup(self.network.L)}", 2),
            f"  ℓ = {_cost(trace, self.width - 24)} = {_number(trace.cost)}",
            "",
            *self._with_gap(errors, len(self.layers) - front),
            "",
            *self._with_gap(contributions, len(self.layers) - front),
        ]

    def _with_gap(self, parts: list[list[str]], before: int) -> list[str]:
        gap = [[self.gap]] if self.gap else []
        return list(chain.from_iterable([*parts[:before], *gap, *parts[before:]]))

    def _title(self, text: str, number: int) -> str:
        return f"{text.ljust(self.width - 4)} ({number})"

    def _part(self, layer: int, title: str, line: Callable[[int, int], str]) -> list[str]:
        chosen, delta = self.chosen[layer], np.abs(self.trace.delta[layer - 2])
        part = [title, *(f"  {line(layer, int(i))}" for i in chosen)]
        if (left_out := len(delta) - len(chosen)) > 0:
            rest = _number(float(np.delete(delta, chosen).max()))
            part.append(f"  … and {left_out} more of layer {layer}, with |δ{_sup(layer)}| ≤ {rest}")
        return part

    def _forward_title(self, layer: int) -> str:
        a, below, Theta = f"a{_sup(layer)}_i", f"a{_sup(layer - 1)}_j", f"Θ{_sup(layer - 1)}"
        if layer == self.network.L:
            end = f"{a} = {OUTPUT[self.network.output][0]}"
        else:
            end = f"{a} = {HIDDEN[self.network.hidden[layer - 2]][0]}"
        return self._title(f"Layer {layer}:  z{_sup(layer)}_i = {Theta}_i0 + Σ_j {Theta}_ij {below}, {end}", 1)

    def _forward(self, layer: int, i: int) -> str:
        Theta, z, a = self.trace.thetas[layer - 2], self.trace.z[layer - 2][i], self.trace.a[layer - 1][i]
        head = f"z{_sup(layer)}_{i + 1} = "
        tail = f" = {_number(z)},  a{_sup(layer)}_{i + 1} = {_number(a)}"
        room = self.width - 2 - len(head) - len(tail)
        return head + _sum(Theta[i, 1:], self.trace.a[layer - 2], room, first=_number(Theta[i, 0])) + tail

    def _error_title(self, layer: int) -> str:
        delta = f"δ{_sup(layer)}"
        if layer == self.network.L:
            return self._title(f"Layer {layer}:  {delta}_k = a{_sup(layer)}_k − y_k", 3)
        slope = HIDDEN[self.network.hidden[layer - 2]][1]
        above = f"Σ_i Θ{_sup(layer)}_ij δ{_sup(layer + 1)}_i"
        return self._title(f"Layer {layer}:  {delta}_j = ({above}) g′(z{_sup(layer)}_j), g′ = {slope}", 4)

    def _error(self, layer: int, i: int) -> str:
        head, tail = f"δ{_sup(layer)}_{i + 1} = ", f" = {_number(self.trace.delta[layer - 2][i])}"
        a = float(self.trace.a[layer - 1][i])
        if layer == self.network.L:
            y, delta = self.trace.y[i], self.trace.delta[layer - 2][i]
            # Four digits of h = 1 − 0.00002 are 1: what is left of it is in δ, which has all its digits.
            h = f"(1 − {_number(-delta)})" if y == 1 and -5e-5 < delta < 0 else _number(a)
            return f"{head}{h} − {_factor(y)}{tail}"
        tail = f")·{self._slope(layer, i)}{tail}"
        room = self.width - 3 - len(head) - len(tail)
        return f"{head}({_sum(self.trace.thetas[layer - 1][:, i + 1], self.trace.delta[layer - 1], room)}{tail}"

    def _slope(self, layer: int, i: int) -> str:
        z, a = self.trace.z[layer - 2][i : i + 1], self.trace.a[layer - 1][i : i + 1]
        if write := HIDDEN[self.network.hidden[layer - 2]][2]:
            return write(float(a[0]))
        return _factor(float(self.network.hidden_units[layer - 2].derivative(z, a)[0]))

    def _contribution_title(self, layer: int) -> str:
        Delta, a = f"Δ{_sup(layer - 1)}", f"a{_sup(layer - 1)}"
        return self._title(f"To {Delta}:  {Delta}_ij := {Delta}_ij + δ{_sup(layer)}_i {a}_j,  {a}_0 = 1", 5)

    def _contribution(self, layer: int, i: int) -> str:
        delta, values = self.trace.delta[layer - 2][i], self.trace.contributions[layer - 2][i]
        head = f"δ{_sup(layer)}_{i + 1}·[1, a{_sup(layer - 1)}] = {_number(delta)}·"
        inputs = np.concatenate([[1.0], self.trace.a[layer - 2]])
        whole = f"{head}[{', '.join(map(_number, inputs))}] = [{', '.join(map(_number, values))}]"
        if len(whole) <= self.width - 2:
            return whole
        head = f"δ{_sup(layer)}_{i + 1} a{_sup(layer - 1)}_j = {_number(delta)}·a{_sup(layer - 1)}_j:  "
        entries = [f"j = {j}: {_number(value)}" for j, value in enumerate(values)]
        return head + _joined(entries, np.abs(values), ", ", self.width - 2 - len(head))


def _sum(factors: Array, values: Array, room: int, first: str = "") -> str:
    """Write Σ factor·value in at most so many characters if possible: the largest terms, then the sum of the rest."""
    products = factors * values
    terms = [
        f" {'−' if factor < 0 else '+'} {_number(abs(factor))}·{_factor(value)}"
        for factor, value in zip(factors, values, strict=True)
    ]
    kept = _fitting([len(term) for term in terms], np.abs(products), room - len(first), reserve=28)
    text = first + "".join(terms[k] for k in kept)
    if not first:
        text = text.removeprefix(" + ")
        text = f"−{text[3:]}" if text.startswith(" − ") else text
    if (left_out := len(terms) - len(kept)) > 0:
        text += f"{' + ' if text else ''}… ({left_out} more: {_number(float(np.delete(products, kept).sum()))})"
    return text


def _cost(trace: ExampleTrace, room: int) -> str:
    """Write the cost's terms with numbers, the largest that fit; logarithms come from z, where no digit is lost."""
    z, h, y, output = trace.z[-1], trace.h, trace.y, trace.network.output
    if output in ("sigmoid", "softmax"):
        if output == "sigmoid":
            factors, logs = np.concatenate([y, 1 - y]), -np.logaddexp(0, np.concatenate([-z, z]))
        else:
            factors, logs = y, z - np.logaddexp.reduce(z)
        factors, logs = factors[factors != 0], logs[factors != 0]
        terms = [
            ("" if factor == 1 else f"{_number(factor)}·") + _logarithm(log)
            for factor, log in zip(factors, logs, strict=True)
        ]
        return f"−[ {_joined(terms, np.abs(factors * logs), ' + ', room)} ]"
    if output == "identity":
        terms = [f"({_number(a)} − {_factor(b)})²" for a, b in zip(h, y, strict=True)]
        return f"½ [ {_joined(terms, np.abs(h - y), ' + ', room)} ]"
    constant = y * np.log(np.where(y > 0, y, 1)) - y
    terms = [
        f"({_number(a)} − {_number(b)}·{_factor(c)} + {_factor(d)})"
        for a, b, c, d in zip(h, y, z, constant, strict=True)
    ]
    return _joined(terms, np.abs(h - y * z + constant), " + ", room)


def _logarithm(log: float) -> str:
    """Write log p of a probability p, however near to 0 or 1 it is."""
    if log < -700:
        return f"log e^{_number(log)}"
    return f"log(1 − {_number(-np.expm1(log))})" if log > -5e-5 else f"log {_number(np.exp(log))}"


def _joined(terms: list[str], sizes: Array, mark: str, room: int) -> str:
    """Join the largest terms that fit, in their order, and say how many more there are."""
    kept = _fitting([len(term) + len(mark) for term in terms], sizes, room, reserve=14)
    kept = kept or [int(np.argmax(sizes))]
    more = f"{mark}… ({len(terms) - len(kept)} more)" if len(kept) < len(terms) else ""
    return mark.join(terms[k] for k in kept) + more


def _fitting(lengths: list[int], sizes: Array, room: int, reserve: int) -> list[int]:
    """Return the terms to keep, in order: all if they fit, else the largest that leave the reserve."""
    if sum(lengths) <= room:
        return list(range(len(lengths)))
    kept: list[int] = []
    for k in np.argsort(-np.abs(sizes), kind="stable"):
        room -= lengths[k]
        if room < reserve:
            break
        kept.append(int(k))
    return sorted(kept)


def _largest(values: Array, most: int) -> list[int]:
    """Return the places of the largest magnitudes, in order."""
    return sorted(np.argsort(-np.abs(values), kind="stable")[:most].tolist())


def _vector(values: Array, room: int) -> str:
    terms = [_number(value) for value in values]
    return f"[{_joined(terms, np.arange(len(terms), 0.0, -1), ', ', room)}]"


def _number(value: float) -> str:
    text = f"{float(value) + 0.0:.4g}"  # + 0.0 turns −0 into 0
    return text.replace("-", "−", 1) if text.startswith("-") else text


def _factor(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)


def _sup(layer: int) -> str:
    return f"⁽{str(layer).translate(SUPERSCRIPTS)}⁾"
