"""The text of an example's way through a network."""

import re

import numpy as np
import pytest
from numpy.typing import ArrayLike

from deltarule import ExampleTrace, Network, Unit, trace_example
from deltarule.common.errors import SettingsError
from deltarule.explain import explain
from deltarule.network.units import HIDDEN_UNITS


def trace_of(
    sizes: tuple[int, ...], hidden: str | Unit | tuple[Unit, ...] = "logistic", output: str = "sigmoid", seed: int = 0
) -> ExampleTrace:
    network = Network(sizes, hidden, output)
    generator = np.random.default_rng(seed)
    y = np.eye(network.K)[generator.integers(network.K)]
    x = generator.standard_normal(sizes[0])
    return trace_example(network, network.first_theta(generator), x, y)


def values_of(line: str) -> list[float]:
    """Every number of a line that stands alone."""
    return [float(number.replace("−", "-")) for number in re.findall(r"−?\d+(?:\.\d+)?(?:e[-+]\d+)?", line)]


def evaluated(sum_: str) -> float:
    """The value of a sum of products as it is written."""
    return float(eval(sum_.replace("−", "-").replace("·", "*").replace("²", "**2")))  # our own digits


def test_a_small_network_is_shown_whole_and_in_the_order_of_the_equations() -> None:
    text = explain(trace_of((2, 2, 1)))
    order = [text.index(f"({n})") for n in (1, 2, 3, 4, 5)]
    assert order == sorted(order)
    assert "…" not in text
    for line in ["z⁽²⁾_1 =", "z⁽²⁾_2 =", "z⁽³⁾_1 =", "ℓ = −[", "δ⁽³⁾_1 =", "δ⁽²⁾_2 =", "δ⁽³⁾_1·[1, a⁽²⁾] ="]:
        assert line in text


@pytest.mark.parametrize("hidden", [*HIDDEN_UNITS, Unit("leaky_relu", 0.2), Unit("elu", 0.5)], ids=str)
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity", "exp"])
def test_what_is_written_left_of_an_equals_sign_has_the_value_right_of_it(hidden: str | Unit, output: str) -> None:
    trace = trace_of((3, 4, 2), hidden, output, seed=3)
    checked = 0
    for line in explain(trace, width=200).splitlines():
        if match := re.fullmatch(r"  (?:z|δ)⁽\S⁾_\d = (.*?) = (\S+?)(?:,  a.*)?", line):
            value = float(match[2].replace("−", "-"))
            assert evaluated(match[1]) == pytest.approx(value, rel=1e-3, abs=3e-3)
            checked += 1
    assert checked == 4 + 2 + 2 + 4


def test_the_numbers_are_those_of_the_trace() -> None:
    trace = trace_of((2, 3, 2), "tanh", "softmax")
    text = explain(trace)
    for vector in (*trace.z, *trace.a[1:], *trace.delta):
        for value in vector:
            assert f"{value:.4g}".replace("-", "−", 1) in text
    assert text.count(f"{trace.cost:.4g}") >= 1


def test_contributions_are_the_rows_of_the_matrices() -> None:
    trace = trace_of((2, 2, 1))
    rows = [line.split(" = ")[-1] for line in explain(trace).splitlines() if "·[1, a" in line]
    matrices = [*trace.contributions[1], *trace.contributions[0]]
    for row, values in zip(rows, matrices, strict=True):
        np.testing.assert_allclose(values_of(row), values, rtol=1e-3)


@pytest.mark.parametrize("lines", [30, 40, 60, 200])
@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize("sizes", [(2, 2, 1), (64, 100, 10), (3, *(6,) * 9, 4)])
def test_the_text_fits_the_screen(sizes: tuple[int, ...], width: int, lines: int) -> None:
    text = explain(trace_of(sizes, "relu", "sigmoid" if sizes[-1] == 1 else "softmax"), lines=lines, width=width)
    assert len(text.splitlines()) <= lines
    assert max(map(len, text.splitlines())) <= width + (5 if len(sizes) > 9 else 0)  # Θ⁽¹⁰⁾ is longer in each title


@pytest.mark.parametrize("hidden", [*HIDDEN_UNITS, Unit("leaky_relu", 1.234e-5), Unit("elu", 1.234e-5)], ids=str)
def test_the_formulas_of_every_unit_fit_80_columns(hidden: str | Unit) -> None:
    assert max(map(len, explain(trace_of((3, 4, 4, 2), hidden, "softmax"), width=80).splitlines())) <= 80


def test_the_units_with_the_largest_error_stay_and_the_rest_is_counted() -> None:
    trace = trace_of((64, 100, 10), "relu", "softmax")
    text = explain(trace, lines=40)
    largest = int(np.argmax(np.abs(trace.delta[0])))
    assert f"δ⁽²⁾_{largest + 1} =" in text
    shown = len(re.findall(r"^  z⁽²⁾_\d+ =", text, flags=re.MULTILINE))
    assert 1 <= shown < 100
    assert f"… and {100 - shown} more of layer 2, with |δ⁽²⁾| ≤" in text


