"""Tours: short texts beside the live network, each step of which sets a scene and asks a question.

A tour is a file of Markdown: a title, a line of what it is about, and a section for each step. In a step, a block
```scene holds a scene as JSON, a block ```screen the name of a screen; a paragraph in bold asks; a quotation is what
one finds.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from deltarule.play.scene import Scene

__all__ = ["Tour", "read_tour", "tours"]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class TourStep:
    """A step: its paragraphs, what it asks, what one finds, and the scene and screen that it sets (empty for none)."""

    title: str
    text: tuple[str, ...]
    question: str
    answer: str
    scene: str
    screen: str


@dataclass(frozen=True)
class Tour:
    """A tour: its name, its title, what it is about, its steps."""

    name: str
    title: str
    about: str
    steps: tuple[TourStep, ...]


@cache
def tours() -> tuple[Tour, ...]:
    """Every tour, in its order."""
    folder = files("deltarule.play") / "tours"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return tuple(read_tour(file.name.removesuffix(".md"), file.read_text("utf-8")) for file in found)


def read_tour(name: str, text: str) -> Tour:
    """Return the tour of a text.

    Raises
    ------
    ValueError
        If it has no title or no step.
    InputError, SettingsError
        If a scene of it is none.
    """
    head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    title, _, about = head.strip().partition("\n")
    if not title.startswith("# ") or not sections:
        raise ValueError(f"The tour {name!r} has no title or no step.")
    return Tour(name, title.removeprefix("# "), _plain(about), tuple(_step(section) for section in sections))


def _step(section: str) -> TourStep:
    title, _, rest = section.partition("\n")
    blocks = {kind: content.strip() for kind, content in _BLOCK.findall(rest)}
    scene = Scene.from_content(json.loads(blocks["scene"])).to_link() if "scene" in blocks else ""
    paragraphs = [part.strip() for part in _BLOCK.sub("\n", rest).split("\n\n") if part.strip()]
    question = [_plain(part) for part in paragraphs if part.startswith("**")]
    answer = [_plain(re.sub(r"^> ?", "", part, flags=re.MULTILINE)) for part in paragraphs if part.startswith(">")]
    text = tuple(_plain(part) for part in paragraphs if not part.startswith(("**", ">")))
    return TourStep(title.strip(), text, " ".join(question), " ".join(answer), scene, blocks.get("screen", ""))


def _plain(text: str) -> str:
    """Return a paragraph on one line, without marks of emphasis."""
    return re.sub(r"\*+|`", "", " ".join(text.split()))
