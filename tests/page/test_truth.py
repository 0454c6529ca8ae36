"""Every number on the page, read out of its MathML, is that of the textbook, and each line holds by itself."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from deltarule.play.requests import Step
from deltarule.play.scene import Scene, Toy
from page.gestures import press, settled
from page.readings import READ_LINE
from page.truths import Truth

pytestmark = pytest.mark.browser

NETWORKS = {
    "softmax of three": Scene(data=Toy(name="spiral", n=60), hidden=(4, 3), training={"alpha": 0.5}),
    "two classes": Scene(
        data=Toy(name="moons", n=40), hidden=(5,), unit="relu", training={"solver": "sgd", "alpha": 0.1}
    ),
    "quantities": Scene(data=Toy(name="wave", n=40), hidden=(3, 2), unit="gelu", training={"solver": "adam"}),
    "softmax of two": Scene(
        data=Toy(name="xor", n=40), hidden=(3,), unit="logistic", output="softmax", training={"solver": "sgd"}
    ),
}

PHASES = {"forward": 14, "cost": 4, "backward": 12, "Δ": 12, "D": 8, "update": 14}
"""How many lines are read of each phase, at most: 64 of a network."""


WALK = f"""
async ([count, phase]) => {{
  const read = {READ_LINE};
  const shown = () => document.querySelector(".dr-line > .dr-equation");
  const next = [...document.querySelectorAll("button")].find((one) => one.textContent === "line →");
  const lines = [];
  for (let number = Number(shown().dataset.line); lines.length < count; number++) {{
    for (const end = performance.now() + 15000; Number(shown()?.dataset.line) !== number; ) {{
      if (performance.now() > end) throw new Error(`line ${{number}} is not shown`);
      await new Promise((then) => setTimeout(then));
    }}
    const line = read();
    if (line.phase !== phase) break;
    lines.push(line);
    if (next.disabled) break;
    next.click();
  }}
  return lines;
}}
"""
"""Reads line after line within the page: one question a line from outside takes three times as long."""


def lines_of(page: Any) -> Iterator[dict[str, Any]]:
    """The lines of the page, phase by phase, as its document has them."""
    for phase, count in PHASES.items():
        page.get_by_role("button", name=phase, exact=True).click()
        name = phase.replace("Δ", "Delta")
        page.locator(f".dr-line > .dr-equation[data-phase='{name}']").wait_for()
        yield from page.evaluate(WALK, [count, name])


@pytest.mark.parametrize("name", NETWORKS)
def test_every_number_of_fifty_lines_of_four_networks_is_that_of_the_textbook(opened: Any, name: str) -> None:
    page = opened(NETWORKS[name])
    settled(page, lambda: press(page, "."))
    press(page, "2")
    page.locator(".dr-line .dr-equation").wait_for()
    snapshot = page.session.snapshot
    where = page.locator(".where")
    if "not in the batch" in where.text_content():
        page.get_by_role("button", name="example after").click()
        page.wait_for_function("() => !document.querySelector('.where').textContent.includes('not in the batch')")
    example = int(re.findall(r"example (\d+)", where.text_content())[0])
    lines = list(lines_of(page))
    after = np.array(page.session.do(Step()).theta)
    truth = Truth(snapshot, example, after)
    compared = [truth.holds(line) for line in lines]
    assert len(lines) >= 50
    assert {line["phase"] for line in lines} == {"forward", "cost", "backward", "Delta", "D", "update"}
    assert {line["equation"] for line in lines} >= {"1", "2", "3", "4", "5", "6"}
    assert truth.symbols >= {"z", "a", "δ", "Θ", "Δ", "D", "Θ′"}
    assert sum(compared) > 100
