"""The page as a notebook has it: one module from a Blob, and messages with buffers."""

import base64
from typing import Any

import numpy as np
import pytest

from deltarule.play.answering import answer_to
from deltarule.play.codec import parts_of
from deltarule.play.link import linked
from deltarule.play.opening import open_scene
from deltarule.play.page_files import read_module, style
from deltarule.play.scene import Scene, Toy
from deltarule.play.session import Session
from page.gestures import has

FAKE = """
async ([text, css]) => {
  const { default: { render } } = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const listeners = new Set();
  const model = {
    get: () => undefined,
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    send: (message) => {
      if (window.isRestarted) throw new Error("Cannot send");  // as a comm whose kernel is gone
      answer(message);
    },
  };
  const answer = async (message) => {
    const [content, parts] = await window.kernel(message);
    const buffers = parts.map((part) => new DataView(Uint8Array.from(atob(part), (one) => one.charCodeAt(0)).buffer));
    for (const listener of [...listeners]) listener(content, buffers);
  };
  const outputs = [document.createElement("div"), document.createElement("div")];
  document.body.append(document.createElement("style"), outputs[0], document.createElement("div"));
  document.querySelector("style").textContent = css.replace(/@font-face[^}]*}/, "");
  const shadow = document.body.lastChild.attachShadow({ mode: "open" });  // as marimo does; Jupyter does not
  shadow.innerHTML = `<style>@font-face { font-family: Other; src: url(data:,); } ${css}</style>`;
  shadow.append(outputs[1]);
  window.ends = outputs.map((el) => render({ model, el }));
  window.listeners = listeners;
}
"""


def shown(browser: Any, session: Session, faults: list[str] | None = None) -> Any:
    """Return a page with two views of one widget."""
    page = browser.new_page()
    if faults is not None:
        page.on("pageerror", lambda error: faults.append(str(error)))

    def kernel(message: dict[str, Any]) -> Any:
        header, buffers = parts_of(answer_to(session, message["request"]))
        return [{"n": message["n"], "answer": header}, [base64.b64encode(part).decode() for part in buffers]]

    page.expose_function("kernel", kernel)
    page.goto("about:blank")
    page.evaluate(FAKE, [linked("main.js", read_module, as_default=True), style()])
    page.locator(".dr").nth(1).locator(".dr-unit").first.wait_for()
    return page


@pytest.fixture
def session() -> Any:
    made = Session(open_scene(Scene(data=Toy(n=40), hidden=(3,))))
    yield made
    made.close()


LABS_KEYS = """
() => {
  window.cells = [];
  // As Lumino: from the focus upwards, the first element that the selector of a shortcut fits, or that is marked.
  const lab = (event) => {
    for (let one = event.target; one && !one.hasAttribute("data-lm-suppress-shortcuts"); one = one.parentElement) {
      if (one.matches("body :focus")) return window.cells.push(`${event.ctrlKey ? "Ctrl " : ""}${event.key}`);
    }
  };
  document.addEventListener("keydown", lab, true);
}
"""


@pytest.mark.browser
def test_keys_in_the_widget_are_no_shortcuts_of_jupyterlab(browser: Any, session: Session) -> None:
    page = shown(browser, session)
    page.evaluate(LABS_KEYS)
    for focus in (".dr-bar button", ".dr-unit[tabindex='0']", "#dr-hidden", "#dr-screen"):
        page.locator(focus).first.focus()
        for key in ("a", "b", "d", "x", "Shift+Enter"):
            page.keyboard.press(key)
    assert page.evaluate("() => window.cells") == []
    page.keyboard.press("Control+s")
    assert page.evaluate("() => window.cells.at(-1)") == "Ctrl s", "the notebook can be saved from here"
    page.close()


@pytest.mark.browser
def test_a_view_in_a_shadow_root_has_its_font_and_keeps_the_focus(browser: Any, session: Session) -> None:
    page = shown(browser, session)
    view = page.locator(".dr").nth(1)
    view.get_by_role("tab", name="Follow").click()
    view.locator(".dr-line .dr-equation").first.wait_for()
    ours = "(font) => font.family.includes('Deltarule') && font.status === 'loaded'"
    page.wait_for_function(f"() => [...document.fonts].some({ours})")
    view.get_by_role("tab", name="Watch").click()
    view.locator("#dr-split").fill("0.3")
    page.keyboard.press("Enter")
    inside = "() => document.body.lastElementChild.shadowRoot?.activeElement?.id"
    view.get_by_text("step 0, epoch 0").wait_for()
    for _ in range(50):
        if session.snapshot.opening.scene.split == 0.3:
            break
        page.wait_for_timeout(20)
    assert session.snapshot.opening.scene.split == 0.3
    page.wait_for_function(f"() => ({inside})() === 'dr-split'")
    page.evaluate("() => window.ends.forEach((end) => end())")
    assert page.locator("head style").count() == 0
    page.close()


@pytest.mark.browser
def test_a_widget_whose_kernel_was_restarted_says_so(browser: Any, session: Session) -> None:
    faults: list[str] = []
    page = shown(browser, session, faults)
    page.evaluate("() => { window.isRestarted = true; }")
    view = page.locator(".dr").first
    view.get_by_role("button", name="on", exact=True).click()
    view.get_by_role("alert").get_by_text("Run the cell of this page again").wait_for()
    view.get_by_role("tab", name="Table").click()
    view.get_by_role("tab", name="Follow").click()
    assert "kernel has ended or begun anew" in view.get_by_role("alert").text_content()
    assert faults == []
    page.close()


@pytest.mark.browser
def test_two_views_of_one_widget_show_one_session_and_end_without_a_trace(browser: Any, session: Session) -> None:
    faults: list[str] = []
    page = shown(browser, session, faults)
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
    assert [line for line in Widget._esm.splitlines() if line.startswith("export ")] == [
        "export default { render: module_main.render };"
    ], "anywidget warns of other exports"
    assert len(Widget._esm.encode()) <= 130_000
    assert "data:font/woff;base64," in Widget._css
