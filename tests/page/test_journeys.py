"""What users of teaching tools asked for most, each once with the mouse and once by the keyboard alone."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule.play.scene import Points, Scene, Toy

pytestmark = pytest.mark.browser

SMALL = Scene(data=Toy(name="spiral", n=60), hidden=(4, 3), training={"alpha": 0.5})
TABLE = "height;width;kind\n" + "\n".join(f"{i % 7},5;{i % 5};{'tall' if i % 7 > 3 else 'short'}" for i in range(40))


def settled(page: Any, change: Callable[[], Any]) -> None:
    """Do something, and wait until the page shows a later revision."""
    before = revision(page)
    change()
    page.wait_for_function("before => Number(document.querySelector('.dr').dataset.revision) > before", arg=before)


def revision(page: Any) -> int:
    return int(page.locator(".dr").get_attribute("data-revision"))


def theta(page: Any) -> np.ndarray:
    return np.array(page.session.snapshot.theta)


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def reach(page: Any, name: str, role: str = "button", most: int = 60) -> None:
    """Go on with the tab key until the control of that name has the focus."""
    for _ in range(most):
        found = page.evaluate(
            "() => { const e = document.activeElement;"
            " return (e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || '').trim(); }"
        )
        if found.startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the tab key does not reach {name!r}")


def equation_of(page: Any) -> str:
    return str(page.locator(".dr-line .hidden").first.text_content())


def test_my_own_data_can_be_pasted_as_a_table(opened: Any) -> None:
    page = opened(SMALL)
    page.get_by_role("tab", name="Table").click()
    page.get_by_label("a table as text").fill(TABLE)
    page.get_by_placeholder("column to predict").fill("kind")
    settled(page, lambda: page.get_by_role("button", name="Open the pasted table").click())
    assert page.get_by_role("heading", name="pasted table").first.is_visible()
    rows = page.get_by_role("region", name="columns").get_by_role("row")
    assert rows.count() == 4  # two columns, the target, and their head
    assert page.session.snapshot.theta.size > 0


def test_my_own_data_by_keyboard(opened: Any) -> None:
    page = opened(SMALL)
    press(page, "3")
    reach(page, "a table as text")
    page.keyboard.insert_text(TABLE)
    reach(page, "Open the pasted table")
    settled(page, lambda: press(page, "Enter"))
    assert page.get_by_role("heading", name="pasted table").first.is_visible()


def test_points_can_be_drawn_by_the_mouse_and_by_numbers(opened: Any) -> None:
    page = opened(Scene(data=Points(x=((-1.0, -1.0), (1.0, 1.0)), y=(0.0, 1.0)), hidden=(2,), split=0.0))
    page.get_by_text("Draw points").click()
    field = page.locator(".dr-field").first
    box = field.bounding_box()
    settled(page, lambda: page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75))
    assert page.locator(".dr-point").count() == 3
    page.get_by_label("x₁ of the new point").fill("0,5")
    page.get_by_label("x₂ of the new point").fill("−0.5")
    settled(page, lambda: page.get_by_role("button", name="Add").click())
    assert page.locator(".dr-point").count() == 4


def test_a_model_is_saved_and_read_back(opened: Any, tmp_path: Any) -> None:
    page = opened(SMALL)
    settled(page, lambda: press(page, "."))
    press(page, "s")
    with page.expect_download() as download:
        page.locator("button[data-kind=model]").click()
    path = tmp_path / "model.deltarule"
    download.value.save_as(path)
    loaded: Any = deltarule.load(path)
    assert np.array_equal(loaded.theta_, theta(page))


def test_a_scene_travels_as_a_link(opened: Any) -> None:
    page = opened(SMALL)
    settled(page, lambda: press(page, "."))
    press(page, "s")
    page.get_by_label("with the weights").check()
    page.wait_for_function("() => document.querySelector('dialog[open] textarea').value.length > 300")
    link = page.get_by_label("link").input_value()
    assert "t=" not in link.split("#")[1].split("s=")[0], "a shared link never holds the token"
    other = opened(link.split("#")[1])
    assert np.array_equal(theta(other), theta(page))


def test_what_is_on_the_screen_is_explained_with_its_formula_and_numbers(opened: Any) -> None:
    page = opened(SMALL)
    page.get_by_role("button", name="layer 2, unit 1").click()
    lines = page.locator(".dr-inspector .dr-equation")
    lines.first.wait_for()
    assert lines.first.get_attribute("data-equation") == "1"
    page.get_by_role("tab", name="Follow").click()
    page.locator(".dr-line .dr-equation").wait_for()
    page.get_by_role("button", name="Why?").click()
    assert "adds up what comes in" in page.locator(".dr-more").text_content()


def test_what_is_on_the_screen_is_explained_by_keyboard(opened: Any) -> None:
    page = opened(SMALL)
    reach(page, "layer 2, unit 1")
    press(page, "ArrowDown", "Enter")
    page.locator(".dr-inspector .dr-equation").first.wait_for()
    assert "unit 2" in page.locator(".dr-inspector h2").text_content()


def test_the_bias_is_drawn_and_can_be_changed(opened: Any) -> None:
    page = opened(SMALL)
    assert page.locator(".dr-unit.bias").count() == 3
    page.get_by_role("button", name="layer 4, unit 1").click()
    field = page.get_by_label("Θ 1,0 of layer 3")
    field.fill("1.25")
    settled(page, lambda: field.press("Enter"))
    Theta_3 = theta(page)[-3 * 4 :].reshape(3, 4)
    assert Theta_3[0, 0] == 1.25


def test_the_bias_is_changed_by_keyboard(opened: Any) -> None:
    page = opened(SMALL)
    reach(page, "layer 2, unit 1")
    press(page, "ArrowRight", "ArrowRight", "Enter")
    page.locator(".dr-inspector input").first.wait_for()
    press(page, "e")
    press(page, "Control+a")
    page.keyboard.type("-2")
    settled(page, lambda: press(page, "Enter"))
    assert -2.0 in theta(page)


def test_the_algorithm_goes_line_by_line_forwards_and_back(opened: Any) -> None:
    page = opened(SMALL)
    press(page, "2")
    page.locator(".dr-line .dr-equation").wait_for()
    first = equation_of(page)
    spoken = [first]
    for number in range(1, 6):
        press(page, "ArrowRight")
        page.locator(f".dr-line .dr-equation[data-line='{number}']").wait_for()
        spoken.append(equation_of(page))
    for number in range(4, -1, -1):
        press(page, "ArrowLeft")
        page.locator(f".dr-line .dr-equation[data-line='{number}']").wait_for()
        assert equation_of(page) == spoken[number]
    press(page, "ArrowDown")
    page.wait_for_function("() => document.querySelector('[aria-label=level]').value === 'term'")
    press(page, "ArrowUp", "ArrowUp")
    page.wait_for_function("() => document.querySelector('[aria-label=level]').value === 'layer'")


def test_steps_go_on_and_back_to_the_same_numbers(opened: Any) -> None:
    page = opened(SMALL)
    at = [theta(page)]
    for _ in range(3):
        settled(page, lambda: press(page, "."))
        at.append(theta(page))
    for step in (2, 1, 0):
        settled(page, lambda: press(page, ","))
        assert np.array_equal(theta(page), at[step])


def test_more_than_two_classes_have_a_map_each_and_a_confusion_matrix(opened: Any) -> None:
    page = opened(SMALL)
    press(page, "4")
    page.locator(".dr-maps figure").nth(2).wait_for()
    assert page.locator(".dr-maps figure").count() == 3
    cells = page.get_by_role("region", name="confusion matrix").get_by_role("button")
    cells.first.wait_for()
    assert sum(int(cells.nth(k).text_content().replace(" ", "")) for k in range(9)) == 60
    cells.first.press("Enter")
    page.get_by_text("rows, largest cost first").wait_for()


def test_the_cost_is_shown_with_its_penalty_apart(opened: Any) -> None:
    page = opened(SMALL)
    text = page.locator(".cost").text_content()
    J, data, penalty = (float(part) for part in re.findall(r"(?:J =|data|penalty) ([\d.]+)", text)[:3])
    assert penalty > 0
    assert abs(J - (data + penalty)) < 1e-2 * J


def test_rewinding_comes_back_to_the_same_start_and_new_weights_are_others(opened: Any) -> None:
    page = opened(SMALL)
    start = theta(page)
    for _ in range(3):
        settled(page, lambda: press(page, "."))
    settled(page, lambda: press(page, "r"))
    assert np.array_equal(theta(page), start)
    settled(page, lambda: page.get_by_role("button", name="New weights").click())
    assert not np.array_equal(theta(page), start)


def test_rewinding_by_keyboard_of_the_buttons(opened: Any) -> None:
    page = opened(SMALL)
    start = theta(page)
    settled(page, lambda: press(page, "."))
    reach(page, "↺ rewind")
    settled(page, lambda: press(page, "Enter"))
    assert np.array_equal(theta(page), start)


def test_limits_are_lifted_and_settings_change_without_a_reset(opened: Any) -> None:
    page = opened(SMALL)
    field = page.get_by_label("hidden layers")
    field.fill("5, 20, 3")
    settled(page, lambda: field.press("Enter"))
    assert page.session.snapshot.theta.size == 5 * 3 + 20 * 6 + 3 * 21 + 3 * 4
    settled(page, lambda: press_on(page, "."))
    moved = theta(page)
    rate = page.locator("#dr-learning_rate_init")
    rate.fill("0.2")
    settled(page, lambda: rate.press("Enter"))
    assert page.session.snapshot.step == 1
    assert np.array_equal(theta(page), moved)


def press_on(page: Any, key: str) -> None:
    """Press a key of the page while no field has the focus."""
    page.locator("#dr-screen").focus()
    page.keyboard.press(key)


def test_numbers_are_live_and_exact_on_demand(opened: Any) -> None:
    page = opened(SMALL)
    page.get_by_role("button", name="layer 2, unit 1").click()
    before = page.get_by_label("Θ 1,1 of layer 1").input_value()
    settled(page, lambda: press(page, "."))
    page.wait_for_function("before => document.querySelector('#dr-w-1').value !== before", arg=before)
    press_on(page, "2")
    page.get_by_role("button", name="All digits").click()
    number = page.locator(".dr-line .numbers .dr-token[data-value] mn").first
    long = "() => document.querySelector('.dr-line .numbers .dr-token[data-value] mn')?.textContent.length > 8"
    page.wait_for_function(long)
    value = float(page.locator(".dr-line .numbers .dr-token[data-value]").first.get_attribute("data-value"))
    assert float(number.text_content().replace("−", "-")) == value


def test_a_guess_is_made_before_the_result_is_shown(opened: Any) -> None:
    page = opened(SMALL)
    press(page, "2", "g")
    page.get_by_role("group", name="guess").wait_for()
    assert page.locator(".dr-line .result .dr-token").text_content() == "?"
    page.get_by_label("your number").fill("0.5")
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("You said 0.500").wait_for()
    assert page.locator(".dr-line .result .dr-token").text_content() != "?"


def test_what_if_an_operand_were_another(opened: Any) -> None:
    page = opened(SMALL)
    press(page, "2")
    token = page.locator(".dr-line .numbers .dr-token.reads").first
    token.wait_for()
    token.click()
    page.get_by_label("what if it were").fill("3")
    page.get_by_role("button", name="Try").click()
    page.locator(".dr-what-if").wait_for()
    original = page.locator(".dr-line > .dr-equation .result").text_content()
    assert page.locator(".dr-what-if .result").text_content() != original


def test_a_run_that_diverges_says_where_and_goes_back(opened: Any) -> None:
    page = opened(
        Scene(
            data=Toy(name="wave", n=40), hidden=(4,), unit="relu", training={"learning_rate_init": 1e8, "solver": "sgd"}
        )
    )
    page.get_by_role("button", name="▶ run").click()
    page.locator(".dr-note.error").wait_for()
    assert "finite" in page.locator(".dr-note.error").text_content()
    assert np.isfinite(theta(page)).all()


def test_a_bad_value_is_a_sentence_and_changes_nothing(opened: Any) -> None:
    page = opened(SMALL)
    before = theta(page)
    rate = page.locator("#dr-learning_rate_init")
    rate.fill("-1")
    rate.press("Enter")
    page.locator(".dr-note.error").wait_for()
    assert "learning_rate_init" in page.locator(".dr-note.error").text_content()
    assert np.array_equal(theta(page), before)


def test_tours_set_scenes_and_ask(opened: Any) -> None:
    page = opened(SMALL)
    page.get_by_role("button", name="Tours").click()
    settled(page, lambda: page.get_by_role("button", name="Why a hidden layer").click())
    assert page.session.snapshot.theta.size == 2 * 3 + 3
    page.get_by_role("button", name="What I found").click()
    assert page.locator(".dr-tour [role=status]").text_content()
