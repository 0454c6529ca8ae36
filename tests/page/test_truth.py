"""Every number on the page, read out of its MathML, is that of the textbook, and each line holds by itself."""

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from deltarule.network.textbook import trace
from deltarule.play.scene import Scene, Toy

pytestmark = pytest.mark.browser

NETWORKS = [
    Scene(data=Toy(name="spiral", n=60), hidden=(4, 3), training={"alpha": 0.5}),
    Scene(data=Toy(name="moons", n=40), hidden=(5,), unit="relu", training={"solver": "sgd", "alpha": 0.1}),
    Scene(data=Toy(name="wave", n=40), hidden=(3, 2), unit="gelu", training={"solver": "adam"}),
    Scene(data=Toy(name="xor", n=40), hidden=(3,), unit="logistic", output="softmax", training={"solver": "sgd"}),
]
LINES = 50

READ = """
() => {
  const line = document.querySelector('.dr-line > .dr-equation');
  const numbers = (part) => [...line.querySelectorAll(`.${part} [data-value]`)].map((e) => ({
    ref: e.dataset.ref ?? '', exact: Number(e.dataset.value), shown: e.querySelector('mn').textContent }));
  return { number: Number(line.dataset.line), equation: line.dataset.equation, phase: line.dataset.phase,
           numbers: numbers('numbers'), result: numbers('result')[0] };
}
"""


def lines_of(page: Any, count: int) -> Iterator[dict[str, Any]]:
    """The lines of the page, one by one, as its document has them."""
    page.locator(".dr-line .dr-equation").wait_for()
    for number in range(count):
        page.locator(f".dr-line > .dr-equation[data-line='{number}']").wait_for()
        yield page.evaluate(READ)
        if page.get_by_role("button", name="line →").is_disabled():
            return
        page.keyboard.press("ArrowRight")


def value_of(text: str) -> float:
    """The number that a reader reads, with its power of ten."""
    plain = text.replace("−", "-").replace(" ", "")
    found = re.fullmatch(r"(-?[\d.]+)(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)|e([-+]?\d+))?", plain)
    assert found, f"{text!r} is no number"
    power = (found[2] or "").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or found[3] or "0"
    return float(found[1]) * 10.0 ** int(power)


def unit_in_the_last_digit(text: str) -> float:
    """One unit of the last digit that is written."""
    found = re.match(r"[−-]?(\d+)(?:\.(\d+))?", text.replace(" ", ""))
    assert found
    mantissa = float(found[0].replace("−", "-"))
    return 10.0 ** -len(found[2] or "") * abs(value_of(text) / mantissa if mantissa else 1.0)


@pytest.mark.parametrize("scene", NETWORKS, ids=["softmax of three", "two classes", "quantities", "softmax of two"])
def test_every_number_of_fifty_lines_is_that_of_the_textbook(opened: Any, scene: Scene) -> None:
    page = opened(scene)
    page.keyboard.press(".")
    page.locator(".dr[data-revision]").wait_for()
    page.keyboard.press("2")
    page.locator(".dr-line .dr-equation").wait_for()
    snapshot = page.session.snapshot
    said = re.search(r"example (\d+)", page.locator(".where").text_content())
    assert said
    example = int(said[1])
    problem, theta = snapshot.problem, np.array(snapshot.theta)
    X = snapshot.opening.dataset.X[[example - 1]]
    judged = trace(problem.network, theta, X, problem.Y[[example - 1]], lambda_=0.0).examples[0]
    thetas = problem.network.roll(theta)

    def truth(ref: str) -> float | None:
        symbol, layer, i, j = ref.split("|")
        at, unit, column = int(layer) - 1, int(i) - 1, int(j)
        if symbol == "x":
            return X[0, unit] if unit >= 0 else 1.0
        if symbol == "a":
            return 1.0 if unit < 0 else float(judged.a[at][unit])
        if symbol == "z":
            return float(judged.z[at - 1][unit])
        if symbol == "Θ":
            return float(thetas[at][unit, column])
        if symbol == "δ":
            return float(judged.delta[at - 1][unit])
        return None

    compared = 0
    for line in lines_of(page, LINES):
        for number in [*line["numbers"], line["result"]]:
            shown, exact = value_of(number["shown"]), number["exact"]
            assert abs(shown - exact) <= 0.5001 * unit_in_the_last_digit(number["shown"]) + 1e-300, (line, number)
            expected = truth(number["ref"]) if number["ref"] else None
            if expected is not None:
                compared += 1
                assert math.isclose(exact, expected, rel_tol=1e-12, abs_tol=1e-15), (line, number, expected)
    assert compared > 60


@pytest.mark.parametrize("scene", NETWORKS[:2], ids=["softmax of three", "two classes"])
def test_a_weighted_sum_on_the_page_is_the_sum_of_its_own_operands(opened: Any, scene: Scene) -> None:
    page = opened(scene)
    page.keyboard.press("2")
    sums = 0
    for line in lines_of(page, 12):
        if line["equation"] == "1" and line["result"]["ref"].startswith("z|"):
            values = [number["exact"] for number in line["numbers"]]
            bias, rest = values[0], values[1:]
            total = bias + sum(weight * a for weight, a in zip(rest[::2], rest[1::2], strict=True))
            assert math.isclose(total, line["result"]["exact"], rel_tol=1e-12, abs_tol=1e-15)
            sums += 1
    assert sums >= 4
