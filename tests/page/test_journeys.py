"""What users of teaching tools asked for most, by the mouse; `test_journeys_by_keyboard.py` has a twin without one."""

import re
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule.play.opening import open_model
from deltarule.play.scene import Points, Scene, Toy
from page.gestures import has, settled
from page.readings import SMALL, TABLE, at_line, equation_of, number, theta

pytestmark = pytest.mark.browser


def show(page: Any, screen: str) -> None:
    page.get_by_role("tab", name=screen).click()


def test_my_own_data_can_be_pasted_as_a_table(opened: Any) -> None:
    page = opened(SMALL)
    show(page, "Table")
    page.get_by_label("a table as text").fill(TABLE)
    page.get_by_placeholder("column to predict").fill("kind")
    settled(page, lambda: page.get_by_role("button", name="Open the pasted table").click())
    assert page.get_by_role("heading", name="pasted table").first.is_visible()
    rows = page.get_by_role("region", name="columns").get_by_role("row")
    has(rows, 4)  # two columns, the target, and their head
    assert page.session.snapshot.theta.size > 0


def test_my_own_data_can_be_chosen_as_a_file(opened: Any) -> None:
    page = opened(SMALL)
    show(page, "Table")
    file = {"name": "own.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    settled(page, lambda: page.locator("#dr-file").set_input_files(file))
    page.get_by_role("heading", name="own.csv").first.wait_for()
    before = page.session.snapshot.generation
    settled(page, lambda: page.get_by_role("combobox", name="column to predict").select_option("height"))
    assert page.session.snapshot.generation == before + 1
    assert not page.session.snapshot.opening.dataset.is_classes


def test_points_can_be_drawn(opened: Any) -> None:
    page = opened(Scene(data=Points(x=((-1.0, -1.0), (1.0, 1.0)), y=(0.0, 1.0)), hidden=(2,), split=0.0))
    page.get_by_text("Draw points").click()
    field = page.locator(".dr-field").first
    box = field.bounding_box()
    settled(page, lambda: page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75))
    has(page.locator(".dr-point"), 3)
    page.get_by_label("x₁ of the new point").fill("0,5")
    page.get_by_label("x₂ of the new point").fill("−0.5")
    settled(page, lambda: page.get_by_role("button", name="Add").click())
    has(page.locator(".dr-point"), 4)


def test_a_model_is_saved_and_read_back(opened: Any, tmp_path: Any) -> None:
    page = opened(SMALL)
    settled(page, lambda: page.get_by_role("button", name="on", exact=True).click())
    page.get_by_role("button", name="Share").click()
    with page.expect_download() as download:
        page.locator("button[data-kind=model]").click()
    path = tmp_path / "model.deltarule"
    download.value.save_as(path)
    loaded: Any = deltarule.load(path)
    assert np.array_equal(loaded.theta_, theta(page))
    assert np.array_equal(open_model(loaded).problem().start.state.theta, theta(page)), "a page can open it again"


def test_a_scene_travels_as_a_link_that_is_looked_at_from_where_it_was_made(opened: Any) -> None:
    page = opened(SMALL)
    settled(page, lambda: page.get_by_role("button", name="on", exact=True).click())
    show(page, "Classes")
    page.get_by_role("button", name="Share").click()
    page.get_by_label("with the weights").check()
    page.wait_for_function("() => document.querySelector('dialog[open] textarea').value.length > 300")
    link = page.get_by_label("link").input_value()
    assert "t=" not in link.split("#")[1].split("s=")[0], "a shared link never holds the token"
    other = opened(link.split("#")[1], first=".dr-maps figure")
    assert np.array_equal(theta(other), theta(page))
    assert other.get_by_role("tab", name="Classes").get_attribute("aria-selected") == "true"


def test_what_is_on_the_screen_is_explained_with_its_formula_and_numbers(opened: Any) -> None:
    page = opened(SMALL)
    page.get_by_role("button", name="layer 2, unit 1").click()
    lines = page.locator(".dr-inspector .dr-equation")
    lines.first.wait_for()
    assert lines.first.get_attribute("data-equation") == "1"
    show(page, "Follow")
    page.locator(".dr-line .dr-equation").wait_for()
    page.get_by_role("button", name="Why?").click()
    assert "adds up what comes in" in page.locator(".dr-more").text_content()
    page.locator(
        ".dr-line .numbers .dr-token[data-ref^='x|'], .dr-line .numbers .dr-token[data-ref^='a|']"
    ).first.click()
    page.get_by_role("button", name="Go to the line that wrote it").click()
    page.get_by_text("It is given: data, a parameter or a setting").wait_for()


