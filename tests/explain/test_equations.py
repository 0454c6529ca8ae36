"""The numbers, read back out of what is written, satisfy equations (1) to (6) within the digits that are shown.

Nothing here asks the trace what is right but which layers there are and which units they have.
"""

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from mpmath import iv

from deltarule import ExampleTrace, Network, Trace, Unit, trace, trace_example
from deltarule.explain import FORMS, explain
from deltarule.network.units import HIDDEN_UNITS, OUTPUT_UNITS
from readback import NUMBER, UNITS, Section, agree, log, read, shown, sigma, value_of


def targets(network: Network, rows: int, generator: np.random.Generator) -> Any:
    if network.output == "softmax":
        return np.eye(network.K)[generator.integers(network.K, size=rows)]
    if network.output == "sigmoid":
        return generator.integers(2, size=(rows, network.K)).astype(float)
    return generator.uniform(0, 2, (rows, network.K))


def example_of(network: Network, seed: int = 0) -> ExampleTrace:
    generator = np.random.default_rng(seed)
    theta = network.first_theta(generator) + 0.1 * generator.standard_normal(network.n_parameters)
    return trace_example(network, theta, generator.standard_normal(network.sizes[0]), targets(network, 1, generator)[0])


def pass_of(network: Network, rows: int, lambda_: float, weighted: bool = False, seed: int = 0) -> Trace:
    generator = np.random.default_rng(seed)
    theta = network.first_theta(generator) + 0.1 * generator.standard_normal(network.n_parameters)
    X = generator.standard_normal((rows, network.sizes[0]))
    weights = generator.choice([0.5, 1, 2], rows) if weighted else None
    return trace(network, theta, X, targets(network, rows, generator), lambda_=lambda_, sample_weight=weights)


def networks(output: str) -> list[Network]:
    """Every hidden unit, K = 1 and K > 1, no hidden layer, and two layers of different units."""
    sizes = [(2, 2, 1), (3, 4, 3)]
    units = [*map(Unit, HIDDEN_UNITS), Unit("leaky_relu", 0.2), Unit("elu", 0.5), Unit("elu", 1 / 3)]
    found = [Network(size, hidden, output) for size in sizes[output == "softmax" :] for hidden in units]
    found += [Network(size, (), output) for size in [(2, 1), (3, 3)][output == "softmax" :]]
    return [*found, Network((3, 4, 2, 2), ("tanh", "elu"), output)]


ALL = [
    pytest.param(network, form, id=f"{network}-{'-'.join(map(str, network.hidden_units))}-{output}-{form}")
    for output in OUTPUT_UNITS
    for network in networks(output)
    for form in FORMS
]


def vector(text: str) -> list[str]:
    """The entries of the vector at the end of a formula."""
    return text[text.rindex("[") + 1 : text.rindex("]")].split(",")


def terms(numbers: str) -> list[tuple[str, str]]:
    """Coefficient and factor of each product of a sum."""
    found = re.findall(rf"([+-]?)({NUMBER})\*\(?(-?{NUMBER})\)?", numbers)
    return [(sign.replace("+", "") + coefficient, factor) for sign, coefficient, factor in found]


