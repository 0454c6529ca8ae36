"""What users of teaching tools asked for most, by the keyboard alone: the twins of `test_journeys.py`.

A `Hand` has keys and eyes, and no way to a mouse or to the focus but the tab key; a page that was touched by a pointer
fails its test.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import deltarule
from deltarule.play.opening import open_model
from deltarule.play.scene import Points, Scene, Toy
from page.gestures import focused, has, press, reach, settled
from page.readings import SMALL, TABLE, at_line, equation_of, number, theta

pytestmark = pytest.mark.browser

POINTER = (
    "() => { window.pointers = 0; for (const kind of ['pointerdown', 'mousedown', 'touchstart'])"
    " document.addEventListener(kind, () => window.pointers++, true); }"
)


class Hand:
    """Keys, and what the eye reads. Text is put in by `write`, as it is typed or pasted."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self.session = page.session

    def press(self, *keys: str) -> None:
        press(self._page, *keys)

    def settled(self, *keys: str) -> None:
        """Press keys, and wait until the page shows a later revision."""
        settled(self._page, lambda: press(self._page, *keys))

    def reach(self, name: str) -> None:
        reach(self._page, name)

    def write(self, text: str) -> None:
        """Write over what stands in the field that has the focus."""
        self._page.keyboard.press("Control+a")
        self._page.keyboard.insert_text(text)

    @property
    def focused(self) -> str:
        return focused(self._page)

    @property
    def theta(self) -> Any:
        return theta(self._page)

    def sees(self, selector: str, text: str | None = None) -> Any:
        """Wait until something is there, and return it to be read."""
        found = self._page.locator(selector) if text is None else self._page.locator(selector, has_text=text)
        found.first.wait_for()
        return found

    def sees_line(self, number: int) -> str:
        at_line(self._page, number)
        return equation_of(self._page)

    def until(self, script: str, value: Any = None) -> None:
        self._page.wait_for_function(script, arg=value)

    def download(self, *keys: str) -> Any:
        with self._page.expect_download() as download:
            self.press(*keys)
        return download.value


@pytest.fixture
def hand(opened: Callable[..., Any]) -> Iterator[Callable[..., Hand]]:
    pages: list[Any] = []

    def open_page(scene: Any, **options: Any) -> Hand:
        page = opened(scene, **options)
        page.evaluate(POINTER)
        pages.append(page)
        return Hand(page)

    yield open_page
    assert [page.evaluate("() => window.pointers") for page in pages] == [0] * len(pages)


def test_my_own_data_can_be_pasted_as_a_table(hand: Any) -> None:
    it = hand(SMALL)
    it.press("3")
    it.reach("column to predict")
    it.write("kind")
    it.reach("a table as text")
    it.write(TABLE)
    it.reach("Open the pasted table")
    it.settled("Enter")
    it.sees("h2", "pasted table")
    assert it.session.snapshot.opening.scene.data.target == "kind"
    it.reach("follow example")
    it.press("Enter")
    it.sees(".dr-line .dr-equation")


def test_points_can_be_drawn(hand: Any) -> None:
    it = hand(Scene(data=Points(x=((-1.0, -1.0), (1.0, 1.0)), y=(0.0, 1.0)), hidden=(2,), split=0.0))
    it.reach("Draw points")
    it.press("Enter")
    it.reach("class of new points")
    it.press("ArrowDown")
    it.reach("x₁ of the new point")
    it.write("0,5")
    it.press("Tab")
    it.write("−0.5")
    it.settled("Enter")
    data = it.session.snapshot.opening.scene.data
    assert data.x[-1] == (0.5, -0.5)
    assert data.y[-1] == 1.0
    has(it.sees(".dr-point"), 3)


def test_a_model_is_saved_and_read_back(hand: Any, tmp_path: Any) -> None:
    it = hand(SMALL)
    it.settled(".")
    it.press("s")
    it.reach("Model")
    download = it.download("Enter")
    path = tmp_path / "model.deltarule"
    download.save_as(path)
    loaded: Any = deltarule.load(path)
    assert np.array_equal(loaded.theta_, it.theta)
    assert np.array_equal(open_model(loaded).problem().start.state.theta, it.theta), "a page can open it again"
    it.press("Escape")
    it.settled(".")
    assert it.session.snapshot.step == 2, "keys are heard again once the dialog is closed"


