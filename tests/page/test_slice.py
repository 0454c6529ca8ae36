"""The slice of J along the direction of a step is drawn below the lines of an update that searches for its step."""

from typing import Any

import pytest

from deltarule.play.lines import search_of
from deltarule.play.requests import Seek
from deltarule.play.scene import Scene, Toy
from page.gestures import has

pytestmark = pytest.mark.browser


def test_the_steps_that_conjugate_gradients_tried_are_drawn_on_the_slice(opened: Any) -> None:
    page = opened(Scene(data=Toy(name="spiral", n=60), hidden=(3,), training={"solver": "cg", "alpha": 0.1}))
    page.session.do(Seek(step=1))
    page.reload()
    page.locator(".dr-unit").first.wait_for()
    page.keyboard.press("2")
    page.get_by_role("button", name="update", exact=True).click()
    page.locator(".dr-slice").wait_for()
    answer = search_of(page.session.snapshot)
    circles = page.locator(".dr-slice circle")
    has(circles, len(answer.tried))
    has(page.locator(".dr-slice circle.taken"), 1)
    titles = [circle.locator("title").text_content() for circle in circles.all()]
    assert titles[answer.taken].endswith(", taken")
    page.get_by_role("button", name="forward", exact=True).click()
    page.locator(".dr-slice").wait_for(state="detached")


def test_an_update_without_a_search_has_no_slice(opened: Any) -> None:
    page = opened(Scene(data=Toy(name="spiral", n=60), hidden=(3,), training={"solver": "sgd"}))
    page.keyboard.press("2")
    page.get_by_role("button", name="update", exact=True).click()
    page.locator('.dr-line [data-phase="update"]').wait_for()
    page.wait_for_timeout(300)
    has(page.locator(".dr-slice"), 0)
