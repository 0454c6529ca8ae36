"""Files of one's own are chosen, or dropped anywhere on the page; what cannot be opened is said, nothing lost."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deltarule import MLPClassifier
from deltarule.files.archive import to_bytes
from deltarule.play.scene import Scene, Table, View
from page.gestures import focused, press, reach, settled
from page.readings import SMALL, TABLE, theta

pytestmark = pytest.mark.browser

DROP = """
files => {
  const data = new DataTransfer();
  const read = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const bytes = (one) => (typeof one === "number" ? new Uint8Array(one) : read(one));
  for (const [name, content] of files) data.items.add(new File([bytes(content)], name));
  const target = document.querySelector(".dr-unit, .dr-card");
  const over = new DragEvent("dragover", { dataTransfer: data, bubbles: true, cancelable: true });
  const drop = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  return [over, drop].map((event) => (target.dispatchEvent(event), event.defaultPrevented));
}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    X = np.random.default_rng(0).normal(size=(50, 2))
    made = MLPClassifier(hidden_layer_sizes=(4,), max_iter=200, tol=1.0).fit(X, np.arange(50) % 2)
    made.save(path := tmp_path_factory.mktemp("models") / "mine.deltarule")
    return path


def drop(page: Any, *files: tuple[str, bytes | int]) -> None:
    """Drop files onto whatever stands first on the screen; a number stands for so many zeros."""
    sent = [[name, base64.b64encode(data).decode() if isinstance(data, bytes) else data] for name, data in files]
    taken = page.evaluate(DROP, sent)
    assert taken == [True, True], "the browser itself would open what the page leaves to it"


@contextmanager
def chooser_of(page: Any) -> Iterator[list[Any]]:
    """Wait for a file chooser. The browser is told to hand it over first, or a key press would come before that."""
    with page.expect_file_chooser() as chooser:
        page.evaluate("() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)))")
        yield (found := [])
    found.append(chooser.value)


def test_a_model_is_chosen_on_start_by_the_keyboard(opened: Any, model: Path) -> None:
    page = opened(Scene(view=View(screen="start")), first=".dr-card")
    reach(page, "Open a model")
    with chooser_of(page) as chooser:
        press(page, "Enter")
    settled(page, lambda: chooser[0].set_files(model))
    page.locator(".dr-unit").first.wait_for()
    assert page.get_by_role("tab", name="Watch").get_attribute("aria-selected") == "true"
    assert page.get_by_role("heading", name="mine.deltarule").is_visible()
    assert page.get_by_role("alert").text_content().startswith("mine.deltarule holds no rows")
    assert page.session.snapshot.problem.network.sizes == (2, 4, 1)
    assert page.evaluate("() => document.activeElement.id") == "dr-screen"
    first = theta(page)
    settled(page, lambda: press(page, "."))
    assert not np.array_equal(theta(page), first), "it is trained on"


def test_the_same_file_is_chosen_twice_by_a_key_and_by_the_button(opened: Any, model: Path) -> None:
    page = opened(SMALL)
    with chooser_of(page) as chooser:
        press(page, "o")
    settled(page, lambda: chooser[0].set_files(model))
    page.get_by_role("heading", name="mine.deltarule").wait_for()
    first = theta(page)
    settled(page, lambda: press(page, "."))
    with chooser_of(page) as chooser:
        page.get_by_role("button", name="Open", exact=True).click()
    assert chooser[0].is_multiple()
    settled(page, lambda: chooser[0].set_files(model))
    assert np.array_equal(theta(page), first)
    assert focused(page) == "Open"


def test_a_model_is_dropped_on_watch_with_its_table(opened: Any, model: Path) -> None:
    page = opened(SMALL)
    rows = pd.DataFrame({"x1": np.arange(30.0), "x2": np.arange(30.0) % 3, "y": np.arange(30) % 2})
    settled(
        page, lambda: drop(page, ("rows.csv", rows.to_csv(index=False).encode()), ("m.deltarule", model.read_bytes()))
    )
    page.get_by_role("heading", name="m.deltarule").wait_for()
    assert page.session.snapshot.opening.dataset.X.shape == (30, 2)
    assert page.get_by_role("alert").text_content() == ""


def test_a_table_that_is_dropped_on_start_shows_its_columns(opened: Any) -> None:
    page = opened(Scene(view=View(screen="start")), first=".dr-card")
    settled(page, lambda: drop(page, ("own.csv", TABLE.encode())))
    page.get_by_role("region", name="columns").wait_for()
    assert isinstance(page.session.snapshot.opening.scene.data, Table)


WRONG: dict[str, list[tuple[str, bytes | int]]] = {
    "m.deltarule is a damaged model file": [("m.deltarule", b"PK\x03\x04cut")],
    "m.deltarule is not a model file: it is empty": [("m.deltarule", b"")],
    "which reads formats up to": [("m.deltarule", to_bytes("model", 999, {}, {}))],
    "m.zip is a damaged model file": [("m.zip", b"PK\x03\x04no")],
    "a.png is not text in UTF-8": [("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")],
    "latin.csv is not text in UTF-8": [("latin.csv", "größe;y\n1;2\n".encode("latin-1"))],
    "a.csv": [("a.csv", b"")],
    "a.xlsx is not text in UTF-8": [("a.xlsx", b"PK\x03\x04")],
    "a.csv and b.csv are both a table": [("a.csv", b"a,b\n1,2\n"), ("b.csv", b"a,b\n1,2\n")],
    "version": [("s.json", b'{"deltarule-scene": 99}')],
    "Open it with `deltarule play big.deltarule`": [("big.deltarule", 8_000_001)],
}


def test_what_cannot_be_opened_is_a_sentence_and_what_was_open_stays(opened: Any) -> None:
    page = opened(SMALL)
    before = page.session.snapshot.generation
    for says, files in WRONG.items():
        drop(page, *files)
        page.get_by_role("alert").get_by_text(says).wait_for()
        assert page.session.snapshot.generation == before, says
        settled(page, lambda: press(page, "."))
        assert page.get_by_role("alert").text_content() == "", "it is gone after the next command"
    assert page.session.snapshot.step == len(WRONG)