class Way:
    """One example's numbers as they are written, every unit of every layer."""

    def __init__(self, section: Section, network: Network) -> None:
        self.network, self.section = network, section
        self.y = vector(section.title)
        layers = range(2, network.L + 1)
        forward, back = section.values(1), section.values(4)
        for equation in (3, 14, 15):  # of the outputs
            back |= section.values(equation)
        start = next(part for part in section.parts(0) if part.label == "Layer1")
        self.a = {1: vector(start.formula)}
        for layer in layers:
            self.a[layer] = [forward[f"a^({layer})_{i}"].value for i in self.units(layer)]
        self.z = {layer: [forward[f"z^({layer})_{i}"] for i in self.units(layer)] for layer in layers}
        self.delta = {layer: [back[f"δ^({layer})_{i}"] for i in self.units(layer)] for layer in layers}
        self.Theta = {
            layer: [
                [str(re.match(f"-?{NUMBER}", z.numbers)[0]), *(w for w, _ in terms(z.numbers))]  # type: ignore[index]
                for z in self.z[layer]
            ]
            for layer in layers
        }
        self.costs = section.values(2)

    def units(self, layer: int) -> range:
        return range(1, self.network.sizes[layer - 1] + 1)

    def error(self, layer: int) -> list[str]:
        return [delta.value for delta in self.delta[layer]]

    def check(self) -> None:
        self.check_forward()
        self.check_cost()
        self.check_back()

    def check_forward(self) -> None:  # (1)
        forward = self.section.values(1)
        for below, layer in pairwise(range(1, self.network.L + 1)):
            for i, z in enumerate(self.z[layer]):
                assert [factor for _, factor in terms(z.numbers)] == self.a[below]
                assert agree(value_of(z.numbers), shown(z.value))
                a = forward[f"a^({layer})_{i + 1}"]
                assert agree(self.activation(layer, i), shown(a.value))
                if a.numbers:
                    assert agree(value_of(a.numbers), shown(a.value))

    def activation(self, layer: int, i: int) -> Any:
        z = [shown(z.value) for z in self.z[layer]]
        if layer < self.network.L:
            return UNITS[self.network.hidden[layer - 2]][0](z[i], *self.network.hidden_numbers[layer - 2])
        output = self.network.output
        if output == "softmax":
            return iv.exp(z[i]) / sum(map(iv.exp, z))
        if output in ("identity", "huber"):
            return z[i]
        if output == "pinball":
            return sorted(z, key=lambda one: one.mid)[i]
        return sigma(z[i]) if output == "sigmoid" else iv.exp(z[i])

    def check_cost(self) -> None:  # (2)
        ell = self.costs["ℓ"]
        assert agree(value_of(ell.numbers), shown(ell.value))
        h, y = [shown(a) for a in self.a[self.network.L]], [shown(y) for y in self.y]
        z = [shown(z.value) for z in self.z[self.network.L]]
        assert agree(sum(map(self.cost_of_output, h, y, z, range(len(h)))), shown(ell.value))

    def cost_of_output(self, h: Any, y: Any, z: Any, k: int) -> Any:
        if self.network.output == "huber":
            r, kappa = abs(h - y), self.network.output_numbers[0]
            return r**2 / 2 if r.mid <= kappa else kappa * (r - kappa / 2)
        if self.network.output == "pinball":
            tau = self.network.output_numbers[k]
            return tau * (y - h) if y.mid > h.mid else (1 - tau) * (h - y)
        if self.network.output == "sigmoid":
            return -(y * log(h) + (1 - y) * log(1 - h))
        if self.network.output == "softmax":
            return -(y * log(h))
        if self.network.output == "identity":
            return (h - y) ** 2 / 2
        return h - y * z + y * log(y) - y

    def error_of_output(self, difference: Any, k: int) -> Any:
        if self.network.output == "huber":
            kappa = self.network.output_numbers[0]
            return difference if abs(difference.mid) < kappa else iv.mpf(kappa if difference.mid > 0 else -kappa)
        if self.network.output == "pinball":
            tau = self.network.output_numbers[k]
            return iv.mpf(1 - tau if difference.mid > 0 else -tau)
        return difference

    def check_back(self) -> None:
        last = self.network.L
        z = [shown(one.value).mid for one in self.z[last]]
        for i, delta in enumerate(self.delta[last]):  # (3), (14), (15)
            place = sorted(range(len(z)), key=z.__getitem__).index(i) if self.network.output == "pinball" else i
            difference = shown(self.a[last][place]) - shown(self.y[place])
            assert agree(self.error_of_output(difference, place), shown(delta.value))
            if delta.numbers:
                assert agree(value_of(delta.numbers), shown(delta.value))
            else:
                assert self.network.output in ("huber", "pinball")
        for layer in range(2, last):  # (4)
            slope, numbers = UNITS[self.network.hidden[layer - 2]][1], self.network.hidden_numbers[layer - 2]
            for j, delta in enumerate(self.delta[layer]):
                products = terms(delta.numbers[: delta.numbers.rindex(")*")])
                column = [row[j + 1] for row in self.Theta[layer + 1]]
                assert products == list(zip(column, self.error(layer + 1), strict=True))
                assert agree(value_of(delta.numbers), shown(delta.value))
                total = sum(shown(w) * shown(d) for w, d in products)
                assert agree(total * slope(shown(self.z[layer][j].value), *numbers), shown(delta.value))