def test_a_scene_travels_as_a_link(hand: Any) -> None:
    it = hand(SMALL)
    it.settled(".")
    it.press("2", "s")
    it.reach("with the weights")
    it.press("Space")
    it.until("() => document.querySelector('dialog[open] textarea').value.length > 300")
    link = it.sees("dialog[open] textarea").input_value()
    other = hand(link.split("#")[1], first=".dr-line .dr-equation")
    assert np.array_equal(other.theta, it.theta)


def test_what_is_on_the_screen_is_explained_with_its_formula_and_numbers(hand: Any) -> None:
    it = hand(SMALL)
    it.reach("layer 2, unit 1")
    it.press("ArrowDown", "Enter")
    assert "unit 2" in it.sees(".dr-inspector h2").text_content()
    assert it.sees(".dr-inspector .dr-equation").first.get_attribute("data-equation") == "1"
    it.press("2")
    it.sees_line(0)
    it.reach("Why?")
    it.press("Enter")
    it.sees(".dr-more", "adds up what comes in")
    it.press("0", "2")
    for _ in range(6):
        it.press("ArrowRight")
    it.sees_line(6)
    it.reach("z 3, layer 2")
    it.press("ArrowRight")
    assert it.focused.startswith("a 3, layer 2")
    lit = it.sees(".dr-line .numbers .lit-now, .dr-line .result .lit-now")
    assert lit.first.get_attribute("data-ref") == "a|2|3|-1", "what has the focus is lit in the line"


def test_the_bias_is_drawn_and_can_be_changed(hand: Any) -> None:
    it = hand(SMALL)
    it.reach("layer 2, unit 1")
    it.press("ArrowRight", "ArrowRight", "Enter")
    it.sees(".dr-inspector input")
    it.press("e")
    it.write("-2")
    it.settled("Enter")
    assert -2.0 in it.theta


def test_the_algorithm_goes_line_by_line_forwards_and_back(hand: Any) -> None:
    it = hand(SMALL)
    it.press("2")
    spoken = [it.sees_line(0)]
    for line in range(1, 6):
        it.press("ArrowRight")
        spoken.append(it.sees_line(line))
    for line in range(4, -1, -1):
        it.press("ArrowLeft")
        assert it.sees_line(line) == spoken[line]
    it.press("ArrowDown")
    it.sees(".where[data-level=term]")
    it.press("ArrowUp", "ArrowUp")
    it.sees(".where[data-level=layer]")
    it.press("ArrowDown")
    before = it.sees(".where[data-level=unit]").text_content()
    it.press("]")
    it.until("before => document.querySelector('.where').textContent !== before", before)
    it.press("[")
    it.until("before => document.querySelector('.where').textContent === before", before)
    it.reach("backward")
    it.press("Enter")
    it.sees(".dr-line .dr-equation[data-phase='backward']")


def test_a_quantity_leads_to_the_line_that_wrote_it_and_back(hand: Any) -> None:
    it = hand(SMALL)
    it.press("2")
    it.sees_line(0)
    for line in range(1, 9):
        it.press("ArrowRight")
        it.sees_line(line)
    it.reach("Θ 1,0, layer 2")
    while not it.focused.startswith("a 2, layer 2"):
        it.press("ArrowRight")
    it.press("Enter")
    it.sees(".dr-more button")
    it.reach("Go to the line that wrote it")
    it.press("Enter")
    it.sees_line(5)
    it.press("Backspace")
    it.sees_line(8)


def test_steps_go_on_and_back_to_the_same_numbers(hand: Any) -> None:
    it = hand(SMALL)
    at = [it.theta]
    for _ in range(3):
        it.settled(".")
        at.append(it.theta)
    for step in (2, 1, 0):
        it.settled(",")
        assert np.array_equal(it.theta, at[step])


def test_more_than_two_classes_have_a_map_each_and_a_confusion_matrix(hand: Any) -> None:
    it = hand(SMALL)
    it.press("4")
    it.sees(".dr-maps figure")
    it.until("() => document.querySelectorAll('.dr-maps figure').length === 3")
    it.sees("[aria-label='confusion matrix'] button")
    it.reach("true A, predicted")
    while it.focused.endswith(": 0 rows"):
        it.press("Tab")
    it.press("Enter")
    it.sees("[role=status]", "rows, largest cost first")
    it.reach("follow example")
    it.press("Enter")
    it.sees(".dr-line .dr-equation")


