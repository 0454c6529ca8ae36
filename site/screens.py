"""Pictures of the page for the docs, light and dark: `make screens`. Needs playwright and Chromium."""

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from deltarule.play.opening import open_scene
from deltarule.play.scene import Scene, Toy
from deltarule.play.server import Server
from deltarule.play.session import Session

SCENE = Scene(data=Toy(name="spiral", n=200), hidden=(8, 8), training={"alpha": 0.01})
STEPS = 400
NAMES = ("start", "watch", "follow", "table", "classes", "share")


def main(folder: Path) -> None:
    """Write twelve pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--font-render-hinting=none"]
        )
        for scheme in ("light", "dark"):
            session = Session(open_scene(SCENE))
            server = Server(session)
            server.start()
            page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme=scheme)
            page.goto(server.url)
            page.locator(".dr-unit").first.wait_for()
            train(page)
            for name in NAMES:
                show(page, name)
                page.screenshot(path=folder / f"play-{name}-{scheme}.png")
            page.close()
            server.close()
            session.close()
        browser.close()


def train(page: Any) -> None:
    """Go to a step of the run."""
    page.get_by_label("how far a step goes").select_option("epoch")
    for _ in range(STEPS // 5):  # an epoch has 5 steps
        page.keyboard.press(".")
        page.wait_for_timeout(60)


def show(page: Any, name: str) -> None:
    """Go to a screen, and to something on it that is worth a look."""
    if name == "share":
        page.keyboard.press("1")
        page.keyboard.press("s")
    else:
        page.locator("#dr-screen").focus()
        page.keyboard.press(str(NAMES.index(name)))
    page.wait_for_timeout(1500)
    if name == "follow":
        page.get_by_role("button", name="backward").click()
        for _ in range(5):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(150)
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
