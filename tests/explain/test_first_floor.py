"""Explanations of networks with parts of their own kinds: formulas, numbers, and the three forms."""

import re

import numpy as np
import pytest

from deltarule import Dense, Network, trace, trace_example
from deltarule.explain import explain
from deltarule.network.curves import Periodic, PiecewiseLinear
from deltarule.network.first_floor import Beside, Embedding, Keep, Scale
from deltarule.network.parametric import Parametric
from deltarule.network.parts import Part
from first_floors import FLOOR, WHOLE, rows_for

FORMULAS: list[tuple[Part, str, str, str]] = [
    (Keep(2), "a⁽²⁾_i = x,  x = a⁽¹⁾", "", r"a^{(2)}_{i} = x"),
    (Scale(2), "a⁽²⁾_i = s_i x_i,", "(7)", r"a^{(2)}_{i} = s_{i} x_{i}"),
    (Embedding(3, 2), "a⁽²⁾_i = T_{x,i},", "(8)", r"a^{(2)}_{i} = T_{x,i}"),
    (
        PiecewiseLinear([[-1, 0, 2]], 2),
        "a⁽²⁾_i = (1 − r) T_{k,i} + r T_{k+1,i},",
        "(9)",
        r"(1 - r) T_{k,i} + r T_{k+1,i}",
    ),
    (
        Periodic(1, 3, 2),
        "a⁽²⁾_i = v_i + Σ_f V_if cos φ_f or x,  φ_f = 2π ω_f x + b_f",
        "(10)",
        r"v_{i} + \sum_{f} V_{if} \cos \varphi_{f} \text{ or } x,\ \varphi_{f} = 2\pi \omega_{f} x + b_{f}",
    ),
]


def evaluated(total: str) -> float:
    """The value of a sum of products as it is written."""
    total = re.sub(r"(cos|sin) (\([^)]*\)|[^ ·]+)", r"\1(\2)", total.replace("2π", str(2 * np.pi)))
    return float(eval(total.replace("−", "-").replace("·", "*"), {"cos": np.cos, "sin": np.sin}))  # our own digits


@pytest.mark.parametrize(("part", "formula", "number", "latex"), FORMULAS, ids=lambda value: str(value)[:20])
def test_the_formula_of_a_part_stands_above_its_numbers(part: Part, formula: str, number: str, latex: str) -> None:
    network = Network([part, Dense(part.outputs, 1)])
    x = rows_for(part, 1, seed=2)[0]
    example = trace_example(network, network.first_theta(np.random.default_rng(0)), x, [1.0])
    text = explain(example, lines=60)
    (title,) = [line for line in text.splitlines() if line.startswith("Layer 2:  a⁽²⁾_i")]
    assert formula in title
    assert title.endswith(number)
    checked = 0
    for i in range(part.outputs):
        for line in text.splitlines():
            if match := re.fullmatch(rf"  a⁽²⁾_{i + 1} = (?:([^=]*) = )?(\S+?)(?:,  x = .*)?", line):
                value = float(match[2].replace("−", "-"))
                assert value == pytest.approx(example.a[1][i], rel=1e-3, abs=1e-3)
                if match[1] and not match[1].startswith("T_"):
                    assert evaluated(match[1]) == pytest.approx(value, rel=5e-3, abs=5e-3)
                checked += 1
    assert checked == part.outputs
    assert latex in explain(example, form="markdown", lines=60)
    assert "<i>a</i>" in explain(example, form="html", lines=60)


def test_the_error_of_what_lies_below_another_part_is_a_sum_with_its_slopes() -> None:
    network = Network([Scale(2), Periodic(2, 2, 2), Dense(4, 2), Parametric(2, "tanh"), Dense(2, 1)])
    theta = network.first_theta(np.random.default_rng(0))
    theta[:2] = [2.0, -0.5]
    text = explain(trace_example(network, theta, [0.5, -1.0], [1.0]), lines=80, width=200)
    assert "δ⁽²⁾_j = Σ_i δ⁽³⁾_i ∂a⁽³⁾_i/∂a⁽²⁾_j" in text
    assert "a⁽⁵⁾_i = (1 − α_i) x_i + α_i g(x_i), g(z) = tanh z,  x = a⁽⁴⁾" in text
    lines = [match for line in text.splitlines() if (match := re.fullmatch(r"  δ⁽[²⁴⁵]⁾_\d = (.*) = (\S+)", line))]
    assert len(lines) == 2 + 2 + 2
    for match in lines:
        assert evaluated(match[1]) == pytest.approx(float(match[2].replace("−", "-")), rel=5e-3, abs=5e-3)


