"""The screen Start: what one sees who has nothing to open, by mouse and by keyboard."""

from typing import Any

import pytest

from deltarule.play.miniatures import started
from deltarule.play.scene import Points, Scene, View, scene_of_link
from page.gestures import focused, has, press, reach, settled

pytestmark = pytest.mark.browser

START = Scene(view=View(screen="start"))
PICTURE = "element => element.querySelector('canvas').toDataURL()"


@pytest.fixture
def start(opened: Any) -> Any:
    """The page of nothing to open, once its first pictures are drawn; they come one after the other."""

    def open_page(pictures: int = 1, **options: Any) -> Any:
        page = opened(START, first=".dr-card", **options)
        page.locator(".dr-card .state").get_by_text("J").nth(pictures - 1).wait_for()
        return page

    return open_page


def test_each_picture_is_a_link_to_its_scene(start: Any) -> None:
    page = start(11)
    cards = page.locator(".dr-card")
    offered = [*started().cards, *started().tours]
    assert len(offered) == 11
    has(cards, 11)
    for index, card in enumerate(offered):
        assert cards.nth(index).get_attribute("href") == f"#{card.scene}"
        assert card.title in cards.nth(index).text_content()
    assert "2-8-8-3, step 1 500: J" in cards.first.text_content()


def test_the_last_map_of_a_picture_has_a_colour_for_each_class(start: Any) -> None:
    page = start()
    count = (
        "element => new Set(new Uint32Array(element.querySelector('canvas').getContext('2d')"
        ".getImageData(0, 0, 26, 26).data.buffer)).size"
    )
    assert page.locator(".dr-card").first.evaluate(count) > 20


def test_space_begins_what_is_open_and_shows_it(start: Any) -> None:
    page = start()
    assert focused(page) == "▶ run"
    settled(page, lambda: press(page, "Space"))
    page.locator(".dr-unit").first.wait_for()
    page.wait_for_function("() => /step [1-9]/.test(document.querySelector('.dr-bar .state').textContent)")
    press(page, "Space")
    assert page.get_by_role("tab", name="Watch").get_attribute("aria-selected") == "true"


def test_a_scene_is_opened_by_the_mouse(start: Any) -> None:
    page = start()
    settled(page, lambda: page.locator(".dr-card", has_text="Crosswise").first.click())
    page.locator(".dr-unit").first.wait_for()
    assert page.session.snapshot.opening.scene == scene_of_link(started().cards[2].scene)


def test_a_scene_is_opened_by_the_keyboard(start: Any) -> None:
    page = start()
    reach(page, "Ring")
    settled(page, lambda: press(page, "Enter"))
    page.locator(".dr-unit").first.wait_for()
    assert page.session.snapshot.opening.scene == scene_of_link(started().cards[3].scene)
    assert page.evaluate("() => document.activeElement.id") == "dr-screen"
    press(page, "0")
    page.locator(".dr-card").first.wait_for()


def test_a_tour_begins_from_its_picture(start: Any) -> None:
    page = start()
    reach(page, "Why a hidden layer")
    settled(page, lambda: press(page, "Enter"))
    page.get_by_role("heading", name="Why a hidden layer: 1 of 3").wait_for()
    page.locator(".dr-unit").first.wait_for()
    assert focused(page) == "Next", "the focus is where one goes on"
    press(page, "Enter")
    page.get_by_role("heading", name="Why a hidden layer: 2 of 3").wait_for()
    assert focused(page) == "Next"


def test_points_are_begun_and_a_table_is_opened_from_here(start: Any) -> None:
    page = start()
    reach(page, "Draw points")
    settled(page, lambda: press(page, "Enter"))
    page.get_by_label("x₁ of the new point").wait_for()
    assert isinstance(page.session.snapshot.opening.scene.data, Points)
    press(page, "0")
    page.get_by_role("button", name="Open a table").click()
    page.get_by_label("a table as text").wait_for()
    assert page.evaluate("() => document.activeElement.id") == "dr-file"


def test_where_one_was_can_be_gone_to_again(start: Any) -> None:
    page = start()
    settled(page, lambda: page.locator(".dr-card", has_text="A wave").click())
    page.locator(".dr-unit").first.wait_for()
    press(page, "0")
    back = page.get_by_role("link", name="spiral, 2-8-8-3")
    settled(page, lambda: back.click())
    assert page.session.snapshot.opening.dataset.name == "spiral"


def test_a_reload_in_the_middle_of_a_run_does_not_go_back_to_the_start(start: Any) -> None:
    page = start()
    settled(page, lambda: press(page, "."))
    page.reload()
    page.locator(".dr-unit").first.wait_for()
    assert page.get_by_role("tab", name="Watch").get_attribute("aria-selected") == "true"


@pytest.mark.parametrize("way", ["pointer", "focus"])
def test_a_picture_runs_while_it_is_looked_at_or_has_the_focus_and_ends_at_its_end(start: Any, way: str) -> None:
    page = start(3)
    card = page.locator(".dr-card").nth(2)
    last = card.evaluate(PICTURE)
    if way == "pointer":
        card.hover()
    else:
        reach(page, "Crosswise")
    state = "document.querySelectorAll('.dr-card .state')[2].textContent"
    page.wait_for_function(f"() => {state}.includes('step 3:')")
    assert card.evaluate(PICTURE) != last
    if way == "pointer":
        page.wait_for_function(
            "() => document.querySelectorAll('.dr-card .state')[2].textContent.includes('step 400:')"
        )
        assert card.evaluate(PICTURE) == last


def test_pictures_stay_still_where_motion_is_reduced(start: Any) -> None:
    page = start(3, reduced_motion="reduce")
    card = page.locator(".dr-card").nth(2)
    last = card.evaluate(PICTURE)
    card.hover()
    page.wait_for_timeout(250)
    assert card.evaluate(PICTURE) == last
