"""The budget of the page, in Chromium without a window: sizes, script a frame, requests, memory, training beside it.

`make bench-page` prints the table; `python benchmarks/page.py 60` watches the memory for an hour, not two minutes.
"""

import http.client
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from deltarule.play.answering import answer_to
from deltarule.play.codec import encoded
from deltarule.play.link import linked
from deltarule.play.opening import open_scene
from deltarule.play.page_files import read_module
from deltarule.play.scene import Scene
from deltarule.play.server import TOKEN_HEADER, Server, page_files
from deltarule.play.session import Session

FRAME = {"ask": "frame", "map": "decision", "size": 100, "strongest": 400, "thumbnails": 24, "theta": True}
SECONDS, TURNS = 2.0, 10
ANSWERS = 200
LATER = "before => Number(document.querySelector('.dr').dataset.revision) > before"


def main(minutes: float) -> None:
    """Measure everything and print a table."""
    session = Session(open_scene(Scene()))
    server = Server(session)
    server.start()
    rows: list[tuple[str, str, str]] = [
        (
            "page, everything",
            f"{sum(len(data) for path, (_, data) in page_files().items() if path != '/') / 1e3:.0f} kB",
            "200 kB",
        ),
        ("module of the widget", f"{len(linked('main.js', read_module).encode()) / 1e3:.0f} kB", "130 kB"),
        (
            "frame of 2-8-8-3 with its map and pictures",
            f"{len(encoded(answer_to(session, FRAME))) / 1e3:.1f} kB",
            "40 kB",
        ),
    ]
    took, worked = answers(session, server)
    rows.append(("request for such a frame, answered by the server: half, 95 of 100 below", two(took), "2 ms"))
    rows.append(("the same, seconds of processor of the server's thread", two(worked), ""))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        began = time.perf_counter()
        page.goto(server.url)
        page.locator(".dr-unit").first.wait_for()
        rows.append(("from the address to the picture", f"{time.perf_counter() - began:.2f} s", "1 s"))
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable")
        rows.append(("request for the state alone, as the page sees it", two(requests(page)), ""))
        rows.append(
            (
                "script of a frame, 95 of 100 below",
                f"{np.percentile(scripts(page, tools, 100), 95) * 1e3:.1f} ms",
                "6 ms",
            )
        )
        tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        rows.append(
            (
                "the same at a quarter of the speed",
                f"{np.percentile(scripts(page, tools, 40), 95) * 1e3:.1f} ms",
                "16 ms",
            )
        )
        tools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(2000)
        rows.append(("requests of a page at rest in 2 s", str(len(asked)), "0"))
        rows += beside(session, page, asked)
        page.keyboard.press(" ")
        first, last = memory(page, tools, minutes)
        rows.append(
            (f"memory of the page after {minutes:g} minutes of training", f"{first:.1f} → {last:.1f} MB", "flat")
        )
        browser.close()
    server.close()
    session.close()
    sys.stdout.write("| | measured | limit |\n|---|---|---|\n")
    for name, found, limit in rows:
        sys.stdout.write(f"| {name} | {found} | {limit} |\n")


def two(milliseconds: list[float]) -> str:
    """Return the median and the 95th percentile."""
    return f"{np.median(milliseconds):.2f} and {np.percentile(milliseconds, 95):.2f} ms"


