"""A browser for the tests of the page: Chromium without a window, and a page of a session of its own for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="the tests of the page need playwright")

CHROMIUM = os.environ.get("DELTARULE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
VIEWPORT = {"width": 1280, "height": 900}
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


@pytest.fixture(scope="session")
def lasting(browser: Any) -> Iterator[Any]:
    """A page for one test after the other: a new one costs as much again as what is loaded into it."""
    context = browser.new_context(viewport=VIEWPORT, accept_downloads=True)
    yield context.new_page()
    context.close()


class Watched:
    """A page, and everything that it should never do: errors on its console, requests to other hosts."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.faults: list[str] = []
        self.host = address.split("/")[2]
        self.hears = {
            "console": self.heard,
            "pageerror": lambda error: self.faults.append(str(error)),
            "request": lambda request: self.seen(request.url),
        }
        for event, listener in self.hears.items():
            page.on(event, listener)

    def leave(self) -> None:
        """Leave the page empty, as the next test wants it."""
        self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self.page.goto("about:blank")
        for event, listener in self.hears.items():
            self.page.remove_listener(event, listener)

    def heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def seen(self, url: str) -> None:
        if not url.startswith((f"http://{self.host}/", "data:", "blob:")):
            self.faults.append(f"a request to {url}")


@pytest.fixture
def opened(browser: Any, lasting: Any, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Any]]:
    """Open a page of a new session; `opened(scene, ...)` returns Playwright's page once what is `first` is drawn.

    The first page of a test is the one that lasts, if it is of the usual kind.
    """
    from page.serving import served

    contexts: list[Any] = []
    watched: list[Watched] = []
    ends: list[Callable[[], None]] = []

    def open_page(
        scene: Any = None, *, width: int = 1280, height: int = 900, first: str = ".dr-unit", **options: Any
    ) -> Any:
        address, session, end = served(scene)
        ends.append(end)
        viewport = {"width": width, "height": height}
        if viewport == VIEWPORT and not options and not watched:
            page = lasting
            page.mouse.move(0, 0)
        else:
            context = browser.new_context(viewport=viewport, accept_downloads=True, **options)
            contexts.append(context)
            page = context.new_page()
        page.set_default_timeout(15000)
        watched.append(Watched(page, address))
        page.goto(address)
        page.locator(first).first.wait_for()
        page.session = session
        return page

    yield open_page
    for one in watched:
        if one.page is lasting:
            one.leave()
    for context in contexts:
        context.close()
    for end in ends:
        end()
    assert [fault for one in watched for fault in one.faults] == []
    assert [record.exc_text for record in caplog.records if record.name.startswith("deltarule")] == []