def test_the_rest_of_a_shortened_sum_has_the_value_that_is_said() -> None:
    trace = trace_of((200, 3, 1))
    line = next(line for line in explain(trace).splitlines() if line.startswith("  z⁽²⁾_1 ="))
    match = re.fullmatch(r"  z⁽²⁾_1 = (.*) \+ … \((\d+) more: (\S+)\) = (\S+),  a.*", line)
    assert match is not None
    assert len(match[1].split("·")) - 1 + int(match[2]) == 200
    rest, total = (float(number.replace("−", "-")) for number in match.groups()[2:])
    assert evaluated(match[1]) + rest == pytest.approx(total, abs=3e-3)


def test_middle_layers_go_when_there_are_too_many() -> None:
    text = explain(trace_of((3, *(4,) * 8, 2), output="softmax"), lines=40)
    assert text.count("  … layers 3 to 8 in the same way") == 3


def test_a_heading_counts_as_a_line() -> None:
    trace = trace_of((64, 100, 10), output="softmax")
    assert len(explain(trace, heading="Row 7").splitlines()) <= 40
    assert explain(trace, heading="Row 7").startswith("Row 7\nThe network 64-100-10 on one example")


def test_too_few_lines_are_told_how_many_it_takes() -> None:
    trace = trace_of((64, 100, 10), output="softmax")
    with pytest.raises(SettingsError, match=r"lines=5 is too few .* the shortest text takes (\d+)\.") as caught:
        explain(trace, lines=5)
    enough = values_of(str(caught.value))[-1]
    assert len(explain(trace, lines=int(enough)).splitlines()) == enough


@pytest.mark.parametrize(
    ("z", "y", "cost"),
    [
        (800.0, 1, "log(1 − 0) ] = 0"),
        (20.0, 1, "log(1 − 2.061e-09) ] = 2.061e-09"),
        (-20.0, 1, "log 2.061e-09 ] = 20"),
        (-800.0, 1, "log e^−800 ] = 800"),
        (800.0, 0, "log e^−800 ] = 800"),
        (20.0, 0, "log 2.061e-09 ] = 20"),
    ],
)
def test_confident_answers_keep_their_digits(z: float, y: ArrayLike, cost: str) -> None:
    text = explain(trace_example(Network((1, 1)), [z, 0.0], [0.0], [float(np.asarray(y))]))
    assert f"ℓ = −[ {cost}" in text


def test_the_cost_of_a_label_that_is_0_is_written_with_1_minus_h() -> None:
    text = explain(trace_example(Network((1, 2)), [-1.0, 0.0, 1.0, 0.0], [0.0], [0.0, 1.0]))
    assert "ℓ = −[ log(1 − 0.2689) + log 0.7311 ] = 0.6265" in text


def test_an_unknown_form_is_told_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r"form='latex' is not known. Take one of text, markdown, html."):
        explain(trace_of((2, 1)), form="latex")


@pytest.mark.parametrize(("width", "has_numbers"), [(100, False), (160, True)])
def test_g_has_its_number_where_a_shortened_sum_keeps_room(width: int, has_numbers: bool) -> None:
    text = explain(trace_of((64, 100, 10), "logistic", "softmax"), width=width)
    lines = [line for line in text.splitlines() if line.startswith("  z⁽²⁾_")]
    assert len(lines) >= 3
    assert all(("= 1/(1 + e^" in line) == has_numbers for line in lines)
    assert all(line.count("·") >= 1 + has_numbers for line in lines)


def test_a_right_answer_shows_what_is_left_of_its_error() -> None:
    text = explain(trace_example(Network((1, 1)), [20.0, 0.0], [0.0], [1.0]))
    assert "δ⁽²⁾_1 = (1 − 2.061e-09) − 1 = −2.061e-09" in text


@pytest.mark.parametrize(
    ("form", "formulas"),
    [
        ("text", ("z; 0.2z below 0", "1; 0.2 below 0", "z; 0.5(eᶻ−1)", "1; 0.5eᶻ below 0")),
        ("markdown", (r"z; 0.2z \text{ below } 0", r"1; 0.2 \text{ below } 0", "z; 0.5(e^{z}-1)", r"1; 0.5e^{z}")),
        ("html", ("0.2<i>z</i>", "0.2 below 0", "0.5(<i>e</i><sup>", "0.5<i>e</i><sup>")),
    ],
)
def test_the_formula_of_a_unit_has_its_number(form: str, formulas: tuple[str, ...]) -> None:
    units = (Unit("leaky_relu", 0.2), Unit("elu", 0.5))
    written = explain(trace_of((3, 4, 4, 2), units, "softmax"), form=form, lines=100)
    assert [formula for formula in formulas if formula not in written] == []
