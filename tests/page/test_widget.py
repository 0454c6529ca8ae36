"""The page as a notebook has it: one module from a Blob, and messages with buffers."""

import base64
from typing import Any

import numpy as np
import pytest

from deltarule.play.answering import answer_to
from deltarule.play.codec import parts_of
from deltarule.play.link import linked
from deltarule.play.opening import open_scene
from deltarule.play.page_files import read_module
from deltarule.play.scene import Scene, Toy
from deltarule.play.session import Session
from page.gestures import has

FAKE = """
async text => {
  const { default: { render } } = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const listeners = new Set();
  const model = {
    get: () => undefined,
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    send: async (message) => {
      const [content, parts] = await window.kernel(message);
      const buffers = parts.map((part) => new DataView(Uint8Array.from(atob(part), (one) => one.charCodeAt(0)).buffer));
      for (const listener of [...listeners]) listener(content, buffers);
    },
  };
  const outputs = [document.createElement("div"), document.createElement("div")];
  document.body.append(...outputs);
  window.ends = outputs.map((el) => render({ model, el }));
  window.listeners = listeners;
}
"""


@pytest.fixture
def session() -> Any:
    made = Session(open_scene(Scene(data=Toy(n=40), hidden=(3,))))
    yield made
    made.close()


@pytest.mark.browser
def test_two_views_of_one_widget_show_one_session_and_end_without_a_trace(browser: Any, session: Session) -> None:
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))

    def kernel(message: dict[str, Any]) -> Any:
        header, buffers = parts_of(answer_to(session, message["request"]))
        return [{"n": message["n"], "answer": header}, [base64.b64encode(part).decode() for part in buffers]]

    page.expose_function("kernel", kernel)
    page.goto("about:blank")
    page.evaluate(FAKE, linked("main.js", read_module) + "export default { render };\n")
    page.locator(".dr").nth(1).locator(".dr-unit").first.wait_for()
    first = np.array(session.snapshot.theta)
    page.locator(".dr").nth(0).get_by_role("button", name="on", exact=True).click()
    page.locator(".dr").nth(0).get_by_text("step 1, epoch").wait_for()
    assert not np.array_equal(first, session.snapshot.theta)
    page.evaluate("() => window.ends.forEach((end) => end())")
    has(page.locator(".dr"), 0)
    assert page.evaluate("() => window.listeners.size") == 0
    assert faults == []
    page.close()


def test_the_widget_answers_with_its_arrays_as_buffers(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("anywidget")
    from deltarule.play.widget import Widget

    widget = Widget(session)
    sent: list[Any] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers: sent.append((content, buffers)))
    widget._heard(widget, {"n": 7, "request": {"ask": "frame", "wait": 3, "map": "decision", "size": 10}}, [])
    content, buffers = sent[0]
    assert content["n"] == 7
    assert content["answer"]["kind"] == "frame"
    assert len(buffers) == len(content["answer"]["arrays"])
    assert len(buffers[0]) >= 2 * 10 * 10
    widget._heard(widget, {"n": 8, "request": {"ask": "nothing"}}, [])
    assert sent[1][0]["answer"]["kind"] == "failed"


def test_the_module_of_the_widget_imports_nothing_and_is_small(session: Session) -> None:
    pytest.importorskip("anywidget")
    from deltarule.play.widget import Widget

    assert "\nimport " not in Widget._esm
    assert len(Widget._esm.encode()) <= 130_000
    assert "data:font/woff;base64," in Widget._css
