"""A browser for the tests of the page: Chromium without a window, and a page of a session of its own for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="the tests of the page need playwright")

CHROMIUM = os.environ.get("DELTARULE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
NO_CHROMIUM = "the tests of the page need Chromium: install Debian's package, or name it in DELTARULE_CHROMIUM"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    with playwright.sync_playwright() as started:
        made = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--font-render-hinting=none", "--disable-dev-shm-usage"]
        )
        yield made
        made.close()


class Watched:
    """A page, and everything that it should never do: errors on its console, requests to other hosts."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.faults: list[str] = []
        self.host = address.split("/")[2]
        page.on("console", self.heard)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.seen(request.url))

    def heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def seen(self, url: str) -> None:
        if not url.startswith((f"http://{self.host}/", "data:", "blob:")):
            self.faults.append(f"a request to {url}")


@pytest.fixture
def opened(browser: Any, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Any]]:
    """Open a page of a new session; `opened(scene, ...)` returns Playwright's page once what is `first` is drawn."""
    from page.serving import served

    contexts: list[Any] = []
    watched: list[Watched] = []
    ends: list[Callable[[], None]] = []

    def open_page(
        scene: Any = None, *, width: int = 1280, height: int = 900, first: str = ".dr-unit", **options: Any
    ) -> Any:
        address, session, end = served(scene)
        ends.append(end)
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15000)
        watched.append(Watched(page, address))
        page.goto(address)
        page.locator(first).first.wait_for()
        page.session = session
        return page

    yield open_page
    for context in contexts:
        context.close()
    for end in ends:
        end()
    assert [fault for one in watched for fault in one.faults] == []
    assert [record.exc_text for record in caplog.records if record.name.startswith("deltarule")] == []