@pytest.mark.parametrize(("network", "form"), ALL)
def test_one_example_satisfies_1_to_5(network: Network, form: str) -> None:
    (section,) = read(explain(example_of(network), form=form, lines=100, width=160), form)
    way = Way(section, network)
    way.check()
    contributions = section.values(5)
    for layer in range(2, network.L + 1):  # (5)
        for i, error in enumerate(way.error(layer), 1):
            line = contributions[f"δ^({layer})_{i}*[1,a^({layer - 1})]"]
            assert line.numbers == f"{error}*[{','.join(['1', *way.a[layer - 1]])}]"
            for a, value in zip(["1", *way.a[layer - 1]], vector(line.value), strict=True):
                assert agree(shown(error) * shown(a), shown(value))
    assert len(contributions) == sum(network.sizes[1:])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lambda_", [0.0, 0.7])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "network",
    [
        Network((2, 2, 1), "logistic", "sigmoid"),
        Network((2, 3, 3), "tanh", "softmax"),
        Network((3, 2, 2, 2), "softplus", "sigmoid"),
        Network((2, 1), (), "identity"),
    ],
    ids=str,
)
def test_a_whole_pass_satisfies_1_to_6(network: Network, weighted: bool, lambda_: float, form: str) -> None:
    rows = 3
    result = pass_of(network, rows, lambda_, weighted)
    opening, *examples, sums = read(explain(result, form=form, lines=400, width=400), form)
    m, written_lambda = re.search(rf"m=({NUMBER}),λ=({NUMBER})$", opening.title).groups()  # type: ignore[union-attr]
    ways = [Way(section, network) for section in examples]
    assert len(ways) == rows
    for way in ways:
        way.check()
    stated = [re.search(rf"ofweight({NUMBER}),", section.title) for section in examples]
    weights = [match[1] if match else "1" for match in stated]
    assert float(m) == sum(map(float, weights)) == pytest.approx(result.m)
    assert float(written_lambda) == lambda_

    exact_m, exact_lambda = iv.mpf(m), iv.mpf(written_lambda)
    Theta = ways[0].Theta
    costs = sums.values(2)  # (2)
    data, penalty, J = (
        costs["1/mΣ_tw_tℓ_t" if weighted else "1/mΣ_tℓ_t"],
        costs["λ/2mΣΘ**2"],
        costs["J"],
    )
    mean = sum(iv.mpf(w) * shown(way.costs["ℓ"].value) for w, way in zip(weights, ways, strict=True)) / exact_m
    squares = sum(shown(entry) ** 2 for rows_ in Theta.values() for row in rows_ for entry in row[1:])
    assert agree(mean, shown(data.value))
    assert agree(exact_lambda * squares / (2 * exact_m), shown(penalty.value))
    for line in (data, penalty, J):
        assert agree(value_of(line.numbers), shown(line.value))
    assert J.numbers == f"{data.value}+{penalty.value}"

    Delta, D = sums.values(5), sums.values(6)
    assert len(Delta) == len(D) == network.n_parameters
    for layer in range(2, network.L + 1):
        for i in range(1, network.sizes[layer - 1] + 1):
            for j in range(network.sizes[layer - 2] + 1):
                place = f"^({layer - 1})_{i},{j}"
                total = sum(  # (5)
                    iv.mpf(w) * shown(way.error(layer)[i - 1]) * (shown(way.a[layer - 1][j - 1]) if j else 1)
                    for w, way in zip(weights, ways, strict=True)
                )
                line = Delta["Δ" + place]
                assert agree(total, shown(line.value))
                assert agree(value_of(line.numbers), shown(line.value))
                gradient = D["D" + place]  # (6)
                decay = exact_lambda * shown(Theta[layer][i - 1][j]) if j else 0
                assert agree((shown(line.value) + decay) / exact_m, shown(gradient.value))
                assert agree(value_of(gradient.numbers), shown(gradient.value))


