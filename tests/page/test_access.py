"""Everyone can use the page: axe finds nothing, and it holds without motion, without colours, small and enlarged."""

import json
from typing import Any

import pytest

from deltarule.play.scene import Scene, Toy
from page.gestures import has

pytestmark = pytest.mark.browser

SMALL = Scene(data=Toy(name="spiral", n=60), hidden=(4, 3))
SCREENS = ["start", "watch", "follow", "table", "classes"]


def show(page: Any, screen: str) -> None:
    page.keyboard.press(str(SCREENS.index(screen)))
    {
        "start": lambda: page.locator(".dr-card .state").get_by_text("J").nth(10),
        "watch": lambda: page.locator(".dr-inspector"),
        "follow": lambda: page.locator(".dr-line .dr-equation"),
        "table": lambda: page.get_by_role("region", name="predictions"),
        "classes": lambda: page.get_by_role("region", name="confusion matrix"),
    }[screen]().first.wait_for()


WAYS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "forced colours on a phone": {"forced_colors": "active", "color_scheme": "dark", "width": 360, "height": 800},
}


@pytest.mark.parametrize("way", WAYS)
def test_axe_finds_nothing(opened: Any, way: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(SMALL, bypass_csp=True, **WAYS[way])
    for screen in SCREENS:
        show(page, screen)
        if screen == "watch":
            page.get_by_role("button", name="layer 2, unit 1").click()
            page.locator(".dr-inspector .dr-equation").first.wait_for()
        if screen == "classes":
            page.locator(".dr-warp summary").click()
            page.locator(".dr-warp tbody tr").nth(59).wait_for()
        found = axe.run(page).response["violations"]
        said = [(screen, one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found]
        assert said == []


@pytest.mark.parametrize("dialog", ["s", "?"])
def test_axe_finds_nothing_in_the_dialogs(opened: Any, dialog: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = opened(SMALL, bypass_csp=True)
    page.keyboard.press(dialog)
    page.locator("dialog[open]").wait_for()
    assert [one["id"] for one in axe.Axe().run(page).response["violations"]] == []
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached") if page.locator("dialog[open]").count() else None


@pytest.mark.parametrize(("width", "scale"), [(360, 1), (640, 2)])
def test_nothing_scrolls_sideways_and_targets_are_large_enough_on_a_phone_or_enlarged(
    opened: Any, width: int, scale: int
) -> None:
    page = opened(SMALL, width=width, height=800, device_scale_factor=scale)
    for screen in SCREENS:
        show(page, screen)
        if screen == "classes":
            page.locator(".dr-warp summary").click()
            page.locator(".dr-grid path.across").nth(12).wait_for()
        over = page.evaluate("() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        assert over <= 0, screen
        assert small_targets(page) == [], screen


def small_targets(page: Any) -> Any:
    return page.evaluate(
        "() => [...document.querySelectorAll('.dr button, .dr select, .dr input, .dr summary, .dr-card')]"
        ".filter((e) => e.offsetParent).map((e) => [e.textContent || e.id, e.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < 24 || box.height < 24).map(([name, box]) => [name, box.width, box.height])"
    )


def test_targets_are_large_enough_for_a_finger(opened: Any) -> None:
    page = opened(SMALL)
    for screen in SCREENS:
        show(page, screen)
        assert small_targets(page) == [], screen


STROKES = """
selectors => {
  const probe = document.body.appendChild(document.createElement("i"));
  const colour = (name) => { probe.style.color = name; return getComputedStyle(probe).color; };
  const [text, paper] = [colour("CanvasText"), colour("Canvas")];
  return selectors.map((one) => {
    const stroke = getComputedStyle(document.querySelector(one)).stroke;
    return [one, stroke === text && stroke !== paper];
  });
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_draw_lines_and_marks_in_the_colour_of_text(opened: Any, scheme: str) -> None:
    page = opened(SMALL, forced_colors="active", color_scheme=scheme)
    drawn = {
        "watch": [".dr-edge", ".dr-curve path"],
        "classes": [".dr-grid path.across", ".dr-grid path.up", ".dr-grid .dr-point"],
    }
    for screen, selectors in drawn.items():
        show(page, screen)
        for one in selectors:
            page.locator(one).first.wait_for(state="attached")
        assert page.evaluate(STROKES, selectors) == [[one, True] for one in selectors]
    show(page, "start")
    borders = page.evaluate("() => getComputedStyle(document.querySelector('.dr-card')).borderTopStyle")
    assert borders == "solid", "a card is seen as one without its colours"


def test_forced_colours_keep_the_sign_of_a_weight(opened: Any) -> None:
    page = opened(SMALL, forced_colors="active")
    every = "[...document.querySelectorAll('.dr-edge')]"
    dashes = page.evaluate(f"() => {every}.map((e) => e.getAttribute('stroke-dasharray'))")
    titles = page.evaluate("() => [...document.querySelectorAll('.dr-edge title')].map((e) => e.textContent)")
    assert len(dashes) == len(titles) == 4 * 3 + 3 * 5 + 3 * 4
    for dash, title in zip(dashes, titles, strict=True):
        assert ("−" in title.split("=")[1]) == (dash is not None)


def test_nothing_moves_by_itself_where_motion_is_reduced(opened: Any) -> None:
    page = opened(SMALL, reduced_motion="reduce")
    for screen in SCREENS:
        show(page, screen)
        assert page.evaluate("() => document.getAnimations().length") == 0, screen


def test_the_network_is_a_tree_of_named_units(opened: Any) -> None:
    page = opened(SMALL)
    network = page.get_by_role("group", name="network")
    has(network.get_by_role("group"), 4)
    names = [unit.get_attribute("aria-label") for unit in network.get_by_role("button").all()]
    assert names[:3] == ["layer 1, bias unit, always 1", "layer 1, unit 1, x1", "layer 1, unit 2, x2"]
    has(network.locator("[tabindex='0']"), 1)  # one stop of the tab key


def test_single_keys_can_be_switched_off(opened: Any) -> None:
    page = opened(SMALL)
    page.keyboard.press("?")
    page.get_by_label("single keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.locator("#dr-screen").focus()
    before = page.session.snapshot.revision
    page.keyboard.press(".")
    page.wait_for_timeout(300)
    assert page.session.snapshot.revision == before


def test_an_idle_page_asks_nothing(opened: Any) -> None:
    page = opened(SMALL)
    page.wait_for_timeout(200)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(json.dumps(request.post_data_json)))
    page.wait_for_timeout(900)  # a run asks five times a second, a notebook ten times
    assert asked == []