def answers(session: Session, server: Server) -> tuple[list[float], list[float]]:
    """Return milliseconds in which the server answers requests for whole frames, each of a step of its own.

    Once as they pass between a request and its answer over HTTP, and once as a processor is busy with them.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    body, headers = json.dumps({**FRAME, "wait": 0, "curve_after": 0}).encode(), {TOKEN_HEADER: server.token}
    took, worked = [], []
    for step in range(ANSWERS):
        answer_to(session, {"ask": "seek", "step": step})
        before, began = time.process_time() - time.thread_time(), time.perf_counter()
        connection.request("POST", "/ask", body, headers)
        connection.getresponse().read()
        took.append(1e3 * (time.perf_counter() - began))
        worked.append(1e3 * (time.process_time() - time.thread_time() - before))
    connection.close()
    return took[ANSWERS // 10 :], worked[ANSWERS // 10 :]


def beside(session: Session, page: Any, asked: list[str]) -> list[tuple[str, str, str]]:
    """Return what of its speed a run at full speed keeps with the page open and looking: turns with it and without.

    Without the page somebody else keeps the session awake, and asks for nothing but the state.
    """
    alone, with_page, frames = [], [], []
    for _ in range(TURNS):
        answer_to(session, {"ask": "seek", "step": 0})
        answer_to(session, {"ask": "run"})
        alone.append(speed(session, lambda: session.newest(-1, 0.0)))
        answer_to(session, {"ask": "pause"})
        page.keyboard.press("r")
        page.locator(".dr .state", has_text="step 0,").wait_for()
        page.keyboard.press(" ")
        while not session.snapshot.running:
            page.wait_for_timeout(10)
        before = len(asked)
        with_page.append(speed(session, lambda: page.wait_for_timeout(100)))
        frames.append((len(asked) - before) / SECONDS)
        page.keyboard.press(" ")
        while session.snapshot.running:
            page.wait_for_timeout(10)
    measured, own = np.array(with_page)[:, 0] / np.array(alone)[:, 0], np.array(with_page)[:, 1] / np.array(alone)[:, 1]
    return [
        (name, f"{np.median(shares):.0%} ({shares.min():.0%} to {shares.max():.0%})", limit)
        for name, shares, limit in (
            ("training beside the page, of its speed alone: median of turns, and their range", measured, "90 %"),
            ("the same without what the thread waits for a processor", own, "90 %"),
        )
    ] + [
        (
            "steps a second: alone, beside the page",
            f"{np.median(alone, 0)[0]:,.0f}, {np.median(with_page, 0)[0]:,.0f}",
            "",
        ),
        ("frames a second that the page asks for", f"{np.median(frames):.1f}", ""),
    ]


def speed(session: Session, look: Callable[[], Any]) -> tuple[float, float]:
    """Return steps a second of a run that goes on, while somebody looks now and then: by the clock, and of the thread.

    The second leaves out what the thread waits for a processor, so it is what a machine has that does nothing else: it
    falls where another thread holds the interpreter, and not where another program runs.
    """
    time.sleep(0.3)
    before, first, began = waits(session), session.snapshot.step, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        look()
        time.sleep(0.1)
    steps, took, after = session.snapshot.step - first, time.perf_counter() - began, waits(session)
    return steps / took, steps / (took - (after - before))


def waits(session: Session) -> float:
    """Return the seconds that the training thread has waited for a processor; 0 where the system does not say."""
    path = Path(f"/proc/self/task/{session.thread_id}/schedstat")
    return int(path.read_text().split()[1]) / 1e9 if path.exists() else 0.0


def requests(page: Any) -> list[float]:
    """Return milliseconds of requests for nothing but the state."""
    found: list[float] = page.evaluate(
        "async () => { const token = sessionStorage.getItem('deltarule-token'); const found = [];"
        " for (let turn = 0; turn < 100; turn++) { const began = performance.now();"
        " await (await fetch('ask', { method: 'POST', headers: { 'Content-Type': 'application/json',"
        " 'X-Deltarule-Token': token }, body: JSON.stringify({ ask: 'frame', wait: 0 }) })).arrayBuffer();"
        " found.push(performance.now() - began); } return found; }"
    )
    return found


def scripts(page: Any, tools: Any, count: int) -> list[float]:
    """Return the seconds of script that each of some single steps takes in the page."""

    def spent() -> float:
        metrics = tools.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "ScriptDuration"))

    found = []
    for _ in range(count):
        revision, before = int(page.locator(".dr").get_attribute("data-revision")), spent()
        page.keyboard.press(".")
        page.wait_for_function(LATER, arg=revision)
        found.append(spent() - before)
    return found


def memory(page: Any, tools: Any, minutes: float) -> tuple[float, float]:
    """Return megabytes of the page's heap after a tenth of the time and at its end, while it trains."""

    def heap() -> float:
        tools.send("HeapProfiler.collectGarbage")
        metrics = tools.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")) / 1e6

    page.wait_for_timeout(6000 * minutes)
    first = heap()
    page.wait_for_timeout(54000 * minutes)
    return first, heap()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