def test_the_cost_is_shown_with_its_penalty_apart(hand: Any) -> None:
    it = hand(SMALL)
    for _ in range(3):
        it.settled(".")
    it.reach("The curve as a table")
    it.press("Enter")
    it.reach("go to step 0")
    it.press("ArrowDown")
    assert it.focused == "go to step 1"
    it.settled("Enter")
    snapshot = it.session.snapshot
    assert snapshot.step == 1
    row = it.sees("[aria-label='cost by step'] tbody tr").nth(1)
    data, penalty = (number(row.locator("td").nth(column).text_content()) for column in (0, 1))
    assert data == pytest.approx(snapshot.costs.data, rel=5e-4)
    assert penalty == pytest.approx(snapshot.costs.penalty, rel=5e-4)
    assert penalty > 0


def test_rewinding_comes_back_to_the_same_start_and_new_weights_are_others(hand: Any) -> None:
    it = hand(SMALL)
    start = it.theta
    for _ in range(3):
        it.settled(".")
    it.settled("r")
    assert np.array_equal(it.theta, start)
    it.settled(".")
    it.reach("↺ rewind")
    it.settled("Enter")
    assert np.array_equal(it.theta, start)
    it.reach("New weights")
    it.settled("Enter")
    assert not np.array_equal(it.theta, start)


def test_limits_are_lifted_and_settings_change_without_a_reset(hand: Any) -> None:
    it = hand(SMALL)
    it.reach("hidden layers")
    it.write("5, 20, 3")
    it.settled("Enter")
    assert it.theta.size == 5 * 3 + 20 * 6 + 3 * 21 + 3 * 4
    it.reach("one unit more in layer 4")
    it.settled("Enter")
    assert it.theta.size == 5 * 3 + 20 * 6 + 4 * 21 + 3 * 5
    it.reach("lambda")
    it.write("2")
    it.settled("Enter")
    assert it.session.snapshot.problem.settings.alpha == 2
    it.reach("layer 2, unit 1")
    it.settled(".")
    moved = it.theta
    it.reach("learning_rate_init")
    it.write("0.2")
    it.settled("Enter")
    assert it.session.snapshot.step == 1
    assert np.array_equal(it.theta, moved)


def test_numbers_are_live_and_exact_on_demand(hand: Any) -> None:
    it = hand(SMALL)
    it.reach("layer 2, unit 1")
    it.press("Enter")
    field = it.sees("#dr-w-1")
    before = field.input_value()
    it.settled(".")
    it.until("before => document.querySelector('#dr-w-1').value !== before", before)
    assert number(it.sees("#dr-w-1").input_value()) == pytest.approx(it.theta[1], rel=1e-4)
    it.press("2")
    it.sees_line(0)
    it.reach("All digits")
    it.press("Enter")
    it.until("() => document.querySelector('.dr-line .numbers .dr-token[data-value] mn')?.textContent.length > 8")
    token = it.sees(".dr-line .numbers .dr-token[data-value]").first
    assert number(token.locator("mn").text_content()) == float(token.get_attribute("data-value"))


def test_a_guess_is_made_before_the_result_is_shown(hand: Any) -> None:
    it = hand(SMALL)
    it.press("2")
    it.sees_line(0)
    it.press("g")
    it.until("() => document.querySelector('.dr-line .result .dr-token').textContent === '?'")
    it.reach("your number")
    it.write("0.5")
    it.press("Enter")
    it.sees("[role=status]", "You said 0.500")
    it.until("() => document.querySelector('.dr-line .result .dr-token').textContent !== '?'")


def test_what_if_an_operand_were_another(hand: Any) -> None:
    it = hand(SMALL)
    it.press("2")
    it.sees_line(0)
    original = it.sees(".dr-line > .dr-equation .result").text_content()
    it.reach("Θ 1,0, layer 1")
    it.press("Enter")
    it.reach("what if it were")
    it.write("3")
    it.press("Enter")
    assert it.sees(".dr-what-if .result").text_content() != original


def test_tours_set_scenes_and_ask(hand: Any) -> None:
    it = hand(Scene(data=Toy(name="ring", n=60), hidden=(3,)))
    it.reach("Tours")
    it.press("Enter")
    it.sees(".dr-tour button", "Why a hidden layer")
    it.reach("Why a hidden layer")
    it.settled("Enter")
    assert it.theta.size == 2 * 3 + 3
    it.sees(".dr-tour h2", "1 of 3")
    it.press("Shift+Tab", "Enter")  # from Next over Before, which there is none of, to What I found
    it.until("() => document.querySelector('.dr-tour [role=status]').textContent.length > 20")
    it.reach("Close")
    it.press("Enter")
    it.settled(".")
