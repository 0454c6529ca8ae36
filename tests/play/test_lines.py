"""The algorithm line by line: each line satisfies its own equation, and the numbers are those that training uses."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deltarule import trace_example
from deltarule.common.errors import InputError
from deltarule.explain.notation import tokens
from deltarule.network.units import HIDDEN_UNITS
from deltarule.play.answers import Lines
from deltarule.play.following import follow
from deltarule.play.lines import lines_of
from deltarule.play.requests import Trace
from deltarule.play.scene import Scene, Toy
from equations import evaluated, half_unit, rounding_of, shown_value
from followed import at_step, every_line, learnt_example
from played import SOLVERS, small_scene

NETWORKS: dict[str, Scene] = {
    "spiral": small_scene({"solver": "adam", "alpha": 0.1}),
    "moons": small_scene(
        {"solver": "sgd", "dropout": 0.3, "weight_decay": 0.1, "max_grad_norm": 0.05},
        data=Toy(name="moons", n=60),
        unit="relu,logistic",
    ),
    "wave": small_scene({"solver": "gd", "learning_rate": "cosine"}, data=Toy(name="wave", n=40), unit="elu:0.5"),
    "bars": small_scene(
        {"solver": "sgd", "momentum": 0.5, "nesterovs_momentum": False},
        data=Toy(name="bars", n=80),
        output="sigmoid",
        unit="gelu",
    ),
}


@pytest.mark.parametrize("level", ["unit", "term", "layer", "network"])
@pytest.mark.parametrize("name", NETWORKS)
def test_each_line_satisfies_its_own_equation_within_the_rounding_of_what_it_shows(name: str, level: Any) -> None:
    snapshot = at_step(NETWORKS[name], 25)
    example = learnt_example(snapshot)
    count = 0
    for digits in (3,) if level == "term" else (3, 5):
        for line in every_line(snapshot, example=example, level=level, digits=digits):
            count += 1
            exact = evaluated(line.numbers)
            assert exact == pytest.approx(line.value, rel=1e-9, abs=1e-12), line
            shown, bound = rounding_of(line.numbers)
            assert abs(shown - line.value) <= 1.01 * bound + 1e-9 * abs(line.value) + 1e-12, line
            assert line.result.value == line.value
            assert abs(shown_value(line.result.text) - line.value) <= half_unit(line.result.text) * (1 + 1e-9)
    assert count > {"unit": 200, "term": 100}.get(level, 8)


@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_are_those_of_the_textbook(name: str) -> None:
    scene = replace(NETWORKS[name], training={**NETWORKS[name].training, "dropout": 0.0} if name == "moons" else {})
    snapshot = at_step(scene, 10)
    network, dataset = snapshot.problem.network, snapshot.opening.dataset
    for example in (1, 7, 33):
        row = example - 1
        judge = trace_example(network, snapshot.theta, dataset.X[row], snapshot.problem.Y[row])
        found = follow(snapshot, example)
        for here, there in (
            *zip(found.z, judge.z, strict=True),
            *zip(found.a, judge.a, strict=True),
            *zip(found.delta, judge.delta, strict=True),
            *zip(found.contributions, judge.contributions, strict=True),
        ):
            np.testing.assert_allclose(here, there, rtol=1e-12, atol=1e-15)
        assert found.cost == pytest.approx(judge.cost, rel=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_update_of_the_lines_is_the_step_that_is_taken(solver: str) -> None:
    scene = small_scene({**SOLVERS[solver], "alpha": 0.2})
    for step in (0, 1, 7, 20):
        before, after = at_step(scene, step), at_step(scene, step + 1)
        found = follow(before, learnt_example(before)).new_theta
        assert found is not None
        np.testing.assert_allclose(found, after.theta, rtol=1e-9, atol=1e-12)
        new = {
            (line.writes.layer, line.writes.i, line.writes.j): line.value
            for line in every_line(before, example=learnt_example(before), phase="update")
            if line.writes.symbol == "Θ′"
        }
        thetas = before.problem.network.roll(after.theta)
        assert len(new) == before.problem.network.n_parameters
        for (layer, i, j), value in new.items():
            assert value == pytest.approx(thetas[layer - 1][i - 1, j], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("unit", sorted(HIDDEN_UNITS))
def test_every_unit_has_a_formula_that_gives_its_a_and_its_slope(unit: str) -> None:
    snapshot = at_step(small_scene({"solver": "sgd", "learning_rate_init": 0.1}, unit=unit), 30)
    seen = set()
    for line in every_line(snapshot, example=learnt_example(snapshot), digits=4):
        if line.writes.symbol in ("a", "g′"):
            seen.add(line.writes.symbol)
            assert evaluated(line.numbers) == pytest.approx(line.value, rel=1e-9, abs=1e-12), line
    assert seen == {"a", "g′"}


def test_what_a_line_reads_is_written_by_an_earlier_line() -> None:
    snapshot = at_step(NETWORKS["spiral"], 5)
    written = {}
    given = {
        "Θ",
        "y",
        "λ",
        "m",
        "b",
        "η",
        "t",
        "μ",
        "β₁",
        "β₂",
        "ε",
        "w",
        "p",
        "q",
        "v",
        "Σ",
        "Σℓ",
        "Θ²",
        "S",
        "J′",
        "D·(Θ′−Θ)",
    }
    for line in every_line(snapshot, example=learnt_example(snapshot)):
        for ref in line.reads:
            assert ref.symbol in given or (ref.symbol == "a" and ref.layer == 1) or ref in written, line
        written[line.writes] = line.value
    assert {line_symbol.symbol for line_symbol in written} >= {"z", "a", "ℓ", "δ", "e", "g′", "Δ", "D", "Θ′", "J"}


def test_names_and_numbers_are_in_the_notation_of_the_explanations() -> None:
    for line in every_line(at_step(NETWORKS["bars"], 3), example=1):
        assert line.symbols[0].text.startswith(line.writes.symbol)
        for token in line.symbols:
            assert "".join(token.text.split()) == "" or list(tokens(token.text))
        assert line.symbols[1].text == " = "
        values = [token.value for token in line.numbers if token.ref is not None]
        assert values == [token.value for token in line.symbols[2:] if token.ref is not None]


def test_lines_are_spoken_in_a_sentence() -> None:
    for line in every_line(at_step(NETWORKS["spiral"], 3), example=5):
        assert line.spoken.endswith(".")
        assert not set("·−⁽⁾²√′") & set(line.spoken), line.spoken
        assert len(line.spoken) < 400
    first = lines_of(at_step(NETWORKS["spiral"], 0), Trace(count=1)).lines[0]
    assert first.spoken.startswith("weighted input of unit 1, layer 2 is about ")


def test_a_line_of_the_last_delta_shows_as_many_digits_as_its_difference_needs() -> None:
    scene = small_scene({"solver": "lbfgs", "alpha": 0.0}, data=Toy(name="blobs", n=60, noise=0.0))
    snapshot = at_step(scene, 60)
    for line in every_line(snapshot, example=1, phase="backward"):
        if line.equation == "3" and line.value:
            shown, _ = rounding_of(line.numbers)
            assert shown == pytest.approx(line.value, rel=0.01)


def test_saturated_units_are_marked_and_their_slope_keeps_its_digits() -> None:
    snapshot = at_step(small_scene({"solver": "sgd", "learning_rate_init": 5.0}), 40)
    flat = [line for line in every_line(snapshot, example=1) if line.writes.symbol == "g′" and line.saturated]
    assert flat
    for line in flat:
        shown, _ = rounding_of(line.numbers)
        assert shown == pytest.approx(line.value, rel=0.05, abs=1e-15)


def test_what_if_changes_what_follows_and_nothing_before() -> None:
    snapshot = at_step(NETWORKS["spiral"], 12)
    example = learnt_example(snapshot)

    def values(*what_if: Any) -> dict[Any, float]:
        return {line.writes: line.value for line in every_line(snapshot, example=example, what_if=what_if)}

    plain = values()
    assert (
        values(("z", 2, 1, -1, next(v for ref, v in plain.items() if (ref.symbol, ref.layer, ref.i) == ("z", 2, 1))))
        == plain
    )
    changed = values(("z", 2, 1, -1, 3.0))
    for ref, value in plain.items():
        if ref.symbol == "z" and ref.layer == 2 and ref.i > 1:
            assert changed[ref] == value
        if ref.symbol == "z" and ref.layer == 3:
            assert changed[ref] != value
    moved = values(("Θ", 1, 1, 2, 0.7))
    theta = np.array(snapshot.theta)
    snapshot.problem.network.roll(theta)[0][0, 2] = 0.7
    there = replace(snapshot, place=replace(snapshot.place, theta=theta))
    same = {line.writes: line.value for line in every_line(there, example=example)}
    assert moved == same


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (Trace(example=0), "no example 0"),
        (Trace(example=10_000), "no example 10000"),
        (Trace(start=-1), "a start from 0 on"),
        (Trace(count=5000), "a count of 0 to 400"),
        (Trace(digits=0), "must be 1 to 17"),
        (Trace(phase="sideways"), "no phase"),
        (Trace(what_if=(("D", 1, 1, 1, 0.0),)), "cannot be changed here"),
        (Trace(what_if=(("Θ", 9, 1, 1, 0.0),)), "no such Θ"),
        (Trace(what_if=(("z", 2, 99, -1, 0.0),)), "no such z"),
    ],
)
def test_what_cannot_be_asked_is_said(request_: Trace, says: str) -> None:
    with pytest.raises(InputError, match=says):
        lines_of(at_step(NETWORKS["spiral"], 0), request_)


def test_an_example_that_is_not_learnt_from_in_this_step_says_so() -> None:
    snapshot = at_step(NETWORKS["spiral"], 0)
    dataset = snapshot.opening.dataset
    held_out = lines_of(snapshot, Trace(example=int(dataset.held_out[0]) + 1))
    assert "held out" in held_out.note
    learnt = set(lines_of(snapshot, Trace()).examples)
    other = next(int(place) + 1 for place in dataset.training if int(place) + 1 not in learnt)
    assert "not in the batch" in lines_of(snapshot, Trace(example=other)).note


def test_lines_of_a_large_network_are_made_one_by_one() -> None:
    scene = Scene(data=Toy(name="bars", n=100), hidden=(512, 512), training={"solver": "adam"})
    snapshot = at_step(scene, 1)
    found: Lines = lines_of(snapshot, Trace(start=1_000_000, count=3))
    assert found.total > 1_000_000
    assert len(found.lines) == 3
    assert all(evaluated(line.numbers) == pytest.approx(line.value, rel=1e-6, abs=1e-9) for line in found.lines)
    first = lines_of(snapshot, Trace(count=400)).lines[0]
    assert len(first.numbers) < 200
