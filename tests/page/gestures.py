"""What hands and eyes do on the page: keys, the tab key until a control has the focus, counts of what is there."""

from collections.abc import Callable
from typing import Any

__all__ = ["focused", "has", "press", "reach", "revision", "settled"]

NAME = (
    "() => { const e = document.activeElement;"
    " return (e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.innerText || '').trim(); }"
)


def press(page: Any, *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        page.keyboard.press(key)


def focused(page: Any) -> str:
    """Return the name of what has the focus."""
    return str(page.evaluate(NAME))


def reach(page: Any, name: str, most: int = 90) -> None:
    """Go on with the tab key until the control of that name has the focus."""
    for _ in range(most):
        if focused(page).startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the tab key does not reach {name!r}")


def has(located: Any, count: int) -> None:
    """Wait until there are as many elements as should be there."""
    from playwright.sync_api import expect

    expect(located).to_have_count(count)


def revision(page: Any) -> int:
    """Return the revision that the page shows."""
    return int(page.locator(".dr").get_attribute("data-revision"))


def settled(page: Any, change: Callable[[], Any]) -> None:
    """Do something, and wait until the page shows a later revision."""
    before = revision(page)
    change()
    page.wait_for_function("before => Number(document.querySelector('.dr').dataset.revision) > before", arg=before)
