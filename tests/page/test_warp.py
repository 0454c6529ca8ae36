"""The plane as two units see it, on the screen Classes: its numbers are the engine's, by mouse and by keyboard."""

from typing import Any

import numpy as np
import pytest

from deltarule.network.textbook import trace
from deltarule.play.answering import answer_to
from deltarule.play.scene import Scene, Toy
from page.gestures import has, press, reach, settled

pytestmark = pytest.mark.browser

SMALL = Scene(data=Toy(name="spiral", n=60), hidden=(4, 3), training={"alpha": 0.5})

ROWS = (
    "() => [...document.querySelectorAll('.dr-warp tbody tr')].map((row) => [Number(row.firstChild.textContent),"
    " ...[...row.querySelectorAll('[data-value]')].map((cell) => [Number(cell.dataset.value), cell.textContent])])"
)
SHOWN = f"JSON.stringify(({ROWS})())"


def held_to_the_textbook(page: Any, layer: int, units: tuple[int, int]) -> None:
    snapshot = page.session.snapshot
    network, X = snapshot.problem.network, snapshot.opening.dataset.X
    judged = trace(network, np.array(snapshot.theta), X, snapshot.problem.Y, lambda_=0.0).examples
    rows = page.evaluate(ROWS)
    assert len(rows) == 60
    for number, *values in rows:
        for unit, (exact, shown) in zip(units, values, strict=True):
            a = float(judged[number - 1].a[layer - 1][unit - 1])
            assert exact == pytest.approx(a, rel=1e-12, abs=1e-15)
            assert float(shown.replace("−", "-").split(" ")[0]) == pytest.approx(a, rel=6e-3) or "×" in shown


def test_two_units_are_chosen_by_the_mouse(opened: Any) -> None:
    page = opened(SMALL)
    page.get_by_role("tab", name="Classes").click()
    page.locator(".dr-grid path.across").nth(12).wait_for()
    has(page.locator(".dr-grid path.up"), 13)
    has(page.locator(".dr-grid .dr-point"), 60)
    page.locator(".dr-warp summary").click()
    page.locator(".dr-warp tbody tr").nth(59).wait_for()
    held_to_the_textbook(page, 3, (1, 2))
    page.get_by_label("unit upwards").select_option("3")
    page.get_by_text("a of unit 1 to the right, a of unit 3 upwards, layer 3").wait_for()
    held_to_the_textbook(page, 3, (1, 3))


def test_layer_and_units_are_chosen_by_the_keyboard_and_follow_the_steps(opened: Any) -> None:
    page = opened(SMALL)
    press(page, "4")
    page.locator(".dr-grid path.across").nth(12).wait_for()
    reach(page, "layer of the two units")
    page.keyboard.type("2")
    page.get_by_text("a of unit 1 to the right, a of unit 2 upwards, layer 2").wait_for()
    reach(page, "unit to the right")
    press(page, "ArrowDown", "ArrowDown", "ArrowDown")
    page.get_by_text("a of unit 4 to the right, a of unit 2 upwards, layer 2").wait_for()
    reach(page, "The examples as a table")
    press(page, "Enter")
    page.locator(".dr-warp tbody tr").nth(59).wait_for()
    held_to_the_textbook(page, 2, (4, 2))
    before = page.evaluate(f"() => {SHOWN}")
    settled(page, lambda: press(page, "."))
    page.wait_for_function(f"before => {SHOWN} !== before", arg=before)
    held_to_the_textbook(page, 2, (4, 2))


def test_the_lines_of_the_picture_are_the_lines_of_the_answer(opened: Any) -> None:
    page = opened(SMALL)
    press(page, "4")
    page.locator(".dr-grid path.across").nth(12).wait_for()
    answer: Any = answer_to(page.session, {"ask": "warp", "layer": 3})
    x0, x1, y0, y1 = answer.extent
    for kind, lines in (("across", answer.across), ("up", answer.up)):
        for index in (0, 5, 12):
            text = page.locator(f".dr-grid path.{kind}").nth(index).get_attribute("d")
            drawn = np.array([[float(number) for number in place.split(" ")] for place in text[1:].split("L")])
            expected = np.column_stack(
                [
                    300 * (lines[index, :, 0] - x0) / (x1 - x0),
                    300 - 300 * (lines[index, :, 1] - y0) / (y1 - y0),
                ]
            )
            np.testing.assert_allclose(drawn, expected, atol=0.051)


def test_one_input_is_a_line_and_a_network_of_one_output_has_one_unit_to_choose(opened: Any) -> None:
    page = opened(Scene(data=Toy(name="wave", n=40), hidden=(3,)))
    press(page, "4")
    page.locator(".dr-grid path.across").first.wait_for()
    has(page.locator(".dr-grid path.across"), 1)
    has(page.locator(".dr-grid path.up"), 0)
    page.get_by_label("layer of the two units").select_option("3")
    page.get_by_text("layer 3. Solid lines: x1 changes").wait_for()
