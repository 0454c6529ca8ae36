"""The recorded page: one file, opened from a folder, that walks its steps and shows the numbers of the textbook."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deltarule import trace_example
from deltarule.play.answering import answer_to
from deltarule.play.answers import Exported, Failed
from deltarule.play.opening import open_scene
from deltarule.play.scene import Scene, Toy, View
from deltarule.play.session import Session
from page.gestures import has, press
from page.readings import READ_LINE, at_line, number
from page.truths import Truth

pytestmark = pytest.mark.browser

SCENE = Scene(data=Toy(name="spiral", n=40), hidden=(3,), split=0.0, view=View(screen="start"))
STEPS = 30


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = Session(open_scene(SCENE))
    assert not isinstance(answer_to(made, {"ask": "seek", "step": STEPS}), Failed)
    yield made
    made.close()


@pytest.fixture(scope="module")
def path(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    exported = answer_to(session, {"ask": "export", "kind": "html"})
    assert isinstance(exported, Exported), exported
    file = tmp_path_factory.mktemp("recorded") / "a run.html"
    file.write_bytes(exported.bytes.tobytes())
    return file


@pytest.fixture
def page(browser: Any, path: Path) -> Iterator[Any]:
    """The file of a run, opened by its path in a browser that is offline; it asks no host for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    opened = context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.extend([message.text] * (message.type in ("error", "warning"))))
    opened.set_default_timeout(15000)
    opened.goto(path.as_uri())
    opened.locator(".dr-unit").first.wait_for()
    yield opened
    context.close()
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
    assert faults == []


def step_of(page: Any) -> int:
    text = page.locator(".dr-bar .state").text_content()
    return int(text.split(",")[0].removeprefix("step ").replace(" ", ""))


def test_numbers_of_recorded_steps_are_those_of_the_textbook(page: Any, session: Session) -> None:
    seen = []
    press(page, "2")
    for _ in range(3):
        step = step_of(page)
        seen.append(step)
        answer_to(session, {"ask": "seek", "step": step})
        snapshot = session.snapshot
        assert snapshot.step == step
        assert snapshot.costs is not None
        truth = Truth(snapshot, 1)
        said = page.locator(".dr-bar .state").text_content().split("J ")[1]
        assert number(said) == pytest.approx(snapshot.costs.train, rel=5e-4)
        at_line(page, 0)
        compared = 0
        for line in range(10):
            at_line(page, line)
            compared += truth.holds(page.evaluate(READ_LINE))
            press(page, "ArrowRight")
        assert compared > 20
        press(page, *["ArrowLeft"] * 10)
        at_line(page, 0)
        before = step
        press(page, ".")
        page.wait_for_function(
            "before => !document.querySelector('.dr-bar .state').textContent.startsWith(`step ${before},`)", arg=before
        )
    assert seen == sorted(set(seen))
    assert seen[0] == 0
    press(page, ",")
    page.wait_for_function(
        "step => document.querySelector('.dr-bar .state').textContent.startsWith(`step ${step},`)", arg=seen[-1]
    )


def test_a_recording_plays_to_its_end_and_goes_back(page: Any) -> None:
    assert step_of(page) == 0
    press(page, " ")
    page.wait_for_function(f"() => document.querySelector('.dr-bar .state').textContent.startsWith('step {STEPS},')")
    press(page, "r")
    page.wait_for_function("() => document.querySelector('.dr-bar .state').textContent.startsWith('step 0,')")


def test_its_screens_are_filled_and_what_was_not_recorded_says_so(page: Any, session: Session) -> None:
    assert page.get_by_role("tab").all_text_contents() == ["Watch", "Follow", "Table", "Classes"]
    press(page, "3")
    page.get_by_role("region", name="predictions").wait_for()
    press(page, "4")
    page.locator(".dr-maps figure").nth(2).wait_for()
    page.locator(".dr-grid path.across").nth(12).wait_for()
    page.locator(".dr-warp summary").click()
    answer_to(session, {"ask": "seek", "step": 0})
    snapshot = session.snapshot
    cells = page.locator(".dr-warp tbody td[data-value]")
    for row in (0, 7, 39):
        x, y = snapshot.opening.dataset.X[row], snapshot.problem.Y[row]
        a = trace_example(snapshot.problem.network, np.array(snapshot.theta), x, y).a[1]
        for unit in (0, 1):
            value = float(cells.nth(2 * row + unit).get_attribute("data-value"))
            assert value == pytest.approx(float(a[unit]), rel=1e-12, abs=1e-15)
    has(page.locator(".dr-note"), 0)
    page.get_by_label("unit upwards").select_option("3")
    page.get_by_text("This is a recording of a run").wait_for()