SHORTENED = [
    (Network((30, 20, 4), "tanh", "softmax"), 40),
    (Network((64, 100, 10), "relu", "softmax"), 40),
    (Network((64, 100, 10), "logistic", "sigmoid"), 100),
    (Network((40, 30, 1), "silu", "sigmoid"), 34),
    (Network((3, *(6,) * 9, 4), "logistic", "exp"), 60),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("network", "lines"), SHORTENED, ids=lambda value: str(value))
@pytest.mark.parametrize("rows", [None, 5])
def test_shortened_lines_hold_and_what_they_leave_out_is_counted(
    network: Network, lines: int, rows: int | None, form: str
) -> None:
    result = example_of(network) if rows is None else pass_of(network, rows, 0.3)
    lines = lines if rows is None else 100
    sections = read(explain(result, form=form, lines=lines, width=100), form)
    checked = 0
    for section in sections:
        for number in range(1, 7):
            for line in section.values(number).values():
                if not line.numbers:
                    continue
                if "[" in line.value:
                    scalar, inputs = line.numbers.split("*", 1)
                    for a, value in zip(vector(inputs), vector(line.value), strict=True):
                        assert agree(shown(scalar) * shown(a), shown(value))
                else:
                    numbers = re.sub(r"\+…\(\d+more\)", "", line.numbers)
                    if numbers != line.numbers:  # terms of ℓ are left out without their sum: what is there is not more
                        assert value_of(numbers).a <= shown(line.value).b
                    else:
                        assert agree(value_of(numbers), shown(line.value))
                checked += 1
    assert checked >= 12

    way = sections[0] if rows is None else sections[1]
    parts = [(number, part) for number in (1, 3, 4) for part in way.parts(number)]
    gaps = sum("inthesameway" in item for item in way.items if isinstance(item, str))
    assert len(parts) == 2 * (network.L - 1) - (2 * missing_layers(way) if gaps else 0)
    for number, part in parts:
        layer = int(part.label.removeprefix("Layer"))
        left = left_out(way, part)
        assert len(part.lines) + left[0] == network.sizes[layer - 1]
        if number > 1 and left[0]:
            assert min(abs(shown(written[0].value)).b for written in part.lines) >= shown(left[1]).a
        if number == 1:
            for sum_, *_ in part.lines:
                count = re.search(r"…\((\d+)more", sum_.numbers)
                assert len(terms(sum_.numbers)) + int(count[1] if count else 0) == network.sizes[layer - 2]


def missing_layers(section: Section) -> int:
    gap = next(item for item in section.items if isinstance(item, str) and "inthesameway" in item)
    ends = [int(number) for number in re.findall(r"\d+", gap)]
    return ends[-1] - ends[0] + 1


def left_out(section: Section, part: Any) -> tuple[int, str]:
    """How many units the remark below a part leaves out, and the most that is said of them."""
    place = next(n for n, item in enumerate(section.items) if item is part) + 1
    after = section.items[place] if place < len(section.items) else None
    if isinstance(after, str) and (match := re.match(rf"…and(\d+)moreoflayer.*≤({NUMBER})$", after)):
        return int(match[1]), match[2]
    return 0, "0"


@pytest.mark.parametrize("rows", [None, 4])
@pytest.mark.parametrize(("network", "lines"), [*SHORTENED, (Network((2, 3, 2), "mish"), 200)], ids=str)
def test_the_three_forms_say_the_same(network: Network, lines: int, rows: int | None) -> None:
    result = example_of(network) if rows is None else pass_of(network, rows, 0.3, weighted=True)
    lines = lines if rows is None else 3 * lines
    text, *others = (read(explain(result, form=form, lines=lines, width=100), form) for form in FORMS)
    assert all(other == text for other in others)