def test_parts_beside_each_other_are_explained_one_kind_after_the_other() -> None:
    floor = Beside([Keep(1), Embedding(3, 2), Keep(1)])
    network = Network([floor, Dense(4, 1)])
    example = trace_example(network, network.first_theta(np.random.default_rng(0)), [0.5, -1.0, 2.0], [1.0])
    text = explain(example)
    assert "Layer 2:  a⁽²⁾_i = x,  x = a⁽¹⁾" in text
    assert "  a⁽²⁾_4 = 2,  x = a⁽¹⁾_3 = 2" in text.splitlines()
    assert re.search(r"Layer 2:  a⁽²⁾_i = T_\{x,i\},  x = a⁽¹⁾ +\(8\)", text)
    assert "  a⁽²⁾_2 = 0,  x = a⁽¹⁾_2 = −1" in text.splitlines()  # a category that training never saw: no row of T


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_network_of_all_parts_is_explained_on_one_example_and_on_many(form: str) -> None:
    X, generator = rows_for(FLOOR, 5), np.random.default_rng(0)
    theta, Y = WHOLE.first_theta(generator, X), np.eye(3)[[0, 1, 2, 0, 1]]
    alone = explain(trace_example(WHOLE, theta, X[0], Y[0]), form=form, lines=200)
    many = explain(trace(WHOLE, theta, X, Y, lambda_=0.3), form=form, lines=200)
    assert len(alone) > 1000
    assert len(many) > 1000


def test_sums_over_a_training_set_name_the_largest_entries_of_other_parts_by_their_place() -> None:
    network = Network([Scale(2), Dense(2, 1)])
    theta = network.unroll([np.array([2.0, 3.0]), np.array([[0.5, -1.0, 1.0]])])
    whole = trace(network, theta, [[1.0, 2.0], [3.0, -1.0]], [[1.0], [0.0]], lambda_=2.0)
    text = explain(whole, lines=80)
    assert "Δ⁽¹⁾_p = Σ_t ∂ℓ/∂Θ⁽¹⁾_p" in text
    for p in range(2):
        assert re.search(rf"D⁽¹⁾_{p + 1} = 1/2·\S+ = {re.escape(f'{whole.D[0][p]:.4g}'.replace('-', '−'))}", text)
    assert "λ/2m Σ Θ² = 2/4·((−1)² + 1²) = 1" in text  # without the scales and the bias


def test_each_slope_of_a_first_floor_is_written_with_numbers() -> None:
    X = rows_for(FLOOR, 3)
    theta = WHOLE.first_theta(np.random.default_rng(0), X)
    example = trace_example(WHOLE, theta, X[0], np.eye(3)[0])
    text = explain(example, lines=2000, width=200)
    lines = re.findall(r"^  (∂ℓ/∂\S+) = (?:(.*) = )?(\S+)$", text, flags=re.MULTILINE)
    letters = {name[4] for name, _, _ in lines}
    assert letters == set("sTVvbωα")
    deltas = dict(re.findall(r"^  (δ⁽\S+) = .* = (\S+)$", text, flags=re.MULTILINE))
    checked = 0
    for name, numbers, value in lines:
        found = float(value.replace("−", "-"))
        assert numbers or value == "0", name
        if numbers in deltas:
            assert deltas[numbers] == value
        else:
            assert evaluated(numbers or "0") == pytest.approx(found, rel=2e-2, abs=2e-3), name
        checked += 1
    entries = sum(example.contributions[n].size for n, part in enumerate(WHOLE.parts) if not isinstance(part, Dense))
    left_out = sum(int(n) for n in re.findall(r"… and (\d+) more entries", text))
    assert (checked, left_out) == (entries - 3, 3)  # of one kind as many are shown as the widest layer has units


def test_inputs_that_the_first_part_is_shown_to_take_are_named() -> None:
    network = Network([Beside([Keep(1), Embedding(3, 2)]), Dense(3, 1)])
    example = trace_example(network, network.first_theta(np.random.default_rng(0)), [0.5, 2.0], [1.0])
    assert "  of which 1 is size, 2 is *town*" in explain(example, inputs=["size", "*town*"]).splitlines()
    assert r"of which 1 is size, 2 is \*town\*" in explain(example, form="markdown", inputs=["size", "*town*"])


def test_where_nothing_fits_into_the_usual_lines_the_shortest_explanation_is_given() -> None:
    network = Network(
        [Periodic(2), *(part for _ in range(9) for part in (Dense(8, 8), Parametric(8, "selu"))), Dense(8, 2)]
    )
    example = trace_example(network, network.first_theta(np.random.default_rng(0)), [0.5, -1.0], [1.0, 0.0])
    assert 30 < len(explain(example, width=80).splitlines()) < 60