def test_the_bias_is_drawn_and_can_be_changed(opened: Any) -> None:
    page = opened(SMALL)
    has(page.locator(".dr-unit.bias"), 3)
    page.get_by_role("button", name="layer 4, unit 1").click()
    field = page.get_by_label("Θ 1,0 of layer 3")
    field.fill("1.25")
    settled(page, lambda: field.press("Enter"))
    Theta_3 = theta(page)[-3 * 4 :].reshape(3, 4)
    assert Theta_3[0, 0] == 1.25


def test_the_algorithm_goes_line_by_line_forwards_and_back(opened: Any) -> None:
    page = opened(SMALL)
    show(page, "Follow")
    at_line(page, 0)
    spoken = [equation_of(page)]
    for number_ in range(1, 6):
        page.get_by_role("button", name="line →").click()
        at_line(page, number_)
        spoken.append(equation_of(page))
    for number_ in range(4, -1, -1):
        page.get_by_role("button", name="← line").click()
        at_line(page, number_)
        assert equation_of(page) == spoken[number_]
    for phase in ("cost", "backward", "Δ", "D", "update", "forward"):
        page.get_by_role("button", name=phase, exact=True).click()
        page.locator(f".dr-line .dr-equation[data-phase='{phase.replace('Δ', 'Delta')}']").wait_for()
    example = page.locator(".where").text_content()
    page.get_by_role("button", name="example after").click()
    page.wait_for_function("before => document.querySelector('.where').textContent !== before", arg=example)
    page.get_by_label("level").select_option("term")
    page.wait_for_function("() => /of \\d{3}/.test(document.querySelector('.where').textContent)")


def test_steps_go_on_and_back_to_the_same_numbers(opened: Any) -> None:
    page = opened(SMALL)
    at = [theta(page)]
    for _ in range(3):
        settled(page, lambda: page.get_by_role("button", name="on", exact=True).click())
        at.append(theta(page))
    for step in (2, 1, 0):
        settled(page, lambda: page.get_by_role("button", name="back", exact=True).click())
        assert np.array_equal(theta(page), at[step])


def test_more_than_two_classes_have_a_map_each_and_a_confusion_matrix(opened: Any) -> None:
    page = opened(SMALL)
    show(page, "Classes")
    page.locator(".dr-maps figure").nth(2).wait_for()
    has(page.locator(".dr-maps figure"), 3)
    cells = page.get_by_role("region", name="confusion matrix").get_by_role("button")
    cells.first.wait_for()
    assert sum(int(cells.nth(k).text_content().replace(" ", "")) for k in range(9)) == 60
    full = next(k for k in range(9) if cells.nth(k).text_content() != "0")
    cells.nth(full).click()
    page.get_by_text("rows, largest cost first").wait_for()
    page.get_by_role("button", name="follow example").first.click()
    page.locator(".dr-line .dr-equation").wait_for()


def test_the_cost_is_shown_with_its_penalty_apart(opened: Any) -> None:
    page = opened(SMALL)
    text = page.locator(".cost").text_content()
    J, data, penalty = (number(part) for part in re.findall(r"(?:J =|data|penalty) ([\d.]+)", text)[:3])
    costs = page.session.snapshot.costs
    for shown, exact in ((J, costs.train), (data, costs.data), (penalty, costs.penalty)):
        assert shown == pytest.approx(exact, rel=5.1e-3)
    assert costs.penalty > 0
    for _ in range(3):
        settled(page, lambda: page.get_by_role("button", name="on", exact=True).click())
    page.get_by_text("The curve as a table").click()
    rows = page.get_by_role("region", name="cost by step").get_by_role("row")
    has(rows, 5)
    settled(page, lambda: page.get_by_role("button", name="go to step 1", exact=True).click())
    assert page.session.snapshot.step == 1
    box = page.locator(".dr-watch .dr-curve").bounding_box()
    settled(page, lambda: page.mouse.click(box["x"] + box["width"] - 9, box["y"] + 40))
    assert page.session.snapshot.step == 3, "a click on the curve goes to its step"


