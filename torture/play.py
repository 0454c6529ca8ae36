"""A session of the page, commanded at random times from several threads: `torture/start.py play 3600`, in seconds.

Revisions never fall, every snapshot is finite and whole, a step gone back to has the bits that it had, memory and
threads stay as many as they were.
"""

import os
import random
import sys
import threading
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Literal

import numpy as np

from deltarule.common.errors import DeltaruleError
from deltarule.play.answering import answer_to
from deltarule.play.opening import open_scene
from deltarule.play.scene import Scene, Toy
from deltarule.play.session import Session
from report import Report

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 180.0
HANDS = 4

LOOKS = 4.0
"""Seconds between two looks at the memory."""

MOST_GROWTH = 32.0
"""Megabytes by which the last quarter of a run may use more memory than its second, by medians."""


def request_of(draw: random.Random) -> dict[str, Any]:
    """Return a request, some of which cannot be carried out."""
    made: list[Any] = [
        lambda: {"ask": "run", "speed": draw.choice([0, 0, 30, 3000])},
        lambda: {"ask": "pause"},
        lambda: {"ask": "step", "level": draw.choice(["step", "epoch"]), "by": draw.randint(-9, 9)},
        lambda: {"ask": "seek", "step": draw.randint(0, 5000)},
        lambda: {
            "ask": "edit",
            "layer": draw.randint(0, 4),
            "i": draw.randint(0, 5),
            "j": 0,
            "value": draw.gauss(0, 2),
        },
        lambda: {"ask": "set", "setting": "learning_rate_init", "value": 10 ** draw.uniform(-5, 3)},
        lambda: {"ask": "set", "setting": "alpha", "value": 10 ** draw.uniform(-5, 2)},
        lambda: {"ask": "set", "setting": "batch_size", "value": draw.randint(1, 100)},
        lambda: {"ask": "set", "setting": "dropout", "value": draw.choice([0.0, 0.3])},
        lambda: {"ask": "set", "setting": "solver", "value": draw.choice(["sgd", "adam", "lbfgs", "gd", "cg"])},
        lambda: {"ask": "set", "setting": "hidden", "value": [draw.randint(1, 9) for _ in range(draw.randint(0, 3))]},
        lambda: {"ask": "set", "setting": "data", "value": {"kind": "toy", "name": draw.choice(TOYS), "n": 50}},
        lambda: {"ask": "trace", "example": draw.randint(0, 50), "level": draw.choice(["unit", "term", "layer"])},
        lambda: {"ask": "predict"},
        lambda: {"ask": "search"},
        lambda: {"ask": "warp", "layer": draw.randint(1, 4), "units": [draw.randint(1, 4), draw.randint(1, 4)]},
        lambda: {"ask": "probe", "x": [draw.gauss(0, 10) for _ in range(draw.randint(1, 3))]},
        lambda: {"ask": "check", "parameters": 20},
        lambda: {"ask": "miniature", "scene": link(draw), "steps": 20},
        lambda: {"ask": "open", "scene": link(draw)},
        lambda: {"ask": "open", "table_name": "t.csv", "table_text": TABLE[: draw.randint(1, 2 * len(TABLE))]},
        lambda: {"ask": "frame", "map": "decision", "size": 20, "thumbnails": 8, "strongest": 50},
        lambda: {"ask": "export", "kind": draw.choice(["link", "json", "svg", "python_numpy", "model"])},
    ]
    return dict(draw.choice(made)())


def link(draw: random.Random) -> str:
    """Return the link of a small scene, of which every second one is damaged."""
    made = Scene(data=Toy(name=draw.choice(TOYS), n=30), hidden=(draw.randint(1, 5),)).to_link()
    place = draw.randrange(len(made))
    return draw.choice([made, made[:place] + draw.choice("aZ0_") + made[place + 1 :]])


TABLE = "\n".join(["x,word,y", *(f"{n % 7},{'abc'[n % 3]},{n % 2}" for n in range(40))])

TOYS: list[Literal["blobs", "ring", "spiral", "moons", "xor", "bars", "line", "wave"]] = [
    "blobs",
    "ring",
    "spiral",
    "moons",
    "xor",
    "bars",
    "line",
    "wave",
]


def main() -> None:
    """Let several threads loose on a session, and then look at it."""
    session = Session(open_scene(Scene(data=Toy(n=60), hidden=(4, 3))))
    report = Report("requests to a session of the page at random times, from four threads")
    faults = report.faults
    counts = [0] * HANDS
    end = perf_counter() + SECONDS

    def hand(n: int) -> None:
        draw = random.Random(n)
        while perf_counter() < end and not faults:
            request = request_of(draw)
            try:
                answer_to(session, request)
            except DeltaruleError as error:
                faults.append(f"{request}: {error!r} was raised, not answered")
            except Exception as error:
                faults.append(f"{request}: {error!r}")
            counts[n] += 1
            sleep(draw.random() * 0.01)

    def eye() -> None:
        last = session.snapshot
        while perf_counter() < end and not faults:
            now = session.newest(last.revision, 0.05)
            if now.revision < last.revision or now.generation < last.generation:
                faults.append(f"revision {now.revision} after {last.revision}")
            if not np.isfinite(now.theta).all() or len(now.theta) != now.problem.network.n_parameters:
                faults.append(f"θ of revision {now.revision} is not whole")
            if now.paused_because == "failed":
                faults.append(now.message)
            last = now

    threads = [threading.Thread(target=hand, args=(n,)) for n in range(HANDS)] + [threading.Thread(target=eye)]
    for thread in threads:
        thread.start()
    megabytes, most_threads = [], 0
    while any(thread.is_alive() for thread in threads):
        sleep(min(LOOKS, SECONDS / 60))
        megabytes.append(resident())
        most_threads = max(most_threads, threading.active_count())
    for thread in threads:
        thread.join()
    quarters = [float(np.median(part)) for part in np.array_split(megabytes, 4)]
    answer_to(session, {"ask": "set", "setting": "data", "value": {"kind": "toy", "name": "spiral", "n": 60}})
    answer_to(session, {"ask": "set", "setting": "solver", "value": "sgd"})
    bits: dict[int, bytes] = {}
    for step in [*range(0, 200, 20), *range(180, -1, -20)]:
        answer_to(session, {"ask": "seek", "step": step})
        theta = session.snapshot.theta.tobytes()
        if bits.setdefault(step, theta) != theta:
            faults.append(f"step {step} has other bits than before")
    session.close()
    if quarters[3] - quarters[1] > MOST_GROWTH:
        faults.append(f"memory grew from {quarters[1]:.0f} to {quarters[3]:.0f} MB")
    if threading.active_count() > 1:
        faults.append(f"threads are left: {', '.join(thread.name for thread in threading.enumerate())}")
    report.tries = sum(counts)
    memory = ", ".join(f"{one:.0f}" for one in quarters)
    report.end(f"{SECONDS:.0f} s, {memory} MB by quarter, {max(megabytes):.0f} MB at most, {most_threads} threads")


def resident() -> float:
    """Return the megabytes of memory that this process has in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


if __name__ == "__main__":
    main()