def test_rewinding_comes_back_to_the_same_start_and_new_weights_are_others(opened: Any) -> None:
    page = opened(SMALL)
    start = theta(page)
    for _ in range(3):
        settled(page, lambda: page.get_by_role("button", name="on", exact=True).click())
    settled(page, lambda: page.get_by_role("button", name="↺ rewind").click())
    assert np.array_equal(theta(page), start)
    settled(page, lambda: page.get_by_role("button", name="New weights").click())
    assert not np.array_equal(theta(page), start)


def test_an_earlier_run_stays_as_a_grey_curve(opened: Any) -> None:
    page = opened(SMALL)
    for _ in range(3):
        settled(page, lambda: page.get_by_role("button", name="on", exact=True).click())
    settled(page, lambda: page.get_by_role("button", name="↺ rewind").click())
    rate = page.locator("#dr-learning_rate_init")
    rate.fill("0.2")
    settled(page, lambda: rate.press("Enter"))
    settled(page, lambda: page.get_by_role("button", name="on", exact=True).click())
    has(page.locator(".dr-watch .dr-curve path.old"), 1)


def test_limits_are_lifted_and_settings_change_without_a_reset(opened: Any) -> None:
    page = opened(SMALL)
    field = page.get_by_label("hidden layers")
    field.fill("5, 20, 3")
    settled(page, lambda: field.press("Enter"))
    assert theta(page).size == 5 * 3 + 20 * 6 + 3 * 21 + 3 * 4
    settled(page, lambda: page.get_by_role("button", name="one unit less in layer 3").click())
    assert theta(page).size == 5 * 3 + 19 * 6 + 3 * 20 + 3 * 4
    settled(page, lambda: page.get_by_role("button", name="on", exact=True).click())
    moved = theta(page)
    rate = page.locator("#dr-learning_rate_init")
    rate.fill("0.2")
    settled(page, lambda: rate.press("Enter"))
    assert page.session.snapshot.step == 1
    assert np.array_equal(theta(page), moved)


def test_numbers_are_live_and_exact_on_demand(opened: Any) -> None:
    page = opened(SMALL)
    page.get_by_role("button", name="layer 2, unit 1").click()
    before = page.get_by_label("Θ 1,1 of layer 1").input_value()
    settled(page, lambda: page.get_by_role("button", name="on", exact=True).click())
    page.wait_for_function("before => document.querySelector('#dr-w-1').value !== before", arg=before)
    assert number(page.get_by_label("Θ 1,1 of layer 1").input_value()) == pytest.approx(theta(page)[1], rel=1e-4)
    show(page, "Follow")
    page.get_by_role("button", name="All digits").click()
    shown = page.locator(".dr-line .numbers .dr-token[data-value] mn").first
    page.wait_for_function(
        "() => document.querySelector('.dr-line .numbers .dr-token[data-value] mn')?.textContent.length > 8"
    )
    value = float(page.locator(".dr-line .numbers .dr-token[data-value]").first.get_attribute("data-value"))
    assert number(shown.text_content()) == value


def test_every_number_of_a_line_is_hit_where_it_is_drawn(opened: Any) -> None:
    page = opened(SMALL)
    show(page, "Follow")
    at_line(page, 0)
    missed = page.evaluate(
        "() => [...document.querySelectorAll('.dr-line .dr-token')].filter((token) => {"
        " const { x, y, width, height } = token.getBoundingClientRect();"
        " return !token.contains(document.elementFromPoint(x + width / 2, y + height / 2)); })"
        ".map((token) => token.textContent)"
    )
    assert missed == [], "the room that a font gives its largest signs lies over the line below"


def test_a_guess_is_made_before_the_result_is_shown(opened: Any) -> None:
    page = opened(SMALL)
    show(page, "Follow")
    page.get_by_role("button", name="Guess", exact=True).click()
    page.get_by_role("group", name="guess").wait_for()
    assert page.locator(".dr-line .result .dr-token").text_content() == "?"
    page.get_by_label("your number").fill("0.5")
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("You said 0.500").wait_for()
    assert page.locator(".dr-line .result .dr-token").text_content() != "?"


def test_what_if_an_operand_were_another(opened: Any) -> None:
    page = opened(SMALL)
    show(page, "Follow")
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
